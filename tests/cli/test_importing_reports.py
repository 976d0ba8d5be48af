"""Response reports: a closed survey in each group, with the answers as they were given, counted once."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.installations import Installation

RAVI = "+919800000007"
HEADERS = [
    "Responder Name",
    "Group Name",
    "How many?\nCount twice",
    'Any "notes"?',
    "Responder Location Latitude",
    "Responder Location Longitude",
    "Responder Location Location",
    "ResponseTime (UTC)",
    "Server Receipt Timestamp (UTC)",
]
ROWS = [
    ["Ravi", "Depot", "3", "fine, thanks\nbye", "28.6", "77.2", "Delhi", "2023-02-16 07:31:59", "2023-02-16 07:32:00"],
    [RAVI, "Depot", "4", "", "", "", "", "2023-02-17 08:00:00", "2023-02-17 08:00:01"],
    [RAVI, "Depot", "5", "again", "", "", "", "2023-02-17 09:00:00", "2023-02-17 09:00:01"],
    ["", "Depot", "6", "", "", "", "Nowhere", "2023-02-17 10:00:00", "2023-02-17 10:00:01"],
    ["", "Depot", "6", "", "", "", "", "2023-02-17 10:00:00", "2023-02-17 10:00:01"],
    ["Ravi", "Yard", "1", "", "", "", "", "2023-03-01 00:00:00", "2023-03-01 00:00:01"],
]


def write_report(folder: Path, delimiter: str) -> Path:
    table = io.StringIO(newline="")
    csv.writer(table, delimiter=delimiter).writerows([HEADERS, *ROWS])
    folder.mkdir()
    path = folder / "reports.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Stock count.csv", "\ufeff" + table.getvalue())
        archive.writestr("readme.html", "<p>Your report</p>")
    return path


def surveys(installation: Installation, installed: Any, group: str) -> tuple[str, list[Any]]:
    """The path of a group, and its actions, as the organization's admin reads them."""
    headers = {"accessToken": installation.access_token(installed)}
    [found] = installation.call("GET", f"/v1/tenant/findGroupsByQuery?query={group}", headers)[1]["groups"]
    path = f"/v1/groups/{found['groupId']}/actions"
    actions: list[Any] = installation.call("GET", path, headers)[1]["actions"]
    return path, actions


def words_in(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [word for each in inner for word in words_in(each)]


class TestResponseReports:
    @pytest.mark.parametrize("delimiter", [",", "\t"])
    def test_surveys_and_answers_are_taken_in_once(self, installation: Installation, delimiter: str) -> None:
        installed = installation.init()
        report = write_report(installation.cwd / "kept", delimiter)
        done = installation.result("import", "kaizala", str(report.parent))
        assert done["taken"] == {"response": 6, "survey": 2}
        assert (done["skipped"], done["mended"], done["groupsMade"]) == (0, 1, 2)
        assert "Nowhere" in (installation.cwd / done["report"]).read_text()
        installation.start()
        path, [survey] = surveys(installation, installed, "Depot")
        assert (survey["actionType"], survey["sentAt"]) == ("Survey", "2023-02-16T07:31:59.000Z")
        assert survey["actionBody"]["title"] == "Stock count"
        headers = {"accessToken": installation.access_token(installed)}
        given = installation.call("GET", f"{path}/{survey['referenceId']}/responses", headers)[1]
        assert (len(given["responses"]), given["responseCount"], given["responderCount"]) == (5, 5, 4)
        assert "fine, thanks\nbye" in [answer for each in given["responses"] for answer in words_in(each)]
        shown = installation.call("GET", f"{path}/{survey['referenceId']}", headers)[1]
        questions = shown["actionDetails"]["questions"]
        assert [each["title"] for each in questions] == ["How many?\nCount twice", 'Any "notes"?']
        again = installation.result("import", "kaizala", str(report))
        assert (again["taken"], again["known"]) == ({}, {"response": 6, "survey": 2})
        assert installation.call("GET", f"{path}/{survey['referenceId']}", headers)[1] == shown
        status, _ = installation.call("POST", f"{path}/{survey['referenceId']}/responses", headers, {"answers": []})
        assert status in (400, 409)

    def test_what_is_no_report_is_said(self, sqlite_installation: Installation) -> None:
        installation = sqlite_installation
        installation.init()
        broken = installation.cwd / "broken.zip"
        broken.write_bytes(b"PK\x03\x04 nothing")
        done = installation.result("import", "kaizala", str(broken))
        assert (done["taken"], done["skipped"]) == ({}, 1)
        assert "cannot be read as a ZIP file" in (installation.cwd / done["report"]).read_text()
