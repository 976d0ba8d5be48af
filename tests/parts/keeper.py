"""A small process beside one server: starts it, and stops it when asked to or when the run of the tests has ended.

Run as a script with a JSON file that says what to start (`kept_server.py` writes it). Prints the server's process id on
its output. Uses the standard library only, so that it starts quickly.

If the run was killed, nobody else is there to tidy up: the last keeper removes the run's folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    keep(json.loads(Path(sys.argv[1]).read_text()), start=start, announce=lambda pid: print(pid, flush=True))


def keep(order: dict[str, Any], *, start: Callable[[dict[str, Any]], Any], announce: Callable[[int], None]) -> None:
    """Start a server by `start(order)`, say its process id, and return when it has ended."""
    run_lock = Path(order["run_lock"])
    # Held in common by all keepers of the run.
    keepers = run_lock.with_name("keepers.lock").open("wb")
    fcntl.flock(keepers, fcntl.LOCK_SH)
    # Whatever happens (a signal, the end of the server, the end of the run) writes a byte here.
    happened, bell = os.pipe()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.write(bell, b"t"))
    server = start(order)
    threading.Thread(target=announce_end_of_run, args=(run_lock, bell), daemon=True).start()
    threading.Thread(target=announce_end_of_server, args=(server, bell), daemon=True).start()
    announce(server.pid)
    what = os.read(happened, 1)
    stop(server, order)
    if what == b"r":
        fcntl.flock(keepers, fcntl.LOCK_UN)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(keepers, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(run_lock.parent, ignore_errors=True)


def start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    with Path(order["log"]).open("ab") as log:
        return subprocess.Popen(
            order["command"],
            cwd=order["folder"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **order["identity"],
        )


def announce_end_of_run(run_lock: Path, bell: int) -> None:
    """Blocks until the first process of the run has let go of its lock, which the system does for a killed one."""
    with run_lock.open("rb") as lock:
        fcntl.lockf(lock, fcntl.LOCK_SH)
    os.write(bell, b"r")


def announce_end_of_server(server: Any, bell: int) -> None:
    server.wait()
    os.write(bell, b"s")


def stop(server: Any, order: dict[str, Any]) -> None:
    if server.poll() is None:
        server.send_signal(order["stop_signal"])
    try:
        server.wait(timeout=order["stop_timeout_s"])
    except subprocess.TimeoutExpired:
        server.kill()
    # Children that outlived the server; usually there is no such group any more.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    for path in order["leftovers"]:
        Path(path).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
