"""The loop in which a cell tells the root that it lives, every ten seconds, one process of it at a time.

What is said is in `root_link`, which an installation that is alone never loads.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from chaupal.serving.metrics import Metrics

if TYPE_CHECKING:
    from chaupal.cells.root_link import RootLink
    from chaupal.serving.house import House

BEAT_EVERY_S = 10.0

log = structlog.get_logger("cells")


class CellBeat:
    """Start it in the event loop it lives in, `stop` it there."""

    def __init__(self, house: House, metrics: Metrics, *, every_s: float = BEAT_EVERY_S) -> None:
        self._house = house
        self._link: RootLink | None = None
        self._metrics = metrics
        self._every_s = every_s
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the loop."""
        self._task = asyncio.create_task(self._loop(), name="cell beat")

    async def stop(self) -> None:
        """End the loop; a call that is on its way is broken off. Harmless when repeated."""
        self._stopping.set()
        task, self._task = self._task, None
        if task is not None:
            _, late = await asyncio.wait([task], timeout=1.0)
            for each in late:
                each.cancel()
            if late:
                await asyncio.wait(late)

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            if self._house.roster.own_name:
                try:
                    await self._beat_in_turn()
                except Exception as error:  # noqa: BLE001 - the loop must live
                    self._metrics.failed_loops.labels("cells").inc()
                    log.error("cell beat failed", cause=str(error) or type(error).__name__)
            try:
                async with asyncio.timeout(self._every_s):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _beat_in_turn(self) -> None:
        turn = self._house.store.turn("cell beat")
        if turn is None:
            await self._beat()
            return
        if not await asyncio.to_thread(turn.take):
            return
        try:
            await self._beat()
        finally:
            await asyncio.to_thread(turn.end)

    async def _beat(self) -> None:
        from chaupal.cells.root_link import RootLink

        if self._link is None:
            self._link = RootLink(self._house)
        await self._link.beat()
