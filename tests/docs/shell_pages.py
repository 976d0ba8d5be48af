"""Runs the commands of a page, one block after another in one shell, beside a running server, and compares what each
prints with the block of JSON or text below it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import Block, Page
from tests.docs.samples import Bindings, Differs
from tests.installations import Installation

PROGRAM = Path(sys.executable).with_name("chaupal")
ADDRESS = "127.0.0.1:8080"
"""Where the server of the pages listens."""

_TIMEOUT_S = 120
_END_OF_BLOCK = "==end of block=="


@dataclass(frozen=True)
class Step:
    """A block of commands, and what the page shows below it; without that they print nothing."""

    commands: Block
    shown: Block | None

    @property
    def place(self) -> str:
        return f"line {self.commands.line}: {self.commands.text.splitlines()[0]}"


def steps_of(page: Page, heading: str = "") -> list[Step]:
    """The blocks of a page, or of one of its sections, that are commands for a shell. `run=elsewhere` stands beside
    those that go on until they are stopped."""
    blocks = page.blocks
    if heading:
        section = page.sections(2)[heading]
        blocks = [block for block in blocks if block.text in section]
    following = [*blocks[1:], None]
    return [
        Step(block, after if after is not None and after.language in ("json", "text") else None)
        for block, after in zip(blocks, following, strict=True)
        if block.language == "bash" and block.options.get("run") != "elsewhere"
    ]


def run_steps(
    steps: list[Step], installed: Installation, folder: Path, *, replaced: Mapping[str, str] | None = None
) -> list[str]:
    """What each step prints. The pages name another program and port where the test's are other; `replaced` says what
    else is."""
    script = "set -euo pipefail\n"
    for step in steps:
        script += f"{step.commands.text}\necho; echo {shlex.quote(_END_OF_BLOCK)}\n"
    script = script.replace(".venv/bin/chaupal", shlex.quote(str(PROGRAM)))
    for shown, real in {ADDRESS: f"127.0.0.1:{installed.port}", **(replaced or {})}.items():
        script = script.replace(shown, real)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=installed.environment,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout.split(_END_OF_BLOCK)[:-1]


def compare_step(step: Step, printed: str, bindings: Bindings) -> None:
    """Fail the test where the page shows something else."""
    if step.shown is None:
        assert printed.strip() == "", f"{step.place}: shows nothing, prints {printed}"
    elif step.shown.language == "text":
        assert printed.strip() == step.shown.text.strip(), step.place
    else:
        try:
            bindings.compare(json.loads(step.shown.text), json.loads(printed))
        except (Differs, json.JSONDecodeError) as error:
            pytest.fail(f"{step.place}: {error}; it prints {printed}")


def assert_lets_in(steps: list[Step], installed: Installation) -> None:
    """What the commands have kept of an old integration (id, secret, refresh token) lets it act for its person."""
    words = shlex.split("".join(step.commands.text for step in steps).replace("\\\n", " "))
    given = {name: words[words.index(name) + 1] for name in words if name.startswith("--")}
    headers = {
        "applicationId": given["--application-id"],
        "applicationSecret": given["--application-secret"],
        "refreshToken": given["--refresh-token"],
    }
    status, answer = installed.call("GET", "/v1/accessToken", headers)
    assert status == 200, answer
    assert installed.me(answer["accessToken"])[1]["mobileNumber"] == given["--user"]
