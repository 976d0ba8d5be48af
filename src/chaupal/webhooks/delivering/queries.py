"""The statements on deliveries, the queue that they are, and the workers that take from it.

They are all `is_aside`: nothing of this is remembered for the calls of users.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, case, func, insert, not_, or_, select, update

from chaupal.store.gates import OPEN, is_open
from chaupal.store.statements import in_list, statement
from chaupal.store.tables import tenants
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.schedule import RETRYING, SENDING, SKIPPED, WAITING
from chaupal.webhooks.queries import WebhookRow
from chaupal.webhooks.tables import (
    IS_RETRYING,
    IS_SENDING,
    IS_WAITING,
    webhook_cursors,
    webhook_deliveries,
    webhook_tries,
    webhooks,
)


class NewDelivery(NamedTuple):
    """A delivery to queue."""

    delivery_id: str
    webhook_id: str
    lane: str
    position: int
    event_id: str
    event_type: str
    origin: str
    state: str
    body: bytes
    body_bytes: int
    happened_at_ms: int
    created_at_ms: int
    finished_at_ms: int | None
    about_id: str = ""


class ClaimedDelivery(NamedTuple):
    """A delivery that a worker has. `try_count` is the number of tries before."""

    delivery_id: str
    webhook_id: str
    lane: str
    position: int
    event_id: str
    event_type: str
    origin: str
    body: bytes
    try_count: int
    happened_at_ms: int
    first_tried_at_ms: int


class Standing(NamedTuple):
    """A webhook, whether anything waits for its first try, when the next of what has failed is tried again, and from
    when on the webhook is looked at."""

    webhook: WebhookRow
    is_waiting: bool
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
_HERE = _D.tenant_id == bindparam("tenant_id")
_OF_WEBHOOK = (_HERE, _D.webhook_id == bindparam("which_webhook"))
_THESE = in_list(_D.delivery_id, "delivery_ids")
# Spelled so that no index on the state serves where the ids are known: each delivery leaves its old entries in those
# until PostgreSQL's next vacuum, and a statement that went through them would take longer with each delivery.
_STATE_OF_THESE = _D.state.concat("")
_MINE = (_HERE, _THESE, _STATE_OF_THESE == SENDING, _D.worker_id.concat("") == bindparam("which_worker"))
_LIMIT: BindParameter[int] = bindparam("row_limit")
_BACK = case((_D.try_count == 0, WAITING), else_=RETRYING)

_INSERT = statement(insert(webhook_deliveries), is_aside=True)
_INSERT_TRY = statement(insert(webhook_tries), is_aside=True)

_SELECT_BEHIND = statement(
    select(webhook_cursors.c.tenant_id, webhook_cursors.c.position)
    .join(tenants, tenants.c.tenant_id == webhook_cursors.c.tenant_id)
    .where(tenants.c.last_position > webhook_cursors.c.position, tenants.c.gate == OPEN)
    .limit(_LIMIT),
    across_tenants="one worker matches for all tenants that have webhooks",
)
_SELECT_CURSORS = statement(
    select(webhook_cursors.c.tenant_id), across_tenants="a worker knows which tenants have webhooks at all"
)
_MOVE_CURSOR = statement(
    update(webhook_cursors)
    .where(
        webhook_cursors.c.tenant_id == bindparam("tenant_id"), webhook_cursors.c.position == bindparam("old_position")
    )
    .values(position=bindparam("new_position")),
    is_aside=True,
)

_DUE = (
    select(*(webhooks.c[name] for name in WebhookPlace._fields))
    .where(
        webhooks.c.next_due_ms <= bindparam("now_ms"),
        is_open(webhooks.c.tenant_id),
        not_(in_list(webhooks.c.host, "full_hosts")),
        not_(in_list(webhooks.c.webhook_id, "but_ids")),
    )
    .order_by(webhooks.c.next_due_ms)
    .limit(_LIMIT)
)
_WHY_ALL = "one worker delivers for all tenants and learns here which webhooks have something due"
_SELECT_DUE = statement(_DUE, across_tenants=_WHY_ALL)
_SELECT_DUE_AND_WELL = statement(_DUE.where(webhooks.c.failing_since_ms.is_(None)), across_tenants=_WHY_ALL)
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
        select(_D.delivery_id).where(*_OF_THAT_WEBHOOK, IS_WAITING).exists(),
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

_SELECT_SENDING = statement(select(_D.lane, _D.try_count).where(*_OF_WEBHOOK, IS_SENDING))
_SELECT_BUSY = statement(
    select(_D.webhook_id).where(_HERE, in_list(_D.webhook_id, "webhook_ids"), IS_SENDING).distinct()
)
_SELECT_NEXT_LANE = statement(
    select(_D.lane).where(*_OF_WEBHOOK, IS_WAITING, _D.lane > bindparam("after_lane")).order_by(_D.lane).limit(1)
)
_SELECT_LANE = statement(
    select(_D.delivery_id, _D.body_bytes)
    .where(*_OF_WEBHOOK, IS_WAITING, _D.lane == bindparam("which_lane"))
    .order_by(_D.position, _D.delivery_id)
    .limit(_LIMIT)
)
_SELECT_RETRYING = statement(
    select(_D.delivery_id, _D.due_at_ms)
    .where(*_OF_WEBHOOK, IS_RETRYING)
    .order_by(_D.due_at_ms, _D.delivery_id)
    .limit(_LIMIT)
)
_CLAIM = statement(
    update(webhook_deliveries)
    .where(_HERE, _THESE, or_(_STATE_OF_THESE == WAITING, _STATE_OF_THESE == RETRYING))
    .values(
        state=SENDING,
        worker_id=bindparam("which_worker"),
        first_tried_at_ms=func.coalesce(_D.first_tried_at_ms, bindparam("now_ms")),
    )
    .returning(*(_D[name] for name in ClaimedDelivery._fields)),
    is_aside=True,
)
_RECORD_DELIVERED = statement(
    update(webhook_deliveries)
    .where(*_MINE)
    .values(state="delivered", worker_id="", try_count=_D.try_count + 1, finished_at_ms=bindparam("at_ms"))
    .returning(_D.delivery_id),
    is_aside=True,
)
_RECORD_FAILED = statement(
    update(webhook_deliveries)
    .where(
        _HERE,
        _D.delivery_id == bindparam("which_id"),
        _STATE_OF_THESE == SENDING,
        _D.worker_id.concat("") == bindparam("which_worker"),
    )
    .values(
        state=bindparam("new_state"),
        worker_id="",
        try_count=_D.try_count + 1,
        due_at_ms=bindparam("new_due_ms"),
        finished_at_ms=bindparam("new_finished_ms"),
    )
    .returning(_D.delivery_id),
    is_aside=True,
)
_RELEASE = statement(update(webhook_deliveries).where(*_MINE).values(state=_BACK, worker_id=""), is_aside=True)
_SKIP = statement(
    update(webhook_deliveries)
    .where(
        _HERE,
        _D.delivery_id.in_(select(_D.delivery_id).where(*_OF_WEBHOOK, IS_WAITING).limit(_LIMIT)),
    )
    .values(state=SKIPPED, finished_at_ms=bindparam("at_ms")),
    is_aside=True,
)
_SKIP_RETRYING = statement(
    update(webhook_deliveries)
    .where(
        _HERE,
        _D.delivery_id.in_(select(_D.delivery_id).where(*_OF_WEBHOOK, IS_RETRYING).limit(_LIMIT)),
    )
    .values(state=SKIPPED, finished_at_ms=bindparam("at_ms")),
    is_aside=True,
)

_SELECT_LEFT = statement(
    select(_D.tenant_id, _D.webhook_id)
    .where(_D.worker_id == bindparam("which_worker"), IS_SENDING, is_open(_D.tenant_id))
    .distinct(),
    across_tenants="a worker rescues for all tenants what a dead one has left behind",
)
_RESCUE = statement(
    update(webhook_deliveries)
    .where(*_OF_WEBHOOK, IS_SENDING, _D.worker_id == bindparam("which_worker"))
    .values(state=_BACK, worker_id=""),
    is_aside=True,
)
_SELECT_ON_THE_WAY = statement(select(_D.webhook_id).where(_HERE, IS_SENDING).distinct())
_RELEASE_ALL = statement(update(webhook_deliveries).where(_HERE, IS_SENDING).values(state=_BACK, worker_id=""))


def append_delivery(tx: Transaction, delivery: NewDelivery, *, worker_id: str = "") -> None:
    """Written with the batch, since nobody looks for it before its commit. With a worker it is that one's to send at
    once. Inside tx."""
    tx.append_row(
        _INSERT,
        **delivery._asdict(),
        try_count=0,
        due_at_ms=delivery.created_at_ms,
        first_tried_at_ms=delivery.created_at_ms if worker_id else None,
        worker_id=worker_id,
    )


def append_try(tx: Transaction, delivery_id: str, try_number: int, **told: object) -> None:
    """Written with the batch. Inside tx."""
    tx.append_row(_INSERT_TRY, delivery_id=delivery_id, try_number=try_number, **told)


def select_behind(tx: Transaction, *, limit: int) -> list[tuple[str, int]]:
    """(tenant, cursor) of the tenants whose log goes on after their cursor."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_BEHIND, row_limit=limit)]


