"""Adding what was matched to the queue, and moving the cursor, in one write.

A webhook of which nothing else waits gets its deliveries at once: they are added as this worker's own, and sent after
the commit, without a claim of their own. Source: contract, section 11.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec

from chaupal.auth.caller import Operator
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.claiming import FLIGHT_MAX, FLIGHT_MAX_BYTES, Flight, takes_off
from chaupal.webhooks.delivering.due_queries import select_idle, set_due
from chaupal.webhooks.delivering.forgetting import forget_taken_back
from chaupal.webhooks.delivering.matching import NOT_ALLOWED, Matched
from chaupal.webhooks.delivering.queries import (
    ClaimedDelivery,
    NewDelivery,
    append_delivery,
    move_cursor,
    select_busy_lanes,
)
from chaupal.webhooks.delivering.schedule import WAITING
from chaupal.webhooks.disabling import disable, disable_expired
from chaupal.webhooks.queries import WebhookRow, select_webhooks


class Load(msgspec.Struct, frozen=True):
    """How much a flight that has not begun holds, and in which lane."""

    lane: str
    count: int
    size_bytes: int

    @classmethod
    def of(cls, flight: Flight) -> Load:
        """That of a flight."""
        return cls(
            flight.deliveries[0].lane,
            len(flight.deliveries),
            sum(len(delivery.body) for delivery in flight.deliveries),
        )


class Keeping(msgspec.Struct, frozen=True):
    """What was matched, and how much of it the worker can send at once: `free` flights, and at each host as many as
    are left of `host_limit`. `flying`: deliveries to webhooks, by their ids, that the worker got by earlier pieces and
    has not begun to send: what comes now is added to them. `put_off`: webhooks that there is no room for now."""

    matched: Matched
    worker_id: str
    free: int
    at_host: dict[str, int]
    host_limit: int
    flying: dict[str, Load] = {}
    put_off: list[str] = []


class Kept(msgspec.Struct, frozen=True):
    """Whether the deliveries were added, and the webhooks whose part of them the worker is to send now."""

    is_kept: bool
    taken: list[WebhookRow]

    def flights_of(self, matched: Matched) -> list[Flight]:
        """What the worker is to send, from what it has matched."""
        taken: dict[str, list[ClaimedDelivery]] = {webhook.webhook_id: [] for webhook in self.taken}
        for delivery in matched.deliveries:
            if delivery.state == WAITING and delivery.webhook_id in taken:
                taken[delivery.webhook_id].append(_claimed(delivery))
        return [Flight(webhook, taken[webhook.webhook_id]) for webhook in self.taken]


def keep_matched(tx: Transaction, _caller: Operator, keeping: Keeping) -> Kept:
    """Add the deliveries and move the cursor; nothing where another worker, or a deletion, has moved it."""
    tx.lock_beside()
    matched = keeping.matched
    if not move_cursor(tx, old_position=matched.from_position, new_position=matched.until_position):
        return Kept(is_kept=False, taken=[])
    waiting: dict[str, list[NewDelivery]] = defaultdict(list)
    for delivery in matched.deliveries:
        if delivery.state == WAITING:
            waiting[delivery.webhook_id].append(delivery)
    busy = select_busy_lanes(tx, sorted(waiting)) if waiting else {}
    taken = _take(tx, waiting, keeping, busy)
    flying = {webhook.webhook_id for webhook in taken}
    # What goes to one webhook lies side by side: it is sent, and noted, together. Scattered over the pages of the
    # database, the same notes would have several times as many pages written.
    for delivery in sorted(matched.deliveries, key=lambda delivery: delivery.webhook_id):
        if delivery.state == WAITING and delivery.webhook_id in flying:
            append_delivery(tx, delivery, worker_id=keeping.worker_id)
        else:
            append_delivery(tx, delivery)
    # Whoever ends a flight looks for what waits behind it in its lane.
    left = waiting.keys() - flying
    if to_look_at := sorted(id_ for id_ in left if any(each.lane not in busy.get(id_, ()) for each in waiting[id_])):
        set_due(tx, to_look_at, tx.now_ms)
    # The events before are all kept by now, whatever was matched while they were taken back.
    if matched.taken_back:
        forget_taken_back(tx, matched.taken_back)
    for webhook_id in matched.revoked:
        disable(tx, webhook_id, NOT_ALLOWED)
    for webhook_id in matched.expired:
        disable_expired(tx, webhook_id)
    return Kept(is_kept=True, taken=taken)


def _take(
    tx: Transaction, waiting: dict[str, list[NewDelivery]], keeping: Keeping, busy: dict[str, set[str]]
) -> list[WebhookRow]:
    """The webhooks that have nothing else to send, and of which one lane holds all that they get: each has a flight."""
    fitting = sorted(
        webhook_id
        for webhook_id, deliveries in waiting.items()
        if webhook_id not in {*keeping.matched.revoked, *keeping.put_off}
        and _is_one_flight(deliveries, keeping.flying.get(webhook_id))
    )
    if not fitting or not takes_off(tx, keeping.worker_id):
        return []
    at_host = Counter(keeping.at_host)
    taken: list[WebhookRow] = []
    idle = select_idle(tx, fitting)
    for webhook in select_webhooks(tx, idle):
        webhook_id = webhook.webhook_id
        if webhook_id not in keeping.flying:
            if len(taken) >= keeping.free:
                continue
            if at_host[webhook.host] >= keeping.host_limit or webhook_id in busy:
                continue
            at_host[webhook.host] += 1
        taken.append(webhook)
    return taken


def _is_one_flight(deliveries: list[NewDelivery], load: Load | None) -> bool:
    lanes = {delivery.lane for delivery in deliveries}
    count, size_bytes = len(deliveries), sum(delivery.body_bytes for delivery in deliveries)
    if load is not None:
        lanes.add(load.lane)
        count, size_bytes = count + load.count, size_bytes + load.size_bytes
    return count <= FLIGHT_MAX and size_bytes <= FLIGHT_MAX_BYTES and len(lanes) == 1


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
