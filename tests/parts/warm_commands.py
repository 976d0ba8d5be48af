"""Runs commands of this project, and its servers, in forks of one process that has loaded the project already.

A new Python needs most of a second to load what a command or a server needs, and the tests run hundreds of both. Each
fork has the order's environment, folder and files, and ends as the program ends. Run as a script it is the process
itself: one JSON order a line on its input, one JSON answer a line on its output; it ends with its input.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

LOADED = (
    "alembic.command",
    "chaupal.app",
    "chaupal.archive.writing",
    "chaupal.cli.commands",
    "chaupal.cli.main",
    "chaupal.cli.serve",
    "chaupal.control.operations",
    "chaupal.store.apsw_dbapi",
    "chaupal.store.examining",
    "chaupal.store.migrating",
    "chaupal.store.postgres",
    "chaupal.store.sqlite",
    "chaupal_client.models",
    "phonenumbers",
    "pydantic.types",  # by which Typer reads each command line
)
"""Everything that a command or a server may need; none of it starts a thread."""
FILES_MOST = 256


class WarmCommands:
    """One warm process. Thread-safe; runs one command at a time, and any number of servers."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        # -P: the files beside this one are named like what they start, and must not be taken for it.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments: Sequence[str], *, environment: Mapping[str, str], cwd: Path) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of `chaupal` with these arguments, with nothing to read on its stdin."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            code: int = self._answer(
                {
                    "arguments": list(arguments),
                    "environment": dict(environment),
                    "folder": str(cwd),
                    "out": str(out),
                    "err": str(err),
                }
            )
            return code, out.read_text(), err.read_text()

    def keep(self, order: Path) -> tuple[int, int]:
        """Start the server of a keeper's order, which has `arguments` and `environment`. Returns the ids of the keeper
        and of the server."""
        keeper_id, server_id = self._answer({"keep": str(order)})
        return keeper_id, server_id

    def _answer(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve_orders() -> None:
    """The warm process."""
    for module in LOADED:
        importlib.import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        bury_keepers()
        answer = keep(Path(order["keep"])) if "keep" in order else run(order)
        print(json.dumps(answer), flush=True)


def run(order: dict[str, Any]) -> int:
    """The exit code of a command."""
    child = os.fork()
    if child == 0:
        become(order, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def keep(order: Path) -> tuple[int, int]:
    """(id of the keeper, id of its server), both forks of this process: the server is the keeper's."""
    heard, said = os.pipe()
    keeper_id = os.fork()
    if keeper_id == 0:
        os.setsid()
        be_keeper(order, said)
    os.close(said)
    with os.fdopen(heard) as words:
        return keeper_id, int(words.readline() or 0)


def bury_keepers() -> None:
    """Let go of those that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def be_keeper(order: Path, said: int) -> None:
    """Keep a server in this fork, which ends with it; its id is written to `said`."""
    read_from_nowhere()
    spec = importlib.util.spec_from_file_location("keeper", Path(__file__).with_name("keeper.py"))
    assert spec is not None
    assert spec.loader is not None
    keeper = importlib.util.module_from_spec(spec)
    code = 1
    try:
        spec.loader.exec_module(keeper)

        def announce(server_id: int) -> None:
            os.write(said, f"{server_id}\n".encode())
            os.close(said)

        keeper.keep(json.loads(order.read_text()), start=ForkedServer, announce=announce)
        code = 0
    finally:
        os._exit(code)


def read_from_nowhere() -> None:
    """Let go of the warm process's own input and output."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)


class ForkedServer:
    """A server in a fork of this process. Has as much of the face of Popen as a keeper needs."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.closerange(3, FILES_MOST)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            log = order["log"]
            become(order | {"out": log, "err": log}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._has_ended = threading.Event()
        threading.Thread(target=self._bury, daemon=True).start()

    def _bury(self) -> None:
        os.waitpid(self.pid, 0)
        self._has_ended.set()

    def poll(self) -> int | None:
        return 0 if self._has_ended.is_set() else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._has_ended.wait(timeout):
            raise subprocess.TimeoutExpired("a server", timeout or 0)
        return 0

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def become(order: dict[str, Any], flags: int) -> NoReturn:
    """Run one command, or a server, in this fork, which ends with it."""
    from chaupal.cli.main import main

    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for fd, path, mode in ((0, os.devnull, os.O_RDONLY), (1, order["out"], flags), (2, order["err"], flags)):
        opened = os.open(path, mode, 0o600)
        os.dup2(opened, fd)
        if opened > 2:
            os.close(opened)
    # The old ones may hold what was read ahead of the next order.
    sys.stdin, sys.stdout, sys.stderr = (
        open(fd, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - open file descriptors
        for fd, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    sys.argv = [str(Path(sys.executable).with_name("chaupal")), *order["arguments"]]
    code: object = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter itself does at the end of a program
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(bool(code)))


if __name__ == "__main__":
    serve_orders()
