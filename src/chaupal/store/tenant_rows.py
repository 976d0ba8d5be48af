"""The rows of one tenant in any table: a page of them, those with some keys, putting them in, taking them out.

For what takes a tenant from one database to another. It knows no slice; a table is one of the metadata, and its rows
are tuples in the order of its columns, with the same values on both databases. A key is the primary key without the
tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    insert,
    literal_column,
    select,
)
from sqlalchemy import tuple_ as row_of

from chaupal.store.schema import metadata
from chaupal.store.statements import Statement
from chaupal.store.transaction import Transaction
from chaupal.store.whole_database import Row, TableShape, row_hash, shape_of

Key = tuple[Any, ...]

_SAMPLE = ("'नमस्ते'::text", "9007199254740993::bigint", "7::integer", "true", "decode('00ff', 'hex')", "NULL::text")

# Statements made here are not in the list of all statements: which table they are of is only known when they are used.


class TenantTable:
    """One table, with the statements on a tenant's rows in it. Made by `tenant_table`."""

    def __init__(self, table: Table) -> None:
        self.name = str(table.name)
        self._table = table
        self._keys: list[Column[Any]] = [each for each in table.primary_key.columns if each.name != "tenant_id"]
        self.columns = [str(column.name) for column in table.columns]
        self._key_places = [self.columns.index(column.name) for column in self._keys]
        self._tenant_at = self.columns.index("tenant_id")
        self.bytes_at = [at for at, column in enumerate(table.columns) if isinstance(column.type, LargeBinary)]
        self.booleans_at = [at for at, column in enumerate(table.columns) if isinstance(column.type, Boolean)]

    @cached_property
    def shape(self) -> TableShape:
        """The same for what reads the whole database."""
        return shape_of(self._table)

    @property
    def key_columns(self) -> list[str]:
        """The names of what makes up a key."""
        return [str(column.name) for column in self._keys]

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return tuple([row[at] for at in self._key_places])

    def page(self, tx: Transaction, after: Key | None, limit: int) -> list[Row]:
        """The next rows in the order of their keys, from the first on or after a key."""
        if after is None:
            return tx.all(self._first, row_limit=limit)
        if not self._keys:
            return []
        return tx.all(self._next, row_limit=limit, **_named(after))

    def find(self, tx: Transaction, key: Key) -> Row | None:
        """The row with this key."""
        return tx.one_or_none(self._find, **_named(key))

    def put(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Insert rows, none of which may be there; those of other tenants are passed over. Inside tx."""
        tenant_at, tenant_id = self._tenant_at, tx.tenant_id
        tx.run_rows(self._insert, [row for row in rows if row[tenant_at] == tenant_id])

    def put_copied(self, tx: Transaction, data: bytes) -> int:
        """Insert rows that another PostgreSQL's COPY has given, and no other tenant's; how many. Inside tx."""
        return tx.copy_in(self.shape.copy_in(tx.tenant_id), data)

    def remove(self, tx: Transaction, key: Key) -> int:
        """Delete the row with this key; how many there were. Inside tx."""
        return tx.run(self._delete, **_named(key))

    def remove_some(self, tx: Transaction, limit: int) -> int:
        """Delete rows of the tenant, at most `limit`; how many. Inside tx."""
        return tx.run(self._delete_some, row_limit=limit)

    @property
    def _here(self) -> Any:
        return self._table.c.tenant_id == bindparam("tenant_id")

    @property
    def _these(self) -> list[Any]:
        return [column == bindparam(f"key_{at}", type_=column.type) for at, column in enumerate(self._keys)]

    @cached_property
    def _first(self) -> Statement:
        limit = bindparam("row_limit", type_=Integer())
        return Statement(select(*self._table.columns).where(self._here).order_by(*self._keys).limit(limit))

    @cached_property
    def _next(self) -> Statement:
        chosen = select(*self._table.columns).where(self._here, row_of(*self._keys) > self._above())
        return Statement(chosen.order_by(*self._keys).limit(bindparam("row_limit", type_=Integer())))

    def _above(self) -> Any:
        return row_of(*[bindparam(f"key_{at}", type_=column.type) for at, column in enumerate(self._keys)])

    @cached_property
    def _find(self) -> Statement:
        return Statement(select(*self._table.columns).where(self._here, *self._these))

    @cached_property
    def _insert(self) -> Statement:
        return Statement(insert(self._table))

    @cached_property
    def _delete(self) -> Statement:
        return Statement(delete(self._table).where(self._here, *self._these))

    @cached_property
    def _delete_some(self) -> Statement:
        if not self._keys:
            return Statement(delete(self._table).where(self._here, bindparam("row_limit", type_=Integer()) > 0))
        inner = select(*self._keys).where(self._table.c.tenant_id == bindparam("tenant_id"))
        chosen = inner.limit(bindparam("row_limit", type_=Integer()))
        return Statement(delete(self._table).where(self._here, row_of(*self._keys).in_(chosen)))


def _named(key: Key) -> dict[str, Any]:
    return {f"key_{at}": value for at, value in enumerate(key)}


@cache
def tenant_table(name: str) -> TenantTable:
    """The table of this name.

    Raises:
        KeyError: there is none.
    """
    return TenantTable(metadata.tables[name])


@cache
def _hash_of_sample() -> Statement:
    return Statement(select(literal_column(row_hash(_SAMPLE)), cast(bindparam("tenant_id"), Text)))


def hash_of_sample(tx: Transaction, _caller: Any, _request: None) -> str:
    """What PostgreSQL makes of a row with a value of every kind; "" on SQLite. Two databases in which it is the same
    have the same sums of the same rows."""
    if tx.dialect != "postgresql":
        return ""
    row = tx.one_or_none(_hash_of_sample())
    assert row is not None
    return str(row[0])
