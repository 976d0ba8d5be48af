"""What the tests of the documents share: the application in this process, and the event loop of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chaupal.app import close_house, open_house
from chaupal.serving.house import House
from tests.installations import sqlite_installation, warm_commands
from tests.stores import make_sqlite_database, sqlite_template

__all__ = ["sqlite_installation", "sqlite_template", "warm_commands"]


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """An empty installation with the settings that a newcomer has; but webhooks may call this machine."""
    settings = make_sqlite_database(sqlite_template, tmp_path / "data").settings
    house = open_house(replace(settings, callback_allow=("127.0.0.1",)))
    yield house
    close_house(house)
