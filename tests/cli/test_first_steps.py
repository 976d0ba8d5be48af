"""What the server says to a newcomer can be pasted as it stands."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from chaupal.cli.first_steps import first_steps
from chaupal.settings import Settings
from tests.installations import Installation


def pasted(text: str) -> list[str]:
    """The indented lines, which are commands."""
    return [line.strip() for line in text.splitlines() if line.startswith("  ")]


class TestFirstSteps:
    def test_every_command_begins_with_the_folder_and_the_program(self, tmp_path: Path) -> None:
        settings = Settings(data=tmp_path / "with blank" / "data")
        lines = pasted(first_steps(settings))
        assert len(lines) == 4
        for line in lines:
            first, program, *_ = shlex.split(line, comments=True)
            assert first == f"CHAUPAL_DATA={tmp_path}/with blank/data"
            assert Path(program).name == "chaupal"

    def test_a_database_url_is_not_printed(self) -> None:
        text = first_steps(replace(Settings(), database="postgresql://me:hush@host/name"))
        assert "hush" not in text
        assert "same CHAUPAL_* settings" in text

    def test_the_first_start_says_them_and_they_work(
        self, sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sqlite_installation.start()
        assert sqlite_installation.server is not None
        init, pin, doctor, help_ = pasted(sqlite_installation.server.log.read_text())
        for command, code in ((init, 0), (pin, 1), (doctor, 0), (help_, 0)):
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd="/",
                env={key: value for key, value in sqlite_installation.environment.items() if key != "CHAUPAL_DATA"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == code, done
        sqlite_installation.stop()
        sqlite_installation.server.log.write_text("")
        sqlite_installation.start()
        assert pasted(sqlite_installation.server.log.read_text()) == [], "said only while there is no tenant"
