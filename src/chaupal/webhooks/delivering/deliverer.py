"""One process's part in delivering: matches what has happened, claims what is due, sends it, records what became of it.

At least once: what was sent and not recorded when a process dies is sent again. Several processes may do this on one
database. In memory are at most four times `at_once` flights of at most 256 kB, however much waits. URLs, bodies and
answers are not logged. Must not decide when to look; that is the engine's.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import structlog

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.logs import log_failure
from chaupal.store.clock import new_id
from chaupal.store.gates import TenantClosed
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.airspace import Airspace
from chaupal.webhooks.delivering.claiming import (
    Claim,
    Flight,
    begin_worker,
    call_roll,
    claim_flights,
    declare_all_dead,
    declare_dead,
    end_worker,
    find_due,
    keep_worker,
    rescue_deliveries,
)
from chaupal.webhooks.delivering.clocks import LeaseWatch, find_held_up, let_go
from chaupal.webhooks.delivering.courtesy import Courtesy
from chaupal.webhooks.delivering.flying import Flying
from chaupal.webhooks.delivering.gathering import EndGatherer
from chaupal.webhooks.delivering.keeping import Keeping, Load, keep_matched
from chaupal.webhooks.delivering.matching import Matched, Matching, match_events, pieces_of
from chaupal.webhooks.delivering.place import DeliveryMetrics, DeliveryPlace, Tally
from chaupal.webhooks.delivering.queries import select_behind
from chaupal.webhooks.delivering.recording import FlightEnd, Recorded, TriedDelivery
from chaupal.webhooks.delivering.schedule import is_success
from chaupal.webhooks.delivering.strays import StrayFinder

_TENANTS_AT_ONCE = 100
_ROUNDS_OF_TENANT = 10
"""So many times a hundred events of one tenant are matched before others have their turn."""

log = structlog.get_logger("webhooks")


class Deliverer:
    """`begin` it, have it match and claim, and `end` it once its tasks have ended.

    `landed` is called whenever a flight is over, `recorded` with what became of it.
    """

    def __init__(
        self,
        house: DeliveryPlace,
        *,
        metrics: DeliveryMetrics,
        at_once: int,
        host_at_once: int,
        stopping: asyncio.Event,
        landed: Callable[[], None],
        recorded: Callable[[Recorded], None],
    ) -> None:
        self._house = house
        self._metrics = metrics
        self._air = Airspace(at_once=at_once, host_at_once=host_at_once)
        self._stopping = stopping
        self._landed = landed
        self._recorded = recorded
        self._gatherer = EndGatherer(
            house.store, stopping=stopping, flying_count=lambda: len(self._air), doubt=self.doubt
        )
        self._kept: dict[str, Flight] = {}
        """What this worker has got and not begun to send, by webhook, while more is matched."""
        self._strays = StrayFinder(house.store, self._held)
        self._leases = LeaseWatch()
        self.give_way = Courtesy().give_way
        self._clock_us = 0
        self.worker_id = new_id()
        self._is_in_doubt = False

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is on its way."""
        return self._air.tasks

    async def begin(self) -> None:
        """Be taken for alive, and give back what dead processes were sending."""
        store = self._house.store
        if not self._house.settings.is_postgres:
            # On SQLite one process writes, and holds the folder's lock: all others are dead.
            await store.write(declare_all_dead, INSTALLATION, None)
        await store.write(begin_worker, INSTALLATION, self.worker_id)
        await self.rescue()
        self._clock_us = store.clock()
        await self._let_go()

    async def settle(self) -> bool:
        """Whether this worker knows what it has. After a write whose outcome nobody knows it does not: something may be
        its own that it never heard of. Then it lets what is on its way arrive, and goes on as a new one."""
        if self._is_in_doubt and not self._air:
            worker_id = new_id()
            await self._house.store.write(begin_worker, INSTALLATION, worker_id)
            await self._house.store.write(declare_dead, INSTALLATION, self.worker_id)
            self.worker_id, self._is_in_doubt = worker_id, False
            await self.rescue()
        return not self._is_in_doubt

    def doubt(self) -> None:
        """A write has failed, or nobody knows."""
        self._is_in_doubt = True

    async def end(self) -> None:
        """Nothing is on its way any more."""
        await self._gatherer.settle()
        await self._house.store.write(end_worker, INSTALLATION, self.worker_id)

    async def match_all(self) -> bool:
        """Match what has happened; whether there is more."""
        store = self._house.store
        matching = Matching(self._house.media_links, self._house.tenant_keys)
        has_more = False
        behind = await store.read(_find_behind, INSTALLATION, _TENANTS_AT_ONCE)
        for tenant_id, _ in behind:
            for _ in range(_ROUNDS_OF_TENANT):
                operator = Operator(tenant_id)
                matched = await store.read(match_events, operator, matching)
                if matched is None or self._stopping.is_set():
                    break
                await self._keep(tenant_id, matched)
                if not matched.has_more:
                    break
            else:
                has_more = True
        return has_more

    async def _keep(self, tenant_id: str, matched: Matched) -> None:
        """Add what was matched to the queue, piece by piece; then send what this worker got of it."""
        flying = self._kept = {}
        try:
            for piece in pieces_of(matched, is_beside=self._house.store.writes_beside):
                keeping = Keeping(
                    piece,
                    worker_id=self.worker_id,
                    free=self._air.free - len(flying),
                    at_host=self._air.at_host(flying.values()),
                    host_limit=self._air.host_at_once,
                    put_off=self._air.put_off({each.webhook_id for each in piece.deliveries}),
                    flying={webhook_id: Load.of(flight) for webhook_id, flight in flying.items()},
                )
                kept = (await self._house.store.write(keep_matched, Operator(tenant_id), keeping)).result
                if not kept.is_kept:
                    return
                self._count(matched=len(piece.deliveries))
                for flight in kept.flights_of(piece):
                    begun = flying.setdefault(flight.webhook.webhook_id, flight)
                    if begun is not flight:
                        begun.deliveries.extend(flight.deliveries)
        except TenantClosed:  # it moves to another cell, which matches it
            return
        finally:
            self._start(tenant_id, list(flying.values()))
            self._kept = {}

    async def claim_all(self) -> bool:
        """Claim what is due, as far as there is room, and send it in tasks; whether there was anything."""
        if not self._air.free:
            return False
        due = await self._house.store.read(find_due, INSTALLATION, self._air.due_wanted())
        rooms = self._air.rooms(due)
        kept = sum(room.lanes for wanted in rooms.values() for room in wanted)
        before = len(self._air)
        for tenant_id, wanted in rooms.items():
            if self._stopping.is_set():
                break
            claim = Claim(self.worker_id, wanted)
            try:
                written = await self._house.store.write(claim_flights, Operator(tenant_id), claim)
            except TenantClosed:  # it moves to another cell; nothing was claimed
                continue
            self._start(tenant_id, written.result)
        if len(self._air) - before < kept and sum(map(len, rooms.values())) < len(due):
            self._landed()  # room that was kept for some is free for others
        return bool(rooms)

    def _start(self, tenant_id: str, flights: list[Flight]) -> None:
        for flight in flights:
            task = asyncio.create_task(Flying(self._house, self, tenant_id, flight).fly(), name="webhook flight")
            self._air.enter(task, flight)
            task.add_done_callback(self._land)

    def _land(self, task: asyncio.Task[None]) -> None:
        self._air.leave(task)
        if not self._air:
            self._count()
        self._landed()

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more is to be sent."""
        return self._stopping.is_set()

    @property
    def takes_more(self) -> bool:
        """Whether a flight may go on with what comes after it in its lane: there is room for others as well."""
        return self._air.has_much_room and not (self._stopping.is_set() or self._is_in_doubt)

    def note_progress(self, flight: Flight, tries: list[TriedDelivery]) -> None:
        """A flight has sent a part of what it holds. Called in its task."""
        task = asyncio.current_task()
        assert task is not None
        self._air.enter(task, flight)
        self._air.note(flight.webhook.webhook_id, tries)

    async def record(self, tenant_id: str, end: FlightEnd) -> Recorded | None:
        """What became of a part of a flight; None where nobody knows: its deliveries are given back when this worker
        goes on as another."""
        try:
            recorded = await self._gatherer.record(tenant_id, end)
        except Exception as error:  # noqa: BLE001 - nobody but this worker can do anything about it
            self.doubt()
            self.note_failure("recording deliveries failed", error, webhook_id=end.webhook_id)
            return None
        self._note(tenant_id, end, recorded)
        return recorded

    def _note(self, tenant_id: str, end: FlightEnd, recorded: Recorded) -> None:
        self._count(
            delivered=recorded.delivered,
            retrying=recorded.retrying,
            exhausted=recorded.exhausted,
            delays_s=[
                (each.tried_at_ms - each.delivery.happened_at_ms) / 1000
                for each in end.tries
                if is_success(each.status) and each.delivery.try_count == 0
            ],
        )
        if recorded.disabled_reason:
            log.warning(
                "webhook disabled",
                tenant_id=tenant_id,
                webhook_id=end.webhook_id,
                reason=recorded.disabled_reason,
            )
        self._recorded(recorded)

    async def keep_lease(self) -> None:
        """Be taken for alive on. Where others may have taken this worker for dead, go on as a new one."""
        store = self._house.store
        if (await store.write(keep_worker, INSTALLATION, self.worker_id)).result:
            return
        worker_id = new_id()
        await store.write(begin_worker, INSTALLATION, worker_id)
        log.warning("lease was lost; going on with a new one")
        self.worker_id = worker_id

    async def rescue(self) -> bool:
        """Let all send what dead workers were sending; whether there was anything."""
        store = self._house.store
        count = 0
        roll = await store.read(call_roll, INSTALLATION, self._leases.silent)
        self._leases.note(roll.leases)
        for left in roll.dead:
            if left.worker_id == self.worker_id:
                continue
            for tenant_id, webhook_id in left.places:
                written = await store.write(rescue_deliveries, Operator(tenant_id), (left.worker_id, webhook_id))
                count += written.result
            if not left.places:
                # Not sooner: one that is alive after all, under another clock, may have taken something meanwhile.
                await store.write(end_worker, INSTALLATION, left.worker_id)
        if count:
            log.warning("rescued deliveries of a worker that is gone", deliveries=count)
        return count > 0

    async def heed_clock(self) -> bool:
        """Where the clock was set back, let go of what that would hold up; whether there was anything."""
        now_us = self._house.store.clock()
        was_set_back, self._clock_us = now_us < self._clock_us, now_us
        return was_set_back and await self._let_go()

    async def _let_go(self) -> bool:
        store = self._house.store
        of_tenant: dict[str, list[str]] = defaultdict(list)
        for tenant_id, webhook_id in await store.read(find_held_up, INSTALLATION, None):
            of_tenant[tenant_id].append(webhook_id)
        for tenant_id, webhook_ids in of_tenant.items():
            await store.write(let_go, Operator(tenant_id), webhook_ids)
        return bool(of_tenant)

    def _held(self) -> set[str]:
        kept = {delivery.delivery_id for flight in self._kept.values() for delivery in flight.deliveries}
        return kept | self._air.delivery_ids

    async def give_back_strays(self) -> bool:
        """Let all send what this worker is said to be sending, and is not; whether there was anything."""
        worker_id, found = self.worker_id, await self._strays.find(self.worker_id)
        for strays in found:
            end = FlightEnd(worker_id, strays.webhook_id, [], strays.delivery_ids)
            await self._gatherer.record(strays.tenant_id, end)
        if found:
            count = sum(len(strays.delivery_ids) for strays in found)
            log.warning("gave back deliveries that the database has forgotten the end of", deliveries=count)
        return bool(found)

    def _count(self, **counts: Any) -> None:
        self._metrics.note_webhooks(Tally(flights=len(self._air), **counts))

    def note_failure(self, what: str, error: Exception, **where: str) -> None:
        """It is logged, and counted."""
        self._count(failures=1)
        log_failure(log, what, error, **where)


def _find_behind(tx: Transaction, _caller: Operator, limit: int) -> list[tuple[str, int]]:
    return select_behind(tx, limit=limit)
