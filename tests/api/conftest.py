"""One server of each kind for all tests of this folder; each test gets an organization of its own in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chaupal.app import close_house, open_house
from chaupal.serving.house import House
from tests.api.client import Client
from tests.api.clocks import FakeClock
from tests.api.hooks import HookReceiver
from tests.api.listening import Listen, Listener
from tests.api.worlds import Caller, World
from tests.outbound.receivers import HttpReceiver
from tests.stores import KINDS, Database, make_postgres_database, make_sqlite_database, sqlite_template

__all__ = ["sqlite_template"]


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """The event loop of all calls."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def clock_that_may_go_back(clock: FakeClock) -> Iterator[None]:
    """All tests have one clock: for the next it is never earlier than it was."""
    before_us = clock()
    yield
    if (behind_us := before_us - clock()) > 0:
        clock.advance(microseconds=behind_us)


@pytest.fixture(scope="session", params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An empty database, once of each kind."""
    data = tmp_path_factory.mktemp(f"api-{request.param}") / "data"
    if request.param == "sqlite":
        yield make_sqlite_database(request.getfixturevalue("sqlite_template"), data)
        return
    server = request.getfixturevalue("postgres_server")
    database = make_postgres_database(server, server.create_database, data)
    yield database
    server.drop_database(database.settings.database)


@pytest.fixture(scope="session")
def house(database: Database, clock: FakeClock, runner: asyncio.Runner) -> Iterator[House]:
    # Call limits are counted by the minute, and the clock stands still; their own tests turn them on.
    settings = replace(
        database.settings,
        public_url="https://chat.example.org",
        connector_calls_per_min=0,
        tenant_calls_per_min=0,
        sign_in_forms_per_min_address=0,
        media_fetch_allow=("127.0.0.1",),  # where the files lie that tests let the server fetch
        callback_allow=("127.0.0.1",),  # where the receivers listen
        webhook_proofs_per_min=0,
    )
    house = open_house(settings, clock=clock)
    yield house
    runner.run(house.media_fetcher.close())
    runner.run(house.callbacks.close())
    runner.run(house.cell_calls.close())
    close_house(house)


@pytest.fixture(scope="session")
def file_server() -> Iterator[HttpReceiver]:
    """A server on this machine from which files can be fetched; a test sets what it answers."""
    with HttpReceiver() as started:
        yield started


@pytest.fixture
def hook_receiver() -> Iterator[HookReceiver]:
    """A receiver of webhooks on this machine, this test's alone."""
    with HookReceiver() as started:
        yield started


@pytest.fixture(scope="session")
def client(house: House, runner: asyncio.Runner) -> Iterator[Client]:
    client = Client(house, runner)
    yield client
    client.close()


@pytest.fixture
def world(client: Client, database: Database, clock: FakeClock) -> World:
    """An organization of this test's own."""
    return World(client, database, clock)


@pytest.fixture
def world_with(
    house: House, runner: asyncio.Runner, database: Database, clock: FakeClock
) -> Iterator[Callable[..., World]]:
    """Call it for an organization on a server with other settings: `world_with(tenant_calls_per_min=3)`."""
    clients: list[Client] = []
    houses: list[House] = []

    def make(**settings: Any) -> World:
        other = House(
            settings=replace(house.settings, **settings),
            store=house.store,
            secret_key=house.secret_key,
            signer=house.signer,
            folder=house.folder,
        )
        houses.append(other)
        clients.append(Client(other, runner))
        return World(clients[-1], database, clock)

    yield make
    for client in clients:
        client.close()
    for other in houses:
        runner.run(other.media_fetcher.close())
        runner.run(other.callbacks.close())
        runner.run(other.cell_calls.close())


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Open a stream that ends with the test."""
    opened: list[Listener] = []

    def open_one(caller: Caller, **options: Any) -> Listener:
        opened.append(Listener(caller, **options))
        return opened[-1]

    yield open_one
    for listener in opened:
        listener.go_away()
