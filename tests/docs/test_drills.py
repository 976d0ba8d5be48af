"""The drills of docs/operate/drills.md: every command of the page, run in order beside a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import page
from tests.installations import Installation, installation, sqlite_installation, warm_commands

__all__ = ["installation", "sqlite_installation", "warm_commands"]

DRILLS = page("docs/operate/drills.md")
HEADINGS = ("## The upgrade", "## The disaster")


def commands_of(heading: str) -> list[str]:
    """The blocks of bash between a heading and the next."""
    lines = DRILLS.text.splitlines()
    begin = lines.index(heading)
    end = next((at for at in range(begin + 1, len(lines)) if lines[at].startswith("## ")), len(lines))
    return [block.text for block in DRILLS.blocks if block.language == "bash" and begin < block.line <= end]


def run(script: str, installation: Installation, folder: Path) -> str:
    """What the commands print; each must succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=installation.environment | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_command_succeeds_beside_a_running_server_and_leaves_it_alone(
    heading: str, installation: Installation, tmp_path: Path
) -> None:
    installation.start()
    token = installation.access_token(installation.init())
    folder = tmp_path / "drill"
    folder.mkdir()
    blocks = commands_of(heading)
    assert len(blocks) >= 3
    printed = "".join(run(block, installation, folder) for block in blocks)
    assert "0 faults" in printed
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []
    assert installation.call("GET", "/v1/users/me", {"accessToken": token})[0] == 200


def test_after_the_disaster_the_new_server_answers_with_the_old_tokens(
    installation: Installation, tmp_path: Path
) -> None:
    installation.start()
    token = installation.access_token(installation.init())
    folder = tmp_path / "drill"
    folder.mkdir()
    *blocks, removal = commands_of("## The disaster")
    assert removal.startswith("rm -r ")
    for block in blocks:
        run(block, installation, folder)
    installation.kill()
    installation.data, installation.database, installation.server = folder / "new" / "data", "", None
    installation.start()
    assert installation.call("GET", "/v1/users/me", {"accessToken": token})[0] == 200


def test_all_of_the_pages_commands_are_in_the_drills() -> None:
    in_drills = [block for heading in HEADINGS for block in commands_of(heading)]
    assert in_drills == [block.text for block in DRILLS.blocks if block.language == "bash"]
