"""Looks for tenants that are to go to other cells, and has them brought there, one at a time."""

from __future__ import annotations

import asyncio

import structlog

from chaupal.auth.caller import INSTALLATION
from chaupal.errors import Unavailable
from chaupal.moving.moves import Move, MoveOvertaken, list_running
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics

_POLL_S = 5.0

log = structlog.get_logger("moves")


class MoveRunner:
    """`start` it in the event loop it lives in, `stop` it there."""

    def __init__(self, house: House, metrics: Metrics) -> None:
        self._house = house
        self._failures = metrics.failed_loops.labels("moves")
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look for moves at once."""
        self._task = asyncio.create_task(self._loop(), name="moves")

    def wake(self) -> None:
        """Look now instead of at the next poll."""
        self._woken.set()

    async def stop(self) -> None:
        """Leave what is under way; it goes on elsewhere or later."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _loop(self) -> None:
        while True:
            self._woken.clear()
            try:
                moves = await self._house.store.read(list_running, INSTALLATION, None)
                if self._house.roster.taken_out_by:
                    moves = []  # no other cell hears this one
            except Unavailable as error:
                log.warning("moves wait", cause=str(error))
                moves = []
            for move in moves:
                await self._try(move)
            try:
                async with asyncio.timeout(_POLL_S):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _try(self, move: Move) -> None:
        """One that cannot go on now keeps no other waiting."""
        try:
            await self._run_alone(move)
        except Unavailable as error:
            log.warning("a move waits", tenant_id=move.tenant_id, to_cell=move.to_cell, cause=str(error))
        except Exception:  # the loop must live: what is under way would stand still
            self._failures.inc()
            log.exception("moving failed", tenant_id=move.tenant_id, to_cell=move.to_cell)

    async def _run_alone(self, move: Move) -> None:
        turn = self._house.store.turn("moves")
        if turn is not None and not await asyncio.to_thread(turn.take):
            return
        try:
            from chaupal.moving.driving import run_move  # nearly no server ever does

            await run_move(self._house, move)
        except MoveOvertaken:
            return
        finally:
            if turn is not None:
                await asyncio.to_thread(turn.end)
