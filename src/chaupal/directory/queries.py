"""The statements on tenants."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select

from chaupal.store.statements import statement
from chaupal.store.tables import tenants
from chaupal.store.transaction import Transaction

_INSERT = statement(insert(tenants))
_SELECT_ALL = statement(
    select(tenants.c.tenant_id, tenants.c.name)
    .where(tenants.c.tenant_id != "")
    .order_by(tenants.c.created_at_ms, tenants.c.tenant_id),
    across_tenants="the operator's list of all tenants of the installation",
)

_SELECT_NAME = statement(select(tenants.c.name).where(tenants.c.tenant_id == bindparam("tenant_id")))


def insert_tenant(tx: Transaction, *, name: str) -> None:
    """Insert the row of the transaction's own tenant."""
    place = {"last_position": 0, "last_at_us": 0, "last_batch_id": None, "rows_version": 0}
    tx.run(_INSERT, name=name, created_at_ms=tx.now_ms, **place)


def select_tenant_name(tx: Transaction) -> str | None:
    """The name of the transaction's own tenant."""
    row = tx.one_or_none(_SELECT_NAME)
    return row[0] if row else None


def select_tenants(tx: Transaction) -> list[tuple[str, str]]:
    """(tenant id, name), oldest first."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_ALL)]
