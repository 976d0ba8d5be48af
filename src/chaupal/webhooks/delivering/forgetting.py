"""Forgetting deliveries that are over, what was taken back, and all that is left of deleted webhooks."""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, delete, select

from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.webhooks.queries import delete_webhook_row, select_deleted_webhooks
from chaupal.webhooks.tables import (
    IS_ABOUT_ANOTHER,
    IS_SKIPPED,
    webhook_bodies,
    webhook_deliveries,
    webhook_tries,
)

SKIPPED_KEEP_DAYS = 7
"""Events of a disabled webhook can be replayed for so long (contract, section 11)."""

_DELETED_AT_ONCE = 1_000
_SCANNED_AT_ONCE = 1_000
_SCANS_MOST = 50
"""Deliveries that one sweep looks at: a millisecond; some tens of them only where so many are old and not over yet."""

_DAY_MS = 86_400_000
_D = webhook_deliveries.c
_HERE = _D.tenant_id == bindparam("tenant_id")
_LIMIT: BindParameter[int] = bindparam("row_limit")

_SELECT_OLDEST = statement(
    select(_D.delivery_id, _D.created_at_ms, _D.finished_at_ms)
    .where(_HERE, _D.delivery_id > bindparam("after_id"))
    .order_by(_D.delivery_id)
    .limit(_LIMIT)
)
_SELECT_OLD_SKIPPED = statement(
    select(_D.delivery_id)
    .where(_HERE, IS_SKIPPED, _D.finished_at_ms < bindparam("before_ms"))
    .order_by(_D.finished_at_ms)
    .limit(_LIMIT)
)
_SELECT_OF_WEBHOOK = statement(
    select(_D.delivery_id).where(_HERE, _D.webhook_id == bindparam("which_webhook")).limit(_LIMIT)
)
# Spelled so that only the index by event serves: the tenant's own has all of its deliveries.
_SELECT_OF_EVENTS = statement(
    select(_D.delivery_id).where(_D.tenant_id.concat("") == bindparam("tenant_id"), in_list(_D.event_id, "object_ids"))
)
_SELECT_ABOUT = statement(select(_D.delivery_id).where(_HERE, in_list(_D.about_id, "object_ids"), IS_ABOUT_ANOTHER))
_DELETE = statement(delete(webhook_deliveries).where(_HERE, in_list(_D.delivery_id, "delivery_ids")), is_aside=True)
_DELETE_BODIES = statement(
    delete(webhook_bodies).where(
        webhook_bodies.c.tenant_id == bindparam("tenant_id"), in_list(webhook_bodies.c.delivery_id, "delivery_ids")
    ),
    is_aside=True,
)
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
    found = _find_over(tx, before_ms, limit)
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
    _delete(tx, found)
    return len(found)


def _find_over(tx: Transaction, before_ms: int, limit: int) -> list[str]:
    """Deliveries that ended before then. By their ids, which are in the order in which they were made: an index by
    their ends would have to be written with each delivery."""
    found: list[str] = []
    after_id = ""
    for _ in range(_SCANS_MOST):
        rows = tx.all(_SELECT_OLDEST, after_id=after_id, row_limit=_SCANNED_AT_ONCE)
        found += [id_ for id_, _, finished_ms in rows if finished_ms is not None and finished_ms < before_ms]
        if len(found) >= limit or len(rows) < _SCANNED_AT_ONCE or rows[-1][1] >= before_ms:
            break
        after_id = rows[-1][0]
    return found[:limit]


def forget_taken_back(tx: Transaction, object_ids: list[str]) -> int:
    """Delete the deliveries of messages, actions and reactions that were taken back, sent or not, with what was
    answered to them; how many. One that is just being sent is not tried again. Inside tx."""
    found = {row[0] for row in tx.all(_SELECT_OF_EVENTS, object_ids=object_ids)}
    found |= {row[0] for row in tx.all(_SELECT_ABOUT, object_ids=object_ids)}
    _delete(tx, sorted(found))
    return len(found)


def _delete(tx: Transaction, delivery_ids: list[str]) -> None:
    for first in range(0, len(delivery_ids), _DELETED_AT_ONCE):
        some = delivery_ids[first : first + _DELETED_AT_ONCE]
        tx.run(_DELETE_TRIES, delivery_ids=some)
        tx.run(_DELETE_BODIES, delivery_ids=some)
        tx.run(_DELETE, delivery_ids=some)
