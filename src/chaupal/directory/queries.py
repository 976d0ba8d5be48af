"""The statements on tenants."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, insert, select, update

from chaupal.directory.tables import tenant_places, untold_tenants
from chaupal.store.gates import LEFT
from chaupal.store.statements import statement
from chaupal.store.tables import tenants
from chaupal.store.transaction import Transaction

_INSERT = statement(insert(tenants))
_SELECT_ALL = statement(
    select(tenants.c.tenant_id, tenants.c.name)
    .where(tenants.c.tenant_id != "", tenants.c.gate != LEFT)
    .order_by(tenants.c.created_at_ms, tenants.c.tenant_id),
    across_tenants="the operator's list of all tenants of the installation",
)

_SELECT_NAME = statement(select(tenants.c.name).where(tenants.c.tenant_id == bindparam("tenant_id")))
_TENANT_HERE = tenants.c.tenant_id == bindparam("tenant_id")
_SELECT_STATE = statement(select(tenants.c.gate, tenants.c.move_count).where(_TENANT_HERE))
_SET_STATE = statement(
    update(tenants).where(_TENANT_HERE).values(gate=bindparam("new_gate"), move_count=bindparam("new_count"))
)
_SELECT_UNTOLD = statement(
    select(untold_tenants.c.tenant_id, untold_tenants.c.change_id, tenants.c.gate, tenants.c.move_count)
    .join(tenants, tenants.c.tenant_id == untold_tenants.c.tenant_id)
    .where(untold_tenants.c.tenant_id != "")
    .order_by(untold_tenants.c.tenant_id)
    .limit(bindparam("row_limit", type_=Integer())),
    across_tenants="the root is told of all tenants that have changed",
)
_SELECT_ELSEWHERE = statement(
    select(tenant_places.c.tenant_id, tenants.c.name, tenant_places.c.cell_name, tenant_places.c.endpoint_url)
    .outerjoin(tenants, tenants.c.tenant_id == tenant_places.c.tenant_id)
    .where(tenant_places.c.tenant_id > bindparam("after_id"))
    .order_by(tenant_places.c.tenant_id)
    .limit(bindparam("row_limit", type_=Integer())),
    across_tenants="the operator's list of all tenants, with the cells that they live in",
)


class UntoldRow(NamedTuple):
    """A tenant that the root has to be told of."""

    tenant_id: str
    change_id: str
    gate: str
    move_count: int

    @property
    def has_left(self) -> bool:
        """Whether it is another cell's business now."""
        return self.gate == LEFT


def insert_tenant(tx: Transaction, *, name: str) -> None:
    """Insert the row of the transaction's own tenant."""
    place = {"last_position": 0, "last_at_us": 0, "last_batch_id": None, "rows_version": 0, "gate": "", "move_count": 0}
    tx.run(_INSERT, name=name, created_at_ms=tx.now_ms, **place)


def select_tenant_name(tx: Transaction) -> str | None:
    """The name of the transaction's own tenant."""
    row = tx.one_or_none(_SELECT_NAME)
    return row[0] if row else None


def select_tenants(tx: Transaction) -> list[tuple[str, str]]:
    """(tenant id, name) of those that live here, oldest first."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_ALL)]


def select_state(tx: Transaction) -> tuple[str, int] | None:
    """(gate, number of moves) of the transaction's own tenant; None where it was never here."""
    row = tx.one_or_none(_SELECT_STATE)
    return (row[0], row[1]) if row else None


def set_state(tx: Transaction, *, gate: str, move_count: int) -> int:
    """The number of rows changed. Inside tx."""
    tx.state.gate = gate  # for the rules that come after in the same batch, too
    return tx.run(_SET_STATE, new_gate=gate, new_count=move_count)


def select_untold(tx: Transaction, *, limit: int) -> list[UntoldRow]:
    """Those of all tenants."""
    return [UntoldRow(*row) for row in tx.all(_SELECT_UNTOLD, row_limit=limit)]


class TenantElsewhere(NamedTuple):
    """A tenant that lives in another cell. `name` None: it never lived here."""

    tenant_id: str
    name: str | None
    cell_name: str
    endpoint_url: str


def select_elsewhere(tx: Transaction, *, after_id: str, limit: int) -> list[TenantElsewhere]:
    """A page of them, by id."""
    return [TenantElsewhere(*row) for row in tx.all(_SELECT_ELSEWHERE, after_id=after_id, row_limit=limit)]
