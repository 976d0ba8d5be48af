"""A server process that cannot outlive the run of the tests: started, stopped and killed through its keeper."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypedDict

import psutil

from tests.parts.run import KEEPER, POLL_S, Run, is_alive, wait_until_gone
from tests.parts.warm_commands import WarmCommands

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0


class Identity(TypedDict, total=False):
    """Who a process runs as, in the words of Popen; empty means as oneself."""

    user: int
    group: int
    extra_groups: list[int]


class ServerNotStarted(Exception):
    """Carries the end of the server's log, which says why."""


class Keeper(Protocol):
    """As much of the face of Popen as a kept server needs."""

    def poll(self) -> int | None:
        """None while it runs."""

    def terminate(self) -> None:
        """Let it stop its server, and end."""

    def wait(self) -> int:
        """Return when it has ended."""


class KeptServer:
    """One server with a folder of its own below the run's folder. It can be started again after `stop` or `kill`."""

    def __init__(
        self,
        run: Run,
        name: str,
        command: Sequence[str],
        *,
        is_ready: Callable[[], bool],
        identity: Identity | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        leftovers: Sequence[Path] = (),
    ) -> None:
        """`leftovers` are files outside the run's folder, removed after each stop."""
        self.folder = run.folder / name
        self.log = run.folder / f"{name}.log"
        run.kept.append(self)
        self._is_ready = is_ready
        self._order = run.folder / f"{name}.order"
        self._order.write_text(
            json.dumps(
                {
                    "command": list(command),
                    "folder": str(self.folder),
                    "log": str(self.log),
                    "identity": identity or {},
                    "run_lock": str(run.lock_path),
                    "stop_signal": int(stop_signal),
                    "stop_timeout_s": STOP_TIMEOUT_S,
                    "leftovers": [str(path) for path in leftovers],
                    **self.further_orders(),
                }
            )
        )
        self._keeper: Keeper | None = None
        self.pid = 0

    def start(self) -> None:
        """Returns once the server answers. Raises ServerNotStarted if it ends or says nothing for a minute."""
        assert self._keeper is None, "already started"
        self._keeper, self.pid = self.begin(self._order)
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            if self._keeper.poll() is not None or time.monotonic() > give_up_at:
                self.stop()
                raise ServerNotStarted(f"{self.folder.name} did not start; its log ends:\n{self.end_of_log()}")
            time.sleep(POLL_S)

    def begin(self, order: Path) -> tuple[Keeper, int]:
        """(the keeper, the server's process id)."""
        with self.log.open("ab") as log:
            # The keeper is in a session of its own, so that Ctrl-C in a terminal leaves the end to the run.
            keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(KEEPER), str(order)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert keeper.stdout is not None
        with keeper.stdout as output:
            return keeper, int(output.readline() or 0)

    def further_orders(self) -> dict[str, Any]:
        """What else the keeper needs to know."""
        return {}

    def stop(self) -> None:
        """An orderly stop; harmless if it is not running."""
        if self._keeper is None:
            return
        self._keeper.terminate()
        self._keeper.wait()
        self._keeper = None

    def kill(self) -> None:
        """Ends the server and all its children at once, as a crash would; returns when all are gone."""
        assert self._keeper is not None, "not started"
        server = psutil.Process(self.pid)
        processes = [server, *server.children(recursive=True)]
        for process in processes:
            process.kill()
        self._keeper.wait()
        wait_until_gone(processes, timeout_s=STOP_TIMEOUT_S)
        self._keeper = None

    def hang(self) -> None:
        """It keeps its connections, takes new ones, and does nothing, until `resume`."""
        psutil.Process(self.pid).suspend()

    def resume(self) -> None:
        """It goes on where it was."""
        psutil.Process(self.pid).resume()

    def end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


class WarmServer(KeptServer):
    """A server of this project, in a fork of a process that has loaded it already."""

    def __init__(
        self,
        run: Run,
        name: str,
        warm: WarmCommands,
        *,
        environment: Mapping[str, str],
        is_ready: Callable[[], bool],
    ) -> None:
        self._run = run
        self._warm = warm
        self._environment = dict(environment)
        super().__init__(run, name, ["chaupal"], is_ready=is_ready)

    def further_orders(self) -> dict[str, Any]:
        return {"arguments": ["serve"], "environment": self._environment}

    def begin(self, order: Path) -> tuple[Keeper, int]:
        keeper_id, server_id = self._warm.keep(order)
        self._run.note_forked(keeper_id)
        return ForkedKeeper(keeper_id), server_id


class ForkedKeeper:
    """A keeper that is another process's child."""

    def __init__(self, keeper_id: int) -> None:
        self._process: psutil.Process | None
        try:
            self._process = psutil.Process(keeper_id)
        except psutil.NoSuchProcess:
            self._process = None

    def poll(self) -> int | None:
        return None if self._process is not None and is_alive(self._process) else 0

    def terminate(self) -> None:
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                self._process.terminate()

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(POLL_S / 4)
        return 0
