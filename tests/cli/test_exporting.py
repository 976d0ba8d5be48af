"""`chaupal export`: what is written is what the server has, in the words of the old exports."""

from __future__ import annotations

import csv
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from chaupal.importing.headers import MESSAGE_HEADERS
from tests.cli.using import User, picture, signed_in
from tests.installations import ADMIN, Installation

SURVEY = {
    "title": "Day",
    "acceptMultipleResponses": True,
    "questions": [
        {"title": "How?", "type": "SingleOption", "options": ["Good", "Poor"]},
        {"title": "Which?", "type": "MultiOption", "options": ["Tea", "Rice"], "isOptional": True},
        {"title": "Where?", "type": "Location", "isOptional": True},
    ],
}


def rows_of(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def act(user: User, kind: str, body: Any) -> str:
    path = f"/groups/{user.group_id}/actions"
    return str(user.call("POST", path, {"actionType": kind, "actionBody": body})["referenceId"])


def say(user: User, text: str) -> str:
    return str(user.call("POST", f"/groups/{user.group_id}/messages", {"message": text})["referenceId"])


class TestMessages:
    def test_messages_and_files_oldest_first(self, installation: Installation, tmp_path: Path) -> None:
        user = signed_in(installation, tmp_path)
        user.group_id = user.call("POST", "/groups", {"name": "Shop, floor"})["groupId"]
        first = say(user, 'नमस्ते, "all"\nof you')
        (user.home / "shelf.png").write_bytes(picture())
        shelf = user.json("post", user.group_id, "The shelf", "--file", "shelf.png")["referenceId"]
        gone = say(user, "a mistake")
        user.call("DELETE", f"/groups/{user.group_id}/messages/{gone}")
        poll = act(user, "Poll", {"question": "Tea?", "choices": ["Yes", "No"]})
        assert user.json("export", "messages", "Shop, floor", "all.csv") == {"file": "all.csv", "records": 3}
        rows = rows_of(user.home / "all.csv")
        assert tuple(rows[0]) == MESSAGE_HEADERS
        assert [(row["MessageID"], row["Message Type"], row["Message"]) for row in rows] == [
            (first, "Text", 'नमस्ते, "all"\nof you'),
            (shelf, "Image", "The shelf"),
            (poll, "Poll", "Tea?"),
        ]
        assert {(row["Group Name"], row["Sender"]) for row in rows} == {("Shop, floor", ADMIN)}
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["Timestamp"]) for row in rows)
        assert rows[1]["Attachement stored at:"].startswith(user.url)
        assert stat.S_IMODE((user.home / "all.csv").stat().st_mode) == 0o600

    def test_what_a_spreadsheet_takes_for_a_formula_is_written_as_it_was_sent(self, user: User) -> None:
        texts = ["=1+1", "@here", "-5 °C", '+919876543210 called, "twice"']
        for text in texts:
            say(user, text)
        user.json("export", "messages", user.group_id, "all.csv")
        assert [row["Message"] for row in rows_of(user.home / "all.csv")] == texts

    def test_as_json_with_all_fields(self, user: User) -> None:
        first = say(user, "एक")
        assert user.json("export", "messages", user.group_id, "all.json")["records"] == 1
        [record] = json.loads((user.home / "all.json").read_text())
        assert (record["referenceId"], record["message"], record["sender"]) == (first, "एक", ADMIN)
        empty = user.call("POST", "/groups", {"name": f"{user.group_name} empty"})["groupId"]
        assert user.json("export", "messages", empty, "none.json")["records"] == 0
        assert json.loads((user.home / "none.json").read_text()) == []

    def test_more_than_a_page_of_both_kinds(self, user: User) -> None:
        expected = []
        for number in range(105):
            expected += [say(user, f"text {number}"), act(user, "Announcement", {"Message": f"card {number}"})]
        assert user.json("export", "messages", user.group_id, "all.csv")["records"] == 210
        assert [row["MessageID"] for row in rows_of(user.home / "all.csv")] == expected

    def test_what_is_exported_can_be_imported_elsewhere(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        user = signed_in(sqlite_installation, tmp_path)
        user.group_id = user.call("POST", "/groups", {"name": "दुकान"})["groupId"]
        sent = {say(user, text): text for text in ("एक", 'two, "quoted"\nand a second line', "=3")}
        user.json("export", "messages", "दुकान", "all.csv")
        other = sqlite_installation.init("Second")
        file = str(user.home / "all.csv")
        sqlite_installation.result(
            "import", "kaizala", file, "--tenant", "Second", "--report", str(tmp_path / "report.csv")
        )
        token = {"accessToken": sqlite_installation.access_token(other)}
        [group] = sqlite_installation.call("GET", "/v1/tenant/findGroupsByQuery?query=", token)[1]["groups"]
        assert group["groupName"] == "दुकान"
        path = f"/v1/groups/{group['groupId']}/messages?count=10"
        taken = sqlite_installation.call("GET", path, token)[1]["messages"]
        assert {message["referenceId"]: message["message"] for message in taken} == sent

    def test_a_file_that_is_there_already_is_left_alone(self, user: User) -> None:
        (user.home / "all.csv").write_text("mine")
        error = user.refusal("export", "messages", user.group_id, "all.csv")
        assert "there is such a file already" in error["message"]
        assert (user.home / "all.csv").read_text() == "mine"

    @pytest.mark.parametrize("name", ["nowhere/all.csv", "/proc/all.csv"])
    def test_where_nothing_can_be_written_it_says_so(self, user: User, name: str) -> None:
        assert name in user.refusal("export", "messages", user.group_id, name)["message"]

    def test_a_failure_leaves_no_file(self, user: User) -> None:
        unknown = "01a20bfa-3592-7172-b065-c79602501c2d"
        assert user.refusal("export", "messages", unknown, "all.csv")["errorCode"] == "NotFound"
        assert user.run("export", "messages", user.group_id, "all.doc").code == 2
        assert [path.name for path in user.home.iterdir()] == [".config"]


class TestResponses:
    def test_answers_stand_below_their_questions(self, user: User) -> None:
        survey = act(user, "Survey", SURVEY)
        path = f"/groups/{user.group_id}/actions/{survey}/responses"
        place = {"lt": 17.385, "lg": 78.4867, "n": "Depot"}
        answer = {"answers": ["Good", ["Tea", "Rice"], place], "responseName": "Asha", "responseLocation": place}
        for body in (answer, {"answers": ["Poor"]}):
            user.call("POST", path, {"actionBody": body})
        assert user.json("export", "responses", user.group_name, survey, "day.csv")["records"] == 2
        first, second = rows_of(user.home / "day.csv", "utf-8-sig")
        assert (user.home / "day.csv").read_bytes().startswith(b"\xef\xbb\xbfResponder Name,Group Name,How?,Which?,")
        assert first == {
            "Responder Name": "Asha",
            "Group Name": user.group_name,
            "How?": "Good",
            "Which?": "Tea, Rice",
            "Where?": "17.385, 78.4867 Depot",
            "Responder Location Latitude": "17.385",
            "Responder Location Longitude": "78.4867",
            "Responder Location Location": "Depot",
            "ResponseTime (UTC)": first["ResponseTime (UTC)"],
            "Server Receipt Timestamp (UTC)": first["Server Receipt Timestamp (UTC)"],
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["ResponseTime (UTC)"])
        assert (second["Responder Name"], second["How?"], second["Where?"]) == (ADMIN, "Poor", "")

    def test_a_poll_and_a_job_have_one_column(self, user: User) -> None:
        poll = act(user, "Poll", {"question": "Tea?", "choices": ["Yes", "No"]})
        job = act(user, "Job", {"title": "Sweep", "assignedTo": [ADMIN]})
        for action, body in ((poll, {"choice": "Yes"}), (job, {"isCompleted": True})):
            user.call("POST", f"/groups/{user.group_id}/actions/{action}/responses", {"actionBody": body})
        user.json("export", "responses", user.group_id, poll, "poll.csv")
        user.json("export", "responses", user.group_id, job, "job.csv")
        assert [row["Tea?"] for row in rows_of(user.home / "poll.csv", "utf-8-sig")] == ["Yes"]
        assert [row["Sweep"] for row in rows_of(user.home / "job.csv", "utf-8-sig")] == ["Completed"]

    def test_as_json(self, user: User) -> None:
        survey = act(user, "Survey", SURVEY)
        user.call("POST", f"/groups/{user.group_id}/actions/{survey}/responses", {"actionBody": {"answers": ["Good"]}})
        user.json("export", "responses", user.group_id, survey, "day.json")
        [record] = json.loads((user.home / "day.json").read_text())
        assert record["answers"] == ["Good", None, None]
