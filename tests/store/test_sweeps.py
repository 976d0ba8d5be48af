"""The sweep: what it forgets, what it keeps, and that it does so a little at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.idempotency.queries import insert_answer
from chaupal.jobs import sweeps
from chaupal.jobs.rules import FailedTry, JobClaim, NewJob, claim_jobs, fail_job, queue_job
from chaupal.jobs.sweeps import Sweeper, SweepLimits, sweep_once
from chaupal.serving.metrics import Metrics
from chaupal.settings import Settings
from chaupal.store.connection import DatabaseGone
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.tokens.queries import PinRow, TriesRow, insert_pin, write_tries
from tests.store.houses import DAY_MS, SECRET_KEY, FakeClock, make_house
from tests.store.rules import WAIT_S, append_event
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio

LIMITS = SweepLimits.of(Settings())
TABLES = ("stored_answers", "pins", "pin_tries", "jobs", "events")


def fill(tx: Transaction, caller: Operator, name: str) -> None:
    """One row in each table that is swept."""
    insert_answer(tx, scope="scope", key=name, request_hash=b"", answer=b"{}")
    pin = PinRow(name, "connector", b"", b"", tx.now_ms, tx.now_ms + 600_000)
    insert_pin(tx, pin, mobile_number="+919876543210")
    write_tries(tx, kind="number", who=name, tries=TriesRow(tx.now_ms, 1, 0))
    append_event(tx, caller, name)


async def add_failed_job(store: Store, caller: Operator) -> None:
    def queue(tx: Transaction, _caller: Operator, _request: None) -> str:
        return queue_job(tx, NewJob("sms", {}, tx.now_ms + 1000), SECRET_KEY)

    job_id = (await store.write(queue, caller, None)).result
    [job] = (await store.write(claim_jobs, caller, JobClaim([job_id], 1000))).result
    await store.write(fail_job, caller, FailedTry(job, "no"))


async def fill_all(store: Store, caller: Operator, name: str) -> None:
    await store.write(fill, caller, name)
    await add_failed_job(store, caller)


async def sweep(store: Store, caller: Operator) -> int:
    return (await store.write(sweep_once, caller, LIMITS)).result


def counts_of(database: Database, caller: Operator) -> dict[str, int]:
    asked = {}
    for table in TABLES:
        asked[table] = database.ask(f"SELECT count(*) FROM {table} WHERE tenant_id = '{caller.tenant_id}'")  # noqa: S608
    return {table: rows[0][0] for table, rows in asked.items()}


class Rounds:
    """Takes what each round of a sweeper has deleted."""

    def __init__(self) -> None:
        self._counts: asyncio.Queue[int] = asyncio.Queue()

    def __call__(self, deleted_count: int) -> None:
        self._counts.put_nowait(deleted_count)

    async def next(self) -> int:
        async with asyncio.timeout(WAIT_S):
            return await self._counts.get()


class TestSweepOnce:
    async def test_forgets_the_old_and_keeps_the_young(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        await fill_all(store, caller, "old")
        clock.move_ms(31 * DAY_MS)
        await fill_all(store, caller, "young")
        assert await sweep(store, caller) == 6
        assert counts_of(database, caller) == dict.fromkeys(TABLES, 1)
        assert [key for (key,) in database.ask("SELECT idempotency_key FROM stored_answers")] == ["young"]
        assert [pin_id for (pin_id,) in database.ask("SELECT pin_id FROM pins")] == ["young"]
        assert [who for (who,) in database.ask("SELECT number_or_address FROM pin_tries")] == ["young"]

    @pytest.mark.parametrize(
        ("age_days", "kept"),
        [
            (1, {"stored_answers", "pins", "pin_tries", "jobs", "events"}),
            (3, {"stored_answers", "jobs", "events"}),
            (8, {"events"}),
            (29, {"events"}),
        ],
    )
    async def test_each_thing_is_kept_for_its_own_time(
        self, database: Database, store_on: OpenStore, age_days: int, kept: set[str]
    ) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        await fill_all(store, caller, "a")
        clock.move_ms(age_days * DAY_MS)
        await sweep(store, caller)
        assert {table for table, count in counts_of(database, caller).items() if count} == kept

    async def test_touches_no_other_tenant(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller, other = await add_tenant(store), await add_tenant(store)
        await fill_all(store, other, "a")
        before = counts_of(database, other)
        clock.move_ms(100 * DAY_MS)
        await sweep(store, caller)
        assert counts_of(database, other) == before

    async def test_takes_a_few_rows_at_a_time(
        self, database: Database, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sweeps, "SWEEP_ROWS", 3)
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        for number in range(4):
            await store.write(fill, caller, f"a{number}")
        clock.move_ms(100 * DAY_MS)
        deleted = [await sweep(store, caller) for _ in range(7)]
        # 4 answers, 4 PINs, 4 tries, and 4 of the 5 events: the last one stays.
        assert deleted == [3, 3, 3, 3, 3, 1, 0]


class TestSweeper:
    async def test_sweeps_every_tenant_until_nothing_old_is_left(
        self, database: Database, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sweeps, "SWEEP_ROWS", 2)
        clock = FakeClock()
        store = store_on(database, clock=clock)
        callers = [await add_tenant(store) for _ in range(3)]
        for caller in callers:
            for number in range(3):
                await store.write(fill, caller, f"a{number}")
        clock.move_ms(100 * DAY_MS)
        rounds = Rounds()
        sweeper = Sweeper(make_house(database, store), metrics=Metrics(), first_after_s=0, swept=rounds)
        sweeper.start()
        try:
            assert await rounds.next() == 3 * 12
        finally:
            await sweeper.stop()
        for caller in callers:
            assert counts_of(database, caller) == {**dict.fromkeys(TABLES, 0), "events": 1}

    async def test_sweeps_again_after_an_error_and_counts_it(
        self, database: Database, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = 0
        list_tenants = sweeps.list_tenants

        def list_late(tx: Transaction, caller: Operator, request: None) -> Any:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise DatabaseGone("away")
            return list_tenants(tx, caller, request)

        monkeypatch.setattr(sweeps, "list_tenants", list_late)
        metrics, rounds = Metrics(), Rounds()
        house = make_house(database, store_on(database))
        sweeper = Sweeper(house, metrics=metrics, first_after_s=0, every_s=0.01, swept=rounds)
        sweeper.start()
        try:
            assert await rounds.next() == 0
        finally:
            await sweeper.stop()
        labels = {"loop": "sweeps"}
        assert metrics.registry.get_sample_value("chaupal_background_errors_total", labels) == 1

    async def test_a_stop_does_not_wait_for_the_next_round(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        sweeper = Sweeper(make_house(database, store), metrics=Metrics())
        sweeper.start()
        async with asyncio.timeout(WAIT_S):
            await sweeper.stop()
            await sweeper.stop()
        await store.read(lambda _tx, _caller, _request: None, INSTALLATION, None)
