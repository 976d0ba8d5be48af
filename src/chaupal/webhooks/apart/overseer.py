"""Keeping the process that delivers: started with the first webhook, woken by commits, started again if it dies.

What speaks with the process is loaded with the first webhook, too: a server without any keeps to one look at an empty
table from time to time. Must not deliver anything itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Set
from typing import TYPE_CHECKING

import structlog

from chaupal.auth.caller import INSTALLATION
from chaupal.errors import Unavailable
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.webhooks.delivering.tenants import find_tenants

if TYPE_CHECKING:
    from chaupal.webhooks.apart.life import ProcessLife

_FIRST_LOOK_AFTER_S = 0.2
"""A start is not to wait for what it does not need."""

_POLL_S = 5.0
"""Other nodes make webhooks as well."""

_TOLD_APART_S = 0.02
"""So much lies between two words that something was committed, however much is."""

_RESTART_PAUSES_S = (0.5, 2.0, 10.0, 30.0)
_LONG_LIFE_S = 60.0
"""A process that has lived so long did not die of its start."""

log = structlog.get_logger("webhooks")


class DeliveryOverseer:
    """Start it, `wake` it when a webhook was made or changed, `stop` it. Used from the event loop it was started in."""

    def __init__(self, house: House, *, metrics: Metrics) -> None:
        self._house = house
        self._metrics = metrics
        self._signal = asyncio.Event()
        self._stopping = asyncio.Event()
        self._known: frozenset[str] = frozenset()
        self._committed: set[str] = set()
        self._is_telling = False
        self._life: ProcessLife | None = None
        self._task: asyncio.Task[None] | None = None
        self._event_loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to look for webhooks."""
        self._event_loop = asyncio.get_running_loop()
        self._house.store.listen(self._hear)
        self._task = asyncio.create_task(self._work(), name="webhooks")

    def wake(self) -> None:
        """Look now, and whose tenants have webhooks, too."""
        self._signal.set()
        if self._life is not None:
            self._life.tell_of_webhooks()

    async def stop(self) -> None:
        """Let what is on its way arrive, and the process end. The store must still be open. Harmless when repeated."""
        self._stopping.set()
        self._signal.set()
        if self._life is not None:
            self._life.tell_to_stop()
        task, self._task = self._task, None
        if task is not None:
            await task

    def _hear(self, tenant_ids: Set[str]) -> None:
        """After each commit, in a writer's thread."""
        met = self._known & tenant_ids
        if not met:
            return
        self._committed |= met
        if self._is_telling:
            return
        self._is_telling = True
        try:
            assert self._event_loop is not None
            self._event_loop.call_soon_threadsafe(self._tell_of_commits)
        except RuntimeError:  # the loop has ended: nobody delivers any more
            return

    def _tell_of_commits(self) -> None:
        """The first at once, what follows soon after: losing one costs the process's poll of a second."""
        committed, self._committed = self._committed, set()
        if not committed:
            self._is_telling = False
            return
        if self._life is not None:
            self._life.tell_of_commits(committed)
        assert self._event_loop is not None
        self._event_loop.call_later(_TOLD_APART_S, self._tell_of_commits)

    async def _work(self) -> None:
        await self._pause(_FIRST_LOOK_AFTER_S)
        deaths = 0
        while not self._stopping.is_set():
            if not await self._has_webhooks():
                await self._pause(_POLL_S)
                continue
            began_s = self._now_s()
            code = await self._live()
            if self._stopping.is_set():
                return
            self._metrics.failed_loops.labels("webhooks").inc()
            deaths = 0 if self._now_s() - began_s > _LONG_LIFE_S else deaths
            pause_s = _RESTART_PAUSES_S[min(deaths, len(_RESTART_PAUSES_S) - 1)]
            deaths += 1
            log.error("the process that delivers has ended", code=code, again_after_s=pause_s)
            await self._pause(pause_s, until_stop=True)

    async def _live(self) -> int | None:
        """One life of the process; its exit code, None where there was no process."""
        from chaupal.webhooks.apart.life import ProcessLife

        life = ProcessLife(self._house, metrics=self._metrics, stopping=self._stopping)
        self._life = life
        looking = asyncio.create_task(self._keep_looking(), name="tenants with webhooks")
        try:
            return await life.live()
        except Exception as error:  # noqa: BLE001 - the loop must live
            log.error("the process that delivers could not be kept", cause=type(error).__name__, text=str(error))
            return None
        finally:
            self._life = None
            looking.cancel()

    async def _keep_looking(self) -> None:
        """Keep knowing whose commits are to be told of."""
        while True:
            await self._pause(_POLL_S)
            await self._has_webhooks()

    async def _has_webhooks(self) -> bool:
        self._signal.clear()
        try:
            self._known = frozenset(await self._house.store.read(find_tenants, INSTALLATION, None))
        except Unavailable as error:
            log.warning("webhooks not looked for yet", cause=str(error))
        return bool(self._known)

    def _now_s(self) -> float:
        assert self._event_loop is not None
        return self._event_loop.time()

    async def _pause(self, pause_s: float, *, until_stop: bool = False) -> None:
        """Until somebody wakes the loop, or the time is over."""
        signal = self._stopping if until_stop else self._signal
        try:
            async with asyncio.timeout(pause_s):
                await signal.wait()
        except TimeoutError:
            return
