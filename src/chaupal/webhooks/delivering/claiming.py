"""The rules of the queue: taking what is to be sent, and giving back what a dead worker had.

They run in the tenant's writes, one after another on all nodes, so that taking is a plain check: one delivery is taken
once. At least once is what receivers get: a worker that dies between sending and recording leaves a delivery that is
sent again. Must not send anything. Source: contract, section 11.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.store.gates import OPEN
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.clocks import LEASE_MARGIN_MS, LEASE_MS
from chaupal.webhooks.delivering.due_queries import WebhookPlace, replace_due, select_due, set_due
from chaupal.webhooks.delivering.queries import (
    ClaimedDelivery,
    claim,
    release_all,
    rescue,
    select_lane,
    select_left_behind,
    select_next_lane,
    select_on_the_way,
    select_retrying,
    select_sending,
    skip_pending,
)
from chaupal.webhooks.delivering.schedule import believed_due_ms
from chaupal.webhooks.delivering.worker_queries import (
    delete_worker,
    end_leases,
    has_lease,
    insert_worker,
    renew_lease,
    select_leases,
)
from chaupal.webhooks.queries import WebhookRow, select_webhook

LANES_MAX = 8
"""Deliveries on their way to one webhook at a time; in one lane there is one (contract, section 11)."""

FLIGHT_MAX = 64
FLIGHT_MAX_BYTES = 262_144
"""What is taken from one lane at a time, to be sent one after another: so much of it is in memory."""

SKIPPED_AT_ONCE = 1_000


class Room(msgspec.Struct, frozen=True):
    """A webhook, and in how many lanes the worker has room to send to it."""

    webhook_id: str
    lanes: int


class Claim(msgspec.Struct, frozen=True):
    """A worker that wants something to send."""

    worker_id: str
    rooms: list[Room]


class Flight(msgspec.Struct, frozen=True):
    """Deliveries to one webhook, to be sent one after another."""

    webhook: WebhookRow
    deliveries: list[ClaimedDelivery]


class DueWanted(msgspec.Struct, frozen=True):
    """At most so many webhooks: none at hosts that are called enough, none of those in `but`, and those that fail only
    where they are taken."""

    limit: int
    full_hosts: list[str]
    takes_failing: bool
    but: list[str]


def find_due(tx: Transaction, _caller: Operator, wanted: DueWanted) -> list[WebhookPlace]:
    """Webhooks of all tenants that may have something to send. Only a hint."""
    return select_due(
        tx,
        limit=wanted.limit,
        full_hosts=wanted.full_hosts,
        takes_failing=wanted.takes_failing,
        but=wanted.but,
    )


def claim_flights(tx: Transaction, _caller: Operator, wanted: Claim) -> list[Flight]:
    """What the worker is now to send, until its lease ends; nothing where it is taken for dead, or the tenant is about
    to move."""
    tx.lock_beside()
    if not takes_off(tx, wanted.worker_id):
        return []
    flights: list[Flight] = []
    for room in wanted.rooms:
        webhook = select_webhook(tx, room.webhook_id)
        if webhook is None:
            continue
        if not webhook.is_active(tx.now_ms):
            skipped = skip_pending(tx, webhook.webhook_id, limit=SKIPPED_AT_ONCE)
            if skipped < SKIPPED_AT_ONCE:
                replace_due(tx, webhook.webhook_id, None)
            continue
        flights += _claim_of_webhook(tx, webhook, wanted.worker_id, room.lanes)
    return flights


def _claim_of_webhook(tx: Transaction, webhook: WebhookRow, worker_id: str, lanes: int) -> list[Flight]:
    sending = select_sending(tx, webhook.webhook_id)
    busy = {lane for lane, tries in sending if tries == 0}
    in_flight = len(busy) + sum(1 for _, tries in sending if tries > 0)
    # A receiver that fails is tried with one at a time: it shall not take the room of others.
    free = (1 if webhook.failing_since_ms is not None else LANES_MAX) - in_flight
    allowed = min(free, lanes)
    chosen = _choose(tx, webhook.webhook_id, busy, allowed) if allowed > 0 else []
    claimed = {each.delivery_id: each for each in claim(tx, worker_id, [id_ for ids in chosen for id_ in ids])}
    if len(chosen) < allowed:
        replace_due(tx, webhook.webhook_id, next_retry_ms(tx, webhook.webhook_id))
    elif free <= lanes:
        # All that it may have is on its way: whoever ends a flight looks again.
        replace_due(tx, webhook.webhook_id, None)
    flights = ([claimed[id_] for id_ in ids if id_ in claimed] for ids in chosen)
    return [Flight(webhook, deliveries) for deliveries in flights if deliveries]


def _choose(tx: Transaction, webhook_id: str, busy: set[str], allowed: int) -> list[list[str]]:
    """Ids of deliveries, for at most so many flights: what is tried again first, each alone, then free lanes."""
    retrying = select_retrying(tx, webhook_id, limit=allowed)
    due = [id_ for id_, due_at_ms in retrying if believed_due_ms(due_at_ms, now_ms=tx.now_ms) <= tx.now_ms]
    # New events are not to wait for old ones that fail.
    chosen = [[id_] for id_ in due[: max(1, allowed // 2)]]
    lane = select_next_lane(tx, webhook_id, None)
    while lane is not None and len(chosen) < allowed:
        if lane not in busy:
            chosen.append(head_of_lane(tx, webhook_id, lane))
        lane = select_next_lane(tx, webhook_id, lane)
    chosen += [[id_] for id_ in due[max(1, allowed // 2) :]]
    return chosen[:allowed]


def head_of_lane(tx: Transaction, webhook_id: str, lane: str, *, limit: int = FLIGHT_MAX) -> list[str]:
    """What waits in a lane, in order: at least one, at most so many, and of `FLIGHT_MAX_BYTES` at most their part."""
    taken: list[str] = []
    size_bytes, max_bytes = 0, FLIGHT_MAX_BYTES * limit // FLIGHT_MAX
    for delivery_id, body_bytes in select_lane(tx, webhook_id, lane, limit=limit):
        size_bytes += body_bytes
        if taken and size_bytes > max_bytes:
            break
        taken.append(delivery_id)
    return taken


def next_retry_ms(tx: Transaction, webhook_id: str) -> int | None:
    retrying = select_retrying(tx, webhook_id, limit=1)
    return believed_due_ms(retrying[0][1], now_ms=tx.now_ms) if retrying else None


def takes_off(tx: Transaction, worker_id: str) -> bool:
    """Whether the worker may be given something of the tenant to send. Inside tx."""
    return tx.state.gate == OPEN and has_lease(tx, worker_id)


def is_sending(tx: Transaction, _caller: Operator, _request: None) -> bool:
    """Whether anything of the caller's tenant is on its way to a receiver."""
    return bool(select_on_the_way(tx))


