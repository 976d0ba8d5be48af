"""Lets the servers on one database count against the limits together.

Each counts by itself, and twice a second tells the others and hears of them. So together they may let through more than
a limit says by what comes within half a second; nothing is asked of the database while a call waits.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from chaupal.auth.limiter import Limiter
from chaupal.errors import Unavailable
from chaupal.store.shared_counts import SharedCounts
from chaupal.store.store import Store

EVERY_S = 0.5

log = structlog.get_logger("limits")


class Clocked(Protocol):
    """Whoever knows the time that limits go by."""

    limiter: Limiter
    store: Store

    @property
    def now_s(self) -> int:
        """Seconds since 1970 UTC."""


class LimitSharing:
    """Start it in the event loop it lives in, `stop` it there."""

    def __init__(self, house: Clocked, counts: SharedCounts) -> None:
        self._house = house
        self._counts = counts
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_failing = False

    def start(self) -> None:
        """Start the loop."""
        self._task = asyncio.create_task(self._loop(), name="limits")

    async def stop(self) -> None:
        """End the loop. Harmless when repeated."""
        self._stopping.set()
        task, self._task = self._task, None
        if task is not None:
            await task
        await asyncio.to_thread(self._counts.close)

    async def exchange(self) -> None:
        """Tell and hear once; nothing is done where nothing was counted in this minute."""
        minute, counted = self._house.limiter.counted(now_s=self._house.now_s)
        if not counted:
            return
        try:
            heard = await asyncio.to_thread(self._counts.exchange, minute, counted)
        except Unavailable as error:
            if not self._is_failing:
                log.warning("limits are not shared; each server counts its own", cause=str(error))
            self._is_failing = True
            return
        self._is_failing = False
        self._house.limiter.hear(minute, heard)

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            if self._house.store.has_neighbours:
                await self.exchange()
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._stopping.wait()
            except TimeoutError:
                continue
