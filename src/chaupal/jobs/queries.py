"""The statements on the queue."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, insert, select, update

from chaupal.jobs.tables import jobs
from chaupal.store.gates import is_open
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction

WAITING = "waiting"
RUNNING = "running"
FAILED = "failed"


class JobRow(NamedTuple):
    """One job as it stands in the queue."""

    tenant_id: str
    job_id: str
    kind: str
    sealed_payload: bytes
    state: str
    try_count: int
    due_at_ms: int
    expires_at_ms: int
    lease_until_ms: int | None
    last_error: str


class JobPlace(NamedTuple):
    """Where a job is found."""

    tenant_id: str
    job_id: str


_HERE = jobs.c.tenant_id == bindparam("tenant_id")
_ROW_LIMIT = bindparam("row_limit", type_=Integer())

_INSERT = statement(insert(jobs))
_SELECT_DUE = statement(
    select(jobs.c.tenant_id, jobs.c.job_id)
    .where(jobs.c.state == WAITING, jobs.c.due_at_ms <= bindparam("now_ms"), is_open(jobs.c.tenant_id))
    .order_by(jobs.c.due_at_ms)
    .limit(_ROW_LIMIT),
    across_tenants="one runner works for all tenants and learns here which of them have work",
)
_SELECT_ABANDONED = statement(
    select(jobs.c.tenant_id, jobs.c.job_id)
    .where(jobs.c.state == RUNNING, jobs.c.lease_until_ms < bindparam("now_ms"), is_open(jobs.c.tenant_id))
    .order_by(jobs.c.due_at_ms)
    .limit(_ROW_LIMIT),
    across_tenants="one runner rescues for all tenants what a process that ended has left behind",
)
_SELECT_JOBS = statement(
    select(*(jobs.c[name] for name in JobRow._fields))
    .where(_HERE, in_list(jobs.c.job_id, "job_ids"))
    .order_by(jobs.c.due_at_ms, jobs.c.job_id)
)
_REPLACE = statement(
    update(jobs)
    .where(
        _HERE,
        jobs.c.job_id == bindparam("which_id"),
        jobs.c.state == bindparam("old_state"),
        jobs.c.try_count == bindparam("old_count"),
    )
    .values(
        sealed_payload=bindparam("new_payload"),
        state=bindparam("new_state"),
        try_count=bindparam("new_count"),
        due_at_ms=bindparam("new_due_ms"),
        lease_until_ms=bindparam("new_lease_ms"),
        last_error=bindparam("new_error"),
    )
)
_DELETE = statement(delete(jobs).where(_HERE, jobs.c.job_id == bindparam("which_id")))
_DELETE_OLD_FAILED = statement(
    delete(jobs).where(
        _HERE,
        jobs.c.job_id.in_(
            select(jobs.c.job_id)
            .where(_HERE, jobs.c.state == FAILED, jobs.c.due_at_ms < bindparam("before_ms"))
            .limit(_ROW_LIMIT)
        ),
    )
)


def insert_job(tx: Transaction, job: JobRow) -> None:
    """Inside tx; written with the batch, since nobody can find the job before its commit."""
    tx.append_row(_INSERT, **job._asdict(), created_at_ms=tx.now_ms)


def select_due_places(tx: Transaction, *, limit: int) -> list[JobPlace]:
    """The jobs of all tenants that are due, those that have waited longest first."""
    return [JobPlace(*row) for row in tx.all(_SELECT_DUE, now_ms=tx.now_ms, row_limit=limit)]


def select_abandoned_places(tx: Transaction, *, limit: int) -> list[JobPlace]:
    """The running jobs of all tenants whose lease has ended."""
    return [JobPlace(*row) for row in tx.all(_SELECT_ABANDONED, now_ms=tx.now_ms, row_limit=limit)]


def select_jobs(tx: Transaction, job_ids: list[str]) -> list[JobRow]:
    """Those of the jobs that are still there."""
    return [JobRow(*row) for row in tx.all(_SELECT_JOBS, job_ids=job_ids)]


def replace_job(tx: Transaction, before: JobRow, after: JobRow) -> bool:
    """Whether the job was still as before and is now as after. Inside tx.

    Compared are its state and its number of tries, so of several that replace the same row only one succeeds.
    """
    changed = tx.run(
        _REPLACE,
        which_id=before.job_id,
        old_state=before.state,
        old_count=before.try_count,
        new_payload=after.sealed_payload,
        new_state=after.state,
        new_count=after.try_count,
        new_due_ms=after.due_at_ms,
        new_lease_ms=after.lease_until_ms,
        new_error=after.last_error,
    )
    return changed == 1


def delete_job(tx: Transaction, job_id: str) -> bool:
    """Whether it was there. Inside tx."""
    return tx.run(_DELETE, which_id=job_id) == 1


def delete_old_failed_jobs(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Inside tx; the number deleted."""
    return tx.run(_DELETE_OLD_FAILED, before_ms=before_ms, row_limit=limit)
