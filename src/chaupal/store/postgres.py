"""The PostgreSQL connection: psycopg, synchronous, owned by one writer or reader thread."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql as psycopg_sql

from chaupal.store.connection import Assumed, DatabaseGone, DatabaseRefused, PlaceMoved, ReadTooLong
from chaupal.store.statements import CompiledStatement, Dialect

_CONNECT_TIMEOUT_S = 5


class PostgresConnection:
    """One connection. Transactions are begun and ended by hand, so that each round trip is visible here."""

    dialect: Dialect = "postgresql"
    can_assume = True

    def __init__(self, url: str, *, read_limit_ms: int = 0) -> None:
        self._read_limit_ms = read_limit_ms
        self._is_to_begin = False
        self._is_forced = True
        self._assumed: Assumed | None = None
        self._deferred_inserts: list[tuple[CompiledStatement, Sequence[tuple[Any, ...]]]] = []
        self._deferred_runs: list[tuple[CompiledStatement, tuple[Any, ...]]] = []
        try:
            self._connection = psycopg.connect(
                url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="chaupal"
            )
            if read_limit_ms:
                self._connection.execute(f"SET statement_timeout = {int(read_limit_ms)}")
        except psycopg.Error as error:
            raise DatabaseGone(error) from error
        # As text, bytes would take twice the way, and be read digit by digit on both sides.
        self._cursor = self._connection.cursor(binary=True)
        self._locking_cursor = self._connection.cursor()

    @property
    def is_assuming(self) -> bool:
        return self._assumed is not None

    def begin_write(self, assumed: Assumed | None = None, *, is_forced: bool = True) -> None:
        if assumed is not None and self._has_unread():
            raise PlaceMoved
        self._forget_deferred()
        self._is_to_begin = True  # sent together with the first statement
        self._assumed = assumed
        self._is_forced = is_forced

    def _has_unread(self) -> bool:
        """Whether something has come unasked: most likely the server's farewell.

        Then locking comes first, which can be repeated on another connection; a commit without an answer cannot.
        """
        with self._failures_told_apart():
            poll = select.poll()
            poll.register(self._connection.fileno(), select.POLLIN)
            return bool(poll.poll(0))

    def check_assumed(self) -> None:
        if self._assumed is not None:
            with self._failures_told_apart():
                self._begin()

    def begin_read(self) -> None:
        self._execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """Send what was deferred and COMMIT with one round trip; after an error of the former nothing is committed."""
        with self._failures_told_apart():
            if self._assumed is not None:
                self._commit_assuming()
                return
            with self._connection.pipeline():
                for compiled, rows in self._deferred_inserts:
                    text, arguments = _insert_of(compiled, rows)
                    self._cursor.execute(text.encode(), arguments)
                for compiled, arguments in self._deferred_runs:
                    self._cursor.execute(compiled.sql.encode(), arguments)
                self._cursor.execute(b"COMMIT")

    def _commit_assuming(self) -> None:
        """All that was deferred in one statement, which is its own transaction and does nothing if the UPDATE does
        nothing: no BEGIN, no lock, no COMMIT, and one round trip."""
        self._is_to_begin, self._assumed = False, None
        ((move, move_arguments),) = self._deferred_runs
        parts, arguments = [f"moved AS ({move.sql} RETURNING 1)"], [*move_arguments]
        for number, (compiled, rows) in enumerate(self._deferred_inserts):
            text = compiled.one_row_sql if len(rows) == 1 else compiled.many_rows_sql
            parts.append(f"part_{number} AS ({text} WHERE EXISTS (SELECT FROM moved))")
            arguments.extend(_values_of(rows))
        self._cursor.execute(f"WITH {', '.join(parts)} SELECT count(*) FROM moved".encode(), arguments)
        if self._cursor.fetchone() != (1,):
            raise PlaceMoved

    def _forget_deferred(self) -> None:
        self._deferred_inserts.clear()
        self._deferred_runs.clear()

    def rollback(self) -> None:
        self._forget_deferred()
        self._is_to_begin, self._assumed = False, None
        if self._connection.closed:
            return
        if self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._execute("ROLLBACK")

    def savepoint(self) -> None:
        self._execute("SAVEPOINT rule")

    def release_savepoint(self) -> None:
        self._execute("RELEASE SAVEPOINT rule")

    def rollback_to_savepoint(self) -> None:
        self._execute("ROLLBACK TO SAVEPOINT rule")
        self._execute("RELEASE SAVEPOINT rule")

    def all(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return self._execute(compiled.sql, arguments).fetchall()

    def run(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> int:
        return self._execute(compiled.sql, arguments).rowcount

    def insert_many(self, compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> None:
        self._execute(*_insert_of(compiled, rows))

    def copy_in(self, text: str, data: bytes) -> int:
        self._execute("SELECT 1")  # begins what is to be begun
        with self._failures_told_apart():
            with self._cursor.copy(text.encode()) as copy:
                copy.write(data)
            return self._cursor.rowcount

    def defer_insert(self, compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> None:
        self._deferred_inserts.append((compiled, rows))

    def defer_run(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> None:
        self._deferred_runs.append((compiled, arguments))

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()

    def _execute(self, text: str, arguments: tuple[Any, ...] | None = None) -> psycopg.Cursor[tuple[Any, ...]]:
        with self._failures_told_apart():
            if not self._is_to_begin:
                return self._cursor.execute(text.encode(), arguments)
            self._begin(text, arguments)
        return self._cursor

    def _begin(self, text: str = "", arguments: tuple[Any, ...] | None = None) -> None:
        """Begin, lock what is assumed and execute the first statement, with one round trip.

        Raises:
            PlaceMoved: what is assumed is not so.
        """
        assumed = self._assumed
        self._is_to_begin, self._assumed = False, None
        try:
            with self._connection.pipeline():
                self._connection.execute(b"BEGIN")
                if not self._is_forced:
                    self._connection.execute(b"SET LOCAL synchronous_commit TO off")
                if assumed is not None:
                    self._locking_cursor.execute(assumed.compiled.sql.encode(), assumed.arguments)
                if text:
                    self._cursor.execute(text.encode(), arguments)
        except psycopg.Error as error:
            if assumed is None or error.sqlstate is None:
                raise
            raise PlaceMoved from error  # perhaps refused only because the place has moved: to be run again, locking
        if assumed is not None and self._locking_cursor.fetchall() != assumed.rows:
            raise PlaceMoved

    @contextmanager
    def _failures_told_apart(self) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.QueryCanceled as error:
            raise ReadTooLong(self._read_limit_ms) from error
        except psycopg.Error as error:
            raise self._told_apart(error) from error
        except (TypeError, UnicodeError, OverflowError, ValueError) as error:
            raise DatabaseRefused(str(error)) from error

    def _told_apart(self, error: psycopg.Error) -> Exception:
        lost = self._connection.closed or isinstance(
            error, (psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown)
        )
        if lost or (isinstance(error, psycopg.OperationalError) and error.sqlstate is None):
            return DatabaseGone(error)
        if error.sqlstate is not None and error.sqlstate[:2] in {"08", "53", "57", "58"}:
            return DatabaseGone(error)  # connection, resources (disk full), operator, system
        return DatabaseRefused(str(error))


def _insert_of(compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
    """The text and the values that insert the rows: one plain row, or an array for each column."""
    return compiled.sql if len(rows) == 1 else compiled.many_rows_sql, _values_of(rows)


def _values_of(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    if len(rows) == 1:
        return rows[0]
    return tuple(list(column) for column in zip(*rows, strict=True))


def check_durability(url: str) -> None:
    """Raise RuntimeError where the server answers COMMIT before the data is on disk, or is too old."""
    with psycopg.connect(url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
        if connection.info.server_version < 150_000:
            raise RuntimeError(f"PostgreSQL 15 or newer is needed, this is {connection.info.server_version // 10_000}")
        for setting in ("fsync", "synchronous_commit"):
            row = connection.execute(psycopg_sql.SQL("SHOW {}").format(psycopg_sql.Identifier(setting))).fetchone()
            if row is None or row[0] == "off":
                raise RuntimeError(f"PostgreSQL runs with {setting}=off: it would lose answered messages; turn it on")
