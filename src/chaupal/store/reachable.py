"""Two rules that change nothing and prove that the database can be read and written: what readiness means."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from chaupal.store.statements import statement
from chaupal.store.store import OfTenant
from chaupal.store.tables import tenants
from chaupal.store.transaction import Transaction

_READ_ONE = statement(select(tenants.c.tenant_id).where(tenants.c.tenant_id == bindparam("tenant_id")))
_CHANGE_NONE = statement(
    update(tenants).where(tenants.c.tenant_id == bindparam("tenant_id")).values(name=tenants.c.name)
)


def prove_reading(tx: Transaction, _caller: OfTenant, _request: None) -> None:
    """Read one row, which need not exist."""
    tx.all(_READ_ONE)


def prove_writing(tx: Transaction, _caller: OfTenant, _request: None) -> None:
    """Update no row: the writer, its lock and its commit all have to work."""
    tx.run(_CHANGE_NONE)
