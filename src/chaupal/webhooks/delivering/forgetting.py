"""Forgetting deliveries that are over, and all that is left of deleted webhooks. For the sweep."""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, delete, select

from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.webhooks.queries import delete_webhook_row, select_deleted_webhooks
from chaupal.webhooks.tables import IS_FINISHED, webhook_deliveries, webhook_tries

SKIPPED_KEEP_DAYS = 7
"""Events of a disabled webhook can be replayed for so long (contract, section 11)."""

_DAY_MS = 86_400_000
_D = webhook_deliveries.c
_HERE = _D.tenant_id == bindparam("tenant_id")
_LIMIT: BindParameter[int] = bindparam("row_limit")

_SELECT_OLD = statement(
    select(_D.delivery_id)
    .where(_HERE, IS_FINISHED, _D.finished_at_ms < bindparam("before_ms"))
    .order_by(_D.finished_at_ms)
    .limit(_LIMIT)
)
_SELECT_OLD_SKIPPED = statement(
    select(_D.delivery_id)
    .where(_HERE, IS_FINISHED, _D.finished_at_ms < bindparam("before_ms"), _D.state == "skipped")
    .order_by(_D.finished_at_ms)
    .limit(_LIMIT)
)
_SELECT_OF_WEBHOOK = statement(
    select(_D.delivery_id).where(_HERE, _D.webhook_id == bindparam("which_webhook")).limit(_LIMIT)
)
_DELETE = statement(delete(webhook_deliveries).where(_HERE, in_list(_D.delivery_id, "delivery_ids")), is_aside=True)
_DELETE_TRIES = statement(
    delete(webhook_tries).where(
        webhook_tries.c.tenant_id == bindparam("tenant_id"), in_list(webhook_tries.c.delivery_id, "delivery_ids")
    ),
    is_aside=True,
)


def forget_deliveries(tx: Transaction, *, keep_days: int, limit: int) -> int:
    """Delete deliveries that ended long ago, those that were set aside after 7 days, and those of deleted webhooks, at
    most `limit`; how many. Inside tx."""
    before_ms = tx.now_ms - keep_days * _DAY_MS
    found = [row[0] for row in tx.all(_SELECT_OLD, before_ms=before_ms, row_limit=limit)]
    if len(found) < limit:
        before_ms = tx.now_ms - min(keep_days, SKIPPED_KEEP_DAYS) * _DAY_MS
        rows = tx.all(_SELECT_OLD_SKIPPED, before_ms=before_ms, row_limit=limit - len(found))
        found += [row[0] for row in rows if row[0] not in set(found)]
    for webhook_id in select_deleted_webhooks(tx, limit=limit):
        if len(found) >= limit:
            break
        rows = tx.all(_SELECT_OF_WEBHOOK, which_webhook=webhook_id, row_limit=limit - len(found))
        found += [row[0] for row in rows]
        if not rows:
            delete_webhook_row(tx, webhook_id)
    if found:
        tx.run(_DELETE_TRIES, delivery_ids=found)
        tx.run(_DELETE, delivery_ids=found)
    return len(found)
