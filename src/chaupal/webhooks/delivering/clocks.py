"""What holds though clocks are wrong: they are set back, and those of several nodes differ. Must not send anything."""

from __future__ import annotations

import time
from collections.abc import Callable

from chaupal.auth.caller import Operator
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.due_queries import select_held_up, set_due

LEASE_MS = 15_000
"""A worker that has not been heard of for so long is taken for dead. It says something every third of that."""

LEASE_MARGIN_MS = 5_000
"""By so much the clocks of several nodes may differ."""


class LeaseWatch:
    """What leases were seen, and for how long each has not been renewed, by a clock that only goes forward: a lease
    that was written under a clock that was ahead would else hold for as long as that was."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._seen: dict[str, tuple[int, float]] = {}

    def note(self, leases: dict[str, int]) -> None:
        """The leases of all workers, until when each is."""
        now_s, before = self._now_s(), self._seen
        self._seen = {}
        for worker_id, until_ms in leases.items():
            known = before.get(worker_id)
            self._seen[worker_id] = known if known is not None and known[0] == until_ms else (until_ms, now_s)

    @property
    def silent(self) -> dict[str, int]:
        """The leases that were not renewed for longer than one lasts."""
        before_s = self._now_s() - (LEASE_MS + LEASE_MARGIN_MS) / 1000
        return {worker_id: until_ms for worker_id, (until_ms, since_s) in self._seen.items() if since_s < before_s}


def find_held_up(tx: Transaction, _caller: Operator, _request: None) -> list[tuple[str, str]]:
    """(tenant, webhook) of those that nothing but the clock keeps from being sent to. In the installation."""
    return select_held_up(tx)


def let_go(tx: Transaction, _caller: Operator, webhook_ids: list[str]) -> None:
    """Have the webhooks looked at now."""
    set_due(tx, webhook_ids, tx.now_ms)
