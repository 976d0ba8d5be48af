"""The rules of the queue, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.auth.sealing import SecretKey
from chaupal.jobs.queries import JobPlace, JobRow
from chaupal.jobs.rules import (
    RETRY_DELAYS_MS,
    FailedTry,
    FoundWork,
    JobClaim,
    NewJob,
    PayloadUnreadable,
    claim_jobs,
    fail_job,
    find_work,
    finish_job,
    forget_failed_jobs,
    open_payload,
    queue_job,
    release_job,
    rescue_jobs,
    retry_job,
)
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from tests.store.houses import SECRET_KEY, START_MS, FakeClock
from tests.store.rules import Failed
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio

LEASE_MS = 30_000
LIFE_MS = 600_000
PAYLOAD = {"number": "+919876543210", "text": "123456 is your PIN"}


def queue_sms(tx: Transaction, _caller: Operator, life_ms: int) -> str:
    return queue_job(tx, NewJob("sms", PAYLOAD, tx.now_ms + life_ms), SECRET_KEY)


async def queue_one(store: Store, caller: Operator, life_ms: int = LIFE_MS) -> str:
    return (await store.write(queue_sms, caller, life_ms)).result


async def find(store: Store, limit: int = 10) -> FoundWork:
    return await store.read(find_work, INSTALLATION, limit)


async def claim(store: Store, caller: Operator, *job_ids: str) -> list[JobRow]:
    return (await store.write(claim_jobs, caller, JobClaim(list(job_ids), LEASE_MS))).result


async def claim_new(store: Store, caller: Operator, life_ms: int = LIFE_MS) -> JobRow:
    [job] = await claim(store, caller, await queue_one(store, caller, life_ms))
    return job


def rows_of(database: Database) -> list[tuple[Any, ...]]:
    return database.ask("SELECT state, try_count, due_at_ms, lease_until_ms, last_error FROM jobs ORDER BY job_id")


class TestQueueJob:
    async def test_a_job_is_found_once_its_transaction_is_committed(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job_id = await queue_one(store, caller)
        assert await find(store) == FoundWork([JobPlace(caller.tenant_id, job_id)], [])

    async def test_a_rule_that_fails_leaves_no_job(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)

        def queue_and_fail(tx: Transaction, caller: Operator, life_ms: int) -> None:
            queue_sms(tx, caller, life_ms)
            raise Failed

        with pytest.raises(Failed):
            await store.write(queue_and_fail, caller, LIFE_MS)
        assert rows_of(database) == []

    async def test_the_payload_is_sealed(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        job = await claim_new(store, await add_tenant(store))
        [(sealed,)] = database.ask("SELECT sealed_payload FROM jobs")
        assert b"123456" not in bytes(sealed)
        assert b"9876543210" not in bytes(sealed)
        assert open_payload(job, SECRET_KEY) == PAYLOAD

    async def test_another_key_cannot_read_it(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        job = await claim_new(store, await add_tenant(store))
        with pytest.raises(PayloadUnreadable, match="cannot be read with this secret key"):
            open_payload(job, SecretKey(bytes(32)))


class TestFindWork:
    async def test_finds_jobs_of_all_tenants_and_the_longest_waiting_first(
        self, database: Database, store_on: OpenStore
    ) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        places = []
        for _ in range(3):
            caller = await add_tenant(store)
            places.append(JobPlace(caller.tenant_id, await queue_one(store, caller)))
            clock.move_ms(1)
        assert (await find(store)).due == places
        assert (await find(store, limit=2)).due == places[:2]

    async def test_without_a_free_place_nothing_is_due_but_the_abandoned_are_found(
        self, database: Database, store_on: OpenStore
    ) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        await queue_one(store, caller)
        clock.move_ms(LEASE_MS + 1)
        assert await find(store, limit=0) == FoundWork([], [JobPlace(caller.tenant_id, job.job_id)])


class TestClaimJobs:
    async def test_a_job_is_claimed_once(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job_id = await queue_one(store, caller)
        [job] = await claim(store, caller, job_id)
        assert (job.state, job.try_count, job.lease_until_ms) == ("running", 1, START_MS + LEASE_MS)
        assert await claim(store, caller, job_id) == []
        assert (await find(store)).due == []

    async def test_of_two_nodes_only_one_gets_each_job(self, postgres_database: Database, store_on: OpenStore) -> None:
        nodes = [store_on(postgres_database) for _ in range(2)]
        caller = await add_tenant(nodes[0])
        job_ids = [await queue_one(nodes[0], caller) for _ in range(20)]
        claims = await asyncio.gather(*(claim(node, caller, job_id) for job_id in job_ids for node in nodes))
        assert sorted(job.job_id for jobs in claims for job in jobs) == sorted(job_ids)

    async def test_nobody_gets_another_tenants_job(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        job_id = await queue_one(store, await add_tenant(store))
        assert await claim(store, await add_tenant(store), job_id) == []

    async def test_a_job_that_is_not_due_is_left(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        await store.write(retry_job, caller, FailedTry(job, "busy"))
        assert await claim(store, caller, job.job_id) == []

    async def test_an_expired_job_fails_and_forgets_its_payload(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        job_id = await queue_one(store, caller)
        clock.move_ms(LIFE_MS)
        assert await claim(store, caller, job_id) == []
        assert rows_of(database) == [("failed", 0, clock.now_ms, None, "expired before it could be run")]
        assert bytes(database.ask("SELECT sealed_payload FROM jobs")[0][0]) == b""


class TestFinishJob:
    async def test_a_finished_job_is_gone(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        assert (await store.write(finish_job, caller, job)).result is True
        assert rows_of(database) == []

    async def test_finishing_twice_is_harmless(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        await store.write(finish_job, caller, job)
        assert (await store.write(finish_job, caller, job)).result is False


class TestRetryJob:
    async def test_waits_longer_after_each_try(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        job_id = await queue_one(store, caller, life_ms=10**9)
        for delay_ms in (*RETRY_DELAYS_MS, RETRY_DELAYS_MS[-1]):
            [job] = await claim(store, caller, job_id)
            assert (await store.write(retry_job, caller, FailedTry(job, "busy"))).result is True
            clock.move_ms(delay_ms - 1)
            assert await claim(store, caller, job_id) == []
            clock.move_ms(1)

    async def test_fails_when_the_next_try_would_come_too_late(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job = await claim_new(store, caller, life_ms=RETRY_DELAYS_MS[0])
        assert (await store.write(retry_job, caller, FailedTry(job, "busy"))).result is False
        assert rows_of(database) == [("failed", 1, START_MS, None, "busy")]

    async def test_whoever_lost_the_job_changes_nothing(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        lost = await claim_new(store, caller)
        clock.move_ms(LEASE_MS + 1)
        await store.write(rescue_jobs, caller, [lost.job_id])
        clock.move_ms(RETRY_DELAYS_MS[0])
        assert len(await claim(store, caller, lost.job_id)) == 1
        before = rows_of(database)
        assert (await store.write(retry_job, caller, FailedTry(lost, "late"))).result is False
        await store.write(fail_job, caller, FailedTry(lost, "late"))
        await store.write(release_job, caller, FailedTry(lost, "late"))
        assert rows_of(database) == before


class TestFailJob:
    async def test_keeps_the_reason_on_one_line_and_no_payload(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        await store.write(fail_job, caller, FailedTry(job, "the provider\nsays \x00no" + "!" * 1000))
        [(state, _, _, _, error)] = rows_of(database)
        assert state == "failed"
        assert error.startswith("the provider says no!!!")
        assert len(error) == 300
        assert bytes(database.ask("SELECT sealed_payload FROM jobs")[0][0]) == b""


class TestReleaseJob:
    async def test_another_node_can_have_it_at_once(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        await store.write(release_job, caller, FailedTry(job, "stopped"))
        [again] = await claim(store, caller, job.job_id)
        assert again.try_count == 2


class TestRescueJobs:
    async def test_a_job_is_not_rescued_while_its_lease_lasts(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        clock.move_ms(LEASE_MS)
        assert (await find(store)).abandoned == []
        assert (await store.write(rescue_jobs, caller, [job.job_id])).result == 0

    async def test_a_job_whose_lease_has_ended_is_tried_again(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        job = await claim_new(store, caller)
        clock.move_ms(LEASE_MS + 1)
        assert (await find(store)).abandoned == [JobPlace(caller.tenant_id, job.job_id)]
        assert (await store.write(rescue_jobs, caller, [job.job_id])).result == 1
        [(state, try_count, due_at_ms, lease, error)] = rows_of(database)
        assert (state, try_count, due_at_ms, lease) == ("waiting", 1, clock.now_ms + RETRY_DELAYS_MS[0], None)
        assert "while the job ran" in error

    async def test_a_job_that_ends_every_server_fails_in_the_end(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        job_id = await queue_one(store, caller)
        for _ in range(10):
            await claim(store, caller, job_id)
            clock.move_ms(LEASE_MS + 1)
            await store.write(rescue_jobs, caller, [job_id])
            clock.move_ms(RETRY_DELAYS_MS[-1])
        assert rows_of(database)[0][0] == "failed"


class TestForgetFailedJobs:
    async def test_forgets_old_failures_and_nothing_else(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        old = [await claim_new(store, caller) for _ in range(3)]
        for job in old:
            await store.write(fail_job, caller, FailedTry(job, "no"))
        clock.move_ms(1000)
        young = await claim_new(store, caller)
        await store.write(fail_job, caller, FailedTry(young, "no"))
        waiting_id = await queue_one(store, caller)

        def forget(tx: Transaction, _caller: Operator, limit: int) -> int:
            return forget_failed_jobs(tx, before_ms=clock.now_ms, limit=limit)

        counts = [(await store.write(forget, caller, 2)).result for _ in range(3)]
        assert counts == [2, 1, 0]
        left = {job_id for (job_id,) in database.ask("SELECT job_id FROM jobs")}
        assert left == {young.job_id, waiting_id}
