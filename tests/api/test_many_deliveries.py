"""However much waits for a receiver, a worker takes no more of it at a time, and goes on with it part by part."""

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
from chaupal.webhooks.delivering.queries import ClaimedDelivery, NewDelivery, append_delivery
from chaupal.webhooks.delivering.recording import FlightEnd, TriedDelivery, record_flights
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
        append(tx, webhook_id, f"lane-{number % LANES}", number)


def wait_in_lane(tx: Transaction, _caller: Any, request: tuple[str, int]) -> None:
    """Let one delivery wait, behind those of lower numbers."""
    append(tx, request[0], "lane", request[1])


def append(tx: Transaction, webhook_id: str, lane: str, number: int) -> None:
    delivery = NewDelivery(
        delivery_id=new_id(),
        webhook_id=webhook_id,
        lane=lane,
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


def begin(world: World) -> str:
    """A worker."""
    worker_id = new_id()
    world.client.run(world.house.store.write(begin_worker, INSTALLATION, worker_id))
    return worker_id


def due_of(world: World) -> Any:
    [[due_ms]] = world.ask("SELECT next_due_ms FROM webhooks WHERE tenant_id = %s")
    return due_ms


def end_of(worker_id: str, webhook_id: str, taken: list[ClaimedDelivery], **more: Any) -> list[FlightEnd]:
    """All of them were taken by the receiver."""
    tries = [
        TriedDelivery(delivery=each, tried_at_ms=1, duration_ms=1, status=200, error="", answer="", retry_after_s=None)
        for each in taken
    ]
    return [FlightEnd(worker_id, webhook_id, tries, [], taken[0].lane, **more)]


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


def test_a_part_brings_what_comes_next_in_its_lane_and_no_look_of_its_own(
    world: World, hook_receiver: HookReceiver
) -> None:
    webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
    world.do(wait, (webhook_id, 200 * LANES))
    worker_id = begin(world)
    [flight] = world.do(claim_flights, Claim(worker_id, [Room(webhook_id, 1)]))
    lane = flight.deliveries[0].lane
    part, rest = flight.deliveries[:32], flight.deliveries[32:]

    [recorded] = world.do(record_flights, end_of(worker_id, webhook_id, part, wants=10, goes_on=True))
    assert (recorded.delivered, len(recorded.more.deliveries)) == (32, 10)
    more = recorded.more.deliveries
    assert {each.lane for each in more} == {lane}
    positions = [each.position for each in (*flight.deliveries, *more)]
    assert positions == sorted(positions)
    assert positions[-1] - positions[0] == LANES * (FLIGHT_MAX + 10 - 1), "none is left out"

    [recorded] = world.do(record_flights, end_of(worker_id, webhook_id, rest, goes_on=True))
    assert (recorded.delivered, recorded.more) == (FLIGHT_MAX - 32, None)
    assert world.ask("SELECT count(*) FROM webhook_deliveries WHERE tenant_id = %s AND state = 'sending'") == [(10,)]
    world.client.run(world.house.store.write(end_worker, INSTALLATION, worker_id))


def test_the_last_of_a_lane_that_still_waits_has_the_webhook_looked_at_again(
    world: World, hook_receiver: HookReceiver
) -> None:
    webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
    for number in range(FLIGHT_MAX + 1):
        world.do(wait_in_lane, (webhook_id, number))
    worker_id = begin(world)
    [flight] = world.do(claim_flights, Claim(worker_id, [Room(webhook_id, 8)]))
    assert due_of(world) is None
    part, rest = flight.deliveries[:32], flight.deliveries[32:]
    world.do(record_flights, end_of(worker_id, webhook_id, part, goes_on=True))
    assert due_of(world) is None, "its lane is still being sent"
    world.do(record_flights, end_of(worker_id, webhook_id, rest))
    assert due_of(world) is not None
    world.client.run(world.house.store.write(end_worker, INSTALLATION, worker_id))
