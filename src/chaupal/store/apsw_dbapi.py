"""The part of Python's DB-API that SQLAlchemy's SQLite dialect needs, over apsw. Used by migrations alone.

The standard library's sqlite3 would do, but its SQLite is the operating system's, which may be one that loses data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apsw

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))

Error = apsw.Error
DatabaseError = apsw.Error
IntegrityError = apsw.ConstraintError
OperationalError = apsw.SQLError
ProgrammingError = apsw.SQLError
InterfaceError = apsw.MisuseError
NotSupportedError = apsw.AuthError
InternalError = apsw.InternalError
DataError = apsw.MismatchError
PARSE_COLNAMES = 0
PARSE_DECLTYPES = 0


class Cursor:
    """A DB-API cursor that fetches everything at once."""

    arraysize = 1

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.lastrowid = 0

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> Cursor:
        """Execute one statement and keep its rows."""
        cursor = self._connection.cursor()
        executed = cursor.execute(sql, tuple(arguments))
        try:
            self.description = [(column[0], None, None, None, None, None, None) for column in cursor.get_description()]
        except apsw.ExecutionCompleteError:
            self.description = None
        self._rows = list(executed)
        self.rowcount = self._connection.changes()
        self.lastrowid = self._connection.last_insert_rowid()
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        """Execute one statement for each row."""
        for arguments in rows:
            self.execute(sql, arguments)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """The next rows."""
        taken, self._rows = self._rows[: size or self.arraysize], self._rows[size or self.arraysize :]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        """Forget the rows."""
        self._rows = []


class Connection:
    """A DB-API connection that leaves BEGIN to whoever migrates."""

    isolation_level: str | None = None

    def __init__(self, path: str) -> None:
        self._connection = apsw.Connection(path)
        self._connection.set_busy_timeout(5_000)

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self._connection)

    def create_function(self, name: str, count: int, function: Callable[..., Any], **_options: Any) -> None:
        """Register an SQL function; the dialect registers its REGEXP."""
        self._connection.create_scalar_function(name, function, count, deterministic=True)

    def commit(self) -> None:
        """Commit, where a transaction is open."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Roll back, where a transaction is open."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close."""
        self._connection.close()


def connect(path: str, **_options: Any) -> Connection:
    """Open the database file."""
    return Connection(path)
