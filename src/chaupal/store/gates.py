"""Who may write to a tenant: everyone, or, while it moves to another cell and after that, only what moves it.

The gate stands in the tenant's row, which every batch locks, or assumes and compares, before its first rule. So it
holds for every writer of every process from the commit that closes it: users' calls, jobs, deliveries and sweeps alike.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select

from chaupal.errors import Unavailable
from chaupal.store.tables import tenants

OPEN = ""
LANDING = "landing"
"""The tenant is about to move, and is written to as ever; but nothing more of it is sent to receivers, so that what is
on its way has landed before the other cell sends what comes after."""
HELD = "held"
"""The tenant is about to move: what is written now might be left behind."""
LEFT = "left"
"""The tenant lives in another cell; what is still here of it is what was copied."""


class TenantClosed(Unavailable):
    """The tenant cannot be written to, and nothing was done."""

    gate = ""


class TenantHeld(TenantClosed):
    """Writes of the tenant wait for the end of its move."""

    gate = HELD

    def __init__(self) -> None:
        super().__init__(reason="The organization is being moved.", retry_after_s=2)


class TenantLeft(TenantClosed):
    """The tenant is not served here any more. Answered by saying where it is, wherever that is known."""

    gate = LEFT

    def __init__(self) -> None:
        super().__init__(reason="The organization has been moved to another server.", retry_after_s=2)


def check_gate(gate: str, caller: object) -> None:
    """Pass where the caller is one whom no gate stops (`passes_gate`).

    Raises:
        TenantHeld, TenantLeft.
    """
    if gate == LANDING or getattr(caller, "passes_gate", False):
        return
    raise refusal_of(gate)


def refusal_of(gate: str) -> TenantClosed:
    """What whoever wants to write is told."""
    return TenantLeft() if gate == LEFT else TenantHeld()


def is_open(tenant_id: ColumnElement[str]) -> ColumnElement[bool]:
    """A condition for whoever looks for work of all tenants: the row's tenant can be written to.

    What cannot be would be found again and again, and stand in the way of the others'.
    """
    closed = select(tenants.c.tenant_id).where(
        tenants.c.tenant_id == tenant_id, tenants.c.gate != OPEN, tenants.c.gate != LANDING
    )
    return ~exists(closed)


def is_sent_for(tenant_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The same for whoever looks for what is to be sent to receivers."""
    closed = select(tenants.c.tenant_id).where(tenants.c.tenant_id == tenant_id, tenants.c.gate != OPEN)
    return ~exists(closed)
