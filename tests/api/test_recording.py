"""Recording flights that ended together, as the database has it afterwards."""

from __future__ import annotations

import pytest

from chaupal.auth.caller import INSTALLATION
from chaupal.store.clock import new_id
from chaupal.webhooks.delivering.claiming import Claim, Flight, Room, begin_worker, claim_flights
from chaupal.webhooks.delivering.keeping import Keeping, keep_matched
from chaupal.webhooks.delivering.matching import Matching, match_events
from chaupal.webhooks.delivering.queries import ClaimedDelivery
from chaupal.webhooks.delivering.recording import FlightEnd, TriedDelivery, record_flights
from tests.api.hooks import HookReceiver, draft, register
from tests.api.worlds import World

STATES = "SELECT state, try_count FROM webhook_deliveries WHERE tenant_id = %s ORDER BY position, webhook_id"
HEALTH = "SELECT failing_since_ms, last_success_at_ms, next_due_ms FROM webhooks WHERE tenant_id = %s"


def tried(world: World, delivery: ClaimedDelivery, status: int) -> TriedDelivery:
    return TriedDelivery(
        delivery=delivery,
        tried_at_ms=world.clock() // 1000,
        duration_ms=1,
        status=status,
        error="",
        answer="",
        retry_after_s=None,
    )


async def keep(world: World, worker_id: str) -> list[Flight]:
    """What has happened, as flights that the worker is to send."""
    store, operator = world.house.store, world.operator
    matched = await store.read(match_events, operator, Matching(world.house.media_links, world.house.tenant_keys))
    assert matched is not None
    await store.write(begin_worker, INSTALLATION, worker_id)
    keeping = Keeping(matched, worker_id=worker_id, free=100, at_host={}, host_limit=16)
    return (await store.write(keep_matched, operator, keeping)).result.flights_of(matched)


def worker_id_of(world: World) -> str:
    """Of a worker that has just begun."""
    worker_id = new_id()
    world.client.run(world.house.store.write(begin_worker, INSTALLATION, worker_id))
    return worker_id


async def record(world: World, ends: list[FlightEnd]) -> list[tuple[int, int]]:
    """(delivered, retrying) of each."""
    recorded = (await world.house.store.write(record_flights, world.operator, ends)).result
    return [(each.delivered, each.retrying) for each in recorded]


