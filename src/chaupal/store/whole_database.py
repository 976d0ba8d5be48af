"""All rows of a database, table by table: read as they stand at one moment, or put into one that is empty.

For archives of a whole installation. It knows no tenant and no slice; a table is what its `TableShape` says, so that an
archive of an older schema can be put back, too. Values are those of Python, the same for both databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal, Protocol

import msgspec
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table

from chaupal.settings import Settings
from chaupal.store.schema import metadata

ROWS_AT_ONCE = 1_000

_FILLING_CACHE_KIB = 65_536
"""Rows come in no order, and go to all pages of a table: what the cache cannot keep is written and read again."""

ColumnKind = Literal["text", "integer", "boolean", "bytes"]
Row = tuple[Any, ...]


class ColumnShape(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    kind: ColumnKind


class TableShape(msgspec.Struct, frozen=True):
    """One table and the order of its columns."""

    name: str
    columns: tuple[ColumnShape, ...]

    @property
    def _column_list(self) -> str:
        return ", ".join(_quoted(column.name) for column in self.columns)

    @property
    def select(self) -> str:
        """The statement that reads every row."""
        return f"SELECT {self._column_list} FROM {_quoted(self.name)}"

    def select_of(self, place: str) -> str:
        """The statement that reads the rows of one tenant, whose id is bound at `place`."""
        return f"{self.select} WHERE tenant_id = {place}"

    def select_in_order_of(self, place: str, key: Sequence[str]) -> str:
        """The same, in the order of these columns."""
        order = ", ".join(map(_quoted, key))
        return f"{self.select_of(place)} ORDER BY {order}" if key else self.select_of(place)

    def select_above(self, place: str, column: str) -> str:
        """The statement that reads the rows of a tenant in which a column is above a value."""
        return f"{self.select_of(place)} AND {_quoted(column)} > {place}"

    def select_at(self, place: str, key: Iterable[str]) -> str:
        """The statement that reads one row of a tenant by the columns of its key."""
        return self.select_of(place) + "".join(f" AND {_quoted(name)} = {place}" for name in key)

    @property
    def delete(self) -> str:
        """The statement that empties the table."""
        return f"DELETE FROM {_quoted(self.name)}"

    @property
    def insert(self) -> str:
        """The statement that SQLite inserts one row with."""
        places = ", ".join("?" * len(self.columns))
        return f"INSERT INTO {_quoted(self.name)} ({self._column_list}) VALUES ({places})"

    @property
    def copy(self) -> str:
        """The statement that PostgreSQL takes many rows in by."""
        return f"COPY {_quoted(self.name)} ({self._column_list}) FROM STDIN"

    def copy_out(self, tenant_id: str) -> str:
        """The statement that PostgreSQL gives the rows of one tenant by, in the form that `copy_in` takes."""
        return f"COPY ({self.select_of(_literal(tenant_id))}) TO STDOUT"

    def copy_in(self, tenant_id: str) -> str:
        """The statement that PostgreSQL takes them in by. Rows of other tenants are passed over."""
        return f"{self.copy} WHERE tenant_id = {_literal(tenant_id)}"

    def sum_of(self, place: str) -> str:
        """The statement by which PostgreSQL counts the rows of one tenant and sums their hashes, whatever their
        order."""
        hashed = row_hash([_quoted(column.name) for column in self.columns])
        return f"SELECT count(*), coalesce(sum({hashed}), 0) FROM {_quoted(self.name)} WHERE tenant_id = {place}"


def row_hash(values: Iterable[str]) -> str:
    """The expression by which PostgreSQL hashes a row, a third of what MD5 of its text costs. No two rows differ by a
    mistake and have one hash; against forgery it is of no use. It is what partitions are chosen by, so it stays from
    one version to the next, but not from one kind of processor to another (`store.tenant_rows.hash_of_sample`)."""
    return f"hash_record_extended(ROW({', '.join(values)}), 0)"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def declared_tables() -> list[TableShape]:
    """Every table of the rooms that are imported, by name. The database must be of this program's schema."""
    return [shape_of(table) for table in sorted(metadata.tables.values(), key=lambda table: table.name)]


def shape_of(table: Table) -> TableShape:
    """One of them."""
    # str, because SQLAlchemy's names are of a class of its own.
    columns = tuple(ColumnShape(str(column.name), _kind_of(column.type)) for column in table.columns)
    return TableShape(str(table.name), columns)


def _kind_of(of_type: Any) -> ColumnKind:
    if isinstance(of_type, Boolean):
        return "boolean"
    if isinstance(of_type, (BigInteger, Integer)):
        return "integer"
    return "bytes" if isinstance(of_type, LargeBinary) else "text"


class Part(msgspec.Struct, frozen=True):
    """The next rows of a table after a key, in the order of these columns, which are the key; `row_limit` None is all
    of them, in whatever order is the quickest."""

    key_columns: Sequence[str] = ()
    after: Row | None = None
    row_limit: int | None = None