def select_tenants_with_webhooks(tx: Transaction) -> list[str]:
    """Their ids."""
    return [row[0] for row in tx.all(_SELECT_CURSORS)]


def move_cursor(tx: Transaction, *, old_position: int, new_position: int) -> bool:
    """Whether the cursor was where it is said to be, and was moved. Inside tx."""
    return tx.run(_MOVE_CURSOR, old_position=old_position, new_position=new_position) == 1


def select_due(
    tx: Transaction, *, limit: int, full_hosts: list[str], takes_failing: bool, but: list[str]
) -> list[WebhookPlace]:
    """The webhooks of all tenants that may have something to send, those that have waited longest first; none at the
    hosts, none of `but`, and none that fails where those are not taken."""
    which = _SELECT_DUE if takes_failing else _SELECT_DUE_AND_WELL
    rows = tx.all(which, now_ms=tx.now_ms, row_limit=limit, full_hosts=full_hosts, but_ids=but)
    return [WebhookPlace(*row) for row in rows]


def select_idle(tx: Transaction, webhook_ids: list[str]) -> list[str]:
    """Those of the webhooks that are active and well, and of which nothing waits, unless it is being sent."""
    return [row[0] for row in tx.all(_SELECT_IDLE, webhook_ids=webhook_ids, now_ms=tx.now_ms)]


