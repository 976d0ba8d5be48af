"""Several receivers, several workers, and what the database itself holds to. Real receivers."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import apsw
import psycopg
import pytest

from chaupal.auth.caller import INSTALLATION
from chaupal.auth.sealing import SecretKey
from chaupal.serving.metrics import Metrics
from chaupal.store.clock import new_id
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.store.writer import OutcomeUnknown
from chaupal.webhooks.delivering import airspace, matching
from chaupal.webhooks.delivering.airspace import Airspace
from chaupal.webhooks.delivering.claiming import Claim, Room, begin_worker, claim_flights, find_due
from chaupal.webhooks.delivering.clocks import LEASE_MARGIN_MS, LEASE_MS
from chaupal.webhooks.delivering.deliverer import Deliverer
from chaupal.webhooks.delivering.engine import EngineLimits, WebhookEngine
from chaupal.webhooks.delivering.keeping import Keeping, keep_matched
from chaupal.webhooks.delivering.matching import Matching, match_events
from chaupal.webhooks.delivering.strays import StrayFinder, Strays
from chaupal.webhooks.kinds import Target
from chaupal.webhooks.queries import select_webhook, update_webhook
from chaupal.webhooks.rules import host_of
from tests.api.hooks import HookReceiver, deliver, draft, register, work_off
from tests.api.worlds import World
from tests.outbound.receivers import HttpReceiver, Received

PATIENCE_S = 60.0
STATES = "SELECT state, try_count FROM webhook_deliveries WHERE tenant_id = %s ORDER BY position, delivery_id"


class TestPace:
    @pytest.mark.parametrize(("apart_s", "wakes"), [(0.0, False), (600.0, True)])
    def test_an_event_that_comes_alone_and_whoever_wakes_the_engine_does_not_wait_for_it(
        self, world: World, hook_receiver: HookReceiver, apart_s: float, wakes: bool
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        engine, rest, recorded = engine_of(world, EngineLimits(pace_s=600.0, apart_s=apart_s))

        async def start() -> None:
            engine.start()
            await rest.wait()

        world.client.run(asyncio.wait_for(start(), PATIENCE_S))
        world.send("first")  # which comes alone
        world.client.run(asyncio.wait_for(recorded.wait(), PATIENCE_S))
        recorded.clear()
        world.send("second")
        if wakes:
            engine.wake()
        world.client.run(asyncio.wait_for(recorded.wait(), PATIENCE_S))
        world.client.run(engine.stop())
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["first", "second"]


def engine_of(world: World, limits: EngineLimits) -> tuple[WebhookEngine, asyncio.Event, asyncio.Event]:
    """(an engine that is not started, set when it has nothing to do, set when something is recorded)."""
    rest, recorded = asyncio.Event(), asyncio.Event()
    engine = WebhookEngine(
        world.house, metrics=Metrics(), rested=rest.set, recorded=lambda _: recorded.set(), limits=limits
    )
    return engine, rest, recorded


class TestIsolation:
    def test_dead_receivers_delay_nobody_else(
        self, world_with: Callable[..., World], hook_receiver: HookReceiver
    ) -> None:
        """Those that never answer hold the room of their first try, and half of all room at most from then on."""
        world = world_with(webhook_timeout_s=1)
        with HttpReceiver() as dead:
            webhook_ids = [register(world.group_admin, draft(hook_receiver, world.group_id)) for _ in range(6)]
            register(world.group_admin, draft(hook_receiver, world.group_id))
            dead.is_silent = True
            for webhook_id in webhook_ids:
                make_dead(world, webhook_id, dead)
            world.send("first")
            deliver(world, at_once=8)
            assert len(hook_receiver.deliveries) == 1
            assert Counter(world.ask(STATES)) == {("retrying", 1): 6, ("delivered", 1): 1}
            world.clock.advance(minutes=5)
            order = watch_order(hook_receiver, dead)
            for number in range(5):
                world.send(f"{number}")
            deliver(world, at_once=8)
        healthy = [index for index, who in enumerate(order) if who == "healthy"]
        assert len(healthy) == 5
        assert healthy[-1] < 5 + 8, "they did not wait for those that were not answered"

    def test_what_is_due_but_has_no_room_hides_nothing_else(
        self, world_with: Callable[..., World], hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only the 300 webhooks that had waited longest were looked at, though there was no room for any of them."""
        monkeypatch.setattr(airspace, "_DUE_AT_ONCE", 2)
        world = world_with(webhook_timeout_s=5)
        with HttpReceiver() as dead:
            dead.is_silent = True
            for _ in range(5):
                webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
                make_dead(world, webhook_id, dead, is_failing=True)
            register(world.group_admin, draft(hook_receiver, world.group_id, "Announcement"))
            world.send("for the dead")
            deliver(world, at_once=0)
            world.clock.advance(seconds=1)
            world.post_action({"actionType": "Announcement", "actionBody": {"title": "T", "message": "M"}})
            deliver(world, at_once=0)
            hook_receiver.answer_with = lambda _: dead.release() or 200  # type: ignore[func-returns-value]
            deliver(world, at_once=4)
        assert len(hook_receiver.deliveries) == 1
        assert timed_out(world) == 0, "it did not wait for those that never answer"

    def test_receivers_that_nobody_knew_to_be_slow_leave_room_for_others(
        self, world_with: Callable[..., World], hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(airspace, "SLOW_S", 0.0)
        world = world_with(webhook_timeout_s=5)
        with HttpReceiver() as slow:
            slow.is_silent = True
            for _ in range(4):
                make_dead(world, register(world.group_admin, draft(hook_receiver, world.group_id)), slow)
            register(world.group_admin, draft(hook_receiver, world.group_id))
            hook_receiver.answer_with = lambda _: slow.release() or 200  # type: ignore[func-returns-value]
            world.send("hi")
            deliver(world, at_once=2)
        assert len(hook_receiver.deliveries) == 1
        assert timed_out(world) == 0, "it did not wait for those that never answer"

    def test_one_host_is_called_by_so_many_flights_and_no_more(self, world: World, hook_receiver: HookReceiver) -> None:
        for _ in range(6):
            register(world.group_admin, draft(hook_receiver, world.group_id))
        now, most, lock = 0, 0, threading.Lock()

        def count(_: Received) -> int:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            threading.Event().wait(0.02)
            with lock:
                now -= 1
            return 200

        hook_receiver.answer_with = count
        for number in range(4):
            world.send(f"{number}")
        deliver(world, host_at_once=2)
        assert len(hook_receiver.deliveries) == 24
        assert most == 2


def make_dead(world: World, webhook_id: str, dead: HttpReceiver, *, is_failing: bool = False) -> None:
    """Let a webhook call a receiver that never answers, which could not be proved."""
    world.do(_point_at, (webhook_id, dead.url + "/dead", world.secret_key, is_failing))


def _point_at(tx: Transaction, _operator: Any, request: tuple[str, str, SecretKey, bool]) -> None:
    webhook_id, url, secret_key, is_failing = request
    webhook = select_webhook(tx, webhook_id)
    assert webhook is not None
    failing_since_ms = tx.now_ms if is_failing else None
    target = Target(url=url).sealed(secret_key)
    update_webhook(tx, webhook._replace(sealed_target=target, host=host_of(url), failing_since_ms=failing_since_ms))


def timed_out(world: World) -> int:
    """How many tries had no answer in time."""
    return len(world.ask("SELECT 1 FROM webhook_tries WHERE tenant_id = %s AND error LIKE 'no answer within%%'"))


def watch_order(healthy: HookReceiver, dead: HttpReceiver) -> list[str]:
    """From now on, who was called, in order. The dead one hangs up when the healthy one was called five times."""
    order: list[str] = []
    plain = dead.answer

    def take(_: Received) -> int:
        order.append("healthy")
        if order.count("healthy") == 5:
            dead.release()
        return 200

    healthy.answer_with = take

    def answer(request: Any) -> None:
        order.append("dead")
        plain(request)

    dead.answer = answer  # type: ignore[method-assign]
    return order


class TestSeveralWorkers:
    def test_two_of_them_send_everything_once_and_in_order(self, world: World, hook_receiver: HookReceiver) -> None:
        if not world.database.is_postgres:
            pytest.skip("on SQLite one process delivers")
        groups = [world.make_group(f"{number}") for number in range(3)]
        for group_id in groups:
            register(world.group_admin, draft(hook_receiver, group_id))
        for number in range(60):
            world.send(f"{number}", group_id=groups[number % 3])

        async def both() -> None:
            await asyncio.gather(work_off(world.house), work_off(world.house))

        world.client.run(both())
        world.client.run(work_off(world.house))
        for group_id in groups:
            got = [body["data"]["text"] for body in hook_receiver.bodies if body["groupId"] == group_id]
            assert got == [f"{number}" for number in range(60) if groups[number % 3] == group_id]

    @pytest.mark.parametrize("at_once", [True, False], ids=["with the match", "by a claim"])
    def test_what_a_dead_one_had_is_sent_by_another_after_its_lease(
        self, world: World, hook_receiver: HookReceiver, at_once: bool
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        world.send("hi")
        world.client.run(match_and_claim_as_one_that_dies(world, at_once=at_once))
        assert world.ask(STATES) == [("sending", 0)]
        if world.database.is_postgres:
            deliver(world)
            assert hook_receiver.deliveries == [], "it may be alive"
            world.clock.advance(milliseconds=LEASE_MS + LEASE_MARGIN_MS + 1)
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["hi"]
        assert world.ask(STATES) == [("delivered", 1)]


class TestStrays:
    def test_what_a_worker_is_said_to_be_sending_and_twice_has_not(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        world.send("hi")
        worker_id = world.client.run(match_and_claim_as_one_that_dies(world, at_once=True))
        [[delivery_id]] = world.ask("SELECT delivery_id FROM webhook_deliveries WHERE tenant_id = %s")
        held = {delivery_id}
        finder = StrayFinder(world.house.store, lambda: held)
        assert [world.client.run(finder.find(worker_id)) for _ in range(2)] == [[], []], "it has it"
        held.clear()
        assert world.client.run(finder.find(worker_id)) == [], "it may only just have been claimed"
        found = world.client.run(finder.find(worker_id))
        assert found == [Strays(world.operator.tenant_id, webhook_id, [delivery_id])]
        assert world.client.run(finder.find(new_id())) == []

    def test_what_is_kept_piece_by_piece_is_none(
        self, world: World, hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        for number in range(3):
            world.send(f"{number}")
        monkeypatch.setattr(matching, "DELIVERIES_A_WRITE", 1)
        plain_begin, plain_write = Deliverer.begin, Store.write
        begun: list[Deliverer] = []
        found: list[bool] = []

        async def begin(self: Deliverer) -> None:
            begun.append(self)
            await plain_begin(self)

        async def write(self: Store, rule: Any, caller: Any, request: Any) -> Any:
            if rule is keep_matched:
                found.extend([await begun[0].give_back_strays() for _ in range(2)])
            return await plain_write(self, rule, caller, request)

        monkeypatch.setattr(Deliverer, "begin", begin)
        monkeypatch.setattr(Store, "write", write)
        deliver(world)
        assert found == [False] * 6
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["0", "1", "2"]


class TestDoubt:
    @pytest.mark.parametrize("rule", ["keep_matched", "claim_flights", "record_flights"])
    def test_what_was_written_though_nobody_heard_of_it_is_sent_all_the_same(
        self, world: World, hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch, rule: str
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        for number in range(70):
            world.send(f"{number}")
        if rule == "claim_flights":
            deliver(world, at_once=0)  # without room they are kept for whoever claims them
        lost: list[str] = []
        plain = Store.write

        async def losing(self: Store, called: Any, caller: Any, request: Any) -> Any:
            written = await plain(self, called, caller, request)
            if called.__name__ == rule and not lost:
                lost.append(rule)
                raise OutcomeUnknown
            return written

        monkeypatch.setattr(Store, "write", losing)
        deliver(world, poll_s=0.01)
        assert lost == [rule]
        assert list(dict.fromkeys(body["data"]["text"] for body in hook_receiver.bodies)) == [f"{n}" for n in range(70)]
        assert Counter(state for state, _ in world.ask(STATES)) == {"delivered": 70}


async def match_and_claim_as_one_that_dies(world: World, *, at_once: bool) -> str:
    """What a process does before it sends, and then no more; its worker."""
    store, operator = world.house.store, world.operator
    matched = await store.read(match_events, operator, Matching(world.house.media_links, world.house.tenant_keys))
    assert matched is not None
    worker_id = new_id()
    await store.write(begin_worker, INSTALLATION, worker_id)
    keeping = Keeping(matched, worker_id=worker_id, free=int(at_once), at_host={}, host_limit=16)
    kept = (await store.write(keep_matched, operator, keeping)).result
    if not at_once:
        due = await store.read(find_due, INSTALLATION, Airspace(at_once=100, host_at_once=16).due_wanted())
        rooms = [Room(place.webhook_id, 8) for place in due if place.tenant_id == operator.tenant_id]
        flights = (await store.write(claim_flights, operator, Claim(worker_id, rooms))).result
    else:
        flights = kept.flights_of(matched)
    assert [len(flight.deliveries) for flight in flights] == [1]
    return worker_id


class TestStates:
    @pytest.mark.parametrize(
        "change",
        [
            "state = 'lost'",
            "state = 'delivered'",
            "finished_at_ms = 1",
            "state = 'sending'",
            "worker_id = 'somebody'",
        ],
    )
    def test_the_database_refuses_what_is_not_in_the_drawing(
        self, world: World, hook_receiver: HookReceiver, change: str
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 500
        world.send("hi")
        deliver(world)
        with pytest.raises((apsw.ConstraintError, psycopg.errors.CheckViolation)):
            world.ask("UPDATE webhook_deliveries SET " + change + " WHERE tenant_id = %s")  # noqa: S608 - the test's own
        assert world.ask(STATES) == [("retrying", 1)]


def test_a_webhook_that_cannot_be_read_is_tried_as_seldom_as_one_that_fails(
    world: World, hook_receiver: HookReceiver
) -> None:
    webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
    hook_receiver.answer_with = lambda _: 500
    world.send("hi")
    deliver(world)
    world.do(_damage, webhook_id)
    world.clock.advance(minutes=5)
    deliver(world)
    assert world.ask(STATES) == [("retrying", 2)]
    [_, [error]] = world.ask("SELECT error FROM webhook_tries WHERE tenant_id = %s ORDER BY try_number")
    assert error.endswith("cannot be read with this secret key")


def _damage(tx: Transaction, _operator: Any, webhook_id: str) -> None:
    webhook = select_webhook(tx, webhook_id)
    assert webhook is not None
    update_webhook(tx, webhook._replace(sealed_target=b"damaged"))
