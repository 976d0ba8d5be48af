"""The loop that runs queued jobs: finds what is due, claims it, runs its handler, records what became of it.

At least once: the handler runs outside any transaction, so a process that dies between doing the work and recording it
leaves a job that is run again after its lease has ended. A handler must bear being repeated. Several nodes may run this
loop on one database; a job is run by one of them at a time. Neither payloads nor what a handler raised is logged: they
may hold PINs. The one exception text that is stored is that of `JobFailed` and `JobRefused`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

import msgspec
import structlog

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.errors import Unavailable
from chaupal.jobs.queries import JobPlace, JobRow
from chaupal.jobs.rules import (
    FailedTry,
    JobClaim,
    JobFailed,
    JobRefused,
    claim_jobs,
    fail_job,
    find_work,
    finish_job,
    open_payload,
    release_job,
    rescue_jobs,
    retry_job,
)
from chaupal.logs import log_failure
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics

Handler = Callable[[dict[str, str]], Awaitable[None]]
"""Does the work of one kind of job. Raises JobRefused where that can never succeed; anything else raised is retried."""

_LEASE_MARGIN_MS = 120_000
"""A lease outlives the handler's time by this, for recording the outcome and for nodes whose clocks differ a little."""

_RECORD_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Pauses between tries to record an outcome while the database is away. Giving up early would repeat finished work."""

log = structlog.get_logger("jobs")


class Outcome(StrEnum):
    """What became of one try of a job."""

    FINISHED = "finished"
    RETRIED = "retried"
    FAILED = "failed"
    RELEASED = "released"


class Recorded(msgspec.Struct, frozen=True):
    """One try whose outcome is in the database."""

    job_id: str
    kind: str
    outcome: Outcome
    error: str = ""


class JobRunner:
    """Start it, `wake` it when work was queued, `stop` it. Used from the event loop it was started in.

    `recorded` hears of every try whose outcome is committed.
    """

    def __init__(
        self,
        house: House,
        handlers: Mapping[str, Handler],
        *,
        metrics: Metrics,
        at_once: int = 8,
        timeout_s: float = 60.0,
        poll_s: float = 2.0,
        recorded: Callable[[Recorded], None] = lambda _: None,
    ) -> None:
        self._house = house
        self._handlers = handlers
        self._failures = metrics.failed_loops.labels("jobs")
        self._at_once = at_once
        self._timeout_s = timeout_s
        self._poll_s = poll_s
        self._recorded = recorded
        self._signal = asyncio.Event()
        self._stopping = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._tries: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Start the loop, which looks for work at once."""
        self._loop_task = asyncio.create_task(self._loop(), name="jobs")

    def wake(self) -> None:
        """Look for work now instead of at the next poll. Losing this costs the poll's interval, never a job."""
        self._signal.set()

    async def stop(self, *, grace_s: float = 10.0) -> None:
        """Claim nothing more, let running handlers end, cut off those that take longer and give their jobs back.

        The store must still be open. Harmless when repeated.
        """
        self._stopping.set()
        self._signal.set()
        if self._loop_task is not None:
            await end_tasks([self._loop_task], grace_s)
            self._loop_task = None
        await end_tasks(list(self._tries.values()), grace_s)

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            self._signal.clear()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - the loop must live
                self._note_failure("looking for work failed", error)
            try:
                async with asyncio.timeout(self._poll_s):
                    await self._signal.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        if self._house.roster.taken_out_by:
            return  # whom the jobs are for may live in another cell
        free = self._at_once - len(self._tries)
        work = await self._house.store.read(find_work, INSTALLATION, free)
        for tenant_id, job_ids in _by_tenant(work.abandoned).items():
            left_behind = [job_id for job_id in job_ids if job_id not in self._tries]
            if left_behind:
                await self._house.store.write(rescue_jobs, Operator(tenant_id), left_behind)
                log.warning("rescued jobs", tenant_id=tenant_id, job_ids=left_behind)
        lease_ms = int(self._timeout_s * 1000) + _LEASE_MARGIN_MS
        for tenant_id, job_ids in _by_tenant(work.due).items():
            claim = JobClaim(job_ids, lease_ms)
            written = await self._house.store.write(claim_jobs, Operator(tenant_id), claim)
            for job in written.result:
                self._tries[job.job_id] = asyncio.create_task(self._try(job), name=f"job {job.job_id}")

    async def _try(self, job: JobRow) -> None:
        began_s = time.monotonic()
        try:
            outcome, error = await self._run(job)
            outcome = await self._record(job, outcome, error)
        except Exception as failure:  # noqa: BLE001 - nobody awaits this task; the job is rescued when its lease ends
            self._note_failure("recording a job failed", failure, job_id=job.job_id)
            return
        finally:
            del self._tries[job.job_id]
            self._signal.set()  # a place is free
        write_line = log.info if outcome is Outcome.FINISHED else log.warning
        write_line(
            "job " + outcome.value,
            job_id=job.job_id,
            kind=job.kind,
            tenant_id=job.tenant_id,
            try_count=job.try_count,
            duration_ms=round((time.monotonic() - began_s) * 1000),
            error=error or None,
        )
        self._recorded(Recorded(job.job_id, job.kind, outcome, error))

    async def _run(self, job: JobRow) -> tuple[Outcome, str]:
        """(what shall become of the job, the error that is stored with it). Outside any transaction."""
        handler = self._handlers.get(job.kind)
        if handler is None:
            return Outcome.FAILED, f"this server knows no jobs of the kind {job.kind!r}"
        limit = asyncio.timeout(self._timeout_s)
        try:
            payload = open_payload(job, await self._house.key_of(job.tenant_id))
            async with limit:
                await handler(payload)
        except JobRefused as error:
            return Outcome.FAILED, str(error)
        except JobFailed as error:
            return Outcome.RETRIED, str(error)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                raise
            return Outcome.RELEASED, "the server stopped while the job ran"
        except Exception as error:  # noqa: BLE001 - a handler's defect must not end the work of the others
            if limit.expired():
                return Outcome.RETRIED, f"took longer than {self._timeout_s:g} s"
            self._note_failure("job raised", error, job_id=job.job_id, kind=job.kind)
            return Outcome.RETRIED, f"an unexpected {type(error).__name__}"
        return Outcome.FINISHED, ""

    async def _record(self, job: JobRow, outcome: Outcome, error: str) -> Outcome:
        """What is now in the database. Tries again while the database is away: each of these writes may be repeated."""
        for pause_s in _RECORD_PAUSES_S:
            try:
                return await self._write_outcome(job, outcome, error)
            except Unavailable as unavailable:
                log.warning("outcome of a job not recorded yet", job_id=job.job_id, cause=str(unavailable))
            if self._stopping.is_set():
                break
            await self._pause(pause_s)
        return await self._write_outcome(job, outcome, error)

    async def _write_outcome(self, job: JobRow, outcome: Outcome, error: str) -> Outcome:
        store = self._house.store
        operator = Operator(job.tenant_id)
        if outcome is Outcome.FINISHED:
            await store.write(finish_job, operator, job)
        elif outcome is Outcome.FAILED:
            await store.write(fail_job, operator, FailedTry(job, error))
        elif outcome is Outcome.RELEASED:
            await store.write(release_job, operator, FailedTry(job, error))
        else:
            written = await store.write(retry_job, operator, FailedTry(job, error))
            return Outcome.RETRIED if written.result else Outcome.FAILED
        return outcome

    async def _pause(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _note_failure(self, what: str, error: Exception, **where: str) -> None:
        self._failures.inc()
        log_failure(log, what, error, **where)


def _by_tenant(places: list[JobPlace]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place in places:
        found.setdefault(place.tenant_id, []).append(place.job_id)
    return found


async def end_tasks(tasks: list[asyncio.Task[None]], grace_s: float) -> None:
    """Let the tasks end, cancel those that have not in time, and wait for these."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace_s)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=grace_s)
