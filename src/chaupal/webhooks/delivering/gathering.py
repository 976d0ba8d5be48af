"""Gathers flights that have ended, and has them recorded together: one write for many, since a write costs the calls of
users more than what is in it. Must not send anything, nor decide what becomes of a delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from chaupal.auth.caller import Operator
from chaupal.errors import Unavailable
from chaupal.store.gates import TenantHeld, TenantLeft
from chaupal.store.store import Store
from chaupal.webhooks.delivering.recording import FlightEnd, Recorded, record_flights

_TRIES_A_WRITE = 20
"""What is gathered beyond so many tries goes with the next write: half a millisecond, in which calls wait."""

_TRIES_A_WRITE_BESIDE = 50
"""Where they do not: a transaction of its own costs as much as fifty tries, and longer ones keep the database at it for
so long at a stretch that what it has to do for a call has to wait for a processor."""

_TRIES_A_WRITE_IN_BULK = 500
"""There, while much waits in lanes that are being sent, whose flights go on by what is recorded."""

_OTHERS_PAUSE_S = 0.01
"""For so long a flight that has ended waits for others that are on their way; its receiver has what it was sent. A
large one does not wait."""

_RECORD_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)

_ELSEWHERE = Recorded(0, 0, 0, "")
"""The tenant lives in another cell, which has its deliveries, and tries once more what was on its way here."""

log = structlog.get_logger("webhooks")

_Ended = tuple[FlightEnd, "asyncio.Future[Recorded]"]


class EndGatherer:
    """`record` from the tasks of flights; `settle` once they are over.

    `flying_count` says how many flights are on their way or being recorded; `doubt` is called when more may have been
    claimed than was heard of.
    """

    def __init__(
        self, store: Store, *, stopping: asyncio.Event, flying_count: Callable[[], int], doubt: Callable[[], None]
    ) -> None:
        self._store = store
        self._stopping = stopping
        self._flying_count = flying_count
        self._doubt = doubt
        self._ended: dict[str, list[_Ended]] = {}
        self._writing: dict[str, asyncio.Task[None]] = {}

    async def record(self, tenant_id: str, end: FlightEnd) -> Recorded:
        """What is now in the database. Tries again while the database is away: giving up would send again.

        Raises:
            Unavailable: it stayed away.
        """
        future: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._ended.setdefault(tenant_id, []).append((end, future))
        if tenant_id not in self._writing:
            self._writing[tenant_id] = asyncio.create_task(self._write_all(tenant_id), name="webhook record")
        return await future

    async def settle(self) -> None:
        """Whatever was to be recorded is decided."""
        if self._writing:
            await asyncio.wait(self._writing.values())

    async def _write_all(self, tenant_id: str) -> None:
        """Until nothing waits; what ends during a write goes with the next."""
        try:
            while ended := self._ended.get(tenant_id):
                if not self._is_enough(ended):
                    await asyncio.sleep(_OTHERS_PAUSE_S)
                await self._write(tenant_id, self._take(tenant_id))
        finally:
            del self._writing[tenant_id]

    def _is_enough(self, ended: list[_Ended]) -> bool:
        tries = sum(len(end.tries) for end, _ in ended)
        waiting = sum(map(len, self._ended.values()))
        return tries >= self._tries_a_write(ended) or waiting >= self._flying_count() or self._stopping.is_set()

    def _take(self, tenant_id: str) -> list[_Ended]:
        ended, tries = self._ended[tenant_id], 0
        tries_max = self._tries_a_write(ended)
        for index, (end, _) in enumerate(ended):
            if index and tries + len(end.tries) > tries_max:
                self._ended[tenant_id] = ended[index:]
                return ended[:index]
            tries += len(end.tries)
        return self._ended.pop(tenant_id)

    def _tries_a_write(self, ended: list[_Ended]) -> int:
        if not self._store.writes_beside:
            return _TRIES_A_WRITE
        return _TRIES_A_WRITE_IN_BULK if any(end.goes_on for end, _ in ended) else _TRIES_A_WRITE_BESIDE

    async def _write(self, tenant_id: str, ended: list[_Ended]) -> None:
        try:
            recorded = await self._write_patiently(tenant_id, [end for end, _ in ended])
        except Exception as error:  # noqa: BLE001 - those who wait hear of it
            for _, future in ended:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), each in zip(ended, recorded, strict=True):
            if not future.done():
                future.set_result(each)

    async def _write_patiently(self, tenant_id: str, ends: list[FlightEnd]) -> list[Recorded]:
        for pause_s in _RECORD_PAUSES_S:
            try:
                return await self._record(tenant_id, ends)
            except Unavailable as unavailable:
                log.warning("deliveries not recorded yet", cause=str(unavailable))
                if not isinstance(unavailable, TenantHeld) and any(end.wants for end in ends):
                    # It may have been recorded, and more been claimed that nobody heard of.
                    self._doubt()
                    ends = [msgspec.structs.replace(end, wants=0) for end in ends]
            if self._stopping.is_set():
                break
            await asyncio.sleep(pause_s)
        return await self._record(tenant_id, ends)

    async def _record(self, tenant_id: str, ends: list[FlightEnd]) -> list[Recorded]:
        try:
            return (await self._store.write(record_flights, Operator(tenant_id), ends)).result
        except TenantLeft:
            return [_ELSEWHERE for _ in ends]
