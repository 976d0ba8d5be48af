"""What a tenant's rows are at one moment, read beside everything else: all of them, or those that have changed.

Blocks; for a thread. A snapshot holds up nobody who writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import msgspec

from chaupal.archive.contents import RowDigest, digest_of_sum, summed_rows
from chaupal.media.archiving import StoredObject, noting_objects
from chaupal.moving.carried import carried_tables, is_copied
from chaupal.settings import Settings
from chaupal.store.tenant_rows import tenant_table
from chaupal.store.whole_database import Part, Row, TableShape, WholeDatabase, declared_tables, read_database

_ROWS_AT_ONCE, _BYTES_AT_ONCE = 1_000, 1_000_000
_COPIED_BYTES_AT_ONCE = 2_000_000
"""Some ten thousand messages, for which the other cell's writer takes some 50 ms."""


class TableSum(msgspec.Struct, frozen=True):
    """What the rows of a table add up to. `is_by_database`: PostgreSQL has summed them."""

    row_count: int
    digest: str
    is_by_database: bool = False


class Taking(Protocol):
    """Who is given the rows of a table, some at a time; returns when it can take more."""

    def take(self, table: str, rows: list[Row]) -> None:
        """Rows as values."""

    def take_copied(self, table: str, columns: list[str], data: bytes, row_count: int) -> None:
        """Rows as PostgreSQL's COPY gives them."""

    def end_table(self, table: str, summed: Future[TableSum]) -> None:
        """All of its rows have been given; what they add up to is being found out."""


class Copied(msgspec.Struct, frozen=True):
    """Of all rows of one moment the objects of media, and the last change before it."""

    until_number: int
    stored: list[StoredObject]


class Changed(msgspec.Struct, frozen=True):
    """The rows that have changed up to one moment, as they are then; what is not there any more is removed."""

    until_number: int
    removed: list[tuple[str, list[object]]]
    rows: dict[str, list[Row]]
    stored: list[StoredObject]


def copy_all(settings: Settings, tenant_id: str, taking: Taking, *, takes_copies: bool) -> Copied:
    """Give every row to `taking`, one or two megabytes at once. `takes_copies`: it goes from PostgreSQL to
    PostgreSQL."""
    shapes = _shapes()
    stored: list[StoredObject] = []
    with read_database(settings) as database, _summing(database, tenant_id, is_needed=takes_copies) as summing:
        until = max(_changes(database, shapes, tenant_id, 0), default=(0, "", ""))[0]
        for table in carried_tables():
            shape = shapes[table.name]
            if summing is not None and is_copied(table.name):
                summed = summing.begin(shape)
                for data, row_count in database.copied(shape, tenant_id, size_bytes=_COPIED_BYTES_AT_ONCE):
                    taking.take_copied(table.name, table.columns, data, row_count)
            else:
                rows = noting_objects(shape, database.rows_by_key(shape, tenant_id, table.key_columns), stored)
                summed = Future()
                summed.set_result(_give_rows(table.name, rows, taking))
            taking.end_table(table.name, summed)
    return Copied(until, stored)


class _Summing:
    """Has PostgreSQL sum tables beside their being read, so that whoever reads does not wait for it."""

    def __init__(self, database: WholeDatabase, tenant_id: str, thread: ThreadPoolExecutor) -> None:
        self._database, self._tenant_id, self._thread = database, tenant_id, thread

    def begin(self, shape: TableShape) -> Future[TableSum]:
        """One table after another."""
        return self._thread.submit(self._sum, shape)

    def _sum(self, shape: TableShape) -> TableSum:
        row_count, total, _ = self._database.sum_part(shape, self._tenant_id, Part())
        return TableSum(row_count, digest_of_sum(total), is_by_database=True)


@contextmanager
def _summing(database: WholeDatabase, tenant_id: str, *, is_needed: bool) -> Iterator[_Summing | None]:
    """It has summed everything when the block ends, or leaves what it has not begun with where the block fails."""
    if not is_needed:
        yield None
        return
    with database.beside() as same:
        thread = ThreadPoolExecutor(1, thread_name_prefix="summing")
        try:
            yield _Summing(same, tenant_id, thread)
            thread.shutdown()
        finally:
            thread.shutdown(cancel_futures=True)


def _give_rows(table: str, rows: Iterator[Row], taking: Taking) -> TableSum:
    digest = RowDigest()
    chunk: list[Row] = []
    given_bytes = 0
    for row in summed_rows(rows, digest):
        chunk.append(row)
        if len(chunk) >= _ROWS_AT_ONCE or digest.size_bytes - given_bytes >= _BYTES_AT_ONCE:
            taking.take(table, chunk)
            chunk, given_bytes = [], digest.size_bytes
    if chunk:
        taking.take(table, chunk)
    return TableSum(digest.row_count, digest.hex)


def stored_objects(settings: Settings, tenant_id: str) -> list[StoredObject]:
    """The objects of media whose bytes are here."""
    shape = _shapes()["media_objects"]
    stored: list[StoredObject] = []
    with read_database(settings) as database:
        for _row in noting_objects(shape, database.rows(shape, tenant_id=tenant_id), stored):
            continue
    return stored


def read_changed(settings: Settings, tenant_id: str, after_number: int) -> Changed:
    """The rows that have changed since, and the tenant's own, which changes with every write."""
    shapes = _shapes()
    stored: list[StoredObject] = []
    with read_database(settings) as database:
        changes = _changes(database, shapes, tenant_id, after_number)
        places = dict.fromkeys((table, key) for _number, table, key in sorted(changes))
        places["tenants", "[]"] = None
        removed: list[tuple[str, list[object]]] = []
        rows: dict[str, list[Row]] = {}
        for table, text in places:
            key = msgspec.json.decode(text, type=list[object])
            removed.append((table, key))
            named = dict(zip(tenant_table(table).key_columns, key, strict=True))
            row = database.find(shapes[table], tenant_id, named)
            if row is not None:
                rows.setdefault(table, []).extend(noting_objects(shapes[table], [row], stored))
    return Changed(max((change[0] for change in changes), default=after_number), removed, rows, stored)


def _changes(
    database: WholeDatabase, shapes: dict[str, TableShape], tenant_id: str, after_number: int
) -> list[tuple[int, str, str]]:
    """(number, table, key as text)."""
    shape = shapes["row_changes"]
    number, table, key = ([column.name for column in shape.columns].index(name) for name in _CHANGE)
    rows = database.rows_above(shape, tenant_id, "number", after_number)
    return [(row[number], row[table], row[key]) for row in rows]


_CHANGE = ("number", "table_name", "row_key")


def _shapes() -> dict[str, TableShape]:
    carried_tables()  # imports the tables of all rooms
    return {table.name: table for table in declared_tables()}
