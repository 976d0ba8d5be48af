"""Calling a webhook no more, and telling its owner so."""

from __future__ import annotations

from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.queries import set_due
from chaupal.webhooks.events import webhook_disabled
from chaupal.webhooks.queries import select_webhook, update_webhook


def disable(tx: Transaction, webhook_id: str, reason: str) -> bool:
    """Call a webhook no more, and tell its owner; False where it is disabled or gone already. Inside tx."""
    webhook = select_webhook(tx, webhook_id)
    if webhook is None or webhook.disabled_at_ms is not None:
        return False
    group_id, owner_id = webhook.group_id, webhook.owner_id
    tx.append(webhook_disabled(webhook_id, group_id=group_id, actor_id="", reason=reason, owner_id=owner_id))
    update_webhook(tx, webhook._replace(disabled_at_ms=tx.now_ms, disabled_reason=reason))
    # What waits of it is set aside by whoever looks next.
    set_due(tx, [webhook_id], tx.now_ms)
    return True
