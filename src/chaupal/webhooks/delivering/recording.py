"""Recording what became of flights: all that ended at about the same time in one write, so that what is noted of
deliveries takes the writer little of the time that the calls of users wait for.

A worker that dies between sending and recording leaves deliveries that are sent again. Must not send anything. Source:
contract, section 11.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from chaupal.auth.caller import Operator
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.claiming import Flight, head_of_lane, next_retry_ms, takes_off
from chaupal.webhooks.delivering.due_queries import Standing, note_health, select_standings
from chaupal.webhooks.delivering.queries import (
    Arrival,
    ClaimedDelivery,
    append_try,
    claim,
    record_delivered,
    record_failed,
    release,
    select_next_lane,
)
from chaupal.webhooks.delivering.schedule import (
    EXHAUSTED,
    RETRYING,
    TRIES_MAX,
    believed_due_ms,
    delay_ms,
    is_gone,
    is_success,
)
from chaupal.webhooks.disabling import disable, note_long_failure

FAILING = "Failing"
GONE = "Gone"

_SUCCESS_NOTED_EVERY_MS = 1_000
"""The last success is compared with tries that lie days apart, so it need not be written more often. The first after a
failure always is."""


class TriedDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One try. `status` None where nothing was answered, and `error` says why; `answer` is the answer's beginning."""

    delivery: ClaimedDelivery
    tried_at_ms: int
    duration_ms: int
    status: int | None
    error: str
    answer: str
    retry_after_s: int | None


class FlightEnd(msgspec.Struct, frozen=True):
    """What became of a flight, or a part of it: the tries in their order, and what was not tried. `wants`: for so many
    more of the same lane the worker has room. `goes_on`: it is still sending what it has of that lane."""

    worker_id: str
    webhook_id: str
    tries: list[TriedDelivery]
    untried: list[str]
    wants: int = 0
    goes_on: bool = False


class Recorded(msgspec.Struct, frozen=True):
    """How many deliveries went which way, the reason where the webhook was disabled for it, and what the worker is to
    send next in the same lane."""

    delivered: int
    retrying: int
    exhausted: int
    disabled_reason: str
    more: Flight | None = None


def record_flights(tx: Transaction, _caller: Operator, ends: list[FlightEnd]) -> list[Recorded]:
    """Note what became of flights, in their order. What is not the worker's any more is left as it is."""
    tx.lock_beside()
    delivered: set[str] = set()
    for worker_id in dict.fromkeys(end.worker_id for end in ends):
        of_worker = [end for end in ends if end.worker_id == worker_id]
        if untried := [id_ for end in of_worker for id_ in end.untried]:
            release(tx, worker_id, untried)
        tries = [each for end in of_worker for each in end.tries]
        if arrivals := [_arrival(each) for each in tries if is_success(each.status)]:
            # In the order of their ids, in which their rows lie.
            delivered |= record_delivered(tx, worker_id, sorted(arrivals))
    of_webhook: dict[str, list[FlightEnd]] = defaultdict(list)
    for end in ends:
        of_webhook[end.webhook_id].append(end)
    standings = {each.webhook.webhook_id: each for each in select_standings(tx, sorted(of_webhook))}
    recorded = {
        id(end): each
        for webhook_id, its_ends in of_webhook.items()
        for end, each in _record_of_webhook(tx, standings.get(webhook_id), its_ends, delivered)
    }
    return [recorded[id(end)] for end in ends]


def _record_of_webhook(
    tx: Transaction, standing: Standing | None, ends: list[FlightEnd], delivered: set[str]
) -> list[tuple[FlightEnd, Recorded]]:
    recorder = _Recorder(tx, standing, delivered)
    recorded = [(end, recorder.record(end)) for end in ends]
    reason = next((each.disabled_reason for _, each in recorded if each.disabled_reason), "")
    recorder.note_health(is_over=bool(reason))
    if reason and standing is not None and disable(tx, standing.webhook.webhook_id, reason):
        return recorded
    return [(end, msgspec.structs.replace(each, disabled_reason="")) for end, each in recorded]


