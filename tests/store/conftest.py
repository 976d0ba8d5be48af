"""The fixtures of the store's tests."""

from __future__ import annotations

from tests.stores import (
    database,
    postgres_database,
    shared_database,
    shared_postgres_url,
    sqlite_database,
    sqlite_template,
    store_on,
)

__all__ = [
    "database",
    "postgres_database",
    "shared_database",
    "shared_postgres_url",
    "sqlite_database",
    "sqlite_template",
    "store_on",
]
