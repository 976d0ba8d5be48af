"""The log of a webhook's deliveries; sending again what it has missed; trying it out. Source: contract, section 11."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from chaupal.auth.caller import Caller
from chaupal.auth.sealing import SecretKey
from chaupal.errors import InvalidParameters
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.bodies import build_body, seal_body
from chaupal.webhooks.delivering.copying import queue_again
from chaupal.webhooks.delivering.due_queries import set_due
from chaupal.webhooks.delivering.queries import NewDelivery, append_delivery
from chaupal.webhooks.delivering.schedule import DELIVERED, EXHAUSTED, RETRYING, SENDING, SKIPPED, WAITING
from chaupal.webhooks.drafts import EVENTS_AT_ONCE_MAX, WebhookNotActive
from chaupal.webhooks.history_queries import (
    DeliveryRow,
    DeliveryState,
    TryRow,
    select_deliveries,
    select_states,
    select_states_of,
    select_tries,
)
from chaupal.webhooks.kinds import EVENT_TYPES, EXPIRED, known_event_types, open_target
from chaupal.webhooks.queries import WebhookRow
from chaupal.webhooks.rights import access_webhook
from chaupal.webhooks.samples import sample_happening

STATES = (WAITING, SENDING, RETRYING, DELIVERED, EXHAUSTED, SKIPPED)
FAILED = (EXHAUSTED, SKIPPED)
LAST = "z"
"""After every id, in whatever order a database sorts letters."""

_SCANNED_AT_ONCE = 500
_SCANNED_MOST = 10_000
"""A page that finds little among so many ends, and its cursor leads on."""

_SEARCHED_AT_ONCE = 2_000
"""Deliveries that one read looks at for what never arrived: some milliseconds."""


class DeliveriesPage(msgspec.Struct, frozen=True):
    """Which deliveries of a webhook: those made before `before_id`, of a state and type, or with "" of any."""

    webhook_id: str
    state: str
    event_type: str
    before_id: str
    count: int


class Deliveries(msgspec.Struct, frozen=True):
    """Deliveries, newest first, and the id to go on before; "" where there are no more."""

    deliveries: list[DeliveryRow]
    tries: dict[str, list[TryRow]]
    next_before_id: str


def list_deliveries(tx: Transaction, caller: Caller, page: DeliveriesPage) -> Deliveries:
    """The deliveries of a webhook, each with its tries.

    Raises:
        NotFound, Forbidden, InvalidParameters.
    """
    webhook, _ = access_webhook(tx, caller, page.webhook_id)
    if page.state and page.state not in STATES:
        raise InvalidParameters(field="status", value=page.state, rule=f"must be one of {', '.join(STATES)}")
    event_type = _checked_type(page.event_type) if page.event_type else ""
    found: list[DeliveryRow] = []
    before_id, scanned, has_more = page.before_id or LAST, 0, True
    while has_more and len(found) < page.count and scanned < _SCANNED_MOST:
        rows = select_deliveries(tx, webhook.webhook_id, before_id=before_id, limit=_SCANNED_AT_ONCE)
        has_more = len(rows) == _SCANNED_AT_ONCE
        scanned += len(rows)
        for index, row in enumerate(rows):
            before_id = row.delivery_id
            if page.state in ("", row.state) and event_type in ("", row.event_type):
                found.append(row)
            if len(found) == page.count:
                has_more = has_more or index + 1 < len(rows)
                break
    return Deliveries(found, _tries_of(tx, found), before_id if has_more else "")


def _tries_of(tx: Transaction, deliveries: list[DeliveryRow]) -> dict[str, list[TryRow]]:
    tries: dict[str, list[TryRow]] = defaultdict(list)
    if apart := [row.delivery_id for row in deliveries if row.try_count > (row.arrived_at_ms is not None)]:
        for each in select_tries(tx, apart):
            tries[each.delivery_id].append(each)
    for row in deliveries:
        if row.arrived_at_ms is not None:
            tries[row.delivery_id].append(_arrival_of(row, row.arrived_at_ms))
    return tries


def _arrival_of(row: DeliveryRow, tried_at_ms: int) -> TryRow:
    return TryRow(
        delivery_id=row.delivery_id,
        try_number=row.try_count,
        tried_at_ms=tried_at_ms,
        duration_ms=row.arrived_after_ms or 0,
        status=row.arrived_status,
        error="",
        answer=row.arrived_answer,
    )


def _checked_type(name: str) -> str:
    found = known_event_types([name])
    if not found:
        raise InvalidParameters(field="eventType", value=name, rule=f"must be one of {', '.join(EVENT_TYPES)}")
    return found[0]


class MissedAfter(msgspec.Struct, frozen=True):
    """Where to look for events that never arrived: among the deliveries made after `after_id`, "" for all of them.
    Only what has happened since an instant."""

    webhook_id: str
    after_id: str
    since_ms: int


class Missed(msgspec.Struct, frozen=True):
    """Ids of events, oldest first, and the id to look on after; None where all was looked at."""

    event_ids: list[str]
    next_after_id: str | None


def find_missed(tx: Transaction, caller: Caller, wanted: MissedAfter) -> Missed:
    """Events of which every delivery has failed or was set aside. Each is found once, by its first delivery.

    Raises:
        NotFound, Forbidden.
    """
    webhook, _ = access_webhook(tx, caller, wanted.webhook_id)
    states = select_states(tx, webhook.webhook_id, after_id=wanted.after_id, limit=_SEARCHED_AT_ONCE)
    failed = list(dict.fromkeys(each.event_id for each in states if each.state in FAILED and each.origin != "test"))
    found = [
        rows
        for rows in _states_of(tx, webhook, failed)
        if _is_missed(rows) and rows[0].delivery_id > wanted.after_id and rows[0].happened_at_ms >= wanted.since_ms
    ]
    found.sort(key=lambda rows: rows[0].delivery_id)
    next_after_id = states[-1].delivery_id if len(states) == _SEARCHED_AT_ONCE else None
    return Missed([rows[0].event_id for rows in found], next_after_id)


def _states_of(tx: Transaction, webhook: WebhookRow, event_ids: list[str]) -> list[list[DeliveryState]]:
    """For each event that the webhook was to be told of, what became of its deliveries, oldest first."""
    by_event: dict[str, list[DeliveryState]] = defaultdict(list)
    if event_ids:
        for each in select_states_of(tx, webhook.webhook_id, event_ids):
            by_event[each.event_id].append(each)
    return list(by_event.values())


def _is_missed(deliveries: list[DeliveryState]) -> bool:
    return all(each.state in FAILED for each in deliveries)


class Replay(msgspec.Struct, frozen=True):
    """Events to send again, if they have happened since an instant: whatever became of them, or only those that are
    missed still, and not by a call like this on their way again."""

    webhook_id: str
    event_ids: list[str]
    since_ms: int
    is_of_missed: bool


def replay(tx: Transaction, caller: Caller, wanted: Replay) -> int:
    """Queue new deliveries of events that the webhook was, or was to be, told of before, at most 1,000; how many.

    Raises:
        NotFound, Forbidden, InvalidParameters, WebhookNotActive.
    """
    webhook, _ = access_webhook(tx, caller, wanted.webhook_id)
    if len(wanted.event_ids) > EVENTS_AT_ONCE_MAX:
        rule = f"must be at most {EVENTS_AT_ONCE_MAX}"
        raise InvalidParameters(field="eventIds", value=len(wanted.event_ids), rule=rule)
    _check_active(tx, webhook)
    events = _states_of(tx, webhook, sorted(set(wanted.event_ids)))
    last = (states[-1] for states in events if _is_missed(states) or not wanted.is_of_missed)
    chosen = [each for each in last if each.origin != "test" and each.happened_at_ms >= wanted.since_ms]
    if chosen:
        chosen.sort(key=lambda each: each.position)
        queue_again(tx, [(each.delivery_id, new_id()) for each in chosen])
        set_due(tx, [webhook.webhook_id], tx.now_ms)
    return len(chosen)


def _check_active(tx: Transaction, webhook: WebhookRow) -> None:
    if not webhook.is_active(tx.now_ms):
        raise WebhookNotActive(reason=webhook.disabled_reason or EXPIRED)


class TestEvent(msgspec.Struct, frozen=True):
    """A sample to send; `event_type` "" for the first that the webhook hears of."""

    __test__ = False  # not a test of this project

    webhook_id: str
    event_type: str
    secret_key: SecretKey


class QueuedTest(msgspec.Struct, frozen=True):
    """The sample's delivery."""

    delivery_id: str
    event_id: str
    event_type: str