class _Recorder:
    """Of one webhook; `standing` None where it is deleted."""

    def __init__(self, tx: Transaction, standing: Standing | None, delivered: set[str]) -> None:
        self._tx = tx
        self._standing = standing
        self._delivered = delivered
        self._failing_ms = standing.webhook.failing_since_ms if standing is not None else None
        self._success_ms = standing.webhook.last_success_at_ms if standing is not None else 0
        self._has_failed = False
        self._busy: set[str] = set()

    def record(self, end: FlightEnd) -> Recorded:
        """What became of one flight."""
        delivered = retrying = exhausted = 0
        reason = ""
        for each in end.tries:
            if is_success(each.status):
                if each.delivery.delivery_id in self._delivered:
                    delivered += 1
                self._failing_ms, self._success_ms = None, max(self._success_ms, each.tried_at_ms)
                continue
            self._has_failed = True
            self._failing_ms = self._failing_ms or each.tried_at_ms
            state = _record_failure(self._tx, end.worker_id, each)
            retrying, exhausted = retrying + (state == RETRYING), exhausted + (state == EXHAUSTED)
            reason = reason or _reason_to_disable(each, state, success_ms=self._success_ms)
        return Recorded(delivered, retrying, exhausted, reason, self._more(end))

    def _more(self, end: FlightEnd) -> Flight | None:
        """The next of the lane that a flight is in; None where it was none, or nothing waits in it."""
        if end.goes_on:
            self._busy.add(end.tries[0].delivery.lane)
        if self._standing is None or not self._standing.is_waiting or not end.wants:
            return None
        if self._failing_ms is not None or end.untried or not end.tries or end.tries[0].delivery.try_count:
            return None
        webhook, lane = self._standing.webhook, end.tries[0].delivery.lane
        if not webhook.is_active(self._tx.now_ms):
            return None
        ids = head_of_lane(self._tx, webhook.webhook_id, lane, limit=end.wants)
        if not ids or not takes_off(self._tx, end.worker_id):
            return None
        claimed = {each.delivery_id: each for each in claim(self._tx, end.worker_id, ids)}
        deliveries = [claimed[id_] for id_ in ids if id_ in claimed]
        if not deliveries:
            return None
        self._busy.add(lane)
        return Flight(webhook, deliveries)

    def note_health(self, *, is_over: bool) -> None:
        """How the receiver does, and when there is something to send again; where that is news. `is_over`: the webhook
        is about to be disabled."""
        if self._standing is None:
            return
        webhook, due_ms = self._standing.webhook, self._next_due_ms(self._standing)
        told_ms = None if is_over else note_long_failure(self._tx, webhook, self._failing_ms)
        is_news = (
            due_ms != self._standing.next_due_ms
            or self._failing_ms != webhook.failing_since_ms
            or told_ms != webhook.failing_told_at_ms
            or self._success_ms >= webhook.last_success_at_ms + _SUCCESS_NOTED_EVERY_MS
        )
        if is_news:
            note_health(
                self._tx,
                webhook.webhook_id,
                due_ms=due_ms,
                failing_since_ms=self._failing_ms,
                success_at_ms=self._success_ms,
                failing_told_at_ms=told_ms,
            )

    def _next_due_ms(self, standing: Standing) -> int | None:
        webhook_id = standing.webhook.webhook_id
        if standing.is_waiting:
            lane = select_next_lane(self._tx, webhook_id, None)
            while lane is not None and lane in self._busy:
                lane = select_next_lane(self._tx, webhook_id, lane)
            if lane is not None:
                return self._tx.now_ms
        if self._has_failed or standing.next_retry_ms is None:
            return next_retry_ms(self._tx, webhook_id) if self._has_failed else None
        return believed_due_ms(standing.next_retry_ms, now_ms=self._tx.now_ms)


def _arrival(tried: TriedDelivery) -> Arrival:
    assert tried.status is not None
    return Arrival(tried.delivery.delivery_id, tried.tried_at_ms, tried.duration_ms, tried.status, tried.answer)


def _record_failure(tx: Transaction, worker_id: str, tried: TriedDelivery) -> str:
    """The state that it has now; "" where it is not the worker's any more."""
    delivery = tried.delivery
    tries_done = delivery.try_count + 1
    is_over = is_gone(tried.status) or tries_done >= TRIES_MAX or delivery.origin == "test"
    due_at_ms = tx.now_ms
    if not is_over:
        spent_ms = tx.now_ms - delivery.first_tried_at_ms
        due_at_ms += delay_ms(delivery.delivery_id, tries_done, retry_after_s=tried.retry_after_s, spent_ms=spent_ms)
    state = EXHAUSTED if is_over else RETRYING
    if not record_failed(tx, worker_id, delivery.delivery_id, state=state, due_at_ms=due_at_ms):
        return ""
    append_try(
        tx,
        delivery.delivery_id,
        tries_done,
        tried_at_ms=tried.tried_at_ms,
        duration_ms=tried.duration_ms,
        status=tried.status,
        error=tried.error,
        answer=tried.answer,
    )
    return state


def _reason_to_disable(tried: TriedDelivery, state: str, *, success_ms: int) -> str:
    if tried.delivery.origin == "test":
        return ""
    if is_gone(tried.status) and state:
        return GONE
    # Other deliveries that got through since show that the receiver is alive.
    is_last = state == EXHAUSTED and success_ms < tried.delivery.first_tried_at_ms
    return FAILING if is_last else ""
