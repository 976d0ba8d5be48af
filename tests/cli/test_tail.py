"""`chaupal tail`: follows a real server through restarts, and goes on from where it was."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.using import User, signed_in, stopped
from tests.installations import Installation, ended


def say(user: User, text: str) -> None:
    user.call("POST", f"/groups/{user.group_id}/messages", {"message": text})


def begin(user: User, *words: str) -> subprocess.Popen[str]:
    """A tail that has begun to follow."""
    process = user.begin("tail", *words)
    assert process.stderr is not None
    assert process.stderr.readline() == "Following; Ctrl-C ends it.\n"
    return process


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


class TestTail:
    def test_it_goes_on_after_a_restart_of_the_server(self, installation: Installation, tmp_path: Path) -> None:
        user = signed_in(installation, tmp_path)
        user.group_id = user.call("POST", "/groups", {"name": "Shop floor"})["groupId"]
        process = begin(user, "Shop floor", "--json")
        say(user, "before")
        assert json.loads(next_line(process))["data"]["text"] == "before"
        installation.kill()
        installation.start()
        say(user, "after")
        assert json.loads(next_line(process))["data"]["text"] == "after"
        done = stopped(process)
        assert (done.code, done.out) == (0, "")

    def test_each_event_is_a_line_that_steers_no_terminal(self, user: User) -> None:
        process = begin(user, user.group_id)
        say(user, "चाय\x1b[31m\nअभी")
        line = next_line(process)
        assert line.endswith("TextMessageCreated: चाय\N{REPLACEMENT CHARACTER}[31m अभी\n")
        assert user.group_name in line
        survey: Any = {
            "title": "Day",
            "questions": [{"title": "How?", "type": "MultiOption", "options": ["Ok", "Bad"]}],
        }
        posted = user.call("POST", f"/groups/{user.group_id}/actions", {"actionType": "Survey", "actionBody": survey})
        assert next_line(process).endswith("SurveyCreated: Day\n")
        path = f"/groups/{user.group_id}/actions/{posted['actionId']}/responses"
        user.call("POST", path, {"actionBody": {"answers": [["Ok", "Bad"]]}})
        assert next_line(process).endswith("SurveyResponse: Ok + Bad\n")
        assert stopped(process, signal.SIGTERM).code == 0

    def test_with_a_place_nothing_is_missed_between_two_runs(self, user: User) -> None:
        words = (user.group_id, "--place", "place", "--json")
        process = begin(user, *words)
        say(user, "first")
        assert json.loads(next_line(process))["data"]["text"] == "first"
        stopped(process)
        say(user, "between")
        process = begin(user, *words)
        assert json.loads(next_line(process))["data"]["text"] == "between"
        say(user, "later")
        assert json.loads(next_line(process))["data"]["text"] == "later"
        stopped(process)

    def test_who_reads_no_more_ends_it(self, user: User) -> None:
        process = begin(user, user.group_id)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        for number in range(3):
            say(user, f"unread {number}")
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        assert process.stdin is not None
        process.stdin.close()
        process.stderr.close()

    def test_a_token_that_stops_ends_it_with_a_sentence(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        user = signed_in(sqlite_installation, tmp_path)
        process = begin(user)
        sqlite_installation.result("connector", "delete", user.installed["applicationId"], "--yes")
        done = ended(process)
        assert done.code == 1
        assert done.err.endswith("`chaupal login` signs you in again.\n")

    @pytest.mark.parametrize("content", [b"nonsense", b"\xff"])
    def test_a_place_that_is_none_is_a_sentence(self, user: User, content: bytes) -> None:
        (user.home / "place").write_bytes(content)
        done = ended(user.begin("tail", user.group_id, "--place", "place"))
        assert done.code == 1
        assert "Traceback" not in done.err
        assert (user.home / "place").read_bytes() == content