def begin_worker(tx: Transaction, _caller: Operator, worker_id: str) -> None:
    """Be taken for alive from now on. In the installation."""
    insert_worker(tx, worker_id, tx.now_ms + LEASE_MS)


def keep_worker(tx: Transaction, _caller: Operator, worker_id: str) -> bool:
    """Whether the worker was taken for alive, and is on. In the installation."""
    return renew_lease(tx, worker_id, tx.now_ms + LEASE_MS)


def end_worker(tx: Transaction, _caller: Operator, worker_id: str) -> None:
    """The worker has given everything back. In the installation."""
    delete_worker(tx, worker_id)


def declare_dead(tx: Transaction, _caller: Operator, worker_id: str) -> None:
    """For a worker that does not know any more what it has. In the installation."""
    renew_lease(tx, worker_id, 0)


def declare_all_dead(tx: Transaction, _caller: Operator, _request: None) -> None:
    """For a process that knows to be the only one. In the installation."""
    end_leases(tx)


class LeftBehind(msgspec.Struct, frozen=True):
    """A dead worker, and (tenant, webhook) of what it was sending."""

    worker_id: str
    places: list[tuple[str, str]]


class Roll(msgspec.Struct, frozen=True):
    """The leases of all workers, until when each is, and those that are taken for dead."""

    leases: dict[str, int]
    dead: list[LeftBehind]


def call_roll(tx: Transaction, _caller: Operator, silent: dict[str, int]) -> Roll:
    """Who is taken for alive and who for dead. `silent`: leases that were not renewed for too long; whose lease is
    still that one is dead, whatever the clocks say. In the installation."""
    leases = select_leases(tx)
    # One that was declared dead has a lease that ended in 1970; clocks do not matter then.
    ended_ms = tx.now_ms - LEASE_MARGIN_MS
    dead = [id_ for id_, until_ms in leases.items() if until_ms < ended_ms or silent.get(id_) == until_ms]
    return Roll(leases, [LeftBehind(worker_id, select_left_behind(tx, worker_id)) for worker_id in dead])


def release_deliveries(tx: Transaction) -> None:
    """Let this installation send what the one before was sending when the tenant was copied. Inside tx."""
    webhook_ids = select_on_the_way(tx)
    release_all(tx)
    set_due(tx, webhook_ids, tx.now_ms)


def rescue_deliveries(tx: Transaction, _caller: Operator, left: tuple[str, str]) -> int:
    """Let others send what a dead worker was sending to a webhook; how many deliveries. `left`: worker, webhook."""
    tx.lock_beside()
    worker_id, webhook_id = left
    rescued = rescue(tx, worker_id, webhook_id)
    set_due(tx, [webhook_id], tx.now_ms)
    return rescued
