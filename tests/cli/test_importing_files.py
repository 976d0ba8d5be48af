"""Saved attachments: matched to the messages of an export, taken in through the checks of uploads, and kept once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.api.files import picture
from tests.cli.test_imports import row, write_export
from tests.installations import Installation

GUID = "df91cb37-97bf-4ccd-a8c2-b2a3ba5eac62"
AT = "2023-02-16T07-31-59Z"


def save(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def kept(installation: Installation) -> Path:
    """An export of six messages, and what was saved of five, of which one is in no export."""
    folder = installation.cwd / "kept"
    rows = [
        row(0, "plain"),
        [
            *row(1, "")[:1],
            f"{GUID.upper()}@1",
            "Ravi",
            "Image",
            "2023-02-16T07:31:59Z",
            "https://gone.example/1",
            "the gate",
        ],
        [
            *row(2, "")[:1],
            "album-7",
            "Ravi",
            "Album",
            "2023-02-16T07:32:00Z",
            "https://a.example/1 : https://a.example/2",
            "",
        ],
        [*row(3, "")[:1], "doc-8", "Ravi", "Document", "2023-02-16T07:32:01Z", "", "x" * 5_000],
        [*row(4, "")[:1], "bad-9", "Ravi", "Image", "2023-02-16T07:32:02Z", "", "no picture"],
        [*row(5, "")[:1], "none-1", "Ravi", "Video", "2023-02-16T07:32:03Z", "https://gone.example/v", ""],
    ]
    write_export(folder, rows)
    files = folder / "Attachments" / "DEPOT"
    save(files, f"{AT}_{GUID}_Ravi_Image.jpg", picture())
    save(files, f"{AT}_album-7_Ravi_K_Album_1.png", picture("PNG", size=(30, 20)))
    save(files, f"{AT}_album-7_Ravi_K_Album_2.png", picture("PNG", size=(31, 20)))
    save(files, f"{AT}_doc-8_Ravi_Document.pdf", b"%PDF-1.4\n%%EOF\n")
    save(files, f"{AT}_bad-9_Ravi_Image.jpg", b"not a picture")
    save(files, f"{AT}_alone-3_Ravi Kumar_Document.pdf", b"%PDF-1.4\n%alone\n%%EOF\n")
    (files / f"{AT}_link-4_Ravi_Document.pdf").symlink_to("/etc/hostname")
    return folder


def read(installation: Installation, installed: Any) -> tuple[list[str], dict[str, Any]]:
    """The texts and the actions by id, as the organization's admin reads them."""
    headers = {"accessToken": installation.access_token(installed)}
    [group] = installation.call("GET", "/v1/tenant/findGroupsByQuery?query=Depot", headers)[1]["groups"]
    path = f"/v1/groups/{group['groupId']}"
    texts = installation.call("GET", f"{path}/messages?count=100", headers)[1]["messages"]
    found = installation.call("GET", f"{path}/actions", headers)[1]["actions"]
    return [message["message"] for message in texts], {each["referenceId"]: each for each in found}


class TestSavedFiles:
    def test_they_are_matched_and_taken_in_once(self, installation: Installation) -> None:
        installed = installation.init()
        folder = kept(installation)
        installation.start()
        done = installation.result("import", "kaizala", str(folder))
        assert done["taken"] == {"attachment": 5, "message": 4}
        assert (done["skipped"], done["mended"]) == (0, 1)
        report = (installation.cwd / done["report"]).read_text()
        assert "taken as a text, without its files" in report
        texts, actions = read(installation, installed)
        assert texts == ["[Video] https://gone.example/v", "no picture\n[Image]", "x" * 1_000, "x" * 4_000, "plain"]
        assert actions.keys() == {f"{GUID}@1", "album-7", "doc-8", "alone-3"}
        kinds = {action_id: each["actionType"] for action_id, each in actions.items()}
        assert kinds == {f"{GUID}@1": "Image", "album-7": "Album", "doc-8": "Document", "alone-3": "Document"}
        assert actions[f"{GUID}@1"]["actionBody"]["caption"] == "the gate"
        again = installation.result("import", "kaizala", str(folder))
        assert (again["taken"], again["known"]) == ({}, {"attachment": 5, "message": 4})
        assert read(installation, installed)[0] == texts

    def test_what_was_a_text_becomes_the_file_when_it_is_found(self, sqlite_installation: Installation) -> None:
        installation = sqlite_installation
        installed = installation.init()
        folder = kept(installation)
        export = folder / "MicrosoftKaizala_TenantMessages.csv"
        assert installation.result("import", "kaizala", str(export))["taken"] == {"message": 8}
        assert installation.result("import", "kaizala", str(folder))["taken"] == {"attachment": 4}
        installation.start()
        texts, actions = read(installation, installed)
        assert actions.keys() == {f"{GUID}@1", "album-7", "doc-8", "alone-3"}
        assert "the gate" not in "\n".join(texts)
