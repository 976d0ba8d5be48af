"""Who listens to the store, and what bookkeeping beside the users' calls leaves alone. On both databases."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Set

import pytest
from sqlalchemy import Integer, bindparam, literal, select, update

from chaupal.auth.caller import Operator
from chaupal.people.tables import people
from chaupal.store.neighbours import Neighbours
from chaupal.store.statements import Statement
from chaupal.store.transaction import Transaction
from tests.store.rules import Failed, append_event, insert_person
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio

_THIS = (people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == bindparam("which_id"))
RENAME = Statement(update(people).where(*_THIS).values(name=bindparam("new_name")))
RENAME_ASIDE = Statement(update(people).where(*_THIS).values(name=bindparam("new_name")), is_aside=True)
NAMED = Statement(select(people.c.name, literal(1, Integer)).where(*_THIS))


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


@pytest.fixture
def new_postgres(postgres_database: Database) -> Database:
    """Of this test's own: nobody else listens there."""
    return postgres_database


class TestListen:
    async def test_hears_of_each_commit_with_events_before_its_caller_does(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store, heard = store_on(database), []
        store.listen(lambda tenant_ids: heard.append(set(tenant_ids)))
        caller = await add_tenant(store)
        assert heard == [{caller.tenant_id}]
        await store.write(append_event, caller, "a")
        assert heard == [{caller.tenant_id}] * 2

    async def test_hears_nothing_of_rows_without_events_of_failures_and_of_reads(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store, heard = store_on(database), list[Set[str]]()
        caller = await add_tenant(store)
        store.listen(heard.append)

        def fail(tx: Transaction, caller: Operator, request: str) -> None:
            append_event(tx, caller, request)
            raise Failed

        await store.write(insert_person, caller, "a")
        with pytest.raises(Failed):
            await store.write(fail, caller, "b")
        await store.read(lambda tx, _caller, name: tx.all(NAMED, which_id=name), caller, "a")
        assert heard == []


def tellers(database: Database) -> int:
    """Connections whose last statement was a signal."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE %s"
    return int(database.ask(question, "SELECT pg_notify%")[0][0])


class TestNeighbours:
    async def test_another_process_is_woken(self, new_postgres: Database, store_on: OpenStore) -> None:
        here, there = store_on(new_postgres), store_on(new_postgres)
        heard: queue.Queue[Set[str]] = queue.Queue()
        there.listen(heard.put)
        there.meet_neighbours()
        caller = await add_tenant(here)
        here.meet_neighbours()
        # Both find each other in their own time; until then nothing is sent, and each write costs a poll.
        async with asyncio.timeout(30):
            while heard.empty():
                await here.write(append_event, caller, "a")
        assert heard.get() == {caller.tenant_id}
        assert tellers(new_postgres) == 1

    async def test_own_commits_are_not_heard_twice(self, new_postgres: Database, store_on: OpenStore) -> None:
        here, there = store_on(new_postgres), store_on(new_postgres)
        heard_here: list[Set[str]] = []
        heard_there: queue.Queue[Set[str]] = queue.Queue()
        there.listen(heard_there.put)
        there.meet_neighbours()
        caller = await add_tenant(here)
        here.listen(heard_here.append)
        here.meet_neighbours()
        written = 0
        async with asyncio.timeout(30):
            while heard_there.empty():
                await here.write(append_event, caller, "a")
                written += 1
        assert len(heard_here) == written

    async def test_nothing_is_sent_while_nobody_else_listens(
        self, new_postgres: Database, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[object] = []
        monkeypatch.setattr(Neighbours, "_tell", lambda *sent: told.append(sent))
        store = store_on(new_postgres)
        store.meet_neighbours()
        caller = await add_tenant(store)
        await store.write(append_event, caller, "a")
        store.stop()  # which sends what waits
        assert told == []

    async def test_on_sqlite_there_are_none(self, store_on: OpenStore, sqlite_database: Database) -> None:
        store = store_on(sqlite_database)
        store.meet_neighbours()
        caller = await add_tenant(store)
        assert (await store.write(append_event, caller, "a")).position == 2


class TestAside:
    async def test_what_is_remembered_stays_while_rows_are_changed_aside(
        self, database: Database, store_on: OpenStore
    ) -> None:
        """Nobody may read by `remembered` what is changed so; this test does, to see that it is still remembered."""
        store = store_on(database)
        caller = await add_tenant(store)
        await store.write(insert_person, caller, "a")

        def rename(tx: Transaction, _caller: Operator, request: tuple[Statement, str]) -> None:
            statement, name = request
            tx.run(statement, which_id="a", new_name=name)

        def remembered(tx: Transaction, _caller: Operator, _request: None) -> str:
            return str(tx.remembered(NAMED, which_id="a")[0][0])

        assert (await store.write(remembered, caller, None)).result == "a"
        await store.write(rename, caller, (RENAME_ASIDE, "aside"))
        assert (await store.write(remembered, caller, None)).result == "a"
        await store.write(rename, caller, (RENAME, "other"))
        assert (await store.write(remembered, caller, None)).result == "other"