def select_standings(tx: Transaction, webhook_ids: list[str]) -> list[Standing]:
    """Those of the webhooks that are not deleted."""
    rows = tx.all(_SELECT_STANDINGS, webhook_ids=webhook_ids)
    return [Standing(WebhookRow(*row[3:]), *row[:3]) for row in rows]


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


def select_sending(tx: Transaction, webhook_id: str) -> list[tuple[str, int]]:
    """(lane, tries before) of what is being sent, by whichever worker."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_SENDING, which_webhook=webhook_id)]


def select_busy(tx: Transaction, webhook_ids: list[str]) -> set[str]:
    """Those of the webhooks to which something is being sent, by whichever worker."""
    return {row[0] for row in tx.all(_SELECT_BUSY, webhook_ids=webhook_ids)}


def select_next_lane(tx: Transaction, webhook_id: str, after_lane: str | None) -> str | None:
    """The next lane, by name, in which something waits. None before the first."""
    # A lane may be "", which lies after nothing.
    if after_lane is None and select_lane(tx, webhook_id, "", limit=1):
        return ""
    row = tx.one_or_none(_SELECT_NEXT_LANE, which_webhook=webhook_id, after_lane=after_lane or "")
    return row[0] if row else None


def select_lane(tx: Transaction, webhook_id: str, lane: str, *, limit: int) -> list[tuple[str, int]]:
    """(delivery, bytes of its body) of what waits in a lane, in order."""
    rows = tx.all(_SELECT_LANE, which_webhook=webhook_id, which_lane=lane, row_limit=limit)
    return [(row[0], row[1]) for row in rows]


def select_retrying(tx: Transaction, webhook_id: str, *, limit: int) -> list[tuple[str, int]]:
    """(delivery, when it is due) of what is tried again, the earliest first."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_RETRYING, which_webhook=webhook_id, row_limit=limit)]


def claim(tx: Transaction, worker_id: str, delivery_ids: list[str]) -> list[ClaimedDelivery]:
    """Those that nobody has, now the worker's. Inside tx."""
    rows = tx.all(_CLAIM, which_worker=worker_id, delivery_ids=delivery_ids, now_ms=tx.now_ms)
    return [ClaimedDelivery(*row) for row in rows]


def record_delivered(tx: Transaction, worker_id: str, delivery_ids: list[str]) -> set[str]:
    """Those that were still the worker's, and are done. Inside tx."""
    rows = tx.all(_RECORD_DELIVERED, which_worker=worker_id, delivery_ids=delivery_ids, at_ms=tx.now_ms)
    return {row[0] for row in rows}


def record_failed(tx: Transaction, worker_id: str, delivery_id: str, *, state: str, due_at_ms: int) -> bool:
    """Whether it was still the worker's, and is now in the state. Inside tx."""
    rows = tx.all(
        _RECORD_FAILED,
        which_id=delivery_id,
        which_worker=worker_id,
        new_state=state,
        new_due_ms=due_at_ms,
        new_finished_ms=None if state == RETRYING else tx.now_ms,
    )
    return bool(rows)


def release(tx: Transaction, worker_id: str, delivery_ids: list[str]) -> None:
    """Give back what was claimed and not tried. Inside tx."""
    tx.run(_RELEASE, which_worker=worker_id, delivery_ids=delivery_ids)


def skip_pending(tx: Transaction, webhook_id: str, *, limit: int) -> int:
    """Set aside what waits of a webhook that is not called; how many. Inside tx."""
    skipped = tx.run(_SKIP, which_webhook=webhook_id, at_ms=tx.now_ms, row_limit=limit)
    if skipped < limit:
        skipped += tx.run(_SKIP_RETRYING, which_webhook=webhook_id, at_ms=tx.now_ms, row_limit=limit - skipped)
    return skipped


def select_left_behind(tx: Transaction, worker_id: str) -> list[tuple[str, str]]:
    """(tenant, webhook) of what a worker was sending."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_LEFT, which_worker=worker_id)]


def select_on_the_way(tx: Transaction) -> list[str]:
    """The webhooks of the tenant to which something is on its way, whoever sends it."""
    return [row[0] for row in tx.all(_SELECT_ON_THE_WAY)]


def release_all(tx: Transaction) -> int:
    """Give back all that is on its way; how many. Inside tx."""
    return tx.run(_RELEASE_ALL)


def rescue(tx: Transaction, worker_id: str, webhook_id: str) -> int:
    """Give back what a worker was sending of a webhook; how many. Inside tx."""
    return tx.run(_RESCUE, which_worker=worker_id, which_webhook=webhook_id)
