"""The fixtures of the store's tests."""

from __future__ import annotations

import pytest

from chaupal.store import writer
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


@pytest.fixture
def patient_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a writer becomes one batch, however slow the machine is."""
    monkeypatch.setattr(writer, "_BATCH_MAX_S", 600.0)
