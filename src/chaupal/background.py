"""The work that a server does beside answering calls: jobs, deliveries to webhooks, sweeps, and what a cell
tells the root."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from contextlib import suppress
from typing import TYPE_CHECKING

from chaupal.cells.beating import CellBeat
from chaupal.jobs.runner import JobRunner
from chaupal.jobs.sweeps import Sweeper
from chaupal.moving.runner import MoveRunner
from chaupal.outbound.client import OutboundClient
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.sms.choosing import make_sender
from chaupal.sms.sending import build_sms_handler
from chaupal.store.store import WORK_WAITS
from chaupal.tokens.pins import SMS_JOB
from chaupal.webhooks.alerts import ALERT_JOB, build_alert_handler
from chaupal.webhooks.apart.overseer import DeliveryOverseer

if TYPE_CHECKING:
    from chaupal.webhooks.delivering.engine import WebhookEngine


class BackgroundWork:
    """Start it in the event loop it lives in, `stop` it there. Several processes on one database may each have it."""

    def __init__(self, house: House, outbound: OutboundClient, metrics: Metrics) -> None:
        self._house = house
        self._runner = JobRunner(
            house,
            {
                SMS_JOB: build_sms_handler(make_sender(house.settings, outbound)),
                ALERT_JOB: build_alert_handler(house),
            },
            metrics=metrics,
        )
        self._sweeper = Sweeper(house, metrics=metrics)
        self._webhooks = _deliveries(house, metrics)
        self._cells = CellBeat(house, metrics)
        self._moves = MoveRunner(house, metrics)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start all of it; from now on the house wakes it."""
        self._loop = asyncio.get_running_loop()
        self._runner.start()
        self._sweeper.start()
        self._webhooks.start()
        self._cells.start()
        self._moves.start()
        self._house.wake_moves = self._moves.wake
        self._house.wake_jobs = self._runner.wake
        self._house.wake_webhooks = self._webhooks.wake
        self._house.store.listen(self._hear)

    async def stop(self) -> None:
        """End all of it; what is not finished is taken up again later, here or elsewhere."""
        self._loop = None
        await self._moves.stop()
        await self._cells.stop()
        await self._webhooks.stop()
        await self._sweeper.stop()
        await self._runner.stop()

    def _hear(self, ids: Set[str]) -> None:
        """In a thread of the store's."""
        loop = self._loop
        if loop is not None and WORK_WAITS in ids:
            with suppress(RuntimeError):  # the loop has ended since
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._runner.wake()
        self._webhooks.wake()
        self._moves.wake()


def _deliveries(house: House, metrics: Metrics) -> DeliveryOverseer | WebhookEngine:
    """Where calls are answered, they are not to wait for deliveries: these have a process of their own."""
    if house.settings.serves_calls:
        return DeliveryOverseer(house, metrics=metrics)
    from chaupal.webhooks.delivering.engine import WebhookEngine

    return WebhookEngine(house, metrics=metrics)
