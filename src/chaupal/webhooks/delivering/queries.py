"""The statements on deliveries, the queue that they are, and the workers that take from it.

They are all `is_aside`: nothing of this is remembered for the calls of users.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import BigInteger, BindParameter, Integer, Text, bindparam, case, func, insert, or_, select, update

from chaupal.store.gates import OPEN, is_open
from chaupal.store.statements import bound_rows, in_list, statement
from chaupal.store.tables import tenants
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.schedule import RETRYING, SENDING, SKIPPED, WAITING
from chaupal.webhooks.tables import (
    IS_RETRYING,
    IS_SENDING,
    IS_WAITING,
    webhook_bodies,
    webhook_cursors,
    webhook_deliveries,
    webhook_tries,
)


class NewDelivery(NamedTuple):
    """A delivery to queue; `body` is sealed."""

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
    try_count: int
    happened_at_ms: int
    first_tried_at_ms: int
    body: bytes


class Arrival(NamedTuple):
    """How a delivery got through: when the try began, how long it took, and what was answered, sealed."""

    delivery_id: str
    tried_at_ms: int
    duration_ms: int
    status: int
    answer: str


_NEW_FIELDS = NewDelivery._fields
_D = webhook_deliveries.c
_HERE = _D.tenant_id == bindparam("tenant_id")
_OF_WEBHOOK = (_HERE, _D.webhook_id == bindparam("which_webhook"))
_THESE = in_list(_D.delivery_id, "delivery_ids")
# Spelled so that no index on the state serves where the ids are known: each delivery leaves its old entries in those
# until PostgreSQL's next vacuum, and a statement that went through them would take longer with each delivery.
_STATE_OF_THESE = _D.state.concat("")
_IS_MINE = (_STATE_OF_THESE == SENDING, _D.worker_id.concat("") == bindparam("which_worker"))
_LIMIT: BindParameter[int] = bindparam("row_limit")
_BACK = case((_D.try_count == 0, WAITING), else_=RETRYING)

# How it arrives is not known yet.
_NEW = (column.name for column in _D if not column.name.startswith("arrived_"))
_INSERT = statement(insert(webhook_deliveries).values({name: bindparam(name) for name in _NEW}), is_aside=True)
_INSERT_BODY = statement(insert(webhook_bodies), is_aside=True)
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

_SELECT_SENDING = statement(select(_D.lane, _D.try_count).where(*_OF_WEBHOOK, IS_SENDING))
_SELECT_BUSY = statement(
    select(_D.webhook_id, _D.lane, _D.try_count)
    .where(_HERE, in_list(_D.webhook_id, "webhook_ids"), IS_SENDING)
    .distinct()
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
    .returning(*(_D[name] for name in ClaimedDelivery._fields[:-1])),
    is_aside=True,
)
_SELECT_BODIES = statement(
    select(webhook_bodies.c.delivery_id, webhook_bodies.c.body).where(
        webhook_bodies.c.tenant_id == bindparam("tenant_id"), in_list(webhook_bodies.c.delivery_id, "delivery_ids")
    )
)
_ARRIVED = bound_rows("arrivals", Text, BigInteger, Integer, Integer, Text)
_DELIVERED = (
    update(webhook_deliveries)
    .where(_HERE, _D.delivery_id == _ARRIVED[0], *_IS_MINE)
    .values(
        state="delivered",
        worker_id="",
        try_count=_D.try_count + 1,
        finished_at_ms=bindparam("at_ms"),
        arrived_at_ms=_ARRIVED[1],
        arrived_after_ms=_ARRIVED[2],
        arrived_status=_ARRIVED[3],
        arrived_answer=_ARRIVED[4],
    )
    .returning(_D.delivery_id)
)
# Without a list PostgreSQL would go through the whole tenant, as long as it has no statistics; with one SQLite would
# find the rows by that, and go through all arrivals for each.
_RECORD_DELIVERED = statement(_DELIVERED.where(_THESE), is_aside=True)
_RECORD_DELIVERED_ON_SQLITE = statement(_DELIVERED, is_aside=True)
_RECORD_FAILED = statement(
    update(webhook_deliveries)
    .where(
        _HERE,
        _D.delivery_id == bindparam("which_id"),
        *_IS_MINE,
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
_RELEASE = statement(
    update(webhook_deliveries).where(_HERE, _THESE, *_IS_MINE).values(state=_BACK, worker_id=""), is_aside=True
)
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
_SELECT_SENT_BY = statement(
    select(_D.webhook_id, _D.delivery_id).where(
        _HERE, in_list(_D.webhook_id, "webhook_ids"), IS_SENDING, _D.worker_id == bindparam("which_worker")
    )
)
_SELECT_ON_THE_WAY = statement(select(_D.webhook_id).where(_HERE, IS_SENDING).distinct())
_RELEASE_ALL = statement(update(webhook_deliveries).where(_HERE, IS_SENDING).values(state=_BACK, worker_id=""))


def append_delivery(tx: Transaction, delivery: NewDelivery, *, worker_id: str = "") -> None:
    """Written with the batch, since nobody looks for it before its commit. With a worker it is that one's to send at
    once. Inside tx."""
    values = dict(zip(_NEW_FIELDS, delivery, strict=True))
    tx.append_values(_INSERT_BODY, {"delivery_id": delivery.delivery_id, "body": values.pop("body")})
    if worker_id:
        values["state"] = SENDING
    values["try_count"] = 0
    values["due_at_ms"] = delivery.created_at_ms
    values["first_tried_at_ms"] = delivery.created_at_ms if worker_id else None
    values["worker_id"] = worker_id
    tx.append_values(_INSERT, values)


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


def select_sending(tx: Transaction, webhook_id: str) -> list[tuple[str, int]]:
    """(lane, tries before) of what is being sent, by whichever worker."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_SENDING, which_webhook=webhook_id)]


