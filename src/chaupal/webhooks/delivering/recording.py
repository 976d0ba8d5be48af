"""Recording what became of flights: all that ended at about the same time in one write, so that what is noted of
deliveries takes the writer little of the time that the calls of users wait for.

A worker that dies between sending and recording leaves deliveries that are sent again. Must not send anything. Source:
contract, section 11.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.claiming import Flight, next_retry_ms
from chaupal.webhooks.delivering.due_queries import Standing, note_health, select_standings
from chaupal.webhooks.delivering.following import Wanted, claim_following
from chaupal.webhooks.delivering.queries import (
    Arrival,
    ClaimedDelivery,
    append_try,
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
    """What became of a flight, or a part of it: the tries in their order, and what was not tried. `lane`: the one that
    it sends for the first time; None where that is not known, or it tries again. `wants`: for so many more of the lane
    the worker has room. `goes_on`: it is still sending what it has of it."""

    worker_id: str
    webhook_id: str
    tries: list[TriedDelivery]
    untried: list[str]
    lane: str | None = None
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
    standings = {
        each.webhook.webhook_id: each for each in select_standings(tx, sorted({end.webhook_id for end in ends}))
    }
    recorders = {
        webhook_id: _Recorder(tx, standings.get(webhook_id), delivered)
        for webhook_id in dict.fromkeys(end.webhook_id for end in ends)
    }
    recorded = [recorders[end.webhook_id].record(end) for end in ends]
    more = claim_following(tx, [recorders[end.webhook_id].wanted_by(end) for end in ends])
    for end, flight in zip(ends, more, strict=True):
        if flight is not None:
            recorders[end.webhook_id].keep_busy(flight)
    disabled = {webhook_id for webhook_id, recorder in recorders.items() if recorder.finish()}
    return [
        msgspec.structs.replace(
            each, disabled_reason=each.disabled_reason if end.webhook_id in disabled else "", more=flight
        )
        for end, each, flight in zip(ends, recorded, more, strict=True)
    ]


class _Recorder:
    """Of one webhook; `standing` None where it is deleted."""

    def __init__(self, tx: Transaction, standing: Standing | None, delivered: set[str]) -> None:
        self._tx = tx
        self._standing = standing
        self._delivered = delivered
        self._failing_ms = standing.webhook.failing_since_ms if standing is not None else None
        self._success_ms = standing.webhook.last_success_at_ms if standing is not None else 0
        self._has_failed = False
        self._reason = ""
        self._busy: set[str] = set()
        """Lanes that somebody is sending: whoever ends that looks for what waits in them."""

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
            if each.delivery.origin == "event":
                self._failing_ms = self._failing_ms or each.tried_at_ms
            state = _record_failure(self._tx, end.worker_id, each)
            retrying, exhausted = retrying + (state == RETRYING), exhausted + (state == EXHAUSTED)
            reason = reason or _reason_to_disable(each, state, success_ms=self._success_ms)
        self._reason = self._reason or reason
        if end.lane is not None:
            # The parts of a flight come in their order.
            (self._busy.add if end.goes_on else self._busy.discard)(end.lane)
        return Recorded(delivered, retrying, exhausted, reason)

    def wanted_by(self, end: FlightEnd) -> Wanted | None:
        """What a flight that was recorded wants of its lane; None where it wants, or is to have, nothing."""
        standing = self._standing
        if standing is None or standing.first_lane is None or end.lane is None or not end.wants:
            return None
        if (
            self._reason
            or self._failing_ms is not None
            or end.untried
            or not standing.webhook.is_active(self._tx.now_ms)
        ):
            return None
        return Wanted(end.worker_id, standing.webhook, end.lane, end.wants)

    def keep_busy(self, flight: Flight) -> None:
        """A flight goes on in its lane."""
        self._busy.add(flight.deliveries[0].lane)

    def finish(self) -> bool:
        """Note how the receiver does; whether the webhook is disabled now for what became of its flights."""
        self._note_health(is_over=bool(self._reason))
        if not self._reason or self._standing is None:
            return False
        return disable(self._tx, self._standing.webhook.webhook_id, self._reason)

    def _note_health(self, *, is_over: bool) -> None:
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
        if self._has_idle_lane(standing):
            return self._tx.now_ms
        if self._has_failed or standing.next_retry_ms is None:
            return next_retry_ms(self._tx, standing.webhook.webhook_id) if self._has_failed else None
        return believed_due_ms(standing.next_retry_ms, now_ms=self._tx.now_ms)

    def _has_idle_lane(self, standing: Standing) -> bool:
        """Whether anything waits in a lane that nobody is sending, as far as this write knows."""
        first, last = standing.first_lane, standing.last_lane
        if first is None:
            return False
        if not {first, last} <= self._busy:
            return True
        if first == last:
            return False
        lane = select_next_lane(self._tx, standing.webhook.webhook_id, first)
        while lane is not None and lane in self._busy:
            lane = select_next_lane(self._tx, standing.webhook.webhook_id, lane)
        return lane is not None


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
    """Where it failed; "" where it says nothing of the webhook: what somebody has sent again does not end what is sent
    by itself."""
    origin = tried.delivery.origin
    if is_gone(tried.status) and state and origin != "test":
        return GONE
    # Other deliveries that got through since show that the receiver is alive.
    is_last = state == EXHAUSTED and success_ms < tried.delivery.first_tried_at_ms
    return FAILING if is_last and origin == "event" else ""
