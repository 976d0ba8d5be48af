"""The loops that deliver: when to look, who is told to stop, and that this process is alive. Drawn in docs/webhooks.md.

Woken by the commits of its own process; looks every second besides, so that losing a wake-up costs a second, never an
event. Whatever the work itself needs is loaded when there is the first webhook: a server without any keeps to one look
at an empty table from time to time.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Set
from typing import TYPE_CHECKING

import msgspec
import structlog

from chaupal.auth.caller import INSTALLATION
from chaupal.errors import Unavailable
from chaupal.jobs.runner import end_tasks
from chaupal.logs import log_failure
from chaupal.webhooks.delivering.place import DeliveryMetrics, DeliveryPlace, Tally
from chaupal.webhooks.delivering.tenants import find_tenants

if TYPE_CHECKING:
    from chaupal.webhooks.delivering.deliverer import Deliverer
    from chaupal.webhooks.delivering.recording import Recorded

_FIRST_LOOK_AFTER_S = 0.2
"""A start is not to wait for what it does not need."""

_IDLE_POLL_S = 5.0
_BEAT_S = 5.0
"""A third of the lease."""

_VAIN_LOOKS_MAX = 50
"""So many looks in a row that claim nothing set aside what waits of disabled webhooks; then something else is wrong."""

log = structlog.get_logger("webhooks")


class EngineLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is done at once, and how often it is looked. `at_once` and `host_at_once` are flights, in all and to one
    host."""

    at_once: int = 100
    host_at_once: int = 16
    poll_s: float = 1.0
    pace_s: float = 0.05
    """Looks begin no sooner after one another: where events come in numbers, each look takes many, so that what is
    noted of them does not make the calls of users wait for the disk. An event that comes alone, and whoever wakes the
    engine, does not wait for this."""
    apart_s: float = 0.03
    """An event comes alone so long after the one before. Longer than those who tell of commits wait between two words,
    or all would come alone."""


_USUAL = EngineLimits()


