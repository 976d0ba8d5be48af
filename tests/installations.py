"""An installation as an operator has it: a data folder, commands as processes, a server that runs, stops and is killed.

A folder of tests that wants the fixtures names them in its conftest.py:

    from tests.installations import installation, sqlite_installation, warm_commands
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.parts.kept_server import KeptServer, WarmServer
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands

CHAUPAL = (sys.executable, "-m", "chaupal.cli.main")
COMMAND_TIMEOUT_S = 60
ADMIN = "+919876543210"
OTHER = "+14155550100"


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, which has to be one JSON document and nothing else."""
        return json.loads(self.out)


@dataclass
class Installation:
    """One data folder with its settings. Started processes see these settings and no others."""

    run: Run
    warm: WarmCommands
    data: Path
    cwd: Path
    port: int
    database: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    server: KeptServer | None = None
    program: tuple[str, ...] = CHAUPAL
    """What serves; a test may put something in front of it."""

    @property
    def is_postgres(self) -> bool:
        return bool(self.database)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "LANG") if name in os.environ}
        ours = {"CHAUPAL_DATA": str(self.data), "CHAUPAL_LISTEN": f"127.0.0.1:{self.port}"}
        if self.database:
            ours["CHAUPAL_DATABASE"] = self.database
        return kept | ours | self.settings

    def command(self, *arguments: str) -> Done:
        """Run a command to its end, in a fork of a process that has loaded the program."""
        return Done(*self.warm.run(arguments, environment=self.environment, cwd=self.cwd))

    def begin(self, *arguments: str | bytes) -> subprocess.Popen[str]:
        """A command that is running, as a process of its own from the start."""
        return subprocess.Popen(
            [*CHAUPAL, *arguments],
            cwd=self.cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(self, *arguments: str) -> Any:
        """What a command that succeeds prints with `--json`."""
        done = self.command(*arguments, "--json")
        assert done.code == 0, done
        return done.json

    def refusal(self, *arguments: str) -> str:
        """The sentence of a command that is refused; the same on stderr and, as the error object, on stdout."""
        done = self.command(*arguments, "--json")
        assert done.code == 1, done
        assert done.json.keys() == {"message", "errorCode", "errorCategoryKey"}
        message = done.json["message"]
        assert done.err == f"chaupal: {message}\n"
        assert isinstance(message, str)
        return message

    def init(self, tenant: str = "First") -> Any:
        return self.result("init", "--tenant", tenant, "--admin", ADMIN, "--connector", f"{tenant} connector")

    def start(self) -> None:
        """Start the server; returns once it answers."""
        if self.server is None:
            name = f"chaupal-{self.port}-{uuid.uuid4().hex[:8]}"  # the system gives a port out again
            (self.run.folder / name).mkdir()
            self.server = self._made(name)
        self.server.start()

    def _made(self, name: str) -> KeptServer:
        environment = self.environment
        if self.program == CHAUPAL and not any(key.startswith("PYTHON") for key in self.settings):
            return WarmServer(self.run, name, self.warm, environment=environment, is_ready=self.is_ready)
        assignments = [f"{key}={value}" for key, value in environment.items()]
        command = ["/usr/bin/env", "-i", *assignments, *self.program, "serve"]
        return KeptServer(self.run, name, command, is_ready=self.is_ready)

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()

    def kill(self) -> None:
        assert self.server is not None
        self.server.kill()

    def is_ready(self) -> bool:
        try:
            return self.call("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None) -> tuple[int, Any]:
        """(status, JSON) of an HTTP call to the server."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers or {}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - always our own http://
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def access_token(self, installed: Any) -> str:
        """An access token by what `init` printed."""
        names = ("applicationId", "applicationSecret", "refreshToken")
        status, answer = self.call("GET", "/v1/accessToken", {name: installed[name] for name in names})
        assert status == 200, answer
        return str(answer["accessToken"])

    def me(self, access_token: str) -> tuple[int, Any]:
        return self.call("GET", "/v1/users/me", {"accessToken": access_token})


def ended(process: subprocess.Popen[str]) -> Done:
    """The command when it has ended."""
    with process:
        try:
            out, err = process.communicate(timeout=COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()  # leaving the block would wait for it for ever
            raise
    return Done(process.returncode, out, err)


_NUMBERS = itertools.count(os.getpid())


def free_port() -> int:
    """Free, below the ports that the system gives out by itself, and from another range for each worker of a run: so
    that nobody takes it between now and its server's start."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = 16_000 + worker % 16 * 1_000 + next(_NUMBERS) % 1_000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


_WARM = pytest.StashKey[WarmCommands]()


@pytest.fixture(scope="session")
def warm_commands(request: pytest.FixtureRequest) -> WarmCommands:
    """One for each worker, however many folders name this fixture."""
    config = request.config
    if _WARM not in config.stash:
        config.stash[_WARM] = WarmCommands()
        config.add_cleanup(config.stash[_WARM].close)
    return config.stash[_WARM]


@pytest.fixture
def sqlite_installation(run: Run, warm_commands: WarmCommands, tmp_path: Path) -> Iterator[Installation]:
    """Empty, with SQLite; what only SQLite has (the lock, the socket) is tested here."""
    made = Installation(run, warm_commands, tmp_path / "data", tmp_path, free_port())
    yield made
    made.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, run: Run, warm_commands: WarmCommands, tmp_path: Path
) -> Iterator[Installation]:
    """Empty, once with each database."""
    url = ""
    if request.param == "postgresql":
        create: Callable[..., str] = request.getfixturevalue("new_postgres_database")
        url = create()
    made = Installation(run, warm_commands, tmp_path / "data", tmp_path, free_port(), url)
    yield made
    made.stop()
