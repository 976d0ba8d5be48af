"""One run of the tests: its folder, what its workers share, and its end.

The process that started the run holds a lock on `run.lock` for as long as it lives. Every server has a keeper
(`keeper.py`) that waits for that lock and stops its server once it gets it. So servers end with the run even when the
run is killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

KEEPER = Path(__file__).with_name("keeper.py")
WARM = Path(__file__).with_name("warm_commands.py")
SERVER_PROGRAMS = ("postgres", "nats-server", "weed")
# Stopping a server takes a moment; one that takes longer than this is stuck and is killed.
STOP_TIMEOUT_S = 30.0
POLL_S = 0.02
ROOM_IN_MEMORY_BYTES = 8 * 1024**3
"""Four times what a whole run has taken at most."""


def folder_in_memory() -> Path | None:
    """A folder whose file system is memory, has room for what the tests write, and lets programs in it run; else None.

    The tests make thousands of small commits, and a disk takes milliseconds for each. Nothing they look at differs:
    what a killed process has written stays in either, and what a power cut would leave is proved with a file layer
    that knows of every sync (`tests/store/test_durability.py`).
    """
    folder = Path("/dev/shm")  # noqa: S108 - only folders of our own are made in it
    if not os.access(folder, os.W_OK):
        return None
    there = os.statvfs(folder)
    may_run = not there.f_flag & os.ST_NOEXEC
    return folder if may_run and there.f_bavail * there.f_frsize >= ROOM_IN_MEMORY_BYTES else None


def wait_until_gone(processes: Sequence[psutil.Process], *, timeout_s: float) -> None:
    """Returns when all have ended or the time is up. A zombie has ended; whoever inherited it may reap it late."""
    give_up_at = time.monotonic() + timeout_s
    while any(is_alive(process) for process in processes) and time.monotonic() < give_up_at:
        time.sleep(POLL_S)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Run:
    """Made by `begin` in the first process and by `join` in its workers."""

    def __init__(self, folder: Path, lock: IO[bytes] | None = None) -> None:
        self.folder = folder
        # What outlives the test that started it; a Popen that is dropped while its process runs warns.
        self.kept: list[object] = []
        self._lock = lock

    @classmethod
    def begin(cls) -> Run:
        """In memory if there is room, else in /tmp if there is one: the path of a Unix socket is limited to about 100
        bytes, and TMPDIR can be long."""
        short = Path("/tmp")  # noqa: S108 - mkdtemp makes a folder of our own in it
        place = folder_in_memory() or (short if os.access(short, os.W_OK) else None)
        folder = Path(tempfile.mkdtemp(prefix="chaupal-tests-", dir=place))
        if os.geteuid() == 0:
            # Others may pass through: PostgreSQL refuses to run as root and is then run as nobody.
            folder.chmod(0o711)
        # A record lock, not flock(): children that a test forks must not inherit it.
        lock = (folder / "run.lock").open("wb")
        fcntl.lockf(lock, fcntl.LOCK_EX)
        return cls(folder, lock)

    @classmethod
    def join(cls, folder: Path) -> Run:
        return cls(folder)

    @property
    def lock_path(self) -> Path:
        return self.folder / "run.lock"

    def end(self) -> None:
        """Stops every server of this run and removes its folder. Only the process that began the run ends it."""
        assert self._lock is not None, "only the process that began a run may end it"
        keepers = self._processes()
        self._lock.close()
        wait_until_gone(keepers, timeout_s=STOP_TIMEOUT_S)
        for process in self._processes():
            print(f"A server of the tests did not stop and is killed: {process}", file=sys.stderr)
            for child in [*process.children(recursive=True), process]:
                child.kill()
        # The last keeper may have done it already.
        shutil.rmtree(self.folder, ignore_errors=True)

    def note_forked(self, keeper_id: int) -> None:
        """This keeper is a fork, whose command line says nothing of the run."""
        (self.folder / f"{keeper_id}.forked").touch()

    def _processes(self) -> list[psutil.Process]:
        """Keepers and servers of this run: those that name its folder on their command line (a zombie has none), and
        forks that are still what they were."""
        forked = {int(path.stem) for path in self.folder.glob("*.forked")}
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if self._owns(process.info["cmdline"] or [])
            or (process.pid in forked and str(WARM) in (process.info["cmdline"] or []))
        ]

    def _owns(self, command: list[str]) -> bool:
        """Not whatever names the folder: somebody may be reading a log in it."""
        if not any(str(self.folder) in argument for argument in command):
            return False
        return Path(command[0]).name in SERVER_PROGRAMS or str(KEEPER) in command

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """No other worker of this run is inside a block of the same name."""
        with (self.folder / f"{name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def once(self, name: str, action: Callable[[], dict[str, str]]) -> dict[str, str]:
        """The first worker to ask runs the action; all others get its result."""
        result = self.folder / f"{name}.json"
        with self.alone(name):
            if not result.exists():
                made = action()
                result.write_text(json.dumps(made))
            facts: dict[str, str] = json.loads(result.read_text())
            return facts
