"""`chaupal import` as an operator uses it: on both databases, with and without a server, also killed in the middle."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.installations import ADMIN, OTHER, Installation, ended

HEADERS = ["Group Name", "MessageID", "Sender", "Message Type", "Timestamp", "Attachement stored at:", "Message"]
RAVI = "+919800000007"


def write_export(folder: Path, rows: list[list[str]], *, name: str = "MicrosoftKaizala_TenantMessages.csv") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADERS, *rows])
    return path


def row(number: int, text: str = "text", *, sender: str = "Ravi", group: str = "Depot") -> list[str]:
    minute, second = divmod(number, 60)
    return [
        group,
        f"m{number}",
        sender,
        "Text",
        f"2023-02-16T{minute // 60:02}:{minute % 60:02}:{second:02}Z",
        "",
        text,
    ]


def texts(installation: Installation, installed: Any) -> list[str]:
    """The newest hundred of the only group, as the organization's admin reads them."""
    headers = {"accessToken": installation.access_token(installed)}
    found = installation.call("GET", "/v1/tenant/findGroupsByQuery?query=Depot", headers)[1]
    [group] = found["groups"]
    answer = installation.call("GET", f"/v1/groups/{group['groupId']}/messages?count=100", headers)[1]
    return [message["message"] for message in answer["messages"]]


class TestImport:
    def test_a_folder_with_lists_and_messages(self, installation: Installation) -> None:
        installed = installation.init()
        folder = installation.cwd / "kept"
        write_export(
            folder, [row(1, "line one\nline two"), row(2, "by number", sender=RAVI), row(3, "", sender="Ravi")]
        )
        (folder / "users.csv").write_text(
            f"User Phone Number;GROUP NAME;user type;Name\n{RAVI};Depot;Admin;Ravi\n00{OTHER[1:]};Depot;;\n98;Depot;;\n"
        )
        (folder / "parents.tsv").write_text("Child Group Name\tParent Group Name\nDepot\tRegion\n")
        (folder / "more.jsonl").write_text(
            json.dumps(
                {"kind": "message", "id": "j1", "group": "Depot", "sender": RAVI, "sentAt": 1676600000, "text": "j"}
            )
            + "\nnonsense\n"
        )
        (folder / "other.csv").write_text("Colour,Size\nred,1\n")
        done = installation.result("import", "kaizala", str(folder), "--tenant", "First")
        assert done["taken"] == {"member": 2, "message": 3, "person": 2, "subgroup": 1}
        assert (done["skipped"], done["mended"], done["groupsMade"], done["isDryRun"]) == (4, 0, 2, False)
        report = installation.cwd / done["report"]
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
        with report.open(newline="") as file:
            reported = [(Path(each["file"]).name, each["line"], each["outcome"]) for each in csv.DictReader(file)]
        assert reported == [
            ("other.csv", "1", "skipped"),
            ("users.csv", "4", "skipped"),
            ("more.jsonl", "2", "skipped"),
            ("MicrosoftKaizala_TenantMessages.csv", "5", "skipped"),
        ]
        people = {each["mobileNumber"]: each["name"] for each in installation.result("person", "list")["people"]}
        assert people == {ADMIN: "", RAVI: "Ravi", OTHER: ""}
        installation.start()
        assert texts(installation, installed) == ["j", "by number", "line one\nline two"]
        again = installation.result("import", "kaizala", str(folder))
        assert (again["taken"], again["groupsMade"]) == ({}, 0)
        assert again["known"] == {"member": 2, "message": 3, "person": 2, "subgroup": 1}

    def test_a_dry_run_changes_nothing_and_needs_no_stopped_server(self, installation: Installation) -> None:
        installation.init()
        installation.start()
        path = write_export(installation.cwd / "kept", [row(number) for number in range(1_100)])
        done = installation.result("import", "kaizala", str(path), "--dry-run")
        assert (done["taken"], done["groupsMade"], done["report"]) == ({"message": 1_100}, 1, None)
        assert installation.result("import", "kaizala", str(path))["taken"] == {"message": 1_100}

    def test_the_map_file_says_what_the_files_do_not(self, sqlite_installation: Installation) -> None:
        installation = sqlite_installation
        installed = installation.init()
        folder = installation.cwd / "kept"
        folder.mkdir()
        (folder / "chat.csv").write_text("Chat,Who,When,Was\nSales,Asha,16/02/2023 13:01,hello\n")
        mapping = installation.cwd / "map.toml"
        mapping.write_text(
            '[columns]\nChat = "group name"\nWho = "sender"\nWhen = "timestamp"\nWas = "text"\n'
            '[groups]\nSales = "Depot"\n[senders]\nAsha = "98000 00007"\n[numbers]\ncountry = "+91"\n'
            '[times]\nformat = "%d/%m/%Y %H:%M"\noffset = "+05:30"\n'
        )
        refused = installation.command("import", "kaizala", str(folder), "--json")
        assert refused.json["skipped"] == 1
        done = installation.result("import", "kaizala", str(folder), "--map", str(mapping))
        assert done["taken"] == {"message": 1}
        assert [each["mobileNumber"] for each in installation.result("person", "list")["people"]][-1] == RAVI
        installation.start()
        assert texts(installation, installed) == ["hello"]

    def test_what_is_wrong_is_said(self, sqlite_installation: Installation) -> None:
        installation = sqlite_installation
        installation.init()
        assert installation.refusal("import", "kaizala", "nowhere").startswith("There is nothing at nowhere")
        (installation.cwd / "map.toml").write_text('[columns]\nChat = "colour"\n')
        path = str(write_export(installation.cwd / "kept", [row(1)]))
        assert "'colour' is none of" in installation.refusal("import", "kaizala", path, "--map", "map.toml")
        assert "there is no tenant 'Second'" in installation.refusal("import", "kaizala", path, "--tenant", "Second")


class TestKilled:
    @pytest.mark.parametrize("with_server", [False, True])
    def test_run_again_it_completes(self, installation: Installation, *, with_server: bool) -> None:
        """Killed at some point after its first batch, the import is run again: each message is there once."""
        installed = installation.init()
        rows = [row(number, f"text {number}") for number in range(6_000)]
        rows += [["Depot", "", "Ravi", "Text", "2023-02-17T00:00:00Z", "", "the end"]] * 2
        path = write_export(installation.cwd / "kept", rows)
        report, signal = installation.cwd / "report.json", installation.cwd / "signal.json"
        os.mkfifo(signal)
        # The first row is skipped; the report says so as soon as the first batch is there.
        export = path.read_text(encoding="utf-8-sig").splitlines()
        path.write_text("\n".join([export[0], "nothing", *export[1:]]) + "\n")
        if with_server:
            installation.start()
        process = installation.begin("import", "kaizala", str(path), "--report", str(signal))
        with signal.open() as told:
            assert json.loads(told.readline())["line"] == 2
            process.kill()
        ended(process)
        done = installation.result("import", "kaizala", str(path), "--report", str(report))
        assert done["known"]["message"] >= 500
        assert done["taken"].get("message", 0) + done["known"]["message"] == 6_002
        again = installation.result("import", "kaizala", str(path), "--report", str(report))
        assert (again["taken"], again["known"]) == ({}, {"message": 6_002})
        assert json.loads(report.read_text().splitlines()[0])["line"] == 2
        if not with_server:
            installation.start()
        assert texts(installation, installed)[:3] == ["the end", "the end", "text 5999"]
