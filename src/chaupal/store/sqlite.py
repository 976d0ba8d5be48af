"""The SQLite connection: apsw, which bundles its own SQLite. Settings are in one place, here, with their reasons."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from chaupal.store.checkpointing import Checkpointing
from chaupal.store.connection import Assumed, DatabaseRefused, ReadTooLong, StorageFull
from chaupal.store.early_writing import EarlyWriting
from chaupal.store.statements import CompiledStatement, Dialect

OLDEST_SAFE_SQLITE = (3, 51, 3)
"""Versions up to 3.51.2 can lose data when several processes reset the write-ahead log."""

_BUSY_TIMEOUT_MS = 5_000
_LAST_CHECKPOINT_WAIT_MS = 1_000
"""How long a closing writer waits for readers, none of which may read longer than this by default."""

_CACHE_KIB = 8_192
_PROGRESS_STEPS = 2_000
"""Virtual machine steps between two looks at the clock of a read: some tens of microseconds."""

_ROWS_AT_ONCE = (128, 32, 8, 1)
"""Rows of one INSERT. Each execution hands the interpreter's lock to and fro, which costs more than the row itself."""

_STORAGE_ERRORS = (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.BusyError)


def check_sqlite_version() -> None:
    """Raise RuntimeError where the SQLite in use is too old to be trusted."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SAFE_SQLITE:
        wanted = ".".join(map(str, OLDEST_SAFE_SQLITE))
        raise RuntimeError(f"SQLite {apsw.sqlite_lib_version()} is too old: {wanted} or newer is needed")


class SqliteConnection:
    """One connection to the data folder's database file."""

    dialect: Dialect = "sqlite"
    can_assume = False
    is_assuming = False

    def __init__(self, path: Path, *, read_only: bool = False, read_limit_ms: int = 0, vfs: str | None = None) -> None:
        flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        try:
            self._connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=256)
            self._set_up(read_only=read_only)
            self._checkpointing = None if read_only else Checkpointing(path, vfs=vfs)
            self._early_writing = None if read_only else EarlyWriting(path)
            if self._checkpointing is not None:
                self._connection.set_wal_hook(self._checkpointing.note)
        except _STORAGE_ERRORS as error:
            raise StorageFull(error) from error
        self._read_only = read_only
        self._is_forced = True
        self._cursor = self._connection.cursor()
        self._read_limit_ms = read_limit_ms
        self._deadline = 0.0
        if read_limit_ms:
            self._connection.set_progress_handler(self._is_over_time, _PROGRESS_STEPS)

    def _set_up(self, *, read_only: bool) -> None:
        connection = self._connection
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)  # first: the pragmas below may have to wait
        # Plans do not depend on bound values. Else SQLite looks at the value of each `LIMIT ?`, and prepares the
        # statement anew whenever it is bound: of reading a page, which takes 60 microseconds, another 200.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        if not read_only:
            connection.pragma("journal_mode", "WAL")  # readers do not wait for the writer
            # What is deleted is overwritten. Not FAST, which spares the pages that become free, such as those of long
            # texts: half of the erased rows could still be found. On posting a message neither costs anything that
            # could be measured, because posting frees nothing.
            connection.pragma("secure_delete", "ON")
        connection.pragma("synchronous", "FULL")  # in WAL mode only FULL syncs the log at each commit
        connection.pragma("cache_size", -_CACHE_KIB)
        connection.pragma("temp_store", "MEMORY")

    def _is_over_time(self) -> bool:
        return self._deadline > 0 and time.monotonic() > self._deadline

    def begin_write(self, assumed: Assumed | None = None, *, is_forced: bool = True) -> None:
        assert assumed is None, "it cannot assume"
        if is_forced != self._is_forced:
            # With NORMAL the log is not synced at a commit, but is in order: the next sync takes it along.
            self._execute(f"PRAGMA synchronous = {'FULL' if is_forced else 'NORMAL'}")
            self._is_forced = is_forced
        self._execute("BEGIN IMMEDIATE")

    def check_assumed(self) -> None:
        pass

    def begin_read(self) -> None:
        self._deadline = time.monotonic() + self._read_limit_ms / 1000 if self._read_limit_ms else 0.0
        self._execute("BEGIN")

    def commit(self) -> None:
        self._execute("COMMIT")
        if not self._is_forced and self._early_writing is not None:
            self._early_writing.begin()

    def rollback(self) -> None:
        self._deadline = 0.0
        if self._connection.in_transaction:  # a full disk may have rolled back by itself
            self._execute("ROLLBACK")

    def savepoint(self) -> None:
        self._execute("SAVEPOINT rule")

    def release_savepoint(self) -> None:
        self._execute("RELEASE rule")

    def rollback_to_savepoint(self) -> None:
        self._execute("ROLLBACK TO rule")
        self._execute("RELEASE rule")

    def all(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return compiled.rows(self._execute(compiled.sql, arguments).fetchall())

    def run(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> int:
        self._execute(compiled.sql, arguments)
        return self._connection.changes()

    def insert_many(self, compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> None:
        try:
            start = 0
            for size in _ROWS_AT_ONCE:
                while len(rows) - start >= size:
                    values = itertools.chain.from_iterable(rows[start : start + size])
                    self._cursor.execute(compiled.insert_text(size), tuple(values))
                    start += size
        except _STORAGE_ERRORS as error:
            raise StorageFull(error) from error
        except (apsw.Error, TypeError, UnicodeError, OverflowError) as error:
            raise DatabaseRefused(str(error)) from error

    def defer_insert(self, compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> None:
        self.insert_many(compiled, rows)

    def defer_run(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> None:
        self.run(compiled, arguments)

    def copy_in(self, text: str, data: bytes) -> int:
        raise DatabaseRefused("SQLite has no COPY")

    def close(self) -> None:
        if self._checkpointing is not None:
            self._checkpointing.stop()
        if self._early_writing is not None:
            self._early_writing.stop()
        with suppress(apsw.Error):
            if not self._read_only:
                # Also where another program still reads: SQLite's own checkpoint at the last close is then not ours.
                self._connection.set_busy_timeout(_LAST_CHECKPOINT_WAIT_MS)
                self._connection.pragma("wal_checkpoint", "TRUNCATE")
        with suppress(apsw.Error):
            self._connection.close()

    def _execute(self, sql: str, arguments: tuple[Any, ...] = ()) -> apsw.Cursor:
        try:
            return self._cursor.execute(sql, arguments)
        except apsw.InterruptError as error:
            raise ReadTooLong(self._read_limit_ms) from error
        except _STORAGE_ERRORS as error:
            raise StorageFull(error) from error
        except (apsw.Error, TypeError, UnicodeError, OverflowError) as error:
            raise DatabaseRefused(str(error)) from error
