"""Bringing what is in SQLite's write-ahead log into the database file, beside the writer instead of within its commits.

SQLite does it by itself at the end of a commit, now and then: the callers of that one, and all who wait behind them,
then wait for two syncs of the disk and some megabytes. Here a thread with a connection of its own does it while the
writer goes on. Nothing rests on it: what is in the log is as safe as what is in the file, and where it fails the log
grows until it succeeds.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import apsw
import structlog

_EVERY_PAGES = 1_000
"""As often as SQLite would: about 4 MB."""

_LOG_MAX_PAGES = 16_000
"""A log that has grown so long (64 MB) is brought in by the writer itself, which then finds little left to do. It has
grown while no moment was quiet enough for it to begin anew."""

_TRIES = 3
"""What was appended during one try is brought in by the next, which takes less long."""

_BUSY_TIMEOUT_MS = 1_000

log = structlog.get_logger("store")


class Checkpointing:
    """For one writing connection: `note` is its hook, `stop` ends the thread. The thread is started when needed."""

    def __init__(self, path: Path, *, vfs: str | None) -> None:
        self._path = path
        self._vfs = vfs
        self._asked_at_pages = 0
        self._is_asked = threading.Event()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def note(self, connection: apsw.Connection, _database: str, pages: int) -> int:
        """After each commit: so many pages are in the log."""
        if pages < self._asked_at_pages:
            self._asked_at_pages = 0  # it has begun anew
        if pages >= _LOG_MAX_PAGES:
            with suppress(apsw.Error):  # the thread is at it, or the disk is full
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif pages - self._asked_at_pages >= _EVERY_PAGES:
            self._asked_at_pages = pages
            self._ask()
        return apsw.SQLITE_OK

    def stop(self) -> None:
        """Harmless when repeated."""
        self._is_stopping = True
        self._is_asked.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _ask(self) -> None:
        if self._thread is None and not self._is_stopping:
            self._thread = threading.Thread(target=self._loop, name="store-checkpoints", daemon=True)
            self._thread.start()
        self._is_asked.set()

    def _loop(self) -> None:
        while True:
            self._is_asked.wait()
            self._is_asked.clear()
            if self._is_stopping:
                return
            try:
                self._bring_in()
            except apsw.Error as error:  # a full disk, most likely: whoever writes next is told of it
                log.warning("the write-ahead log was not brought in", cause=str(error))

    def _bring_in(self) -> None:
        connection = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=self._vfs)
        try:
            connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
            connection.pragma("journal_mode")  # a connection that has read nothing does not know of the log
            for _ in range(_TRIES):
                pages, done = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                if done >= pages or self._is_stopping:
                    return
        finally:
            connection.close()