class TestTogether:
    def test_each_flight_of_several_webhooks_hears_of_its_own(self, world: World, hook_receiver: HookReceiver) -> None:
        ids = sorted(register(world.group_admin, draft(hook_receiver, world.group_id)) for _ in range(3))
        world.send("one")
        world.send("two")
        worker_id = new_id()
        flights = sorted(world.client.run(keep(world, worker_id)), key=lambda flight: flight.webhook.webhook_id)
        assert [flight.webhook.webhook_id for flight in flights] == ids
        ends = [
            FlightEnd(
                worker_id, flight.webhook.webhook_id, [tried(world, each, status) for each in flight.deliveries], []
            )
            for flight, status in zip(flights, (200, 500, 200), strict=True)
        ]
        assert world.client.run(record(world, ends)) == [(2, 0), (0, 2), (2, 0)]
        assert world.ask(STATES) == [("delivered", 1), ("retrying", 1), ("delivered", 1)] * 2
        assert [row[0] is None for row in sorted_health(world)] == [False, True, True]

    def test_two_flights_of_one_webhook_leave_the_health_of_the_later(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        world.send("one")
        world.send("two")
        worker_id = new_id()
        [flight] = world.client.run(keep(world, worker_id))
        webhook_id, (first, second) = flight.webhook.webhook_id, flight.deliveries
        ends = [
            FlightEnd(worker_id, webhook_id, [tried(world, first, 500)], []),
            FlightEnd(worker_id, webhook_id, [tried(world, second, 200)], []),
        ]
        assert world.client.run(record(world, ends)) == [(0, 1), (1, 0)]
        assert world.ask(STATES) == [("retrying", 1), ("delivered", 1)]
        [[failing_ms, success_ms, due_ms]] = world.ask(HEALTH)
        assert failing_ms is None
        assert success_ms == world.clock() // 1000
        [[retry_ms]] = world.ask("SELECT due_at_ms FROM webhook_deliveries WHERE tenant_id = %s AND state = 'retrying'")
        assert due_ms == retry_ms, "it is looked at when the one that failed is tried again"


class TestParts:
    @pytest.mark.parametrize("is_tried", [True, False], ids=["with tries", "given back"])
    def test_the_last_part_has_the_webhook_looked_at_though_the_one_before_is_recorded_with_it(
        self, world: World, hook_receiver: HookReceiver, is_tried: bool
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        worker_id = new_id()
        for text in ("one", "two"):
            world.send(text)
        [flight] = world.client.run(keep(world, worker_id))
        world.send("three")
        assert world.client.run(keep(world, new_id())) == []
        webhook_id, (first, second) = flight.webhook.webhook_id, flight.deliveries
        last = [tried(world, second, 200)] if is_tried else []
        ends = [
            FlightEnd(worker_id, webhook_id, [tried(world, first, 200)], [], first.lane, goes_on=True),
            FlightEnd(worker_id, webhook_id, last, [] if is_tried else [second.delivery_id], first.lane),
        ]
        assert world.client.run(record(world, ends)) == [(1, 0), (int(is_tried), 0)]
        assert world.ask(HEALTH)[0][2] == world.clock() // 1000

    def test_parts_of_one_lane_share_what_comes_next_in_its_order(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        worker_id = new_id()
        for number in range(2):
            world.send(f"{number}")
        [flight] = world.client.run(keep(world, worker_id))
        for number in range(2, 7):
            world.send(f"{number}")
        assert world.client.run(keep(world, new_id())) == []
        ends = [
            FlightEnd(worker_id, flight.webhook.webhook_id, [tried(world, each, 200)], [], each.lane, wants=wants)
            for each, wants in zip(flight.deliveries, (2, 64), strict=True)
        ]
        more = [each.more for each in world.do(record_flights, ends)]
        begin = flight.deliveries[0].position
        assert [[each.position - begin for each in flight.deliveries] for flight in more] == [[2, 3], [4, 5, 6]]


class TestBehind:
    @pytest.mark.parametrize("wants", [0, 64], ids=["no room for more", "room for more"])
    def test_what_comes_behind_a_flight_in_its_lane_is_left_to_whoever_ends_it(
        self, world: World, hook_receiver: HookReceiver, wants: int
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        worker_id = new_id()
        world.send("one")
        [flight] = world.client.run(keep(world, worker_id))
        world.send("two")
        assert world.client.run(keep(world, new_id())) == []
        assert world.ask(STATES) == [("sending", 0), ("waiting", 0)]
        assert world.ask(HEALTH)[0][2] is None, "no look finds anything to send before the flight ends"
        tries = [tried(world, each, 200) for each in flight.deliveries]
        end = FlightEnd(worker_id, flight.webhook.webhook_id, tries, [], flight.deliveries[0].lane, wants=wants)
        [recorded] = world.do(record_flights, [end])
        if wants:
            assert [each.position for each in recorded.more.deliveries] == [flight.deliveries[0].position + 1]
        else:
            assert recorded.more is None
            assert world.ask(HEALTH)[0][2] == world.clock() // 1000

    def test_behind_what_is_tried_again_the_webhook_is_looked_at(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        worker_id = new_id()
        world.send("one")
        [flight] = world.client.run(keep(world, worker_id))
        tries = [tried(world, each, 500) for each in flight.deliveries]
        world.client.run(record(world, [FlightEnd(worker_id, flight.webhook.webhook_id, tries, [])]))
        world.clock.advance(minutes=5)
        again = worker_id_of(world)
        [flight] = world.do(claim_flights, Claim(again, [Room(flight.webhook.webhook_id, 1)]))
        assert flight.deliveries[0].try_count == 1
        world.send("two")
        assert world.client.run(keep(world, new_id())) == []
        assert world.ask(HEALTH)[0][2] == world.clock() // 1000


class TestHealth:
    def test_one_success_after_another_is_noted_once_a_second(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        noted = []
        for wait_ms in (0, 999, 1):
            world.clock.advance(milliseconds=wait_ms)
            world.send("hi")
            worker_id = new_id()
            [flight] = world.client.run(keep(world, worker_id))
            tries = [tried(world, each, 200) for each in flight.deliveries]
            world.client.run(record(world, [FlightEnd(worker_id, flight.webhook.webhook_id, tries, [])]))
            noted.append(world.ask(HEALTH)[0][1])
        assert noted == [noted[0], noted[0], noted[0] + 1_000]
        assert world.ask(STATES) == [("delivered", 1)] * 3


def sorted_health(world: World) -> list[tuple[int | None, ...]]:
    """Of all webhooks, those that fail first."""
    return sorted(world.ask(HEALTH), key=lambda row: row[0] is None)
