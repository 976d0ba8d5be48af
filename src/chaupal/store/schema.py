"""What every slice's `tables.py` is built from: the one metadata, the column types and the schema's version.

Each table has `tenant_id` first in its key, so that a tenant can be moved, exported or erased as a whole. There are no
foreign keys: rules of one tenant run one after another and check for themselves, and a distributed database can shard.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TextClause,
)

SCHEMA_VERSION = "0027"
"""The newest migration, known here to spare the import of Alembic. A test compares it with the migrations."""

metadata = MetaData()


# SQLite's strict tables refuse a value of another type, as PostgreSQL does; they know these types only.
_WIDE = BigInteger().with_variant(Integer(), "sqlite")
_FLAG = Boolean(create_constraint=False).with_variant(Integer(), "sqlite")


def define_table(
    name: str,
    *parts: Column[Any] | Index | CheckConstraint,
    is_clustered: bool = False,
    is_written_beside: bool = False,
) -> Table:
    """A table whose key begins with `tenant_id`.

    `is_clustered`: on SQLite the rows lie in key order without a second tree; for small rows that are read by key.
    `is_written_beside`: on PostgreSQL also beside the calls of users (`store.beside`).
    """
    tenant_id = Column("tenant_id", Text, primary_key=True)
    return Table(
        name,
        metadata,
        tenant_id,
        *parts,
        info={"is_written_beside": is_written_beside},
        sqlite_strict=True,
        sqlite_with_rowid=not is_clustered,
    )


def partial_index(
    name: str, *columns: Column[Any] | str, where: ColumnElement[bool] | TextClause, is_unique: bool = False
) -> Index:
    """An index of the rows for which `where` holds.

    The condition is kept in `info`. As an option of each database it would make every start load SQLAlchemy's dialects
    of both; the migrations, which make the index, name it so.
    """
    return Index(name, *columns, unique=is_unique, info={"where": where})


def check(name: str, condition: str) -> CheckConstraint:
    """What holds of every row, in SQL that both databases read; the database refuses a row that breaks it."""
    return CheckConstraint(condition, name=name)


def number_key(name: str) -> Column[int]:
    """A further part of the primary key, a position or an instant."""
    return Column(name, _WIDE, primary_key=True, autoincrement=False)


def key(name: str) -> Column[str]:
    """A further part of the primary key, an id."""
    return Column(name, Text, primary_key=True)


def text(name: str, **options: Any) -> Column[str]:
    """Text that is always there; `""` where nothing was given."""
    return Column(name, Text, nullable=False, **options)


def optional_text(name: str) -> Column[str]:
    """Text or NULL, where absence means something else than `""`."""
    return Column(name, Text, nullable=True)


def instant(name: str) -> Column[int]:
    """An instant in the unit that the name ends in (`_ms` or `_us` since 1970 UTC)."""
    return Column(name, _WIDE, nullable=False)


def optional_instant(name: str) -> Column[int]:
    """An instant, or NULL for "not yet"."""
    return Column(name, _WIDE, nullable=True)


def count(name: str) -> Column[int]:
    """A number of things."""
    return Column(name, Integer, nullable=False)


def optional_count(name: str) -> Column[int]:
    """A number, or NULL where there is none."""
    return Column(name, Integer, nullable=True)


def size(name: str) -> Column[int]:
    """A number of bytes, which may be beyond two billion."""
    return Column(name, _WIDE, nullable=False)


def optional_size(name: str) -> Column[int]:
    """A number of bytes, or NULL where there is nothing that has one."""
    return Column(name, _WIDE, nullable=True)


def position(name: str) -> Column[int]:
    """A position in the tenant's event log."""
    return Column(name, _WIDE, nullable=False)


def optional_position(name: str) -> Column[int]:
    """A position in the tenant's event log, or NULL while the row still holds."""
    return Column(name, _WIDE, nullable=True)


def flag(name: str, **options: Any) -> Column[bool]:
    """A claim that is true or false."""
    return Column(name, _FLAG, nullable=False, **options)


def octets(name: str) -> Column[bytes]:
    """Bytes: hashes and sealed values."""
    return Column(name, LargeBinary, nullable=False)
