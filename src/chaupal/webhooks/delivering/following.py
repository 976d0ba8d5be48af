"""Taking what comes next in the lanes that flights are in, so that they go on without a look of their own.

What all of them want is taken together: asked for one by one, it would take as long as it takes to send it.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.claiming import Flight, head_of_lane, takes_off
from chaupal.webhooks.delivering.queries import ClaimedDelivery, claim
from chaupal.webhooks.queries import WebhookRow


class Wanted(NamedTuple):
    """A worker has room for so many more of a lane."""

    worker_id: str
    webhook: WebhookRow
    lane: str
    wants: int


def claim_following(tx: Transaction, wanted: list[Wanted | None]) -> list[Flight | None]:
    """What each is now to send, in the order of the lanes; None where nothing waits, or the worker may not have it.
    Inside tx."""
    asked = [each for each in wanted if each is not None]
    workers = [id_ for id_ in dict.fromkeys(each.worker_id for each in asked) if takes_off(tx, id_)]
    counts: Counter[tuple[str, str, str]] = Counter()
    for each in asked:
        if each.worker_id in workers:
            counts[_key(each)] += each.wants
    heads = {
        key: deque(head_of_lane(tx, webhook_id, lane, limit=count))
        for key, count in counts.items()
        for _, webhook_id, lane in [key]
    }
    claimed: dict[str, ClaimedDelivery] = {}
    for worker_id in workers:
        if ids := [id_ for key, head in heads.items() if key[0] == worker_id for id_ in head]:
            claimed |= {each.delivery_id: each for each in claim(tx, worker_id, ids)}
    return [None if each is None else _flight(each, heads.get(_key(each), deque()), claimed) for each in wanted]


def _key(wanted: Wanted) -> tuple[str, str, str]:
    return wanted.worker_id, wanted.webhook.webhook_id, wanted.lane


def _flight(wanted: Wanted, head: deque[str], claimed: dict[str, ClaimedDelivery]) -> Flight | None:
    ids = [head.popleft() for _ in range(min(wanted.wants, len(head)))]
    deliveries = [claimed[id_] for id_ in ids if id_ in claimed]
    return Flight(wanted.webhook, deliveries) if deliveries else None
