"""What is written beside the calls of users on PostgreSQL: it does not wait for them, and never gets between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, select, update

from chaupal.auth.caller import Operator
from chaupal.directory.places import hold, release
from chaupal.moving.moves import record_table, stop_recording_table
from chaupal.store.beside import NotBeside
from chaupal.store.gates import TenantHeld
from chaupal.store.opening import open_store_beside
from chaupal.store.schema import metadata
from chaupal.store.statements import Statement
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.store.writer import OutcomeUnknown
from chaupal.webhooks.tables import webhook_workers
from tests.store.rules import WAIT_S, Failed, Gate, add_whole_person, append_event, append_person, insert_person
from tests.store.test_commit_lost import CutConnection
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio

# A worker's row stands for any row of the tables that are written beside.
_HERE = webhook_workers.c.tenant_id == bindparam("tenant_id")
INSERT = Statement(insert(webhook_workers))
COUNT = Statement(select(func.count()).select_from(webhook_workers).where(_HERE))
RAISE_ALL = Statement(update(webhook_workers).where(_HERE).values(lease_until_ms=webhook_workers.c.lease_until_ms + 1))


def insert_worker(tx: Transaction, _caller: object, name: str) -> int:
    """A row; how many there are then."""
    tx.run(INSERT, worker_id=name, lease_until_ms=0)
    return int(tx.all(COUNT)[0][0])


def count_workers(tx: Transaction, _caller: object, _request: None) -> int:
    return int(tx.all(COUNT)[0][0])


class Pair:
    """A server's store, and one beside it."""

    def __init__(self, calls: Store, open_beside: Callable[[], Store], caller: Operator) -> None:
        self.calls = calls
        self.open_beside = open_beside
        self.beside = open_beside()
        self.caller = caller

    async def count(self) -> int:
        return await self.calls.read(count_workers, self.caller, None)


@pytest.fixture
def open_beside(postgres_database: Database) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(open_store_beside(postgres_database.settings, Store))
        return opened[-1]

    yield open_one
    for store in opened:
        store.stop()


@pytest.fixture
async def pair(postgres_database: Database, store_on: OpenStore, open_beside: Callable[[], Store]) -> Pair:
    calls = store_on(postgres_database)
    return Pair(calls, open_beside, await add_tenant(calls))


async def held(store: Store, caller: Operator, gate: Gate, rule: Callable[..., Any]) -> asyncio.Task[Any]:
    """A rule of the tenant that is in the middle of its transaction until the gate is opened."""

    def run(tx: Transaction, caller: object, request: None) -> None:
        rule(tx, caller, "held")
        gate.hold(tx, caller, request)

    task = asyncio.create_task(store.write(run, caller, None))
    await gate.entered()
    return task


async def is_waiting(database: Database) -> bool:
    """Whether a session waits for an advisory lock, soon."""
    for _ in range(2_000):
        if database.ask("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            return True
        await asyncio.sleep(0.005)
    return False


class TestBeside:
    async def test_it_does_not_wait_for_a_call_in_the_middle_of_its_transaction(self, pair: Pair) -> None:
        gate = Gate()
        call = await held(pair.calls, pair.caller, gate, add_whole_person)
        async with asyncio.timeout(WAIT_S):
            written = await pair.beside.write(insert_worker, pair.caller, "a")
        assert written.result == 1
        assert not call.done()
        gate.open()
        await call
        assert await pair.count() == 1

    async def test_the_place_of_the_tenant_stays_where_the_calls_have_left_it(
        self, pair: Pair, postgres_database: Database
    ) -> None:
        def place() -> Any:
            return postgres_database.ask("SELECT * FROM tenants WHERE tenant_id = %s", pair.caller.tenant_id)

        before = place()
        await pair.beside.write(insert_worker, pair.caller, "a")
        assert place() == before
        assert (await pair.calls.write(add_whole_person, pair.caller, "b")).position == 2

    async def test_a_call_that_changes_such_rows_waits_and_sees_what_was_written(
        self, pair: Pair, postgres_database: Database
    ) -> None:
        gate = Gate()
        beside = await held(pair.beside, pair.caller, gate, insert_worker)
        call = asyncio.create_task(pair.calls.write(insert_worker, pair.caller, "call"))
        assert await is_waiting(postgres_database)
        gate.open()
        await beside
        assert (await call).result == 2

    async def test_two_that_write_beside_wait_for_each_other(self, pair: Pair, postgres_database: Database) -> None:
        gate = Gate()
        first = await held(pair.beside, pair.caller, gate, insert_worker)
        second = asyncio.create_task(pair.open_beside().write(insert_worker, pair.caller, "second"))
        assert await is_waiting(postgres_database)
        gate.open()
        await first
        assert (await second).result == 2

    async def test_another_tenant_does_not_wait(self, pair: Pair) -> None:
        gate = Gate()
        other = await add_tenant(pair.calls)
        beside = await held(pair.beside, pair.caller, gate, insert_worker)
        async with asyncio.timeout(WAIT_S):
            assert (await pair.open_beside().write(insert_worker, other, "other")).result == 1
        gate.open()
        await beside

    @pytest.mark.parametrize("rule", [append_event, insert_person, append_person])
    async def test_whatever_else_a_rule_wants_has_it_refused_and_nothing_of_it_stays(
        self, pair: Pair, rule: Callable[..., Any]
    ) -> None:
        def run(tx: Transaction, caller: object, name: str) -> None:
            insert_worker(tx, caller, name)
            rule(tx, caller, name)

        with pytest.raises(NotBeside):
            await pair.beside.write(run, pair.caller, "a")
        assert await pair.count() == 0
        assert (await pair.beside.write(insert_worker, pair.caller, "b")).result == 1

    async def test_a_rule_that_fails_hurts_none_of_those_beside_it(self, pair: Pair) -> None:
        def fail(tx: Transaction, caller: object, name: str) -> None:
            insert_worker(tx, caller, name)
            raise Failed

        gate = Gate()
        first = await held(pair.beside, pair.caller, gate, insert_worker)
        rules = (insert_worker, fail, insert_worker)
        tasks = [
            asyncio.create_task(pair.beside.write(rule, pair.caller, str(number))) for number, rule in enumerate(rules)
        ]
        async with asyncio.timeout(WAIT_S):
            while pair.beside.waiting_writes < len(tasks):  # noqa: ASYNC110 - a turn of the loop lets the tasks submit
                await asyncio.sleep(0)
        gate.open()
        await first
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[1], Failed)
        assert await pair.count() == 3