class WholeDatabase(Protocol):
    """One transaction on the whole database."""

    def rows(self, table: TableShape, *, tenant_id: str | None = None) -> Iterator[Row]:
        """Every row, or those of one tenant, in no order that means anything."""

    def rows_by_key(self, table: TableShape, tenant_id: str, key: Sequence[str]) -> Iterator[Row]:
        """The rows of one tenant as they lie in SQLite, which keeps many tables in the order of their key: put in so,
        each page of its is written about once. PostgreSQL sorts them for it."""

    def copied(self, table: TableShape, tenant_id: str, *, size_bytes: int) -> Iterator[tuple[bytes, int]]:
        """The rows of one tenant as PostgreSQL's COPY gives them, some of about this size at a time, and how many."""

    def sum_part(self, table: TableShape, tenant_id: str, part: Part) -> tuple[int, int, Row | None]:
        """(rows, sum of PostgreSQL's hashes of them, last key) of a part of a tenant's rows; the key is None at the
        end."""

    def beside(self) -> AbstractContextManager[WholeDatabase]:
        """The same moment once more, for another thread. On PostgreSQL alone."""

    def rows_above(self, table: TableShape, tenant_id: str, column: str, value: int) -> list[Row]:
        """The rows of a tenant in which a column is above a value."""

    def find(self, table: TableShape, tenant_id: str, key: dict[str, Any]) -> Row | None:
        """One row of a tenant by its key."""

    def replace(self, table: TableShape, rows: Iterable[Row]) -> None:
        """Put these rows into the table in place of all that it has."""

    def has_rows(self, table: TableShape) -> bool:
        """Whether there is any."""


_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TAKE_SNAPSHOT = "SELECT 1"
"""The snapshot is taken by the first statement, not by BEGIN."""


@contextmanager
def read_database(settings: Settings) -> Iterator[WholeDatabase]:
    """The database as it stands at this moment, whatever is written meanwhile. Writers do not wait for it.

    Raises the driver's errors: `explained_opening` makes sentences of them.
    """
    if settings.is_postgres:
        with _postgres(settings.database, _BEGIN_READ) as database:
            yield database
    else:
        with _sqlite(settings, is_read=True) as database:
            yield database


@contextmanager
def fill_database(settings: Settings) -> Iterator[WholeDatabase]:
    """One transaction, which is committed when the block ends without an error, and else leaves nothing.

    On SQLite the caller holds the data folder's lock.
    """
    if settings.is_postgres:
        with _postgres(settings.database, "BEGIN") as database:
            yield database
        _measure_tables(settings.database)
    else:
        with _sqlite(settings, is_read=False) as database:
            yield database


class _Sqlite:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, table: TableShape, *, tenant_id: str | None = None) -> Iterator[Row]:
        flags = _flags_of(table)
        bound = () if tenant_id is None else (tenant_id,)
        for row in self._connection.execute(table.select_of("?") if bound else table.select, bound):
            yield _with_booleans(row, flags) if flags else row

    def rows_by_key(self, table: TableShape, tenant_id: str, key: Sequence[str]) -> Iterator[Row]:
        return self.rows(table, tenant_id=tenant_id)

    def copied(self, table: TableShape, tenant_id: str, *, size_bytes: int) -> Iterator[tuple[bytes, int]]:
        raise NotImplementedError("SQLite has no COPY")

    def sum_part(self, table: TableShape, tenant_id: str, part: Part) -> tuple[int, int, Row | None]:
        raise NotImplementedError("SQLite hashes no rows")

    def beside(self) -> AbstractContextManager[WholeDatabase]:
        raise NotImplementedError("SQLite shares no snapshots")

    def rows_above(self, table: TableShape, tenant_id: str, column: str, value: int) -> list[Row]:
        found: list[Row] = self._connection.execute(table.select_above("?", column), (tenant_id, value)).fetchall()
        flags = _flags_of(table)
        return [_with_booleans(row, flags) for row in found] if flags else found

    def find(self, table: TableShape, tenant_id: str, key: dict[str, Any]) -> Row | None:
        flags = _flags_of(table)
        found = self._connection.execute(table.select_at("?", key), (tenant_id, *key.values())).fetchall()
        return _with_booleans(found[0], flags) if found else None

    def replace(self, table: TableShape, rows: Iterable[Row]) -> None:
        self._connection.execute(table.delete)
        self._connection.executemany(table.insert, rows)

    def has_rows(self, table: TableShape) -> bool:
        return bool(self._connection.execute(f"{table.select} LIMIT 1").fetchall())


def _flags_of(table: TableShape) -> list[int]:
    return [index for index, column in enumerate(table.columns) if column.kind == "boolean"]


def _with_booleans(row: Row, flags: Sequence[int]) -> Row:
    """SQLite has only integers."""
    values = list(row)
    for index in flags:
        if values[index] is not None:
            values[index] = bool(values[index])
    return tuple(values)


