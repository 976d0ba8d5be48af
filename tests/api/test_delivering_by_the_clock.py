"""Delivering under clocks that jump by hours, and that differ: nothing is lost, nothing waits for longer than the clock
was wrong, and nothing is sent again and again. Real receivers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chaupal.app import close_house, open_house
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.webhooks.delivering import clocks, engine
from chaupal.webhooks.delivering.claiming import FLIGHT_MAX
from chaupal.webhooks.delivering.engine import EngineLimits, WebhookEngine
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.test_delivery_workers import STATES, match_and_claim_as_one_that_dies
from tests.api.worlds import World
from tests.outbound.receivers import Received

pytestmark = pytest.mark.usefixtures("clock_that_may_go_back")

HOURS = 5
PATIENCE_S = 60.0


@pytest.fixture
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_BEAT_S", 0.05)


def jump_at_the_first(world: World, receiver: HookReceiver, *, hours: int, status: int) -> None:
    """Have the clock jump when the first delivery comes, and all be answered so."""

    def jump(_: Received) -> int:
        if not receiver.deliveries:
            world.clock.advance(hours=hours)
        return status

    receiver.answer_with = jump


def texts(receiver: HookReceiver) -> list[str]:
    return [body["data"]["text"] for body in receiver.bodies]


def deliver_until(world: World, is_met: Callable[[], bool], *houses: House, **limits: Any) -> None:
    """Run an engine in each house until something is so, of which whoever waits is not told."""

    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), _running(houses or (world.house,), limits) as rounds:
            while not is_met():
                rounds.clear()
                await rounds.wait()

    world.client.run(run())


@asynccontextmanager
async def _running(houses: tuple[House, ...], limits: dict[str, Any]) -> Any:
    rounds = asyncio.Event()
    engines = [
        WebhookEngine(
            house,
            metrics=Metrics(),
            rested=rounds.set,
            recorded=lambda _: rounds.set(),
            limits=EngineLimits(pace_s=0.01, poll_s=0.05, **limits),
        )
        for house in houses
    ]
    for each in engines:
        each.start()
    try:
        yield rounds
    finally:
        for each in engines:
            await each.stop()


def states(world: World) -> Counter[tuple[Any, ...]]:
    return Counter(world.ask(STATES))


class TestSetBack:
    def test_what_waits_is_sent_all_the_same(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        world.send("hi")
        deliver(world, at_once=0)
        assert world.ask(STATES) == [("waiting", 0)]
        world.clock.set_back(hours=HOURS)
        deliver(world)
        assert texts(hook_receiver) == ["hi"]

    @pytest.mark.usefixtures("quick_beats")
    def test_what_waits_while_others_are_sent_is_sent_all_the_same(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        """It was looked at once the clock was again where it had been."""
        other = world.make_group("Other")
        for group_id in (world.group_id, other):
            register(world.group_admin, draft(hook_receiver, group_id))

        def set_back(_: Received) -> int:
            if not hook_receiver.deliveries:
                world.clock.set_back(hours=HOURS)
            return 200

        hook_receiver.answer_with = set_back
        world.send("first")
        world.send("second", group_id=other)
        deliver_until(world, lambda: states(world) == {("delivered", 1): 2}, at_once=1)
        assert sorted(texts(hook_receiver)) == ["first", "second"]

    def test_what_failed_waits_no_longer_than_the_clock_was_wrong(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 500
        world.send("hi")
        deliver(world)
        world.clock.set_back(hours=HOURS)
        deliver(world)
        assert world.ask(STATES) == [("retrying", 1)]
        world.clock.advance(hours=HOURS, minutes=5)
        deliver(world)
        assert world.ask(STATES) == [("retrying", 2)]

    def test_what_failed_in_another_year_is_tried_at_once(self, world: World, hook_receiver: HookReceiver) -> None:
        """A machine may begin with any time, and be told the right one later."""
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 500
        for text in ("first", "second"):
            world.send(text)
        world.clock.advance(days=300)
        deliver(world)
        assert states(world) == {("retrying", 1): 2}
        world.clock.set_back(days=300)
        hook_receiver.answer_with = lambda _: 200
        deliver(world)
        assert states(world) == {("delivered", 2): 2}

    def test_a_worker_that_died_under_a_clock_that_was_ahead_is_missed_all_the_same(
        self, world: World, hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        world.send("hi")
        world.client.run(match_and_claim_as_one_that_dies(world, at_once=True))
        world.clock.set_back(hours=HOURS)
        monkeypatch.setattr(engine, "_BEAT_S", 0.05)
        monkeypatch.setattr(clocks, "LEASE_MS", 0)
        monkeypatch.setattr(clocks, "LEASE_MARGIN_MS", 100)
        deliver_until(world, lambda: world.ask(STATES) == [("delivered", 1)])
        assert texts(hook_receiver) == ["hi"]


@pytest.mark.usefixtures("quick_beats")
@pytest.mark.parametrize("hours", [HOURS, -HOURS], ids=["forwards", "back"])
class TestJumpWhileSending:
    def test_what_is_on_its_way_arrives_and_what_comes_after(
        self, world: World, hook_receiver: HookReceiver, hours: int
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        jump_at_the_first(world, hook_receiver, hours=hours, status=200)
        sent = [f"{number}" for number in range(FLIGHT_MAX + 2)]  # some of it is claimed after the jump
        for text in sent:
            world.send(text)
        deliver_until(world, lambda: states(world) == {("delivered", 1): len(sent)})
        assert set(texts(hook_receiver)) == set(sent)
        # After a jump forwards the worker's lease is over: what it was sending then is sent again, once.
        assert len(hook_receiver.deliveries) <= 2 * len(sent)

    def test_what_fails_is_not_tried_again_and_again(
        self, world: World, hook_receiver: HookReceiver, hours: int
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        jump_at_the_first(world, hook_receiver, hours=hours, status=503)
        world.send("hi")
        deliver_until(world, lambda: states(world) == {("retrying", 1): 1})
        deliver(world)
        assert len(hook_receiver.deliveries) <= 2
        [[due_ms]] = world.ask("SELECT due_at_ms FROM webhook_deliveries WHERE tenant_id = %s")
        assert 0 < due_ms - world.clock.now_ms <= 5 * 60_000


class TestFarForwards:
    def test_what_waits_is_swept_by_nothing(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 500
        world.send("failed")
        deliver(world)
        world.send("not looked at")
        world.clock.advance(days=100)
        world.do(sweep_once, SweepLimits.of(world.house.settings))
        hook_receiver.answer_with = lambda _: 200
        deliver(world)
        assert states(world) == {("delivered", 2): 1, ("delivered", 1): 1}


@pytest.mark.usefixtures("quick_beats")
class TestTwoNodes:
    def test_one_whose_clock_is_an_hour_ahead_costs_no_event(self, world: World, hook_receiver: HookReceiver) -> None:
        """It takes the other for dead, again and again: some things are sent twice, and all arrive."""
        if not world.database.is_postgres:
            pytest.skip("on SQLite one process delivers")
        register(world.group_admin, draft(hook_receiver, world.group_id))
        ahead = open_house(world.house.settings, clock=lambda: world.clock() + 3_600_000_000)
        for number in range(30):
            world.send(f"{number}")
        try:
            deliver_until(world, lambda: {state for state, _ in states(world)} == {"delivered"}, world.house, ahead)
        finally:
            world.client.run(ahead.callbacks.close())
            close_house(ahead)
        assert set(texts(hook_receiver)) == {f"{number}" for number in range(30)}
        assert len(states(world)) == 1, "each was delivered at its first try"
