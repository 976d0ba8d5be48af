"""Adding what was matched to the queue, and moving the cursor, in one write.

A webhook of which nothing else waits gets its deliveries at once: they are added as this worker's own, and sent after
the commit, without a claim of their own. Source: contract, section 11.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec

from chaupal.auth.caller import Operator
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.claiming import FLIGHT_MAX, FLIGHT_MAX_BYTES, Flight
from chaupal.webhooks.delivering.matching import NOT_ALLOWED, Matched
from chaupal.webhooks.delivering.queries import (
    ClaimedDelivery,
    NewDelivery,
    append_delivery,
    move_cursor,
    select_idle,
    select_sending,
    set_due,
)
from chaupal.webhooks.delivering.schedule import SENDING, WAITING
from chaupal.webhooks.delivering.worker_queries import (
    has_lease,
)
from chaupal.webhooks.disabling import disable
from chaupal.webhooks.queries import select_webhook


class Keeping(msgspec.Struct, frozen=True):
    """What was matched, and how much of it the worker can send at once: `free` flights, and at each host as many as
    are left of `host_limit`."""

    matched: Matched
    worker_id: str
    free: int
    at_host: dict[str, int]
    host_limit: int


class Kept(msgspec.Struct, frozen=True):
    """Whether the deliveries were added, and what of them the worker is to send now."""

    is_kept: bool
    flights: list[Flight]


def keep_matched(tx: Transaction, _caller: Operator, keeping: Keeping) -> Kept:
    """Add the deliveries and move the cursor; nothing where another worker, or a deletion, has moved it."""
    matched = keeping.matched
    if not move_cursor(tx, old_position=matched.from_position, new_position=matched.until_position):
        return Kept(is_kept=False, flights=[])
    waiting: dict[str, list[NewDelivery]] = defaultdict(list)
    for delivery in matched.deliveries:
        if delivery.state == WAITING:
            waiting[delivery.webhook_id].append(delivery)
    flights = _flights(tx, waiting, keeping) if waiting else []
    flying = {flight.webhook.webhook_id for flight in flights}
    for delivery in matched.deliveries:
        if delivery.webhook_id in flying:
            append_delivery(tx, delivery._replace(state=SENDING), worker_id=keeping.worker_id)
        else:
            append_delivery(tx, delivery)
    if left := sorted(waiting.keys() - flying):
        set_due(tx, left, tx.now_ms)
    for webhook_id in matched.revoked:
        disable(tx, webhook_id, NOT_ALLOWED)
    return Kept(is_kept=True, flights=flights)


def _flights(tx: Transaction, waiting: dict[str, list[NewDelivery]], keeping: Keeping) -> list[Flight]:
    """For each webhook that has nothing else to send, one flight of all that it gets, if one lane holds that."""
    fitting = sorted(webhook_id for webhook_id, deliveries in waiting.items() if _is_one_flight(deliveries))
    if keeping.free <= 0 or not fitting or not has_lease(tx, keeping.worker_id):
        return []
    at_host = Counter(keeping.at_host)
    flights: list[Flight] = []
    for webhook_id in select_idle(tx, fitting):
        webhook = select_webhook(tx, webhook_id)
        if len(flights) == keeping.free or webhook is None or webhook_id in keeping.matched.revoked:
            continue
        if at_host[webhook.host] >= keeping.host_limit or select_sending(tx, webhook_id):
            continue
        at_host[webhook.host] += 1
        flights.append(Flight(webhook, [_claimed(delivery) for delivery in waiting[webhook_id]]))
    return flights


def _is_one_flight(deliveries: list[NewDelivery]) -> bool:
    return (
        len(deliveries) <= FLIGHT_MAX
        and sum(delivery.body_bytes for delivery in deliveries) <= FLIGHT_MAX_BYTES
        and len({delivery.lane for delivery in deliveries}) == 1
    )


def _claimed(delivery: NewDelivery) -> ClaimedDelivery:
    return ClaimedDelivery(
        delivery_id=delivery.delivery_id,
        webhook_id=delivery.webhook_id,
        lane=delivery.lane,
        position=delivery.position,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        origin=delivery.origin,
        body=delivery.body,
        try_count=0,
        happened_at_ms=delivery.happened_at_ms,
        first_tried_at_ms=delivery.created_at_ms,
    )