@contextmanager
def _sqlite(settings: Settings, *, is_read: bool) -> Iterator[WholeDatabase]:
    import apsw

    flags = apsw.SQLITE_OPEN_READONLY if is_read else apsw.SQLITE_OPEN_READWRITE
    connection = apsw.Connection(str(settings.sqlite_path), flags=flags)
    try:
        connection.set_busy_timeout(5_000)
        connection.pragma("synchronous", "FULL")
        if not is_read:
            connection.pragma("cache_size", -_FILLING_CACHE_KIB)
        connection.execute("BEGIN" if is_read else "BEGIN IMMEDIATE")
        # BEGIN alone takes no snapshot; the first read does.
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        yield _Sqlite(connection)
        connection.execute("COMMIT")
    finally:
        connection.close()  # what is not committed is gone with it


class _Postgres:
    def __init__(self, connection: Any, url: str) -> None:
        self._connection = connection
        self._url = url

    @contextmanager
    def beside(self) -> Iterator[WholeDatabase]:
        (snapshot,) = self._connection.execute("SELECT pg_export_snapshot()").fetchone()
        with _postgres(self._url, _BEGIN_READ, f"SET TRANSACTION SNAPSHOT {_literal(snapshot)}") as database:
            yield database

    def rows(self, table: TableShape, *, tenant_id: str | None = None) -> Iterator[Row]:
        if tenant_id is None:
            return self._fetched(table.select, ())
        return self._fetched(table.select_of("%s"), (tenant_id,))

    def rows_by_key(self, table: TableShape, tenant_id: str, key: Sequence[str]) -> Iterator[Row]:
        # All rows are read: what is the quickest for the first of them, by an index and all over the table, is not.
        self._connection.execute("SET LOCAL cursor_tuple_fraction = 1")
        return self._fetched(table.select_in_order_of("%s", key), (tenant_id,))

    def _fetched(self, text: str, bound: Row) -> Iterator[Row]:
        # A cursor with a name is the server's: without one the library would fetch the whole table.
        with self._connection.cursor(name="whole_table") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(text, bound)
            while batch := cursor.fetchmany(ROWS_AT_ONCE):
                yield from batch

    def copied(self, table: TableShape, tenant_id: str, *, size_bytes: int) -> Iterator[tuple[bytes, int]]:
        with self._connection.cursor() as cursor, cursor.copy(table.copy_out(tenant_id).encode()) as copy:
            lines: list[bytes] = []
            waiting_bytes = 0
            while line := copy.read():  # a row each
                lines.append(line)
                waiting_bytes += len(line)
                if waiting_bytes >= size_bytes:
                    yield b"".join(lines), len(lines)
                    lines, waiting_bytes = [], 0
            if lines:
                yield b"".join(lines), len(lines)

    def sum_part(self, table: TableShape, tenant_id: str, part: Part) -> tuple[int, int, Row | None]:
        columns = ", ".join(map(_quoted, part.key_columns))
        places = ", ".join(["%s"] * len(part.key_columns))
        above = "" if part.after is None else f" AND ({columns}) > ({places})"
        bound = (tenant_id, *(part.after or ()))
        last: Row | None = None
        if part.row_limit is not None and part.key_columns:
            chosen = f"SELECT {columns} FROM {_quoted(table.name)} WHERE tenant_id = %s{above} ORDER BY {columns}"
            last = self._connection.execute(f"{chosen} OFFSET %s LIMIT 1", (*bound, part.row_limit - 1)).fetchone()
        upto = "" if last is None else f" AND ({columns}) <= ({places})"
        text = f"{table.sum_of('%s')}{above}{upto}"
        count, total = self._connection.execute(text, (*bound, *(last or ()))).fetchone()
        return count, int(total), last

    def rows_above(self, table: TableShape, tenant_id: str, column: str, value: int) -> list[Row]:
        found: list[Row] = self._connection.execute(table.select_above("%s", column), (tenant_id, value)).fetchall()
        return found

    def find(self, table: TableShape, tenant_id: str, key: dict[str, Any]) -> Row | None:
        found: Row | None = self._connection.execute(table.select_at("%s", key), (tenant_id, *key.values())).fetchone()
        return found

    def replace(self, table: TableShape, rows: Iterable[Row]) -> None:
        self._connection.execute(table.delete)
        with self._connection.cursor() as cursor, cursor.copy(table.copy) as copy:
            for row in rows:
                copy.write_row(row)

    def has_rows(self, table: TableShape) -> bool:
        return self._connection.execute(f"{table.select} LIMIT 1").fetchone() is not None


@contextmanager
def _postgres(url: str, begin: str, first: str = _TAKE_SNAPSHOT) -> Iterator[WholeDatabase]:
    import psycopg

    with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="chaupal archive") as connection:
        connection.execute(begin.encode())
        connection.execute(first.encode())
        yield _Postgres(connection, url)
        connection.execute("COMMIT")


def _measure_tables(url: str) -> None:
    """Tell PostgreSQL's planner of the rows. By itself it looks a minute later, and plans for empty tables till then,
    with which a large tree of groups took over a second."""
    import psycopg

    with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="chaupal archive") as connection:
        connection.execute("ANALYZE")
