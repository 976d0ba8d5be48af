"""A person at a command line: signed in to a running server, with a home of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.installations import CHAUPAL, COMMAND_TIMEOUT_S, OTHER, Done, Installation, ended, free_port
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands

THIRD = "+919876500003"


@dataclass
class User:
    """`home` is theirs; the commands see nothing of the installation."""

    installation: Installation
    installed: Any
    home: Path
    group_name: str = ""
    group_id: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.installation.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        return kept | {"HOME": str(self.home), "COLUMNS": "200"}

    @property
    def credentials(self) -> Path:
        return self.home / ".config" / "chaupal" / "credentials.json"

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that is running."""
        return subprocess.Popen(
            [*CHAUPAL, *arguments],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *arguments: str) -> Done:
        """A command with nothing to read."""
        return Done(*self.installation.warm.run(arguments, environment=self.environment, cwd=self.home))

    def run_with(self, given: str | bytes, *arguments: str) -> Done:
        """A command that reads this."""
        content = given if isinstance(given, bytes) else given.encode()
        done = subprocess.run(
            [*CHAUPAL, *arguments],
            cwd=self.home,
            env=self.environment,
            input=content,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, *arguments: str) -> Any:
        """What a command that succeeds prints with `--json`."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, done
        return done.json

    def refusal(self, *arguments: str) -> dict[str, str]:
        """The error of a command that is refused."""
        done = self.run(*arguments, "--json")
        assert done.code == 1, done
        error: dict[str, str] = done.json
        assert done.err.endswith(f"chaupal: {error['message']}\n")
        assert "Traceback" not in done.err
        return error

    def login(self, *options: str, secret: str = "", token: str = "") -> Done:
        """Sign in by the refresh token that `init` has printed."""
        given = f"{secret or self.installed['applicationSecret']}\n{token or self.installed['refreshToken']}\n"
        known = ("--url", self.url, "--application-id", self.installed["applicationId"])
        return self.run_with(given, "login", *known, *options)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The API, beside the command line."""
        token = self.installation.access_token(self.installed)
        status, answer = self.installation.call(method, f"/v1{path}", {"accessToken": token}, body)
        assert status == 200, answer
        return answer


def signed_in(installation: Installation, folder: Path) -> User:
    """Someone on a server of their own."""
    installation.start()
    home = folder / "home"
    home.mkdir()
    user = User(installation, installation.init(), home)
    assert user.login().code == 0
    return user


@pytest.fixture(scope="module")
def first_user(run: Run, warm_commands: WarmCommands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Signed in to a server that the tests of a file share."""
    folder = tmp_path_factory.mktemp("shared")
    made = Installation(run, warm_commands, folder / "data", folder, free_port())
    made.settings |= {
        "CHAUPAL_CONNECTOR_CALLS_PER_MIN": "0",
        "CHAUPAL_TENANT_CALLS_PER_MIN": "0",
        "CHAUPAL_CALLBACK_ALLOW": "127.0.0.1",
        "CHAUPAL_WEBHOOK_PROOFS_PER_MIN": "0",
    }
    yield signed_in(made, folder)
    made.stop()


@pytest.fixture
def user(first_user: User, tmp_path: Path) -> User:
    """The same person with a home, and a group of two, of this test's own."""
    home = tmp_path / "home"
    copy = User(first_user.installation, first_user.installed, home)
    copy.credentials.parent.mkdir(parents=True, mode=0o700)
    shutil.copy(first_user.credentials, copy.credentials)
    copy.group_name = f"Shop {uuid.uuid4().hex[:8]}"
    copy.group_id = copy.call("POST", "/groups", {"name": copy.group_name, "members": [OTHER]})["groupId"]
    return copy


def stopped(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> Done:
    """The command, ended by a signal."""
    process.send_signal(number)
    return ended(process)


def picture() -> bytes:
    """A PNG of one pixel."""
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(content, "PNG")
    return content.getvalue()
