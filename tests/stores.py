"""Migrated databases of both kinds, and stores opened on them.

A folder of tests that wants the fixtures names them in its conftest.py:

    from tests.stores import database, sqlite_template, store_on
    __all__ = ["database", "sqlite_template", "store_on"]

`database` is parametrised: each test that asks for it runs on SQLite and on PostgreSQL. `shared_database` likewise, but
without the half second that a PostgreSQL database of its own costs a test: for tests that keep to tenants of their own.
`sqlite_database` and `postgres_database` are of one kind. All of them need `sqlite_template`.

`store_on(database)` opens a store that is stopped when the test ends; call it twice for two nodes on one PostgreSQL
database. Keywords that are settings (`store_writers=4`, `read_timeout_ms=50`) change settings, those of `Pace`
(`calm_s=600.0`) the pace of its writers, and the others are those of `open_store`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import apsw
import psycopg
import pytest

from chaupal.auth.caller import Operator
from chaupal.directory.rules import create_tenant
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.migrating import migrate
from chaupal.store.opening import DataFolder, open_store
from chaupal.store.pace import Pace
from chaupal.store.store import Store
from tests.parts.postgres import PostgresServer

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")
OpenStore = Callable[..., Store]

_SETTING_NAMES = frozenset(field.name for field in fields(Settings))
_PACE_NAMES = frozenset(field.name for field in fields(Pace))


@dataclass(frozen=True)
class Database:
    """A migrated, empty database of this test's own, with the settings that name it."""

    kind: Kind
    settings: Settings

    @property
    def is_postgres(self) -> bool:
        return self.kind == "postgresql"

    def ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database itself says, on a connection of its own, past the store. Values stand as `%s`."""
        if self.is_postgres:
            return ask_postgres(self.settings.database, question, *values)
        return ask_sqlite(self.settings.sqlite_path, question.replace("%s", "?"), *values)

    def events_of(self, tenant_id: str) -> list[tuple[int, int, str]]:
        """(position, at_us, object id) of the whole log of a tenant, in order."""
        return [
            (position, at_us, object_id)
            for position, at_us, object_id in self.ask(
                "SELECT position, at_us, object_id FROM events WHERE tenant_id = %s ORDER BY position", tenant_id
            )
        ]

    def place_of(self, tenant_id: str) -> tuple[int, int]:
        """(last position, last at_us) as the tenant's row has them."""
        [(position, at_us)] = self.ask("SELECT last_position, last_at_us FROM tenants WHERE tenant_id = %s", tenant_id)
        return position, at_us


def ask_postgres(url: str, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask a PostgreSQL database, and commit whatever the question changed."""
    with psycopg.connect(url, autocommit=True, connect_timeout=30) as connection:
        cursor = connection.execute(question.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def ask_sqlite(path: Path, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask a SQLite file, and commit whatever the question changed."""
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(30_000)
        return list(connection.execute(question, values))
    finally:
        connection.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy."""
    settings = Settings(data=tmp_path_factory.mktemp("sqlite-template"))
    migrate(settings)
    return settings.sqlite_path


def make_sqlite_database(template: Path, data: Path) -> Database:
    """A copy of the template in a data folder that may exist already."""
    settings = Settings(data=data)
    DataFolder(data).prepare()
    shutil.copy(template, settings.sqlite_path)
    return Database("sqlite", settings)


def make_postgres_database(server: PostgresServer, create: Callable[..., str], data: Path) -> Database:
    """A copy of the run's migrated template; `create` is the fixture `new_postgres_database`."""
    template = server.template("migrated", lambda url: _migrate_postgres(url, data))
    DataFolder(data).prepare()
    return Database("postgresql", Settings(data=data, database=create(template=template)))


def _migrate_postgres(url: str, data: Path) -> None:
    migrate(Settings(data=data, database=url))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database of this test's own, once of each kind."""
    if request.param == "sqlite":
        return make_sqlite_database(request.getfixturevalue("sqlite_template"), tmp_path / "data")
    return make_postgres_database(
        request.getfixturevalue("postgres_server"), request.getfixturevalue("new_postgres_database"), tmp_path / "data"
    )


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated PostgreSQL database for all tests of this process that keep to tenants of their own."""
    made: list[str] = []

    def create(template: str) -> str:
        made.append(postgres_server.create_database(template))
        return made[-1]

    yield make_postgres_database(postgres_server, create, tmp_path_factory.mktemp("shared")).settings.database
    postgres_server.drop_database(made[0])


@pytest.fixture(params=KINDS)
def shared_database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database that other tests may have used, once of each kind. The test keeps to tenants that it makes."""
    if request.param == "sqlite":
        return make_sqlite_database(request.getfixturevalue("sqlite_template"), tmp_path / "data")
    data = tmp_path / "data"
    DataFolder(data).prepare()
    return Database("postgresql", Settings(data=data, database=request.getfixturevalue("shared_postgres_url")))


@pytest.fixture
def postgres_database(
    postgres_server: PostgresServer, new_postgres_database: Callable[..., str], tmp_path: Path
) -> Database:
    """A PostgreSQL database of this test's own, for what SQLite cannot do."""
    return make_postgres_database(postgres_server, new_postgres_database, tmp_path / "data")


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Database:
    """A SQLite database of this test's own, for what PostgreSQL cannot do."""
    return make_sqlite_database(sqlite_template, tmp_path / "data")


@pytest.fixture
def store_on() -> Iterator[OpenStore]:
    """Call it for a running store: `store_on(database, store_writers=4)`."""
    opened: list[Store] = []

    def open_on(database: Database, **options: Any) -> Store:
        changed = {name: options.pop(name) for name in list(options) if name in _SETTING_NAMES}
        pace = Pace(**{name: options.pop(name) for name in list(options) if name in _PACE_NAMES})
        opened.append(open_store(replace(database.settings, **changed), **options))
        for writer in opened[-1]._writers:
            writer._pace = pace
        return opened[-1]

    yield open_on
    for store in opened:
        store.stop()


async def add_tenant(store: Store) -> Operator:
    """Make a tenant; the caller that acts in it. Its first event stands at position 1."""
    caller = Operator(new_id())
    await store.write(create_tenant, caller, "Tenant")
    return caller


def add_tenant_now(store: Store) -> Operator:
    """`add_tenant` for tests that are not coroutines."""
    return asyncio.run(add_tenant(store))


def postgres_url(*, host: str, port: int | str, parts: dict[str, Any], database: str = "") -> str:
    """A URL with the user and the database of other connection parts, at another address and without encryption."""
    user, password = quote(str(parts.get("user", "")), safe=""), quote(str(parts.get("password", "")), safe="")
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    name = quote(database or str(parts["dbname"]), safe="")
    return f"postgresql://{login}{host}:{port}/{name}?sslmode=disable&gssencmode=disable"
