"""The README's own commands, pasted one after another into a shell beside a running server, do what it says they do."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.installations import Installation, installation, warm_commands

__all__ = ["installation", "warm_commands"]

PROJECT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("chaupal")
ADDRESS = "127.0.0.1:8080"

_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_END_OF_BLOCK = "==end of block=="


@dataclass
class Block:
    """Commands, and the JSON that the README shows below them."""

    commands: str
    shown: Any = None


def blocks_of(heading: str) -> list[Block]:
    """The fenced blocks of one section of the README."""
    text = (PROJECT / "README.md").read_text()
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    blocks: list[Block] = []
    for language, content in _FENCED.findall(section):
        if language == "bash":
            blocks.append(Block(content))
        else:
            assert language == "json", language
            blocks[-1].shown = json.loads(content)
    return blocks


def run_blocks(blocks: list[Block], installed: Installation) -> list[str]:
    """What each block prints, in one shell; the blocks name another program and port where the test's are other."""
    script = "set -euo pipefail\n"
    for block in blocks:
        script += f"{block.commands}\necho; echo {shlex.quote(_END_OF_BLOCK)}\n"
    script = script.replace(".venv/bin/chaupal", shlex.quote(str(PROGRAM)))
    script = script.replace(ADDRESS, f"127.0.0.1:{installed.port}")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=PROJECT,
        env=installed.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout.split(_END_OF_BLOCK)[:-1]


def as_shown(value: Any) -> Any:
    """The value with what differs from run to run made equal."""
    text = json.dumps(value, sort_keys=True)
    return json.loads(_TIME.sub("TIME", _ID.sub("ID", text)))


class TestQuickstart:
    def test_it_runs_and_prints_what_the_readme_shows(self, installation: Installation) -> None:
        start, *blocks = blocks_of("Quickstart")
        assert start.commands == "make serve\n"
        assert any("{name:" in block.commands for block in blocks), "old samples have unquoted keys"
        assert sum(block.shown is not None for block in blocks) >= 3
        installation.start()
        for block, printed in zip(blocks, run_blocks(blocks, installation), strict=True):
            if block.shown is None:
                assert printed.strip() == "", block.commands
            else:
                assert as_shown(json.loads(printed)) == as_shown(block.shown), block.commands

    def test_an_old_integration_keeps_its_secrets(self, installation: Installation) -> None:
        installation.start()
        installation.init()
        blocks = blocks_of("Bring an old integration")
        run_blocks(blocks, installation)
        commands = shlex.split("".join(block.commands for block in blocks).replace("\\\n", " "))
        given = {name: commands[commands.index(name) + 1] for name in commands if name.startswith("--")}
        headers = {
            "applicationId": given["--application-id"],
            "applicationSecret": given["--application-secret"],
            "refreshToken": given["--refresh-token"],
        }
        status, answer = installation.call("GET", "/v1/accessToken", headers)
        assert status == 200, answer
        assert installation.me(answer["accessToken"])[1]["mobileNumber"] == given["--user"]
