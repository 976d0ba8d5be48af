"""How much one process sends at once, so that nobody waits for receivers that are slow, dead or hostile.

There is room for so many flights at once. A receiver that fails, or has been slow, is lame: all lame ones together have
half of the room. A flight that has been waiting for its receiver for a while leaves the room of the quick ones, so that
receivers that nobody knew to be slow hold it up for no longer than that. Must not claim or send anything.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable

from chaupal.webhooks.delivering.claiming import LANES_MAX, DueWanted, Flight, Room
from chaupal.webhooks.delivering.due_queries import WebhookPlace
from chaupal.webhooks.delivering.recording import TriedDelivery
from chaupal.webhooks.kinds import ACTION_PACKAGE

SLOW_S = 2.0
"""Healthy receivers answer within a fraction of a second, cold ones within a few."""

_IN_AIR_MAX = 4
"""Times the room: what is in memory at most, slow flights included."""

_KNOWN_SLOW_MAX = 1_000
"""Forgotten, a receiver holds the room of one flight for as long as `SLOW_S` again."""

_DUE_AT_ONCE = 300

_LANES_OF_ONE_GROUP = 2
"""What is in order, and something that is tried again."""


class Airspace:
    """What is on its way, by its task, and how much more may be. `now_s`: a clock that only goes forward."""

    def __init__(self, *, at_once: int, host_at_once: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self.host_at_once = host_at_once
        self._at_once = at_once
        self._now_s = now_s
        self._flights: dict[asyncio.Task[None], tuple[Flight, float]] = {}
        self._slow: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Those that send."""
        return list(self._flights)

    @property
    def delivery_ids(self) -> set[str]:
        """All that is on its way, sent or not."""
        return {delivery.delivery_id for flight, _ in self._flights.values() for delivery in flight.deliveries}

    def enter(self, task: asyncio.Task[None], flight: Flight) -> None:
        """A task begins to send a flight, its first or its next."""
        self._flights[task] = flight, self._now_s()

    def leave(self, task: asyncio.Task[None]) -> None:
        """A task has ended."""
        del self._flights[task]

    def note(self, webhook_id: str, tries: list[TriedDelivery]) -> None:
        """Remember whether a receiver was slow."""
        self._slow.pop(webhook_id, None)
        if any(each.duration_ms >= SLOW_S * 1000 for each in tries):
            if len(self._slow) >= _KNOWN_SLOW_MAX:
                del self._slow[next(iter(self._slow))]
            self._slow[webhook_id] = None

    @property
    def free(self) -> int:
        """How many flights more may begin."""
        slow = sum(self._is_waiting(since_s) for _, since_s in self._flights.values())
        taken = len(self._flights) - slow + min(slow, self._at_once // 2)
        return max(0, min(self._at_once - taken, _IN_AIR_MAX * self._at_once - len(self._flights)))

    @property
    def lame_free(self) -> int:
        """How many more may begin to receivers that fail or are slow."""
        lame = sum(
            self._is_waiting(since_s) or self._is_lame(flight.webhook.webhook_id, flight.webhook.failing_since_ms)
            for flight, since_s in self._flights.values()
        )
        return max(0, self._at_once // 2 - lame)

    @property
    def has_much_room(self) -> bool:
        """Whether others would not miss the room of one more."""
        return self.free >= self._at_once // 2

    def put_off(self, webhook_ids: Iterable[str]) -> list[str]:
        """Those of the webhooks that are known to be slow, where there is no room for such now."""
        return [] if self.lame_free else [webhook_id for webhook_id in webhook_ids if webhook_id in self._slow]

    def at_host(self, besides: Iterable[Flight] = ()) -> Counter[str]:
        """Flights to each host."""
        flights = [flight for flight, _ in self._flights.values()]
        return Counter(flight.webhook.host for flight in (*flights, *besides))

    def due_wanted(self) -> DueWanted:
        """What to ask for: nothing that there is no room for, or it would hide what there is room for."""
        full = [host for host, count in self.at_host().items() if count >= self.host_at_once]
        takes_lame = self.lame_free > 0
        return DueWanted(_DUE_AT_ONCE, full, takes_failing=takes_lame, but=[] if takes_lame else list(self._slow))

    def rooms(self, due: list[WebhookPlace]) -> dict[str, list[Room]]:
        """For each tenant, the webhooks that there is room for: in this process, and at each host."""
        at_host, free, lame_free = self.at_host(), self.free, self.lame_free
        rooms: dict[str, list[Room]] = {}
        for place in due:
            lanes = LANES_MAX if place.object_type == ACTION_PACKAGE else _LANES_OF_ONE_GROUP
            lanes = min(lanes, free, self.host_at_once - at_host[place.host])
            if self._is_lame(place.webhook_id, place.failing_since_ms):
                # One that fails is tried with one at a time.
                lanes = min(lanes, lame_free, 1 if place.failing_since_ms is not None else lanes)
                lame_free -= max(0, lanes)
            if lanes <= 0:
                continue
            at_host[place.host] += lanes
            free -= lanes
            rooms.setdefault(place.tenant_id, []).append(Room(place.webhook_id, lanes))
        return rooms

    def _is_waiting(self, since_s: float) -> bool:
        return self._now_s() - since_s >= SLOW_S

    def _is_lame(self, webhook_id: str, failing_since_ms: int | None) -> bool:
        return failing_since_ms is not None or webhook_id in self._slow