class WebhookEngine:
    """Start it, `wake` it when a webhook was made or changed, `stop` it. Used from the event loop it was started in.

    `rested` is called whenever there is nothing to do, and nothing on its way.
    """

    def __init__(
        self,
        house: DeliveryPlace,
        *,
        metrics: DeliveryMetrics,
        limits: EngineLimits = _USUAL,
        rested: Callable[[], None] = lambda: None,
        recorded: Callable[[Recorded], None] = lambda _: None,
    ) -> None:
        self._house = house
        self._metrics = metrics
        self._limits = limits
        self._rested = rested
        self._recorded = recorded
        self._known: frozenset[str] | None = None
        self._known_at_s = 0.0
        self._vain_looks = 0
        self._is_waking = False
        self._heard_at_s = -math.inf
        self._signal = asyncio.Event()
        self._call = asyncio.Event()
        self._stopping = asyncio.Event()
        self._loop_tasks: list[asyncio.Task[None]] = []
        self._deliverer: Deliverer | None = None
        self._event_loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start the loops, which look for work at once."""
        self._event_loop = asyncio.get_running_loop()
        self._house.store.listen(self._hear)
        self._loop_tasks = [
            asyncio.create_task(self._work(), name="webhooks"),
            asyncio.create_task(self._beat(), name="webhook lease"),
        ]

    def wake(self) -> None:
        """Look now, and whose tenants have webhooks, too."""
        self._known = None
        self._look_now()

    async def stop(self, *, grace_s: float = 5.0) -> None:
        """Claim nothing more, let what is on its way arrive, give back the rest. The store must still be open.

        Harmless when repeated.
        """
        self._stopping.set()
        self._look_now()
        tasks, self._loop_tasks = self._loop_tasks, []
        await end_tasks(tasks, grace_s)
        deliverer, self._deliverer = self._deliverer, None
        if deliverer is not None:
            await end_tasks(deliverer.tasks, grace_s)
            try:
                await deliverer.end()
            except Unavailable as error:
                log.warning("lease not ended; it ends by itself", cause=str(error))

    def _hear(self, tenant_ids: Set[str]) -> None:
        """After each commit, in a writer's thread."""
        known = self._known
        if known is not None and known.isdisjoint(tenant_ids):
            return
        before_s, self._heard_at_s = self._heard_at_s, time.monotonic()
        comes_alone = self._heard_at_s - before_s > self._limits.apart_s
        if self._is_waking and not comes_alone:
            return
        self._is_waking = True
        try:
            assert self._event_loop is not None
            self._event_loop.call_soon_threadsafe(self._look_now if comes_alone else self._signal.set)
        except RuntimeError:  # the loop has ended: nobody delivers any more
            return

    def _look_now(self) -> None:
        """As soon as the look that is under way is over."""
        self._signal.set()
        self._call.set()

    async def _work(self) -> None:
        await _wait(self._signal, _FIRST_LOOK_AFTER_S)
        while not self._stopping.is_set():
            began_s = time.monotonic()
            self._signal.clear()
            self._call.clear()
            self._is_waking = False
            has_worked = has_failed = False
            try:
                has_worked = await self._look()
            except Exception as error:  # noqa: BLE001 - the loop must live
                has_failed = True
                self._note_failure("looking for work failed", error)
            is_flying = self._deliverer is not None and bool(self._deliverer.tasks)
            if not (has_worked or has_failed or is_flying or self._signal.is_set()):
                self._rested()
            self._vain_looks = self._vain_looks + 1 if has_worked and not is_flying else 0
            if not 0 < self._vain_looks < _VAIN_LOOKS_MAX:
                await _wait(self._signal, self._limits.poll_s if self._known else _IDLE_POLL_S)
            early_s = began_s + self._limits.pace_s - time.monotonic()
            if early_s > 0 and not self._stopping.is_set():
                await _wait(self._call, early_s)

    async def _look(self) -> bool:
        """Whether there was anything to do."""
        if self._known is None or time.monotonic() - self._known_at_s > self._limits.poll_s:
            # Other nodes make webhooks as well.
            self._known_at_s = time.monotonic()
            self._known = frozenset(await self._house.store.read(find_tenants, INSTALLATION, None))
        if not self._known:
            return False
        deliverer = self._deliverer
        if deliverer is None:
            deliverer = await self._begin()
        if not await deliverer.settle():
            return True
        try:
            has_more = await deliverer.match_all()
            has_claimed = await deliverer.claim_all()
        except BaseException:
            deliverer.doubt()
            raise
        if has_more:
            self._signal.set()
        return has_claimed or has_more

    async def _begin(self) -> Deliverer:
        from chaupal.webhooks.delivering.deliverer import Deliverer

        deliverer = Deliverer(
            self._house,
            metrics=self._metrics,
            at_once=self._limits.at_once,
            host_at_once=self._limits.host_at_once,
            stopping=self._stopping,
            landed=self._signal.set,
            recorded=self._recorded,
        )
        await deliverer.begin()
        self._deliverer = deliverer
        return deliverer

    async def _beat(self) -> None:
        """Say that this worker is alive, and look for those that are not."""
        while not self._stopping.is_set():
            await _wait(self._stopping, _BEAT_S)
            if self._deliverer is None or self._stopping.is_set():
                continue
            try:
                await self._deliverer.keep_lease()
                await self._put_right(self._deliverer)
            except Exception as error:  # noqa: BLE001 - the loop must live
                self._note_failure("keeping the lease failed", error)

    async def _put_right(self, deliverer: Deliverer) -> None:
        has_rescued = await deliverer.rescue()
        has_let_go = await deliverer.heed_clock()
        if await deliverer.give_back_strays() or has_let_go or has_rescued:
            self._signal.set()

    def _note_failure(self, what: str, error: Exception) -> None:
        self._metrics.note_webhooks(Tally(failures=1))
        log_failure(log, what, error)


async def _wait(signal: asyncio.Event, at_most_s: float) -> None:
    """Until it is given, or the time is over."""
    try:
        async with asyncio.timeout(at_most_s):
            await signal.wait()
    except TimeoutError:
        return
