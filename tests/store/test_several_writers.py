"""Several tenants, several writers, several nodes: positions without gaps, and a reader that skips nothing."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from chaupal.auth.caller import Operator
from chaupal.events.log import read_after
from chaupal.people.rules import NewPerson, add_person
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio
TENANTS = 5
PEOPLE = 60


def positions_after(tx: Transaction, _caller: Operator, position: int) -> list[int]:
    return [event.position for event in read_after(tx, position, 100)]


async def follow(store: Store, caller: Operator, until: int) -> list[int]:
    """Every position as a reader beside the writers comes to see it."""
    seen = [0]
    while seen[-1] < until:
        seen.extend(await store.read(positions_after, caller, seen[-1]))
        await asyncio.sleep(0)
    return seen[1:]


async def test_positions_have_no_gaps_and_a_reader_never_skips(database: Database, store_on: OpenStore) -> None:
    nodes = [store_on(database, store_writers=4)]
    if database.is_postgres:
        nodes.append(store_on(database, store_writers=4))
    callers = [await add_tenant(nodes[0]) for _ in range(TENANTS)]

    async def write_all(node: int, caller: Operator) -> list[int]:
        drafts = [NewPerson(f"+9198765{node:02d}{number:03d}") for number in range(PEOPLE)]
        written = await asyncio.gather(*(nodes[node].write(add_person, caller, draft) for draft in drafts))
        return [one.position for one in written]

    last = 1 + PEOPLE * len(nodes)
    readers = [asyncio.create_task(follow(nodes[-1], caller, last)) for caller in callers]
    answered = await asyncio.gather(*(write_all(node, caller) for node in range(len(nodes)) for caller in callers))
    for caller, reader in zip(callers, readers, strict=True):
        assert await reader == list(range(1, last + 1))
        events = database.events_of(caller.tenant_id)
        assert [position for position, _, _ in events] == list(range(1, last + 1))
        times = [at_us for _, at_us, _ in events]
        assert times == sorted(set(times))
    assert sorted(itertools.chain.from_iterable(answered)) == sorted(list(range(2, last + 1)) * TENANTS)
