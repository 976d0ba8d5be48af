"""The commands for people on a terminal: tables are drawn, progress is shown, secrets are not echoed."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

from tests.cli.using import User, picture
from tests.installations import CHAUPAL, OTHER


class Terminal:
    """A command on a pseudo-terminal of its own. `read_until` gives what it has shown."""

    def __init__(self, user: User, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [*CHAUPAL, *arguments],
            cwd=user.home,
            env=user.environment | {"TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

    def read_until(self, part: str) -> None:
        while part not in self.shown:
            more = self._read()
            assert more, self.shown
            self.shown += more

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Read it to its end; the exit code."""
        while more := self._read():
            self.shown += more
        os.close(self._ours)
        return self._process.wait(60)

    def _read(self) -> str:
        try:
            return os.read(self._ours, 65_536).decode(errors="replace")
        except OSError:  # the other side is gone
            return ""


class TestOnATerminal:
    def test_secrets_are_asked_for_and_not_shown(self, user: User) -> None:
        known = ("--url", user.url, "--application-id", user.installed["applicationId"])
        terminal = Terminal(user, "login", *known, "--profile", "desk")
        terminal.read_until("Application secret: ")
        terminal.type(user.installed["applicationSecret"] + "\n")
        terminal.read_until("Refresh token: ")
        terminal.type(user.installed["refreshToken"] + "\n")
        assert terminal.end() == 0
        assert user.installed["applicationSecret"] not in terminal.shown
        assert user.installed["refreshToken"] not in terminal.shown
        assert "desk" in terminal.shown
        assert user.json("whoami")["profile"] == "desk"

    def test_tables_are_drawn_and_markup_in_names_is_text(self, user: User) -> None:
        named = f"[red]{user.group_name}[/red]"
        user.call("PUT", f"/groups/{user.group_id}", {"name": named})
        terminal = Terminal(user, "groups")
        assert terminal.end() == 0
        assert named in terminal.shown
        assert user.group_id in terminal.shown
        assert "──" in terminal.shown

    def test_progress_is_shown_while_something_is_sent(self, user: User) -> None:
        (user.home / "shelf.png").write_bytes(picture())
        terminal = Terminal(user, "post", user.group_id, "The shelf", "--file", "shelf.png")
        assert terminal.end() == 0
        assert "sending" in terminal.shown
        assert "posted" in terminal.shown

    def test_adding_many_shows_how_far_it_is(self, user: User) -> None:
        (user.home / "people.csv").write_text(f"{OTHER}\n+919876500003\n")
        terminal = Terminal(user, "members", "add", user.group_id, "--csv", "people.csv")
        assert terminal.end() == 0
        assert "adding" in terminal.shown
        assert "2 rows: 2 are members." in terminal.shown

    def test_exporting_shows_how_many_there_are(self, user: User, tmp_path: Path) -> None:
        user.call("POST", f"/groups/{user.group_id}/messages", {"message": "one"})
        terminal = Terminal(user, "export", "messages", user.group_id, "all.csv")
        assert terminal.end() == 0
        assert "1 records were written to all.csv." in terminal.shown
