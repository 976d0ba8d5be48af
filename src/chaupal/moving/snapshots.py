"""What a tenant's rows are at one moment, read beside everything else: all of them, or those that have changed.

Blocks; for a thread. A snapshot holds up nobody who writes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chaupal.archive.contents import RowDigest, encode_row
from chaupal.media.archiving import StoredObject, noting_objects
from chaupal.moving.carried import carried_tables
from chaupal.settings import Settings
from chaupal.store.tenant_rows import tenant_table
from chaupal.store.whole_database import Row, TableShape, WholeDatabase, declared_tables, read_database

_ROWS_AT_ONCE, _BYTES_AT_ONCE = 1_000, 1_000_000

TakeRows = Callable[[str, list[Row]], None]
"""Is given rows of a table; returns when they have been sent."""


class Copied(msgspec.Struct, frozen=True):
    """All rows of one moment: what each table adds up to, the objects of media, and the last change before it."""

    until_number: int
    sums: dict[str, tuple[int, str]]
    stored: list[StoredObject]


class Changed(msgspec.Struct, frozen=True):
    """The rows that have changed up to one moment, as they are then; what is not there any more is removed."""

    until_number: int
    removed: list[tuple[str, list[object]]]
    rows: dict[str, list[Row]]
    stored: list[StoredObject]


def copy_all(settings: Settings, tenant_id: str, take: TakeRows) -> Copied:
    """Give every row to `take`, a thousand or a megabyte at once."""
    shapes = _shapes()
    sums: dict[str, tuple[int, str]] = {}
    stored: list[StoredObject] = []
    with read_database(settings) as database:
        until = max(_changes(database, shapes, tenant_id, 0), default=(0, "", ""))[0]
        for table in carried_tables():
            shape, digest = shapes[table.name], RowDigest()
            chunk: list[Row] = []
            size_bytes = 0
            for row in noting_objects(shape, database.rows(shape, tenant_id=tenant_id), stored):
                line = encode_row(row)
                digest.add(line)
                chunk.append(row)
                size_bytes += len(line)
                if len(chunk) >= _ROWS_AT_ONCE or size_bytes >= _BYTES_AT_ONCE:
                    take(table.name, chunk)
                    chunk, size_bytes = [], 0
            if chunk:
                take(table.name, chunk)
            sums[table.name] = (digest.row_count, digest.hex)
    return Copied(until, sums, stored)


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
    rows = database.rows(shape, tenant_id=tenant_id)
    return [(row[number], row[table], row[key]) for row in rows if row[number] > after_number]


_CHANGE = ("number", "table_name", "row_key")


def _shapes() -> dict[str, TableShape]:
    carried_tables()  # imports the tables of all rooms
    return {table.name: table for table in declared_tables()}
