"""Processes on one PostgreSQL wake each other through a real NATS server, and do without it while it is away."""

from __future__ import annotations

import asyncio
import queue
import socket
import uuid
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chaupal.auth.caller import Operator
from chaupal.store.nats_signals import NatsUnusable, prove_nats, tenant_subject
from chaupal.store.store import WORK_WAITS, Store
from tests.installations import free_port
from tests.parts.nats import NatsOfItsOwn, NatsServer
from tests.parts.run import Run
from tests.store.rules import append_event
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_nats(run: Run, tmp_path: Path) -> Iterator[NatsOfItsOwn]:
    """Not started yet."""
    server = NatsOfItsOwn(run, f"nats-{uuid.uuid4().hex[:12]}-{tmp_path.name}"[:60], free_port())
    yield server
    server.stop()


@pytest.fixture
def subject() -> str:
    """The servers are shared by the run, so each test speaks below a word of its own."""
    return f"chaupal-{uuid.uuid4().hex}"


@dataclass
class Two:
    """Two processes' stores on one database; what the second hears."""

    here: Store
    there: Store
    caller: Operator
    heard: queue.Queue[Set[str]] = field(default_factory=queue.Queue)

    async def write_until_heard(self) -> int:
        """How many writes it took, each of which has succeeded."""
        written = 0
        async with asyncio.timeout(60):
            while self.heard.empty():
                await self.here.write(append_event, self.caller, "a")
                written += 1
        assert self.heard.get() == {self.caller.tenant_id}
        return written


@contextmanager
def silent_at(url: str) -> Iterator[None]:
    """At this address connections are taken, and nothing is ever said."""
    address = urlsplit(url)
    assert address.hostname is not None
    with socket.create_server((address.hostname, address.port or 0)):
        yield


async def two_on(database: Database, store_on: OpenStore, **settings: str) -> Two:
    here, there = store_on(database, **settings), store_on(database, **settings)
    two = Two(here, there, await add_tenant(here))
    there.listen(two.heard.put)
    there.meet_neighbours()
    here.meet_neighbours()
    return two


