"""While a batch waits for another node that has the tenant's place, what comes for the tenant meanwhile joins it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
import pytest

from chaupal.auth.caller import Operator
from chaupal.store.batch import Work
from chaupal.store.store import Store
from tests.store.rules import WAIT_S, Asked, Gate, names_of, queue_all, send_message
from tests.stores import Database, OpenStore, add_tenant, ask_postgres

pytestmark = pytest.mark.anyio


class Batches:
    """How many rules of which tenants each batch of a store had."""

    def __init__(self, store: Store) -> None:
        self.taken: list[list[str]] = []
        (writer,) = store._writers
        writer.on_batch = self.note

    def note(self, works: Sequence[Work], _began_ns: int) -> None:
        self.taken.append([work.caller.tenant_id for work in works])


async def until_one_waits(database: Database) -> None:
    """For a lock."""
    question = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    async with asyncio.timeout(WAIT_S):
        while not await asyncio.to_thread(ask_postgres, database.settings.database, question):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


@contextmanager
def held_elsewhere(database: Database, tenant: Operator) -> Iterator[None]:
    """Another node has the tenant's place until the end of the block."""
    with psycopg.connect(database.settings.database) as connection:
        connection.execute("SELECT FROM tenants WHERE tenant_id = %s FOR UPDATE", (tenant.tenant_id,))
        yield


def asked(caller: Operator, names: str) -> list[Asked]:
    return [(send_message, caller, name) for name in names]


async def test_what_comes_while_it_waits_is_in_the_same_batch(postgres_database: Database, store_on: OpenStore) -> None:
    there = store_on(postgres_database)
    tenant, other, third = [await add_tenant(there) for _ in range(3)]
    here = store_on(postgres_database, store_writers=1)
    batches, gate = Batches(here), Gate()
    holding = asyncio.create_task(here.write(gate.hold, third, None))
    await gate.entered()
    tasks = await queue_all(here, asked(tenant, "ab"))
    with held_elsewhere(postgres_database, tenant):
        gate.open()
        await holding
        await until_one_waits(postgres_database)
        tasks += await queue_all(here, [*asked(tenant, "cd"), *asked(other, "xy"), *asked(tenant, "ef")])
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*tasks)
    assert batches.taken == [[third.tenant_id], [tenant.tenant_id] * 6, [other.tenant_id] * 2]
    assert names_of(postgres_database, tenant.tenant_id) == list("abcdef")
    assert [event[2] for event in postgres_database.events_of(tenant.tenant_id)[1:]] == list("abcdef")
    assert names_of(postgres_database, other.tenant_id) == ["x", "y"]


async def test_one_that_is_refused_hurts_none_that_joined(postgres_database: Database, store_on: OpenStore) -> None:
    there = store_on(postgres_database)
    tenant, third = [await add_tenant(there) for _ in range(2)]
    here = store_on(postgres_database, store_writers=1)
    gate = Gate()
    holding = asyncio.create_task(here.write(gate.hold, third, None))
    await gate.entered()
    tasks = await queue_all(here, asked(tenant, "ab"))
    with held_elsewhere(postgres_database, tenant):
        gate.open()
        await holding
        await until_one_waits(postgres_database)
        tasks += await queue_all(here, asked(tenant, "ac"))
    async with asyncio.timeout(WAIT_S):
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, Exception) for answer in answers] == [False, False, True, False]
    assert names_of(postgres_database, tenant.tenant_id) == ["a", "b", "c"]


async def test_one_that_waits_alone_is_joined_too(postgres_database: Database, store_on: OpenStore) -> None:
    tenant = await add_tenant(store_on(postgres_database))
    here = store_on(postgres_database, store_writers=1)
    batches = Batches(here)
    with held_elsewhere(postgres_database, tenant):
        tasks = await queue_all(here, asked(tenant, "a"))
        await until_one_waits(postgres_database)
        tasks += await queue_all(here, asked(tenant, "bc"))
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*tasks)
    assert batches.taken == [[tenant.tenant_id] * 3]
    assert names_of(postgres_database, tenant.tenant_id) == list("abc")
