"""Whose events are looked at: asked by whoever delivers, and by whoever keeps the process that does.

Both ask from the start on, so what answers is loaded with the first question.
"""

from __future__ import annotations

from chaupal.auth.caller import Operator
from chaupal.store.transaction import Transaction


def find_tenants(tx: Transaction, _caller: Operator, _request: None) -> list[str]:
    """Those with webhooks; none in a cell that was taken out: they may live elsewhere, as they were at another time. In
    the installation."""
    from chaupal.cells.removing import is_taken_out
    from chaupal.webhooks.delivering.queries import select_tenants_with_webhooks

    found = select_tenants_with_webhooks(tx)
    return [] if found and is_taken_out(tx) else found