class TestTenantsOnTheirWay:
    async def test_a_held_tenant_is_not_written_to_until_it_is_released(
        self, pair: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chaupal.store.store.HELD_PATIENCE_S", 0.0)
        await pair.calls.write(hold, Operator(pair.caller.tenant_id, passes_gate=True), None)
        with pytest.raises(TenantHeld):
            await pair.beside.write(insert_worker, pair.caller, "a")
        await pair.calls.write(release, Operator(pair.caller.tenant_id, passes_gate=True), None)
        assert (await pair.beside.write(insert_worker, pair.caller, "a")).result == 1

    async def test_to_hold_it_waits_for_what_is_being_written(self, pair: Pair, postgres_database: Database) -> None:
        gate = Gate()
        beside = await held(pair.beside, pair.caller, gate, insert_worker)
        holding = asyncio.create_task(pair.calls.write(hold, pair.caller, None))
        assert await is_waiting(postgres_database)
        assert not holding.done()
        gate.open()
        await beside
        await holding
        assert await pair.count() == 1

    async def test_while_its_changes_are_recorded_it_is_written_to_among_the_calls(self, pair: Pair) -> None:
        await pair.calls.write(record_table, pair.caller, "webhook_deliveries")
        with pytest.raises(NotBeside):
            await pair.beside.write(insert_worker, pair.caller, "a")
        other = await add_tenant(pair.calls)
        assert (await pair.beside.write(insert_worker, other, "a")).result == 1
        await pair.calls.write(stop_recording_table, pair.caller, "webhook_deliveries")
        assert (await pair.beside.write(insert_worker, pair.caller, "a")).result == 1

    async def test_recording_begins_after_what_is_being_written(self, pair: Pair, postgres_database: Database) -> None:
        gate = Gate()
        beside = await held(pair.beside, pair.caller, gate, insert_worker)
        recording = asyncio.create_task(pair.calls.write(record_table, pair.caller, "webhooks"))
        assert await is_waiting(postgres_database)
        gate.open()
        await beside
        await recording


async def test_what_becomes_of_a_lost_commit_is_not_guessed(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaupal.store.postgres.PostgresConnection", CutConnection)
    beside = pair.open_beside()
    monkeypatch.setattr(CutConnection, "cut", "after")
    with pytest.raises(OutcomeUnknown):
        await beside.write(insert_worker, pair.caller, "a")
    assert await pair.count() == 1
    assert (await beside.write(insert_worker, pair.caller, "b")).result == 2


async def test_sqlite_has_no_second_writer(sqlite_database: Database) -> None:
    beside = open_store_beside(sqlite_database.settings, Store)
    try:
        assert not beside.writes_beside
    finally:
        beside.stop()


def test_all_that_deliveries_write_can_be_written_beside() -> None:
    tables = [table for table in metadata.tables.values() if table.name.startswith("webhook")]
    assert len(tables) == 6
    assert all(table.info["is_written_beside"] for table in tables)
