"""The statements that show deliveries: newest first, with their tries, and those that never arrived."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, select

from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.webhooks.tables import webhook_deliveries, webhook_tries


class DeliveryRow(NamedTuple):
    """A delivery without its body. `arrived_at_ms` None where no try got through, or that is among the tries."""

    delivery_id: str
    event_id: str
    event_type: str
    origin: str
    state: str
    try_count: int
    happened_at_ms: int
    created_at_ms: int
    due_at_ms: int
    arrived_at_ms: int | None
    arrived_after_ms: int | None
    arrived_status: int | None
    arrived_answer: str


class DeliveryState(NamedTuple):
    """What has become of a delivery."""

    delivery_id: str
    event_id: str
    origin: str
    state: str
    position: int
    happened_at_ms: int


class TryRow(NamedTuple):
    """One try; `answer` is sealed."""

    delivery_id: str
    try_number: int
    tried_at_ms: int
    duration_ms: int
    status: int | None
    error: str
    answer: str


_D = webhook_deliveries.c
_HERE = _D.tenant_id == bindparam("tenant_id")
_OF_WEBHOOK = (_HERE, _D.webhook_id == bindparam("which_webhook"))
_COLUMNS = tuple(_D[name] for name in DeliveryRow._fields)
_LIMIT: BindParameter[int] = bindparam("row_limit")

_SELECT_PAGE = statement(
    select(*_COLUMNS)
    .where(*_OF_WEBHOOK, _D.delivery_id < bindparam("before_id"))
    .order_by(_D.delivery_id.desc())
    .limit(_LIMIT)
)
_SELECT_STATES = statement(
    select(*(_D[name] for name in DeliveryState._fields))
    .where(*_OF_WEBHOOK, _D.delivery_id > bindparam("after_id"))
    .order_by(_D.delivery_id)
    .limit(_LIMIT)
)
# Spelled so that the index by event serves: the tenant's key, and in the order of its second column the webhook's own
# index, would be gone through from end to end, with all that was ever sent.
_SELECT_OF_EVENTS = statement(
    select(*(_D[name] for name in DeliveryState._fields))
    .where(
        _D.tenant_id.concat("") == bindparam("tenant_id"),
        in_list(_D.event_id, "event_ids"),
        _D.webhook_id == bindparam("which_webhook"),
    )
    .order_by(_D.delivery_id.concat(""))
)
_SELECT_TRIES = statement(
    select(*(webhook_tries.c[name] for name in TryRow._fields))
    .where(webhook_tries.c.tenant_id == bindparam("tenant_id"), in_list(webhook_tries.c.delivery_id, "delivery_ids"))
    .order_by(webhook_tries.c.delivery_id, webhook_tries.c.try_number)
)


def select_deliveries(tx: Transaction, webhook_id: str, *, before_id: str, limit: int) -> list[DeliveryRow]:
    """Newest first, those made before a delivery."""
    rows = tx.all(_SELECT_PAGE, which_webhook=webhook_id, before_id=before_id, row_limit=limit)
    return [DeliveryRow(*row) for row in rows]


def select_states(tx: Transaction, webhook_id: str, *, after_id: str, limit: int) -> list[DeliveryState]:
    """Oldest first, those made after a delivery; "" is before all."""
    rows = tx.all(_SELECT_STATES, which_webhook=webhook_id, after_id=after_id, row_limit=limit)
    return [DeliveryState(*row) for row in rows]


def select_states_of(tx: Transaction, webhook_id: str, event_ids: list[str]) -> list[DeliveryState]:
    """Those of some events, oldest first."""
    rows = tx.all(_SELECT_OF_EVENTS, which_webhook=webhook_id, event_ids=event_ids)
    return [DeliveryState(*row) for row in rows]


def select_tries(tx: Transaction, delivery_ids: list[str]) -> list[TryRow]:
    """Those that are rows of their own, in order, delivery by delivery."""
    return [TryRow(*row) for row in tx.all(_SELECT_TRIES, delivery_ids=delivery_ids)]
