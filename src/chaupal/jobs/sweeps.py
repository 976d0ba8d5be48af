"""The hourly sweep: forgets what has outlived its use, tenant by tenant, in transactions so small that nobody waits.

Forgotten are answers to idempotency keys, PINs and the tries that limit them, sign-ins by OAuth, jobs that failed,
media that were never used, the bytes of files that nobody refers to, temporary files, the keys of anonymous actions
that are over, the answers to actions that were retracted, what was delivered to webhooks, and the oldest part of the
event log, as far as every webhook has heard of it. And it tells of the
anonymous answers of the hours that are over. Several nodes may sweep; what one has deleted the other does not find.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import msgspec
import structlog

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.directory.rules import list_tenants
from chaupal.events.log import trim_events
from chaupal.idempotency.rules import forget_old_answers
from chaupal.jobs.rules import forget_failed_jobs
from chaupal.logs import log_failure
from chaupal.media.rules import forget_orphans
from chaupal.media.sweeping import remove_stale_files, remove_unused_objects
from chaupal.oauth.rules import forget_old_authorizations
from chaupal.responses.anonymity import forget_answer_keys, tell_answers
from chaupal.responses.endings import erase_more_answers
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.settings import Settings
from chaupal.store.gates import TenantHeld, TenantLeft
from chaupal.store.transaction import Transaction
from chaupal.tokens.pins import forget_old_pins

SWEEP_ROWS = 1_000
"""At most so many rows are deleted in one transaction, some 10 ms of work: other writers wait for it."""

FAILED_JOBS_KEEP_DAYS = 7
"""Long enough for the operator to see after a holiday why no PIN came."""

_DAY_MS = 86_400_000

log = structlog.get_logger("sweeps")


class SweepLimits(msgspec.Struct, frozen=True):
    """How long things are kept."""

    answers_days: int
    events_days: int
    orphans_days: int
    deliveries_days: int

    @classmethod
    def of(cls, settings: Settings) -> SweepLimits:
        """As the settings say."""
        return cls(
            answers_days=settings.idempotency_keep_days,
            events_days=settings.event_log_keep_days,
            orphans_days=settings.media_orphan_keep_days,
            deliveries_days=settings.webhook_keep_days,
        )


def sweep_once(tx: Transaction, _caller: Operator, limits: SweepLimits) -> int:
    """Delete at most 1,000 rows of the tenant that have outlived their use, or tell of as many anonymous answers; how
    many. Repeat while it answers 1,000."""
    from chaupal.webhooks.delivering.forgetting import forget_deliveries
    from chaupal.webhooks.rules import find_log_needed

    steps: tuple[Callable[[int], int], ...] = (
        lambda limit: forget_old_answers(tx, before_ms=tx.now_ms - limits.answers_days * _DAY_MS, limit=limit),
        lambda limit: forget_old_pins(tx, limit=limit),
        lambda limit: forget_old_authorizations(tx, limit=limit),
        lambda limit: forget_failed_jobs(tx, before_ms=tx.now_ms - FAILED_JOBS_KEEP_DAYS * _DAY_MS, limit=limit),
        lambda limit: forget_orphans(tx, before_ms=tx.now_ms - limits.orphans_days * _DAY_MS, limit=limit),
        lambda limit: forget_answer_keys(tx, limit=limit),
        lambda limit: erase_more_answers(tx, limit=limit),
        lambda limit: tell_answers(tx, limit=limit),
        lambda limit: forget_deliveries(tx, keep_days=limits.deliveries_days, limit=limit),
        lambda limit: trim_events(
            tx,
            before_us=(tx.now_ms - limits.events_days * _DAY_MS) * 1000,
            limit=limit,
            needed_from=find_log_needed(tx),
        ),
    )
    deleted = 0
    for step in steps:
        if deleted < SWEEP_ROWS:
            deleted += step(SWEEP_ROWS - deleted)
    return deleted


class Sweeper:
    """Start it, `stop` it. Used from the event loop it was started in. `swept` hears of each round's deleted rows."""

    def __init__(
        self,
        house: House,
        *,
        metrics: Metrics,
        first_after_s: float = 60.0,
        every_s: float = 3_600.0,
        swept: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._house = house
        self._failures = metrics.failed_loops.labels("sweeps")
        self._first_after_s = first_after_s
        self._every_s = every_s
        self._swept = swept
        self._stopping = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the loop. The first sweep comes soon, so that a server that is restarted often sweeps as well."""
        self._loop_task = asyncio.create_task(self._loop(), name="sweeps")

    async def stop(self, *, grace_s: float = 5.0) -> None:
        """End the loop after the transaction it is in. Harmless when repeated."""
        self._stopping.set()
        if self._loop_task is not None:
            _, late = await asyncio.wait([self._loop_task], timeout=grace_s)
            for task in late:
                task.cancel()
            self._loop_task = None

    async def _loop(self) -> None:
        wait_s = self._first_after_s
        while not await self._is_stopped_within(wait_s):
            wait_s = self._every_s
            try:
                self._swept(await self._sweep_in_turn())
            except Exception as error:  # noqa: BLE001 - the loop must live
                self._failures.inc()
                log_failure(log, "sweep failed", error)

    async def _sweep_in_turn(self) -> int:
        """Sweep, unless another server on the database is at it."""
        turn = self._house.store.turn("sweeps")
        if turn is None:
            return await self._sweep_all()
        if not await asyncio.to_thread(turn.take):
            return 0
        try:
            return await self._sweep_all()
        finally:
            await asyncio.to_thread(turn.end)

    async def _sweep_all(self) -> int:
        limits = SweepLimits.of(self._house.settings)
        deleted_count = 0
        for tenant_id, _name in await self._house.store.read(list_tenants, INSTALLATION, None):
            with suppress(TenantHeld, TenantLeft):  # it is on its way to another cell
                deleted_count += await self._sweep_tenant(tenant_id, limits)
        deleted_count += await remove_stale_files(self._house)
        if deleted_count:
            log.info("swept", rows=deleted_count)
        return deleted_count

    async def _sweep_tenant(self, tenant_id: str, limits: SweepLimits) -> int:
        deleted, deleted_count = SWEEP_ROWS, 0
        while deleted >= SWEEP_ROWS and not self._stopping.is_set():
            deleted = (await self._house.store.write(sweep_once, Operator(tenant_id), limits)).result
            deleted_count += deleted
        return deleted_count + await remove_unused_objects(self._house, tenant_id)

    async def _is_stopped_within(self, wait_s: float) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True