class TestNatsNeighbours:
    async def test_another_process_is_woken_and_the_database_carries_no_signals(
        self, postgres_database: Database, store_on: OpenStore, nats_server: NatsServer, subject: str
    ) -> None:
        two = await two_on(postgres_database, store_on, nats=nats_server.url, nats_subject=subject)
        await two.write_until_heard()
        assert two.here.hears_neighbours
        assert two.there.hears_neighbours
        signalling = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ~ %s"
        assert postgres_database.ask(signalling, "^(LISTEN|SELECT pg_notify|SELECT 1 FROM pg_locks)")[0][0] == 0

    async def test_own_commits_are_not_heard_twice(
        self, postgres_database: Database, store_on: OpenStore, nats_server: NatsServer, subject: str
    ) -> None:
        two = await two_on(postgres_database, store_on, nats=nats_server.url, nats_subject=subject)
        heard_here: list[Set[str]] = []
        two.here.listen(heard_here.append)
        written = await two.write_until_heard()
        assert len(heard_here) == written

    async def test_other_installations_are_not_woken(
        self, postgres_database: Database, store_on: OpenStore, nats_server: NatsServer, subject: str
    ) -> None:
        ones, others = [
            await two_on(postgres_database, store_on, nats=nats_server.url, nats_subject=word)
            for word in (subject, subject + "-2")
        ]
        await ones.write_until_heard()
        await others.write_until_heard()
        await ones.here.write(append_event, ones.caller, "a")
        await others.write_until_heard()
        while not ones.heard.empty():
            assert ones.heard.get() == {ones.caller.tenant_id}

    async def test_workers_are_woken(
        self, postgres_database: Database, store_on: OpenStore, nats_server: NatsServer, subject: str
    ) -> None:
        two = await two_on(postgres_database, store_on, nats=nats_server.url, nats_subject=subject)
        await two.write_until_heard()
        two.here.wake_workers()
        heard: Set[str] = frozenset()
        while WORK_WAITS not in heard:
            heard = await asyncio.to_thread(two.heard.get, True, 60)

    async def test_where_nats_is_not_there_yet_nothing_fails_and_it_is_found_later(
        self, postgres_database: Database, store_on: OpenStore, own_nats: NatsOfItsOwn
    ) -> None:
        two = await two_on(postgres_database, store_on, nats=own_nats.url)
        for _ in range(3):
            await two.here.write(append_event, two.caller, "a")
        assert not two.here.hears_neighbours
        assert two.here.has_neighbours, "limits are shared on"
        assert two.heard.empty()
        own_nats.start()
        await two.write_until_heard()

    async def test_where_nats_dies_nothing_fails_and_it_is_found_again(
        self, postgres_database: Database, store_on: OpenStore, own_nats: NatsOfItsOwn
    ) -> None:
        own_nats.start()
        two = await two_on(postgres_database, store_on, nats=own_nats.url)
        written = await two.write_until_heard()
        own_nats.kill()
        for _ in range(20):
            await two.here.write(append_event, two.caller, "a")
        own_nats.start()
        while not two.heard.empty():
            two.heard.get()
        written += 20 + await two.write_until_heard()
        assert len(postgres_database.events_of(two.caller.tenant_id)) == written + 1

    async def test_where_nats_hangs_no_write_waits_and_it_is_found_again(
        self,
        postgres_database: Database,
        store_on: OpenStore,
        own_nats: NatsOfItsOwn,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("chaupal.store.nats_signals._ANSWER_TIMEOUT_S", 0.2)
        own_nats.start()
        two = await two_on(postgres_database, store_on, nats=own_nats.url)
        written = await two.write_until_heard()
        own_nats.hang()
        try:
            async with asyncio.timeout(60):
                while two.here.hears_neighbours:
                    await two.here.write(append_event, two.caller, "a")
                    written += 1
        finally:
            own_nats.resume()
        while not two.heard.empty():  # what the server had been told before
            two.heard.get()
        written += await two.write_until_heard()
        assert len(postgres_database.events_of(two.caller.tenant_id)) == written + 1

    async def test_where_a_port_only_takes_connections_no_write_waits_and_nats_is_found_there_later(
        self,
        postgres_database: Database,
        store_on: OpenStore,
        own_nats: NatsOfItsOwn,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("chaupal.store.nats_signals._CONNECT_TIMEOUT_S", 0.2)
        with silent_at(own_nats.url):
            two = await two_on(postgres_database, store_on, nats=own_nats.url)
            for _ in range(3):
                await two.here.write(append_event, two.caller, "a")
            assert not two.here.hears_neighbours
        own_nats.start()
        await two.write_until_heard()

    async def test_it_ends_while_nats_hangs(
        self, postgres_database: Database, store_on: OpenStore, own_nats: NatsOfItsOwn
    ) -> None:
        own_nats.start()
        two = await two_on(postgres_database, store_on, nats=own_nats.url)
        await two.write_until_heard()
        own_nats.hang()
        try:
            await two.here.write(append_event, two.caller, "a")
            two.here.stop()
            assert not two.here._neighbours._thread.is_alive()  # type: ignore[union-attr]
        finally:
            own_nats.resume()

    async def test_it_ends_at_once_where_there_never_was_a_server(
        self, postgres_database: Database, store_on: OpenStore, own_nats: NatsOfItsOwn
    ) -> None:
        store = store_on(postgres_database, nats=own_nats.url)
        store.meet_neighbours()
        store.stop()
        assert not store._neighbours._thread.is_alive()  # type: ignore[union-attr]


class TestTenantSubject:
    @pytest.mark.parametrize("tenant_id", ["01a2-f", "a.b", "*", ">", "a b", "é", "%2E", WORK_WAITS])
    def test_every_id_is_one_word(self, tenant_id: str) -> None:
        prefix, *words = tenant_subject("chaupal", tenant_id).split(".")
        assert prefix == "chaupal"
        [word] = words
        assert word.isascii()
        assert not set(word) & set(" *>.")


class TestProveNats:
    def test_passes_where_a_message_comes_back(self, nats_server: NatsServer, subject: str) -> None:
        prove_nats([nats_server.url], subject, timeout_s=30)

    def test_says_why_none_does(self, own_nats: NatsOfItsOwn, subject: str) -> None:
        with pytest.raises(NatsUnusable, match=r"(?i)connect call failed"):
            prove_nats([own_nats.url], subject, timeout_s=60)

    def test_does_not_wait_for_ever_for_one_that_says_nothing(self, own_nats: NatsOfItsOwn, subject: str) -> None:
        with silent_at(own_nats.url), pytest.raises(NatsUnusable, match="Timeout"):
            prove_nats([own_nats.url], subject, timeout_s=0.2)
