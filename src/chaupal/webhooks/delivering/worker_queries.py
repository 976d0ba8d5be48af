"""The statements on the workers: who delivers, and until when each is taken for alive."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select, update

from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction
from chaupal.webhooks.tables import webhook_workers

_WORKERS = "workers belong to the installation, not to a tenant"
_WORKER_HERE = webhook_workers.c.tenant_id == bindparam("tenant_id")
_THIS_WORKER = (_WORKER_HERE, webhook_workers.c.worker_id == bindparam("which_worker"))
_INSERT_WORKER = statement(insert(webhook_workers), is_aside=True)
_BEAT = statement(
    update(webhook_workers)
    .where(*_THIS_WORKER, webhook_workers.c.lease_until_ms > bindparam("now_ms"))
    .values(lease_until_ms=bindparam("new_lease_ms")),
    is_aside=True,
)
_END_LEASES = statement(update(webhook_workers).where(_WORKER_HERE).values(lease_until_ms=0), is_aside=True)
_DELETE_WORKER = statement(delete(webhook_workers).where(*_THIS_WORKER), is_aside=True)
_SELECT_LEASES = statement(select(webhook_workers.c.worker_id, webhook_workers.c.lease_until_ms).where(_WORKER_HERE))
_SELECT_LEASE = statement(
    select(webhook_workers.c.lease_until_ms).where(
        webhook_workers.c.tenant_id == "", webhook_workers.c.worker_id == bindparam("which_worker")
    ),
    across_tenants=_WORKERS,
)


def insert_worker(tx: Transaction, worker_id: str, lease_until_ms: int) -> None:
    """Inside tx of the installation."""
    tx.run(_INSERT_WORKER, worker_id=worker_id, lease_until_ms=lease_until_ms)


def renew_lease(tx: Transaction, worker_id: str, lease_until_ms: int) -> bool:
    """Whether the worker was still taken for alive, and is until then. Inside tx of the installation."""
    return tx.run(_BEAT, which_worker=worker_id, now_ms=tx.now_ms, new_lease_ms=lease_until_ms) == 1


def end_leases(tx: Transaction) -> None:
    """Of all workers. Inside tx of the installation."""
    tx.run(_END_LEASES)


def delete_worker(tx: Transaction, worker_id: str) -> None:
    """Inside tx of the installation."""
    tx.run(_DELETE_WORKER, which_worker=worker_id)


def select_leases(tx: Transaction) -> dict[str, int]:
    """Until when each worker is taken for alive. In the installation."""
    return {row[0]: row[1] for row in tx.all(_SELECT_LEASES)}


def has_lease(tx: Transaction, worker_id: str) -> bool:
    """Whether the worker is taken for alive."""
    row = tx.one_or_none(_SELECT_LEASE, which_worker=worker_id)
    return row is not None and row[0] > tx.now_ms
