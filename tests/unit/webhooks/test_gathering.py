"""Flights that have ended are recorded together, and each hears what became of it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from chaupal.errors import Unavailable
from chaupal.store.gates import TenantHeld, TenantLeft
from chaupal.store.store import Store, Written
from chaupal.webhooks.delivering import gathering
from chaupal.webhooks.delivering.gathering import EndGatherer
from chaupal.webhooks.delivering.queries import ClaimedDelivery
from chaupal.webhooks.delivering.recording import FlightEnd, Recorded, TriedDelivery

pytestmark = pytest.mark.anyio

_DELIVERY = ClaimedDelivery("d", "w", "lane", 1, "e", "TextMessageCreated", "event", 0, 0, 0, b"")
_TRY = TriedDelivery(
    delivery=_DELIVERY, tried_at_ms=0, duration_ms=1, status=200, error="", answer="", retry_after_s=None
)


class FakeStore:
    """Answers each write once it is let through, or fails as it is told to."""

    def __init__(self, *, writes_beside: bool = False) -> None:
        self.writes_beside = writes_beside
        self.written: list[list[FlightEnd]] = []
        self.failures: list[Exception] = []
        self.open = asyncio.Event()

    async def write(self, _rule: object, _caller: object, ends: list[FlightEnd]) -> Written[Any]:
        self.written.append(ends)
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        return Written([Recorded(len(end.tries), 0, 0, end.webhook_id) for end in ends], 0)


class Gathering:
    """A gatherer over a fake store. `flying`: how many flights it is told are on their way."""

    def __init__(self, *, writes_beside: bool = False) -> None:
        self.store = FakeStore(writes_beside=writes_beside)
        self.flying = 0
        self.doubts = 0
        self.gatherer = EndGatherer(
            cast("Store", self.store),
            stopping=asyncio.Event(),
            flying_count=lambda: self.flying,
            doubt=self._doubt,
        )

    def _doubt(self) -> None:
        self.doubts += 1

    def end(self, webhook_id: str, *, tries: int = 1, goes_on: bool = False) -> asyncio.Task[Recorded]:
        """A flight has ended, or a part of one that `goes_on`."""
        end = FlightEnd("worker", webhook_id, [_TRY] * tries, [], "lane", wants=64, goes_on=goes_on)
        return asyncio.create_task(self.gatherer.record("tenant", end))

    async def until_written(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.store.written) < count:  # noqa: ASYNC110 - a turn of the loop lets the tasks go on
                await asyncio.sleep(0)

    @property
    def names(self) -> list[list[str]]:
        """The webhooks of each write."""
        return [[end.webhook_id for end in ends] for ends in self.store.written]


class TestGathering:
    async def test_what_ends_during_a_write_goes_with_the_next(self) -> None:
        made = Gathering()
        tasks = [made.end("a")]
        await made.until_written(1)
        tasks += [made.end(name) for name in ("b", "c", "d")]
        await asyncio.sleep(0)
        made.store.open.set()
        recorded = await asyncio.gather(*tasks)
        assert made.names == [["a"], ["b", "c", "d"]]
        assert [each.disabled_reason for each in recorded] == ["a", "b", "c", "d"], "each hears of its own"

    async def test_a_write_takes_twenty_tries_unless_one_flight_has_more(self) -> None:
        made = Gathering()
        made.store.open.set()
        sizes = {"a": 64, "b": 10, "c": 10, "d": 10}
        await asyncio.gather(*(made.end(name, tries=tries) for name, tries in sizes.items()))
        assert made.names == [["a"], ["b", "c"], ["d"]]

    @pytest.mark.parametrize(
        ("goes_on", "names"), [(False, [["a"], ["b", "c"], ["d"]]), (True, [["a", "b", "c", "d"]])]
    )
    async def test_where_calls_do_not_wait_it_takes_fifty_and_five_hundred_while_much_is_sent(
        self, *, goes_on: bool, names: list[list[str]]
    ) -> None:
        made = Gathering(writes_beside=True)
        made.store.open.set()
        sizes = {"a": 64, "b": 25, "c": 25, "d": 1}
        await asyncio.gather(*(made.end(name, tries=tries, goes_on=goes_on) for name, tries in sizes.items()))
        assert made.names == names

    async def test_five_hundred_are_the_most(self) -> None:
        made = Gathering(writes_beside=True)
        made.store.open.set()
        sizes = {"a": 64, "b": 400, "c": 36, "d": 1}
        await asyncio.gather(*(made.end(name, tries=tries, goes_on=True) for name, tries in sizes.items()))
        assert made.names == [["a", "b", "c"], ["d"]]

    async def test_the_only_flight_waits_for_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gathering, "_OTHERS_PAUSE_S", 600.0)
        made = Gathering()
        made.flying = 1
        made.store.open.set()
        async with asyncio.timeout(30):
            assert (await made.end("a")).delivered == 1

    async def test_a_flight_waits_for_others_on_their_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gathering, "_OTHERS_PAUSE_S", 0.0)
        made = Gathering()
        made.flying = 2
        made.store.open.set()
        first = made.end("a")
        await asyncio.sleep(0)  # its task records
        second = made.end("b")
        await asyncio.gather(first, second)
        assert made.names == [["a", "b"]]


class TestFailures:
    async def test_while_the_database_is_away_it_is_tried_again_and_nothing_more_claimed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gathering, "_RECORD_PAUSES_S", (0.0, 0.0))
        made = Gathering()
        made.store.failures = [Unavailable(reason="away")]
        made.store.open.set()
        assert (await made.end("a")).delivered == 1
        assert [[end.wants for end in ends] for ends in made.store.written] == [[64], [0]]
        assert made.doubts == 1, "what was claimed by the first may be its own"

    async def test_of_a_tenant_that_has_left_nothing_is_recorded_and_nothing_else_waits_for_it(self) -> None:
        made = Gathering()
        made.store.failures = [TenantLeft()]
        made.store.open.set()
        assert await made.end("a") == Recorded(0, 0, 0, "")
        assert made.doubts == 0

    async def test_while_a_tenants_writes_are_held_nobody_doubts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gathering, "_RECORD_PAUSES_S", (0.0, 0.0))
        made = Gathering()
        made.store.failures = [TenantHeld()]
        made.store.open.set()
        assert (await made.end("a")).delivered == 1
        assert [[end.wants for end in ends] for ends in made.store.written] == [[64], [64]]
        assert made.doubts == 0

    async def test_a_defect_is_told_to_all_that_went_together_and_stops_nothing(self) -> None:
        made = Gathering()
        made.store.failures = [ValueError("defect")]
        tasks = [made.end("a"), made.end("b")]
        await made.until_written(1)
        made.store.open.set()
        failed = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in failed] == [ValueError, ValueError]
        assert (await made.end("c")).delivered == 1
        await made.gatherer.settle()
