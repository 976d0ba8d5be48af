"""Takes an organization from one stopped installation into another by hand, row by row, and by the rules.

Both have the same secret key, so that hashes and seals mean the same in both.
"""

from __future__ import annotations

import asyncio
from typing import Any

from chaupal.app import close_house, open_house
from chaupal.auth.caller import Operator
from chaupal.directory.places import Arrival, Departure, arrive, describe_home, leave
from chaupal.serving.house import House
from chaupal.settings import Settings, load_settings
from chaupal.store.schema import metadata
from tests.cells.conftest import url_of
from tests.installations import Installation
from tests.stores import ask_postgres, ask_sqlite

_STAYS = {"tenant_places", "application_places", "tenant_origins", "untold_tenants"}


def settings_of(installation: Installation) -> Settings:
    return load_settings(installation.environment)


def move(source: Installation, target: Installation, *, to: str, tenant_id: str, came_from: str) -> None:
    """Both are stopped meanwhile, and running afterwards."""
    source.stop()
    target.stop()
    _with_house(target, lambda _house: None)  # makes the tables
    for table in metadata.tables.values():
        if table.name not in _STAYS:
            names = [str(column.name) for column in table.columns]
            columns = ", ".join(names)
            rows = ask(source, f"SELECT {columns} FROM {table.name} WHERE tenant_id = %s", tenant_id)  # noqa: S608 - our own names
            places = ", ".join(["%s"] * len(names))
            for row in rows:
                insert = f"INSERT INTO {table.name} ({columns}) VALUES ({places})"  # noqa: S608 - our own names
                ask(target, insert, *_values(table, target, row))
    mover = Operator(tenant_id, passes_gate=True)

    def depart(house: House) -> Any:
        home = asyncio.run(house.store.read(describe_home, mover, None))
        departure = Departure(to, url_of(target), house.now_s * 1000)
        asyncio.run(house.store.write(leave, mover, departure))
        return home, house.now_s * 1000

    home, now_ms = _with_house(source, depart)
    arrival = Arrival(came_from, home, now_ms + 100_000_000)
    _with_house(target, lambda house: asyncio.run(house.store.write(arrive, mover, arrival)))
    source.start()
    target.start()


def _values(table: Any, target: Installation, row: tuple[Any, ...]) -> list[Any]:
    """SQLite has no booleans."""
    if not target.is_postgres:
        return list(row)
    is_boolean = [column.type.__class__.__name__ == "Boolean" for column in table.columns]
    return [bool(value) if flag and value is not None else value for flag, value in zip(is_boolean, row, strict=True)]


def _with_house(installation: Installation, do: Any) -> Any:
    house = open_house(settings_of(installation))
    try:
        return do(house)
    finally:
        close_house(house)


def ask(installation: Installation, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the installation's database says."""
    settings = settings_of(installation)
    if settings.is_postgres:
        return ask_postgres(settings.database, question, *values)
    return ask_sqlite(settings.sqlite_path, question.replace("%s", "?"), *values)
