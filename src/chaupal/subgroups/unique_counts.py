"""How many different people there are in a tree of groups, remembered for a minute.

Counting reads a row for each membership in the tree, so it is done on demand, once for all who ask at the same time,
and never holds up the answer that shows it: what cannot be counted within a read's time is shown as an upper bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from weakref import WeakValueDictionary

import structlog

from chaupal.auth.caller import Caller
from chaupal.store.connection import ReadTooLong
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.subgroups.ancestry import unique_counts

KEPT_US = 60_000_000
"""How old a number may be (contract, section 5)."""
KEPT_MAX = 10_000
"""Groups with subgroups whose numbers are kept; the oldest are forgotten first."""

log = structlog.get_logger("api")


class UniqueCounts:
    """The numbers that one process remembers. Not for several threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[int, int]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def of(self, store: Store, caller: Caller, roots: Mapping[str, int]) -> dict[str, int]:
        """The number for each of the groups. `roots` has by id an upper bound, which is taken where counting takes
        longer than a read may."""
        tenant_id = caller.tenant_id
        found = self._find(tenant_id, roots, store.clock())
        if len(found) == len(roots):
            return found
        lock = self._locks.setdefault(tenant_id, asyncio.Lock())
        async with lock:
            found = self._find(tenant_id, roots, store.clock())  # whoever held the lock may have counted them
            missing = [group_id for group_id in roots if group_id not in found]
            if missing:
                now_us = store.clock()
                try:
                    counted = await store.read(_count_unique, caller, missing)
                except ReadTooLong:
                    log.warning("people not counted in time", tenant_id=tenant_id, groups=len(missing))
                    counted = {group_id: roots[group_id] for group_id in missing}
                for group_id in missing:
                    found[group_id] = counted.get(group_id, 0)
                    self._keep((tenant_id, group_id), now_us, found[group_id])
        return found

    def _find(self, tenant_id: str, group_ids: Iterable[str], now_us: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for group_id in group_ids:
            kept = self._kept.get((tenant_id, group_id))
            if kept is not None and now_us - kept[0] < KEPT_US:
                found[group_id] = kept[1]
        return found

    def _keep(self, key: tuple[str, str], now_us: int, number: int) -> None:
        self._kept.pop(key, None)  # so that it stands last
        self._kept[key] = (now_us, number)
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]


def _count_unique(tx: Transaction, _caller: Caller, group_ids: list[str]) -> dict[str, int]:
    return unique_counts(tx, group_ids)
