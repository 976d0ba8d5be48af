"""Imports whose server dies or runs out of disk: they complete, at once or run again, and everything is there once."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import Any

from tests.cli.test_imports import row, texts, write_export
from tests.crash.test_bad_ends import server_process
from tests.installations import Installation, ended

PDF = b"%PDF-1.4\n%%EOF\n"
KIB = 1024
RUN_AGAIN = "What was taken until then is there; run it again to complete it."


def limit_files(installation: Installation, limit_bytes: int) -> None:
    """Let the server make no file larger than this, as on a disk that is full."""
    resource.prlimit(server_process(installation).pid, resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))


def files_in(installation: Installation, installed: Any) -> dict[str, str]:
    """The types of the actions in the only group, by their ids."""
    headers = {"accessToken": installation.access_token(installed)}
    [group] = installation.call("GET", "/v1/tenant/findGroupsByQuery?query=Depot", headers)[1]["groups"]
    found = installation.call("GET", f"/v1/groups/{group['groupId']}/actions", headers)[1]["actions"]
    return {each["referenceId"]: each["actionType"] for each in found}


def kept_files(installation: Installation) -> list[Path]:
    return [each for each in (installation.data / "media").rglob("*") if each.is_file()]


class TestFullDisk:
    def test_what_was_not_taken_is_taken_when_there_is_room(self, sqlite_installation: Installation) -> None:
        installation = sqlite_installation
        installed = installation.init()
        installation.start()
        folder = installation.cwd / "kept"
        count = 1_500
        rows = [row(number, f"{number}: {'x' * 1_000}") for number in range(count)]
        write_export(folder, rows)
        saved = folder / "Depot"
        saved.mkdir()
        large = saved / "2023-02-17T00-00-00Z_doc-1_Ravi_Document.pdf"

        database_bytes = max(path.stat().st_size for path in installation.data.glob("chaupal.sqlite3*"))
        limit_files(installation, database_bytes + 1_200 * KIB)
        large.write_bytes(PDF + b"%" * (database_bytes + 1_300 * KIB))
        refused = installation.refusal("import", "kaizala", str(folder))
        assert refused.startswith("The server's storage is full")
        assert refused.endswith(RUN_AGAIN)

        limit_files(installation, resource.RLIM_INFINITY)
        done = installation.result("import", "kaizala", str(folder / "MicrosoftKaizala_TenantMessages.csv"))
        assert 0 < done["taken"]["message"] < count, "some of it was there before the disk was full"
        assert done["taken"]["message"] + done["known"]["message"] == count
        assert texts(installation, installed)[0].startswith(f"{count - 1}: ")

        limit_files(installation, database_bytes + 1_200 * KIB)
        assert installation.refusal("import", "kaizala", str(saved)) == refused
        assert kept_files(installation) == []
        limit_files(installation, resource.RLIM_INFINITY)
        assert installation.result("import", "kaizala", str(saved))["taken"] == {"attachment": 1}
        assert files_in(installation, installed) == {"doc-1": "Document"}
        again = installation.result("import", "kaizala", str(folder))
        assert (again["taken"], again["known"]) == ({}, {"attachment": 1, "message": count})
        [file] = kept_files(installation)
        assert file.stat().st_size == large.stat().st_size


class TestKilledServer:
    def test_the_import_goes_on_by_itself(self, sqlite_installation: Installation) -> None:
        installation = sqlite_installation
        installed = installation.init()
        installation.start()
        nameless = [row(number, "y" * 1_000, sender="") for number in range(200)]
        rows = [row(0, "", sender=""), *(row(number) for number in range(500)), *nameless]
        path = write_export(installation.cwd / "kept", rows + [row(number) for number in range(500, 1_000)])
        report = installation.cwd / "report.json"
        os.mkfifo(report)
        process = installation.begin("import", "kaizala", str(path), "--report", str(report), "--json")
        with report.open() as told:
            # Its first line is written with the first batch; then the import waits until somebody reads the others.
            assert json.loads(told.readline())["reason"] == "the sender has no name"
            installation.kill()
            assert len(told.readlines()) == len(nameless)
        done = ended(process)
        assert (done.code, done.json["taken"], done.json["known"]) == (0, {"message": 1_000}, {}), done
        installation.start()
        again = installation.result("import", "kaizala", str(path), "--report", "again.csv")
        assert (again["taken"], again["known"]) == ({}, {"message": 1_000})
        assert len(texts(installation, installed)) == 100
