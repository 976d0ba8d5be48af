"""Starts and stops the servers that are measured, and reads what they cost: time to ready, CPU of the process tree,
memory. It only ever touches processes it started itself.
"""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

# Longer than any start that could still meet its bar, even on a machine busy with other things.
READY_TIMEOUT_S = 60.0
# A graceful stop of the product may take 10 s by its own setting.
STOP_TIMEOUT_S = 15.0
# Short against a start of some 100 ms, long enough that asking costs the starting server nothing.
READY_POLL_S = 0.002


class ServerNotReady(Exception):
    """The server ended, or did not answer in time; the message ends with the tail of its log."""


@dataclass(frozen=True)
class Memory:
    rss_mb: float
    pss_mb: float


@dataclass
class Server:
    """One server process on 127.0.0.1. As a context manager it starts on entry and is gone on exit."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int
    log_path: Path
    ready_path: str = "/readyz"
    folder: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> float:
        """Returns the seconds from the start of the process to the first 200 on its ready path."""
        assert not self.is_running
        with self.log_path.open("ab") as log:
            started = time.perf_counter()
            self._process = subprocess.Popen(
                self.command,
                env=build_environment(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while not self._answers():
            waited_s = time.perf_counter() - started
            if self._process.poll() is not None or waited_s > READY_TIMEOUT_S:
                self.stop()
                raise ServerNotReady(f"{self.name} is not ready after {waited_s:.1f} s:\n{self._log_tail()}")
            time.sleep(READY_POLL_S)
        return time.perf_counter() - started

    def stop(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                # Its own process group, made at its start: nobody else's process is in it.
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._process = None

    def cpu_s(self) -> float:
        assert self._process is not None
        return tree_cpu_s(self._process.pid)

    def memory(self) -> Memory:
        assert self._process is not None
        return tree_memory(self._process.pid)

    def memory_of_child_mb(self, word: str) -> float:
        """The RSS of the processes below the server that have a word on their command line; 0 where there are none."""
        assert self._process is not None
        return sum(_rss_mb(child, word) for child in psutil.Process(self._process.pid).children(recursive=True))

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.ready_path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _log_tail(self) -> str:
        return self.log_path.read_text(errors="replace")[-3000:]


def build_environment(own: Mapping[str, str]) -> dict[str, str]:
    """This process's own, without what would make a measured server another than an installed one: settings of the
    product, and Python's order to keep no bytecode, with which a server in a checkout, which no installer has compiled,
    compiles its own code anew at every start (measured: 4.1 x the floor's start instead of 2.7 x)."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CHAUPAL_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**inherited, **own}


def tree_cpu_s(pid: int) -> float:
    """User and system seconds of the process, its living descendants and those it has already waited for."""
    total_s = 0.0
    for process in _tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total_s += times.user + times.system + times.children_user + times.children_system
    return total_s


def tree_memory(pid: int) -> Memory:
    """RSS counts a shared page once per process, PSS divides it among those who share it."""
    rss_bytes = 0
    pss_bytes = 0
    for process in _tree(pid):
        try:
            full = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        rss_bytes += full.rss
        pss_bytes += full.pss
    return Memory(rss_mb=rss_bytes / 1e6, pss_mb=pss_bytes / 1e6)


def _rss_mb(process: psutil.Process, word: str) -> float:
    try:
        return float(process.memory_info().rss) / 1e6 if word in process.cmdline() else 0.0
    except psutil.Error:  # it has ended meanwhile
        return 0.0


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]
