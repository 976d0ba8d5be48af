"""The statements on webhooks as those who are delivered to: which has something to be sent, and how it does.

They are all `is_aside`: nothing of this is remembered for the calls of users.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, func, not_, or_, select, update

from chaupal.store.gates import is_sent_for
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.schedule import WITHIN_MS
from chaupal.webhooks.queries import WebhookRow
from chaupal.webhooks.tables import IS_RETRYING, IS_WAITING, webhook_deliveries, webhooks


class Standing(NamedTuple):
    """A webhook, the first and the last lane by name in which anything waits for its first try, when the next of what
    has failed is tried again, and from when on the webhook is looked at."""

    webhook: WebhookRow
    first_lane: str | None
    last_lane: str | None
    next_retry_ms: int | None
    next_due_ms: int | None


class WebhookPlace(NamedTuple):
    """A webhook that may have something to send, and what limits how much of it is sent at once."""

    tenant_id: str
    webhook_id: str
    object_type: str
    host: str
    failing_since_ms: int | None


_D = webhook_deliveries.c
_LIMIT: BindParameter[int] = bindparam("row_limit")

_DUE = (
    select(*(webhooks.c[name] for name in WebhookPlace._fields))
    .where(
        webhooks.c.next_due_ms <= bindparam("now_ms"),
        is_sent_for(webhooks.c.tenant_id),
        not_(in_list(webhooks.c.host, "full_hosts")),
        not_(in_list(webhooks.c.webhook_id, "but_ids")),
    )
    .order_by(webhooks.c.next_due_ms)
    .limit(_LIMIT)
)
_WHY_ALL = "one worker delivers for all tenants and learns here which webhooks have something due"
_SELECT_DUE = statement(_DUE, across_tenants=_WHY_ALL)
_SELECT_DUE_AND_WELL = statement(_DUE.where(webhooks.c.failing_since_ms.is_(None)), across_tenants=_WHY_ALL)
_SELECT_HELD_UP = statement(
    select(webhooks.c.tenant_id, webhooks.c.webhook_id).where(
        webhooks.c.next_due_ms > bindparam("now_ms"),
        is_sent_for(webhooks.c.tenant_id),
        or_(
            webhooks.c.next_due_ms > bindparam("too_late_ms"),
            select(_D.delivery_id)
            .where(_D.tenant_id == webhooks.c.tenant_id, _D.webhook_id == webhooks.c.webhook_id, IS_WAITING)
            .exists(),
        ),
    ),
    across_tenants="one worker delivers for all tenants and learns here what a clock that was set back has held up",
)
_SET_DUE = statement(
    update(webhooks)
    .where(
        webhooks.c.tenant_id == bindparam("tenant_id"),
        in_list(webhooks.c.webhook_id, "webhook_ids"),
        webhooks.c.deleted_at_ms.is_(None),
        or_(webhooks.c.next_due_ms.is_(None), webhooks.c.next_due_ms > bindparam("at_ms")),
    )
    .values(next_due_ms=bindparam("at_ms")),
    is_aside=True,
)
_SELECT_IDLE = statement(
    select(webhooks.c.webhook_id).where(
        webhooks.c.tenant_id == bindparam("tenant_id"),
        in_list(webhooks.c.webhook_id, "webhook_ids"),
        webhooks.c.next_due_ms.is_(None),
        webhooks.c.failing_since_ms.is_(None),
        webhooks.c.disabled_at_ms.is_(None),
        webhooks.c.deleted_at_ms.is_(None),
        webhooks.c.valid_until_ms > bindparam("now_ms"),
    )
)
_OF_THAT_WEBHOOK = (_D.tenant_id == bindparam("tenant_id"), _D.webhook_id == webhooks.c.webhook_id)
_SELECT_STANDINGS = statement(
    select(
        select(func.min(_D.lane)).where(*_OF_THAT_WEBHOOK, IS_WAITING).scalar_subquery(),
        select(func.max(_D.lane)).where(*_OF_THAT_WEBHOOK, IS_WAITING).scalar_subquery(),
        select(func.min(_D.due_at_ms)).where(*_OF_THAT_WEBHOOK, IS_RETRYING).scalar_subquery(),
        webhooks.c.next_due_ms,
        *(webhooks.c[name] for name in WebhookRow._fields),
    ).where(
        webhooks.c.tenant_id == bindparam("tenant_id"),
        in_list(webhooks.c.webhook_id, "webhook_ids"),
        webhooks.c.deleted_at_ms.is_(None),
    )
)
_THIS_WEBHOOK = (webhooks.c.tenant_id == bindparam("tenant_id"), webhooks.c.webhook_id == bindparam("which_webhook"))
_REPLACE_DUE = statement(update(webhooks).where(*_THIS_WEBHOOK).values(next_due_ms=bindparam("due_ms")), is_aside=True)
_NOTE_HEALTH = statement(
    update(webhooks)
    .where(*_THIS_WEBHOOK)
    .values(
        next_due_ms=bindparam("due_ms"),
        failing_since_ms=bindparam("new_failing_ms"),
        last_success_at_ms=bindparam("new_success_ms"),
        failing_told_at_ms=bindparam("new_told_ms"),
    ),
    is_aside=True,
)


def select_due(
    tx: Transaction, *, limit: int, full_hosts: list[str], takes_failing: bool, but: list[str]
) -> list[WebhookPlace]:
    """The webhooks of all tenants that may have something to send, those that have waited longest first; none at the
    hosts, none of `but`, and none that fails where those are not taken."""
    which = _SELECT_DUE if takes_failing else _SELECT_DUE_AND_WELL
    rows = tx.all(which, now_ms=tx.now_ms, row_limit=limit, full_hosts=full_hosts, but_ids=but)
    return [WebhookPlace(*row) for row in rows]


def select_held_up(tx: Transaction) -> list[tuple[str, str]]:
    """(tenant, webhook) of those that are to be looked at later, though something waits for its first try, or later
    than anything is tried again: the clock was set back since."""
    rows = tx.all(_SELECT_HELD_UP, now_ms=tx.now_ms, too_late_ms=tx.now_ms + WITHIN_MS)
    return [(row[0], row[1]) for row in rows]


def select_idle(tx: Transaction, webhook_ids: list[str]) -> list[str]:
    """Those of the webhooks that are active and well, and of which nothing waits, unless it is being sent."""
    return [row[0] for row in tx.all(_SELECT_IDLE, webhook_ids=webhook_ids, now_ms=tx.now_ms)]


def select_standings(tx: Transaction, webhook_ids: list[str]) -> list[Standing]:
    """Those of the webhooks that are not deleted."""
    rows = tx.all(_SELECT_STANDINGS, webhook_ids=webhook_ids)
    return [Standing(WebhookRow(*row[4:]), *row[:4]) for row in rows]


def set_due(tx: Transaction, webhook_ids: list[str], at_ms: int) -> None:
    """Have the webhooks looked at from then on, unless they are looked at sooner anyway. Inside tx."""
    tx.run(_SET_DUE, webhook_ids=webhook_ids, at_ms=at_ms)


def replace_due(tx: Transaction, webhook_id: str, due_ms: int | None) -> None:
    """Have the webhook looked at from then on, and not before. Inside tx."""
    tx.run(_REPLACE_DUE, which_webhook=webhook_id, due_ms=due_ms)


def note_health(
    tx: Transaction,
    webhook_id: str,
    *,
    due_ms: int | None,
    failing_since_ms: int | None,
    success_at_ms: int,
    failing_told_at_ms: int | None,
) -> None:
    """Inside tx."""
    tx.run(
        _NOTE_HEALTH,
        which_webhook=webhook_id,
        due_ms=due_ms,
        new_failing_ms=failing_since_ms,
        new_success_ms=success_at_ms,
        new_told_ms=failing_told_at_ms,
    )
