"""`chaupal groups`, `post`, `actions`: against a real server, looked at through the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.using import User, picture, signed_in
from tests.installations import OTHER, Installation


def messages_of(user: User, group_id: str = "") -> list[Any]:
    """Oldest first."""
    found: list[Any] = user.call("GET", f"/groups/{group_id or user.group_id}/messages?count=50")["messages"]
    return found[::-1]


def actions_of(user: User) -> list[Any]:
    found: list[Any] = user.call("GET", f"/groups/{user.group_id}/actions")["actions"]
    return found


class TestGroups:
    def test_they_are_listed_with_their_people(self, user: User) -> None:
        [shown] = [each for each in user.json("groups")["groups"] if each["groupId"] == user.group_id]
        assert (shown["groupName"], shown["uniqueUserCount"], shown["callerRole"]) == (user.group_name, 2, "Admin")
        assert user.group_id in user.run("groups").out

    def test_all_has_those_below(self, user: User) -> None:
        below = user.call("POST", f"/groups/{user.group_id}/subGroups", {"name": "Till"})["groupId"]
        created = user.installation.result(
            *("token", "create", "--connector", user.installed["applicationId"], "--user", OTHER)
        )
        assert user.login("--profile", "other", token=created["refreshToken"]).code == 0
        assert user.group_id in user.run("groups").out
        assert below not in user.run("groups").out
        assert below in user.run("groups", "--all").out


class TestPost:
    def test_a_text_goes_to_a_group_by_its_name_or_id(self, installation: Installation, tmp_path: Path) -> None:
        user = signed_in(installation, tmp_path)
        group_id = user.call("POST", "/groups", {"name": "Vente à Pondichéry"})["groupId"]
        first = user.json("post", "VENTE À  pondichéry", "दुकान नौ बजे खुलती है")
        second = user.json("post", f"{group_id.upper()}@1", "Second", "--reply-to", first["referenceId"])
        sent = messages_of(user, group_id)
        assert [(each["referenceId"], each["message"]) for each in sent] == [
            (first["referenceId"], "दुकान नौ बजे खुलती है"),
            (second["referenceId"], "Second"),
        ]
        assert sent[1]["replyTo"]["referenceId"] == first["referenceId"]

    def test_a_dash_reads_standard_input(self, user: User) -> None:
        done = user.run_with("line one\nline two\n", "post", user.group_id, "-")
        assert (done.code, done.err) == (0, "")
        assert messages_of(user)[0]["message"] == "line one\nline two"
        assert user.run_with(b"\xff\xfe", "post", user.group_id, "-").code == 2
        assert len(messages_of(user)) == 1

    def test_once_is_once(self, user: User) -> None:
        first = user.json("post", user.group_id, "Closed today", "--once", "closed-2026-11-28")
        assert user.json("post", user.group_id, "Closed today", "--once", "closed-2026-11-28") == first
        assert len(messages_of(user)) == 1

    def test_files_go_with_their_text(self, user: User) -> None:
        for name in ("one.png", "two.png"):
            (user.home / name).write_bytes(picture())
        one = ("post", user.group_id, "The shelf", "--file", "one.png", "--once", "shelf")
        assert user.json(*one) == user.json(*one)
        user.json("post", user.group_id, "--file", "one.png", "--file", "two.png")
        image, album = actions_of(user)
        assert (image["actionType"], image["actionBody"]["caption"]) == ("Image", "The shelf")
        assert (album["actionType"], len(album["actionBody"]["media"])) == ("Album", 2)
        assert [media["mediaFileName"] for media in album["actionBody"]["media"]] == ["one.png", "two.png"]

    def test_a_file_that_is_not_what_it_says_is_refused(self, user: User) -> None:
        (user.home / "one.pdf").write_bytes(b"MZ\x90\x00 a program")
        error = user.refusal("post", user.group_id, "--file", "one.pdf")
        assert error["errorCode"] == "UnsupportedMedia"
        assert actions_of(user) == []

    @pytest.mark.parametrize(
        ("words", "part"),
        [
            ((), "give a text, --file or both"),
            (("  ",), "give a text, --file or both"),
            (("--file", "none.png"), "there is no such file"),
            (("--file", "a.exe"), "files may end in"),
            (("--file", "one.png", "--file", "two.wav"), "only pictures can be sent together"),
        ],
    )
    def test_what_cannot_be_posted_is_said_before_anything_is_sent(
        self, user: User, words: tuple[str, ...], part: str
    ) -> None:
        (user.home / "one.png").write_bytes(picture())
        (user.home / "two.wav").write_bytes(b"")
        done = user.run("post", user.group_id, *words)
        assert done.code == 2
        assert part in done.err

    def test_a_group_that_is_not_there_or_has_a_namesake(self, user: User) -> None:
        assert user.refusal("post", "No such group", "x")["errorCode"] == "NotFound"
        unknown = user.refusal("post", "01a20bfa-3592-7172-b065-c79602501c2d", "x")
        assert unknown["errorCode"] == "NotFound"
        namesake = user.call("POST", "/groups", {"name": user.group_name})["groupId"]
        error = user.refusal("post", user.group_name, "x")
        assert namesake in error["message"]
        assert user.group_id in error["message"]

    def test_a_text_that_is_too_long_is_refused_in_the_servers_words(self, user: User) -> None:
        error = user.refusal("post", user.group_id, "x" * 4001)
        assert error["errorCode"] == "InvalidParameters"
        assert "4001" in error["message"]
        assert "(request " in error["message"]


class TestActions:
    def test_they_are_listed_by_type(self, user: User) -> None:
        for kind, body in (
            ("Announcement", {"Title": "Diwali", "Message": "Closed"}),
            ("Poll", {"question": "Tea\x1b[31m?", "choices": ["Yes", "No"]}),
        ):
            user.call("POST", f"/groups/{user.group_id}/actions", {"actionType": kind, "actionBody": body})
        assert [each["actionType"] for each in user.json("actions", user.group_id)["actions"]] == [
            "Announcement",
            "Poll",
        ]
        shown = user.run("actions", user.group_name, "--type", "poll").out
        assert "Tea" in shown
        assert "\x1b" not in shown
        assert "Diwali" not in shown
        assert OTHER not in shown