def select_busy_lanes(tx: Transaction, webhook_ids: list[str]) -> dict[str, set[str]]:
    """Those of the webhooks to which something is being sent, by whichever worker: each with its lanes of which that
    is; what is tried again is of none."""
    busy: dict[str, set[str]] = {}
    for webhook_id, lane, tries in tx.all(_SELECT_BUSY, webhook_ids=webhook_ids):
        lanes = busy.setdefault(webhook_id, set())
        if not tries:
            lanes.add(lane)
    return busy


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
    if not rows:
        return []
    bodies = select_bodies(tx, [row[0] for row in rows])
    return [ClaimedDelivery._make((*row, bodies[row[0]])) for row in rows]


def select_bodies(tx: Transaction, delivery_ids: list[str]) -> dict[str, bytes]:
    """Sealed bodies by delivery."""
    return {row[0]: row[1] for row in tx.all(_SELECT_BODIES, delivery_ids=delivery_ids)}


def record_delivered(tx: Transaction, worker_id: str, arrivals: list[Arrival]) -> set[str]:
    """Those that were still the worker's, and are done. Inside tx."""
    noted = msgspec.json.encode(arrivals).decode()
    if tx.dialect == "sqlite":
        rows = tx.all(_RECORD_DELIVERED_ON_SQLITE, which_worker=worker_id, arrivals=noted, at_ms=tx.now_ms)
    else:
        ids = [each.delivery_id for each in arrivals]
        rows = tx.all(_RECORD_DELIVERED, which_worker=worker_id, arrivals=noted, delivery_ids=ids, at_ms=tx.now_ms)
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


def select_sent_by(tx: Transaction, worker_id: str, webhook_ids: list[str]) -> list[tuple[str, str]]:
    """(webhook, delivery) of what a worker is sending to the webhooks."""
    rows = tx.all(_SELECT_SENT_BY, which_worker=worker_id, webhook_ids=webhook_ids)
    return [(row[0], row[1]) for row in rows]


def select_on_the_way(tx: Transaction) -> list[str]:
    """The webhooks of the tenant to which something is on its way, whoever sends it."""
    return [row[0] for row in tx.all(_SELECT_ON_THE_WAY)]


def release_all(tx: Transaction) -> int:
    """Give back all that is on its way; how many. Inside tx."""
    return tx.run(_RELEASE_ALL)


def rescue(tx: Transaction, worker_id: str, webhook_id: str) -> int:
    """Give back what a worker was sending of a webhook; how many. Inside tx."""
    return tx.run(_RESCUE, which_worker=worker_id, which_webhook=webhook_id)
