"""The PostgreSQL connection: psycopg, synchronous, owned by one writer or reader thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql as psycopg_sql

from chaupal.store.connection import DatabaseGone, DatabaseRefused, ReadTooLong
from chaupal.store.statements import CompiledStatement, Dialect

_CONNECT_TIMEOUT_S = 5


class PostgresConnection:
    """One connection. Transactions are begun and ended by hand, so that each round trip is visible here."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str, *, read_limit_ms: int = 0) -> None:
        self._read_limit_ms = read_limit_ms
        self._is_to_begin = False
        self._deferred: list[tuple[bytes, tuple[Any, ...]]] = []
        try:
            self._connection = psycopg.connect(
                url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="chaupal"
            )
            if read_limit_ms:
                self._connection.execute(f"SET statement_timeout = {int(read_limit_ms)}")
        except psycopg.Error as error:
            raise DatabaseGone(error) from error
        self._cursor = self._connection.cursor()

    def begin_write(self) -> None:
        self._deferred.clear()
        self._is_to_begin = True  # sent together with the first statement, which every batch has

    def begin_read(self) -> None:
        self._execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """Send what was deferred and COMMIT with one round trip; after an error of the former nothing is committed."""
        deferred, self._deferred = self._deferred, []
        with self._failures_told_apart():
            if not deferred:
                self._cursor.execute(b"COMMIT")
                return
            with self._connection.pipeline():
                for text, arguments in deferred:
                    self._cursor.execute(text, arguments)
                self._cursor.execute(b"COMMIT")

    def rollback(self) -> None:
        self._deferred.clear()
        self._is_to_begin = False
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

    def defer_insert(self, compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> None:
        text, arguments = _insert_of(compiled, rows)
        self._deferred.append((text.encode(), arguments))

    def defer_run(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> None:
        self._deferred.append((compiled.sql.encode(), arguments))

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()

    def _execute(self, text: str, arguments: tuple[Any, ...] | None = None) -> psycopg.Cursor[tuple[Any, ...]]:
        with self._failures_told_apart():
            if not self._is_to_begin:
                return self._cursor.execute(text.encode(), arguments)
            self._is_to_begin = False
            with self._connection.pipeline():
                self._connection.execute(b"BEGIN")
                self._cursor.execute(text.encode(), arguments)
        return self._cursor

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
    if len(rows) == 1:
        return compiled.sql, rows[0]
    return compiled.many_rows_sql, tuple(list(column) for column in zip(*rows, strict=True))


def check_durability(url: str) -> None:
    """Raise RuntimeError where the server answers COMMIT before the data is on disk, or is too old."""
    with psycopg.connect(url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
        if connection.info.server_version < 150_000:
            raise RuntimeError(f"PostgreSQL 15 or newer is needed, this is {connection.info.server_version // 10_000}")
        for setting in ("fsync", "synchronous_commit"):
            row = connection.execute(psycopg_sql.SQL("SHOW {}").format(psycopg_sql.Identifier(setting))).fetchone()
            if row is None or row[0] == "off":
                raise RuntimeError(f"PostgreSQL runs with {setting}=off: it would lose answered messages; turn it on")
