"""One flight under way: sends one delivery after another, and has what became of them recorded while it goes on.

With each part it asks for as many again of its lane, so that its receiver never waits for the database. A failed
delivery leaves the lane and holds up nothing, so what comes next need not wait for the record of what was before.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

import msgspec

from chaupal.auth.sealing import SealBroken, SecretKey
from chaupal.webhooks.delivering.bodies import open_body, seal_answer
from chaupal.webhooks.delivering.claiming import FLIGHT_MAX, Flight
from chaupal.webhooks.delivering.place import DeliveryPlace
from chaupal.webhooks.delivering.queries import ClaimedDelivery
from chaupal.webhooks.delivering.recording import FlightEnd, Recorded, TriedDelivery
from chaupal.webhooks.delivering.sending import send
from chaupal.webhooks.kinds import Target, open_target

_PART = FLIGHT_MAX // 2
"""So many tries are recorded while the others of the flight are sent."""

_PART_MAX_S = 2.0
"""A flight that takes longer for a part gives the rest back: what it has sent is noted soon."""


class Tower(Protocol):
    """Whoever starts flights, and hears of them."""

    worker_id: str

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more is to be sent."""

    @property
    def takes_more(self) -> bool:
        """Whether a flight may go on with what comes after it in its lane."""

    def give_way(self) -> None:
        """Let other processes go first."""

    def note_progress(self, flight: Flight, tries: list[TriedDelivery]) -> None:
        """A part was sent."""

    def note_failure(self, what: str, error: Exception, **where: str) -> None:
        """A defect."""

    async def record(self, tenant_id: str, end: FlightEnd) -> Recorded | None:
        """What is in the database now; None where nobody knows."""


class Flying:
    """`fly` it, in a task of its own. What it holds is in the flight: what was sent and is not recorded, without its
    body, and behind that what is to be sent."""

    def __init__(self, house: DeliveryPlace, tower: Tower, tenant_id: str, flight: Flight) -> None:
        self._house = house
        self._tower = tower
        self._tenant_id = tenant_id
        self._flight = flight
        self._worker_id = tower.worker_id
        first = flight.deliveries[0]
        self._lane = first.lane if first.try_count == 0 else None
        self._sent = 0
        """How many of those that it holds."""
        self._tries: list[TriedDelivery] = []
        """The last of them, which nobody records yet."""
        self._asked = 0
        self._recording: set[asyncio.Task[None]] = set()
        self._part_began_s = time.monotonic()

    async def fly(self) -> None:
        """Until nothing is left to send, or there is no time or room for more; then all of it is recorded."""
        webhook_id = self._flight.webhook.webhook_id
        try:
            await self._send_all(await self._house.key_of(self._tenant_id))
        except asyncio.CancelledError:
            if not self._tower.is_stopping:
                raise
        except Exception as error:  # noqa: BLE001 - nobody awaits this task; what it had is given back
            self._tower.note_failure("sending failed", error, webhook_id=webhook_id)
        while self._tries or self._waiting or self._recording:
            if self._tries or self._waiting:
                self._hand_over(untried=self._give_back())
            await self._until_recorded()

    @property
    def _waiting(self) -> int:
        """How many are to be sent."""
        return len(self._flight.deliveries) - self._sent

    async def _send_all(self, secret_key: SecretKey) -> None:
        try:
            target = open_target(self._flight.webhook.sealed_target, secret_key)
        except SealBroken as broken:
            # A try that has failed, so that it is tried again as seldom as any other.
            while self._waiting:
                self._note(self._unsent(_without_body(self._flight.deliveries[self._sent]), str(broken)))
            return
        while self._waiting or self._tries or self._recording:
            if not self._waiting:
                if self._tries:
                    self._hand_over()
                await self._until_recorded()
                continue
            if self._tower.is_stopping or time.monotonic() - self._part_began_s > _PART_MAX_S:
                return
            self._note(await self._send(target, self._flight.deliveries[self._sent], secret_key))
            self._tower.give_way()
            if len(self._tries) >= _PART and self._waiting and self._tower.takes_more:
                self._hand_over()

    async def _send(self, target: Target, delivery: ClaimedDelivery, secret_key: SecretKey) -> TriedDelivery:
        house = self._house
        now_ms = house.store.clock() // 1000
        bare = _without_body(delivery)
        try:
            body = open_body(delivery.body, secret_key)
        except SealBroken as broken:
            return self._unsent(bare, str(broken))
        timeout_s = house.settings.webhook_timeout_s
        try:
            tried = await send(house.callbacks, target, bare, body, now_ms=now_ms, timeout_s=timeout_s)
        except Exception as error:  # noqa: BLE001 - given back untried it would be sent again at once, for ever
            self._tower.note_failure("sending failed", error, webhook_id=delivery.webhook_id)
            return self._unsent(bare, "the server could not send it")
        if tried.answer:
            tried = msgspec.structs.replace(tried, answer=seal_answer(tried.answer, secret_key))
        return tried

    def _unsent(self, delivery: ClaimedDelivery, error: str) -> TriedDelivery:
        return TriedDelivery(
            delivery=delivery,
            tried_at_ms=self._house.store.clock() // 1000,
            duration_ms=0,
            status=None,
            error=error,
            answer="",
            retry_after_s=None,
        )

    def _note(self, tried: TriedDelivery) -> None:
        self._flight.deliveries[self._sent] = tried.delivery
        self._sent += 1
        self._tries.append(tried)

    def _give_back(self) -> list[str]:
        """What is to be sent, and will not be by this flight."""
        untried = [each.delivery_id for each in self._flight.deliveries[self._sent :]]
        self._sent = len(self._flight.deliveries)
        return untried

    def _hand_over(self, *, untried: list[str] | None = None) -> None:
        """Have what was sent since the last time recorded, and more taken of the lane in its place."""
        tries, self._tries = self._tries, []
        wants = max(0, FLIGHT_MAX - self._waiting - self._asked) if untried is None and self._tower.takes_more else 0
        end = FlightEnd(
            self._worker_id,
            self._flight.webhook.webhook_id,
            tries,
            untried or [],
            lane=self._lane,
            wants=wants,
            goes_on=self._waiting > 0,
        )
        self._asked += wants
        self._part_began_s = time.monotonic()
        self._tower.note_progress(self._flight, tries)
        task = asyncio.create_task(self._record(end), name="webhook part")
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)

    async def _record(self, end: FlightEnd) -> None:
        recorded = await self._tower.record(self._tenant_id, end)
        self._asked -= end.wants
        if recorded is None:
            return
        # Parts are recorded in their order.
        count = len(end.tries) + len(end.untried)
        del self._flight.deliveries[:count]
        self._sent -= count
        if recorded.more is not None:
            self._flight.deliveries.extend(recorded.more.deliveries)

    async def _until_recorded(self) -> None:
        """A part is recorded, and what comes next may be here."""
        await asyncio.wait(self._recording, return_when=asyncio.FIRST_COMPLETED)
        self._part_began_s = time.monotonic()


def _without_body(delivery: ClaimedDelivery) -> ClaimedDelivery:
    """As it is held once it was sent: whoever records it has no need of the body."""
    return delivery._replace(body=b"")
