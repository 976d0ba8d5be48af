"""The rules of the queue: queueing in the transaction that wants the work, claiming, finishing, trying again, rescuing.

A job is claimed by one node only: the claim compares and sets the row's state and number of tries inside the tenant's
write. It is run at least once, not exactly once; see `runner`. Payloads are sealed where they hold secrets, as PINs.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SealBroken, SecretKey
from chaupal.jobs.queries import (
    FAILED,
    RUNNING,
    WAITING,
    JobPlace,
    JobRow,
    delete_job,
    delete_old_failed_jobs,
    insert_job,
    replace_job,
    select_abandoned_places,
    select_due_places,
    select_jobs,
)
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

RETRY_DELAYS_MS = (5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000)
"""How long a job waits after its 1st, 2nd, ... failed try; then the last. A PIN, living 10 minutes, gets five tries."""

_PURPOSE = "job"
_OPEN = b"open:job:"
"""Before a payload that is not sealed. A sealed one begins with 12 random bytes."""

_ERROR_MAX_CHARS = 300
_ABANDONED = "the server ended, or lost the database, while the job ran"
_EXPIRED = "expired before it could be run"


class JobRefused(Exception):
    """The work can never succeed: the job fails at once. The sentence is stored and logged: no secret in it."""


class JobFailed(Exception):
    """The work may succeed later: the job is tried again. The sentence is stored and logged: no secret in it."""


class PayloadUnreadable(JobRefused):
    """The payload was sealed with another key, or is damaged."""

    def __init__(self) -> None:
        super().__init__("its payload cannot be read with this secret key")


class NewJob(msgspec.Struct, frozen=True):
    """Work to queue. From `expires_at_ms` on it is worth nothing any more and is not begun."""

    kind: str
    payload: dict[str, str]
    expires_at_ms: int


class FoundWork(msgspec.Struct, frozen=True):
    """Jobs of all tenants that can be claimed, and those whose lease has ended."""

    due: list[JobPlace]
    abandoned: list[JobPlace]


class JobClaim(msgspec.Struct, frozen=True):
    """The wish to run some of a tenant's jobs for a while."""

    job_ids: list[str]
    lease_ms: int


class FailedTry(msgspec.Struct, frozen=True):
    """A claimed job whose try did not succeed."""

    job: JobRow
    error: str


def queue_job(tx: Transaction, job: NewJob, secret_key: SecretKey) -> str:
    """Queue the work, due at once, as part of this transaction; the job's id. Inside tx."""
    sealed = secret_key.seal(_PURPOSE, msgspec.json.encode(job.payload))
    return _insert(tx, job.kind, sealed, expires_at_ms=job.expires_at_ms)


def queue_open_job(tx: Transaction, kind: str, payload: dict[str, str], *, expires_at_ms: int) -> str:
    """Queue work whose payload is no secret, ids and times, where no secret key is at hand; the job's id. Inside tx."""
    return _insert(tx, kind, _OPEN + msgspec.json.encode(payload), expires_at_ms=expires_at_ms)


def _insert(tx: Transaction, kind: str, payload: bytes, *, expires_at_ms: int) -> str:
    job_id = new_id()
    row = JobRow(
        tenant_id=tx.tenant_id,
        job_id=job_id,
        kind=kind,
        sealed_payload=payload,
        state=WAITING,
        try_count=0,
        due_at_ms=tx.now_ms,
        expires_at_ms=expires_at_ms,
        lease_until_ms=None,
        last_error="",
    )
    insert_job(tx, row)
    return job_id


def open_payload(job: JobRow, secret_key: SecretKey) -> dict[str, str]:
    """What was queued with the job.

    Raises:
        PayloadUnreadable.
    """
    sealed = job.sealed_payload
    try:
        if sealed.startswith(_OPEN):
            return msgspec.json.decode(sealed.removeprefix(_OPEN), type=dict[str, str])
        return msgspec.json.decode(secret_key.unseal(_PURPOSE, sealed), type=dict[str, str])
    except (SealBroken, msgspec.DecodeError) as error:
        raise PayloadUnreadable from error


def find_work(tx: Transaction, _caller: Operator, limit: int) -> FoundWork:
    """What of all tenants could be claimed and has to be rescued, at most `limit` of each. Only a hint."""
    return FoundWork(
        due=select_due_places(tx, limit=limit) if limit else [],
        abandoned=select_abandoned_places(tx, limit=max(limit, 1)),
    )


def claim_jobs(tx: Transaction, _caller: Operator, claim: JobClaim) -> list[JobRow]:
    """The jobs that are now the caller's to run until their lease ends. Those that expired meanwhile fail."""
    claimed = []
    for job in select_jobs(tx, claim.job_ids):
        if job.state != WAITING or job.due_at_ms > tx.now_ms:
            continue
        if job.expires_at_ms <= tx.now_ms:
            _give_up(tx, job, job.last_error or _EXPIRED)
            continue
        running = job._replace(state=RUNNING, try_count=job.try_count + 1, lease_until_ms=tx.now_ms + claim.lease_ms)
        if replace_job(tx, job, running):
            claimed.append(running)
    return claimed


def finish_job(tx: Transaction, _caller: Operator, job: JobRow) -> bool:
    """Whether the job was still in the queue; it is done, whoever may have claimed it since."""
    return delete_job(tx, job.job_id)


def retry_job(tx: Transaction, _caller: Operator, failed: FailedTry) -> bool:
    """Whether the job will be tried again; False where it expires before, or is not the caller's any more."""
    return _try_later(tx, failed.job, failed.error)


def fail_job(tx: Transaction, _caller: Operator, failed: FailedTry) -> None:
    """The job failed for good; its payload is forgotten. No effect where it is not the caller's any more."""
    _give_up(tx, failed.job, failed.error)


def release_job(tx: Transaction, _caller: Operator, failed: FailedTry) -> None:
    """Let another node have the job at once, because this one stops."""
    released = failed.job._replace(
        state=WAITING, due_at_ms=tx.now_ms, lease_until_ms=None, last_error=_shortened(failed.error)
    )
    replace_job(tx, failed.job, released)


def rescue_jobs(tx: Transaction, _caller: Operator, job_ids: list[str]) -> int:
    """Those of the jobs whose lease has ended are tried again later, or fail; how many they were."""
    rescued = 0
    for job in select_jobs(tx, job_ids):
        if job.state == RUNNING and job.lease_until_ms is not None and job.lease_until_ms < tx.now_ms:
            _try_later(tx, job, _ABANDONED)
            rescued += 1
    return rescued


def forget_failed_jobs(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Delete jobs that failed before; the number deleted, at most `limit`. Inside tx; for the sweep."""
    return delete_old_failed_jobs(tx, before_ms=before_ms, limit=limit)


def _try_later(tx: Transaction, job: JobRow, error: str) -> bool:
    due_at_ms = tx.now_ms + RETRY_DELAYS_MS[min(job.try_count, len(RETRY_DELAYS_MS)) - 1]
    if due_at_ms >= job.expires_at_ms:
        _give_up(tx, job, error)
        return False
    waiting = job._replace(state=WAITING, due_at_ms=due_at_ms, lease_until_ms=None, last_error=_shortened(error))
    return replace_job(tx, job, waiting)


def _give_up(tx: Transaction, job: JobRow, error: str) -> None:
    failed = job._replace(
        state=FAILED, due_at_ms=tx.now_ms, lease_until_ms=None, last_error=_shortened(error), sealed_payload=b""
    )
    replace_job(tx, job, failed)


def _shortened(error: str) -> str:
    return " ".join(error.replace("\x00", "").split())[:_ERROR_MAX_CHARS]
