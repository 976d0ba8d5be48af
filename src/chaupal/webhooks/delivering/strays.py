"""Deliveries that the database says this worker is sending, and of which the worker knows nothing.

There are none, unless the database has forgotten something: after a crash PostgreSQL may know that a delivery was taken
and not that it arrived, since that is not forced to disk. The worker is alive, so nobody would rescue them, and their
lanes would stand still. Must not write anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Set

import msgspec

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.queries import select_left_behind, select_sent_by


class Strays(msgspec.Struct, frozen=True):
    """Deliveries of one webhook that nobody is sending."""

    tenant_id: str
    webhook_id: str
    delivery_ids: list[str]


class StrayFinder:
    """Asked from time to time. `held` says which deliveries the worker has in memory."""

    def __init__(self, store: Store, held: Callable[[], Set[str]]) -> None:
        self._store = store
        self._held = held
        self._unknown: set[str] = set()

    async def find(self, worker_id: str) -> list[Strays]:
        """What the worker was said to be sending when this was last asked, and is still, and has not. Once does not
        count: what has just been claimed may be on its way here."""
        held = set(self._held())
        places = await self._store.read(_find_places, INSTALLATION, worker_id)
        of_tenant: dict[str, list[str]] = defaultdict(list)
        for tenant_id, webhook_id in places:
            of_tenant[tenant_id].append(webhook_id)
        unknown: set[str] = set()
        strays: list[Strays] = []
        for tenant_id, webhook_ids in of_tenant.items():
            sent = await self._store.read(_find_sent, Operator(tenant_id), (worker_id, webhook_ids))
            lost: dict[str, list[str]] = defaultdict(list)
            for webhook_id, delivery_id in sent:
                if delivery_id in held or delivery_id in self._held():
                    continue
                unknown.add(delivery_id)
                if delivery_id in self._unknown:
                    lost[webhook_id].append(delivery_id)
            strays += [Strays(tenant_id, webhook_id, ids) for webhook_id, ids in lost.items()]
        self._unknown = unknown
        return strays


def _find_places(tx: Transaction, _caller: Operator, worker_id: str) -> list[tuple[str, str]]:
    return select_left_behind(tx, worker_id)


def _find_sent(tx: Transaction, _caller: Operator, wanted: tuple[str, list[str]]) -> list[tuple[str, str]]:
    worker_id, webhook_ids = wanted
    return select_sent_by(tx, worker_id, webhook_ids)