def send_test(tx: Transaction, caller: Caller, wanted: TestEvent) -> QueuedTest:
    """Queue a made-up event of a type, which is tried once. It says of itself that it is a test.

    Raises:
        NotFound, Forbidden, InvalidParameters, WebhookNotActive.
    """
    webhook, _ = access_webhook(tx, caller, wanted.webhook_id)
    _check_active(tx, webhook)
    event_type = _checked_type(wanted.event_type) if wanted.event_type else webhook.event_types.split(";")[0]
    group_id = webhook.group_id or new_id()
    happening = sample_happening(event_type, group_id=group_id, at_us=tx.now_ms * 1000)
    body = build_body(happening, webhook, open_target(webhook.sealed_target, wanted.secret_key))
    delivery_id = new_id()
    append_delivery(
        tx,
        NewDelivery(
            delivery_id=delivery_id,
            webhook_id=webhook.webhook_id,
            lane="test",
            position=0,
            event_id=happening.event_id,
            event_type=event_type,
            origin="test",
            state=WAITING,
            body=seal_body(body, wanted.secret_key),
            body_bytes=len(body),
            happened_at_ms=tx.now_ms,
            created_at_ms=tx.now_ms,
            finished_at_ms=None,
        ),
    )
    set_due(tx, [webhook.webhook_id], tx.now_ms)
    return QueuedTest(delivery_id, happening.event_id, event_type)
