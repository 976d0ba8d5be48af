"""However much waits for a receiver, a worker takes no more of it at a time."""

from __future__ import annotations

import tracemalloc
from typing import Any

from chaupal.auth.caller import INSTALLATION
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.claiming import (
    FLIGHT_MAX,
    FLIGHT_MAX_BYTES,
    LANES_MAX,
    Claim,
    Flight,
    Room,
    begin_worker,
    claim_flights,
    end_worker,
)
from chaupal.webhooks.delivering.queries import NewDelivery, append_delivery
from tests.api.hooks import HookReceiver, draft, register
from tests.api.worlds import World

FEW, MANY = 2_000, 10_000
LANES = 20
BODY_BYTES = 1_000
MOST_BYTES = LANES_MAX * FLIGHT_MAX_BYTES


def wait(tx: Transaction, _caller: Any, request: tuple[str, int]) -> None:
    """Let so many deliveries wait."""
    webhook_id, count = request
    for number in range(count):
        delivery = NewDelivery(
            delivery_id=new_id(),
            webhook_id=webhook_id,
            lane=f"lane-{number % LANES}",
            position=number,
            event_id=f"event-{number}",
            event_type="TextMessageCreated",
            origin="event",
            state="waiting",
            body=bytes(BODY_BYTES),
            body_bytes=BODY_BYTES,
            happened_at_ms=tx.now_ms,
            created_at_ms=tx.now_ms,
            finished_at_ms=None,
        )
        append_delivery(tx, delivery)


def claimed(world: World, webhook_id: str) -> tuple[list[Flight], int]:
    """What a worker with room for everything takes at once, and the most memory that this took, in bytes."""
    worker_id = new_id()
    store, client = world.house.store, world.client
    client.run(store.write(begin_worker, INSTALLATION, worker_id))
    tracemalloc.start()
    try:
        flights = world.do(claim_flights, Claim(worker_id, [Room(webhook_id, 1_000)]))
        return flights, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        client.run(store.write(end_worker, INSTALLATION, worker_id))


def test_memory_does_not_grow_with_what_waits(world: World, hook_receiver: HookReceiver) -> None:
    peaks = []
    for count in (FEW, MANY):
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        world.do(wait, (webhook_id, count))
        flights, peak_bytes = claimed(world, webhook_id)
        assert len(flights) == LANES_MAX
        assert all(len(flight.deliveries) <= FLIGHT_MAX for flight in flights)
        assert sum(len(delivery.body) for flight in flights for delivery in flight.deliveries) < MOST_BYTES
        peaks.append(peak_bytes)
        assert world.group_admin.delete(f"/webhook/{webhook_id}").status_code == 200
    few_bytes, many_bytes = peaks
    assert many_bytes < 1.25 * few_bytes
