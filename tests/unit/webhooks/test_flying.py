"""A flight sends one delivery after another, has them recorded by parts meanwhile, and holds no more than it may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaupal.auth.sealing import SecretKey
from chaupal.webhooks.delivering import flying
from chaupal.webhooks.delivering.bodies import seal_body
from chaupal.webhooks.delivering.claiming import FLIGHT_MAX, Flight
from chaupal.webhooks.delivering.flying import Flying
from chaupal.webhooks.delivering.place import DeliveryPlace
from chaupal.webhooks.delivering.queries import ClaimedDelivery
from chaupal.webhooks.delivering.recording import FlightEnd, Recorded, TriedDelivery
from chaupal.webhooks.kinds import Target

pytestmark = pytest.mark.anyio

KEY = SecretKey(bytes(32))
BODY = seal_body(b"{}", KEY)
WEBHOOK: Any = SimpleNamespace(webhook_id="webhook", sealed_target=Target(url="https://receiver.example").sealed(KEY))


def delivery(number: int) -> ClaimedDelivery:
    return ClaimedDelivery(f"{number:04}", "webhook", "lane", number, "e", "TextMessageCreated", "event", 0, 0, 0, BODY)


class Place:
    """A house as far as a flight looks at it."""

    settings = SimpleNamespace(webhook_timeout_s=1)
    store = SimpleNamespace(clock=lambda: 0)
    callbacks = None

    async def key_of(self, _tenant_id: str) -> SecretKey:
        return KEY


class FakeTower:
    """A tower, and the database behind it: a lane in which so many wait behind those of the flight.

    Parts are recorded in their order, once `open` is set; those that `fails` names are not.
    """

    worker_id = "worker"

    def __init__(self, first: int, waiting: int) -> None:
        self.first, self.last = first, first + waiting
        self.flight = Flight(WEBHOOK, [delivery(number) for number in range(first)])
        self.open = asyncio.Event()
        self.open.set()
        self.is_stopping = False
        self.takes_more = True
        self.fails: set[int] = set()
        self.ends: list[FlightEnd] = []
        self.sent: list[str] = []
        self.gave_way_after: list[int] = []
        self.most_held = 0
        self.failures: list[str] = []
        self._turn = asyncio.Lock()

    def give_way(self) -> None:
        self.gave_way_after.append(len(self.sent))

    def note_progress(self, flight: Flight, _tries: list[TriedDelivery]) -> None:
        assert flight is self.flight

    def note_failure(self, what: str, error: Exception, **where: str) -> None:
        self.failures.append(f"{what}: {error} {where}")

    async def record(self, _tenant_id: str, end: FlightEnd) -> Recorded | None:
        number = len(self.ends)
        self.ends.append(end)
        async with self._turn:
            await self.open.wait()
            if number in self.fails:
                return None
            more = [delivery(each) for each in range(self.first, min(self.first + end.wants, self.last))]
            self.first += len(more)
            return Recorded(len(end.tries), 0, 0, "", Flight(WEBHOOK, more) if more else None)

    async def fly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def send(_client: object, _target: Target, sent: ClaimedDelivery, *_: object, **__: object) -> Any:
            await asyncio.sleep(0)
            self.sent.append(sent.delivery_id)
            waiting = sum(1 for each in self.flight.deliveries if each.body)
            self.most_held = max(self.most_held, waiting)
            return TriedDelivery(
                delivery=sent, tried_at_ms=0, duration_ms=1, status=200, error="", answer="", retry_after_s=None
            )

        monkeypatch.setattr(flying, "send", send)
        async with asyncio.timeout(30):
            await Flying(cast("DeliveryPlace", Place()), self, "tenant", self.flight).fly()

    @property
    def recorded(self) -> list[str]:
        return [each.delivery.delivery_id for end in self.ends for each in end.tries]


def numbers(end: int) -> list[str]:
    return [f"{number:04}" for number in range(end)]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - a turn of the loop lets the flight go on
            await asyncio.sleep(0)


@settings(max_examples=40, deadline=None)
@given(first=st.integers(1, FLIGHT_MAX), waiting=st.integers(0, 300))
async def test_all_of_a_lane_is_sent_in_order_and_recorded_once(first: int, waiting: int) -> None:
    tower = FakeTower(first, waiting)
    with pytest.MonkeyPatch.context() as monkeypatch:
        await tower.fly(monkeypatch)
    assert tower.sent == tower.recorded == numbers(first + waiting)
    assert tower.flight.deliveries == [], "nothing is held any more"
    assert tower.most_held <= FLIGHT_MAX
    assert all(each.delivery.body == b"" for end in tower.ends for each in end.tries)
    assert tower.gave_way_after == list(range(1, first + waiting + 1)), "after each try"


async def test_it_goes_on_sending_while_a_part_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = FakeTower(FLIGHT_MAX, 100)
    tower.open.clear()
    flight = asyncio.create_task(tower.fly(monkeypatch))
    await until(lambda: len(tower.sent) == FLIGHT_MAX and len(tower.ends) == 2)
    assert tower.first == FLIGHT_MAX, "nothing was recorded, and nothing claimed"
    assert [(len(end.tries), end.wants, end.goes_on) for end in tower.ends] == [(32, 32, True), (32, 32, False)]
    assert len(tower.flight.deliveries) == FLIGHT_MAX, "what nobody has recorded is held"
    tower.open.set()
    await flight
    assert tower.sent == numbers(FLIGHT_MAX + 100)


async def test_where_there_is_no_room_it_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = FakeTower(FLIGHT_MAX, 100)
    tower.takes_more = False
    await tower.fly(monkeypatch)
    assert tower.sent == numbers(FLIGHT_MAX)
    assert [(len(end.tries), end.wants, end.goes_on) for end in tower.ends] == [(FLIGHT_MAX, 0, False)]


async def test_one_that_takes_long_gives_the_rest_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1_000))
    monkeypatch.setattr(flying, "time", SimpleNamespace(monotonic=lambda: next(clock) * 0.5))
    tower = FakeTower(10, 0)
    await tower.fly(monkeypatch)
    assert 0 < len(tower.sent) < 10
    assert tower.ends[-1].untried == numbers(10)[len(tower.sent) :]
    assert not tower.ends[-1].goes_on
    assert tower.flight.deliveries == []


async def test_a_stop_gives_back_what_is_not_sent_and_what_still_came(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = FakeTower(FLIGHT_MAX, 100)
    tower.open.clear()
    flight = asyncio.create_task(tower.fly(monkeypatch))
    await until(lambda: len(tower.sent) == 40)
    tower.is_stopping = True
    flight.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    tower.open.set()
    await asyncio.gather(flight, return_exceptions=True)
    given_back = [id_ for end in tower.ends for id_ in end.untried]
    assert tower.recorded + given_back == numbers(tower.first)
    assert len(given_back) > FLIGHT_MAX - 41, "also those that were claimed by the part before"
    assert tower.flight.deliveries == []


async def test_what_nobody_knows_the_record_of_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = FakeTower(FLIGHT_MAX, 100)
    tower.fails = {0}
    await tower.fly(monkeypatch)
    assert tower.sent == sorted(tower.sent)
    assert tower.recorded == tower.sent
    assert tower.failures == []


async def test_a_target_that_cannot_be_read_fails_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = FakeTower(3, 0)
    tower.flight = Flight(SimpleNamespace(webhook_id="webhook", sealed_target=b"broken"), tower.flight.deliveries)  # type: ignore[arg-type]
    await tower.fly(monkeypatch)
    assert tower.sent == []
    assert [each.status for each in tower.ends[0].tries] == [None] * 3
    assert tower.recorded == numbers(3)
