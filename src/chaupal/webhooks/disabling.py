"""Calling a webhook no more, and queueing the mails that tell its owner so, or that it has been failing for long."""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.jobs.rules import queue_open_job
from chaupal.store.transaction import Transaction
from chaupal.webhooks.alerts import ALERT_JOB, DISABLED, FAILING
from chaupal.webhooks.delivering.due_queries import set_due
from chaupal.webhooks.events import webhook_disabled
from chaupal.webhooks.kinds import EXPIRED, open_target
from chaupal.webhooks.queries import WebhookRow, select_webhook, update_webhook

LONG_FAILURE_MS = 7_200_000
"""A receiver that has taken nothing for 2 hours is no restart: its owner is told while there is time to mend it."""

ALERT_LIFE_MS = 3 * 86_400_000
"""A mail server that is away over a weekend is waited for."""


def disable(tx: Transaction, webhook_id: str, reason: str) -> bool:
    """Call a webhook no more, and tell its owner; False where it is disabled or gone already. Inside tx."""
    tx.lock_beside()
    webhook = select_webhook(tx, webhook_id)
    if webhook is None or webhook.disabled_at_ms is not None:
        return False
    group_id, owner_id = webhook.group_id, webhook.owner_id
    tx.append(webhook_disabled(webhook_id, group_id=group_id, actor_id="", reason=reason, owner_id=owner_id))
    update_webhook(tx, webhook._replace(disabled_at_ms=tx.now_ms, disabled_reason=reason))
    # What waits of it is set aside by whoever looks next.
    set_due(tx, [webhook_id], tx.now_ms)
    _queue_alert(tx, webhook_id, DISABLED, since_ms=tx.now_ms)
    return True


def disable_expired(tx: Transaction, webhook_id: str) -> None:
    """The same for one that has run out, if that is so now: it may just have been renewed. Inside tx."""
    webhook = select_webhook(tx, webhook_id)
    if webhook is not None and webhook.valid_until_ms <= tx.now_ms:
        disable(tx, webhook_id, EXPIRED)


def note_long_failure(tx: Transaction, webhook: WebhookRow, failing_since_ms: int | None) -> int | None:
    """When the owner was told that the webhook has been failing for long: now for the first time, where it has; None
    where it has not. Inside tx."""
    if failing_since_ms is None:
        return None
    if webhook.failing_told_at_ms is not None and webhook.failing_since_ms == failing_since_ms:
        return webhook.failing_told_at_ms
    if webhook.disabled_at_ms is not None or tx.now_ms - failing_since_ms < LONG_FAILURE_MS:
        return None
    _queue_alert(tx, webhook.webhook_id, FAILING, since_ms=failing_since_ms)
    return tx.now_ms


def _queue_alert(tx: Transaction, webhook_id: str, what: str, *, since_ms: int) -> None:
    payload = {"tenantId": tx.tenant_id, "webhookId": webhook_id, "what": what, "sinceMs": str(since_ms)}
    queue_open_job(tx, ALERT_JOB, payload, expires_at_ms=tx.now_ms + ALERT_LIFE_MS)


class Alert(msgspec.Struct, frozen=True):
    """What a webhook's owner is to be told: that it was disabled, or is failing, since when. `recipient`: the address
    that the webhook names, or ""."""

    webhook: WebhookRow
    what: str
    since_ms: int
    recipient: str


def find_alert(tx: Transaction, _caller: Operator, asked: tuple[dict[str, str], SecretKey]) -> Alert | None:
    """What a job's payload is about, as it is now; None where it is no more so: deleted, enabled again, recovered, or,
    of one that was failing, disabled since, of which another mail tells. Reads only."""
    payload, secret_key = asked
    webhook = select_webhook(tx, payload["webhookId"])
    since_ms = int(payload["sinceMs"])
    if webhook is None:
        return None
    if payload["what"] == DISABLED:
        is_still_so = webhook.disabled_at_ms == since_ms
    else:
        is_still_so = webhook.disabled_at_ms is None and webhook.failing_since_ms == since_ms
    if not is_still_so:
        return None
    recipient = open_target(webhook.sealed_target, secret_key).alert_email
    return Alert(webhook, payload["what"], since_ms, recipient)
