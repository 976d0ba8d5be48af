"""The one limiter: how many calls a minute a key may make. Counts in this process, and with what it is
told of others. Source: contract, section 12.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

from chaupal.errors import TooManyRequests

_WINDOW_S = 60
_KEYS_KEPT = 50_000


class Claim(NamedTuple):
    """One limit that a call counts against. `limit` 0 means none; `what` begins the sentence of a refusal."""

    key: str
    limit: int
    what: str


@dataclass(slots=True)
class _Window:
    minute: int
    count: int


class Budget(NamedTuple):
    """What is left of a limit in the running minute: for the headers of an answer."""

    limit: int
    remaining: int
    reset_s: int


class MinuteSpent(TooManyRequests):
    """A limit of this minute is reached. Fields: `budget`, whose `remaining` is 0."""

    def __init__(self, what: str, budget: Budget) -> None:
        super().__init__(limit=f"{what}: at most {budget.limit} a minute.", retry_after_s=budget.reset_s)
        self.budget = budget


def seconds_left(now_s: float) -> int:
    """Until everything is counted from nothing again."""
    return _WINDOW_S - int(now_s) % _WINDOW_S


def connector_key(connector_id: str) -> str:
    """What the calls of a connector are counted under."""
    return "connector:" + connector_id


def tenant_key(tenant_id: str) -> str:
    """What the calls of an organization are counted under."""
    return "tenant:" + tenant_id


class Limiter:
    """Fixed windows of one minute. A key costs one small object; where they are many, those of earlier minutes go."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}
        self._others: dict[str, int] = {}
        self._others_minute = 0
        self._tidied_minute = 0

    def take(self, *claims: Claim, now_s: float | None = None) -> Budget | None:
        """Count one call against all claims, or against none of them.

        The budget is the tightest: of the claim with the fewest calls left, of equals the first. None where no claim
        has a limit.

        Raises:
            MinuteSpent: a limit of this minute is reached.
        """
        now = time.time() if now_s is None else now_s
        minute, reset_s = int(now) // _WINDOW_S, seconds_left(now)
        counted: list[_Window] = []
        tightest: Budget | None = None
        for key, limit, what in claims:
            if limit == 0:
                continue
            window = self._window(key, minute)
            remaining = limit - window.count - self._of_others(key, minute)
            if remaining <= 0:
                raise MinuteSpent(what, Budget(limit, 0, reset_s))
            counted.append(window)
            if tightest is None or remaining - 1 < tightest.remaining:
                tightest = Budget(limit, remaining - 1, reset_s)
        for window in counted:
            window.count += 1
        return tightest

    def check_amount(self, claim: Claim, *, now_s: float | None = None) -> None:
        """Pass while less than the limit has been added by `add_amount`, so that one thing may go beyond it, once.

        Raises:
            MinuteSpent: the limit of this minute is reached.
        """
        now = time.time() if now_s is None else now_s
        if claim.limit and self.used(claim.key, now_s=now) >= claim.limit:
            raise MinuteSpent(claim.what, Budget(claim.limit, 0, seconds_left(now)))

    def add_amount(self, claim: Claim, amount: int, *, now_s: float | None = None) -> None:
        """Count what has been taken, whatever the limit."""
        if claim.limit:
            self._window(claim.key, int(time.time() if now_s is None else now_s) // _WINDOW_S).count += amount

    def used(self, key: str, *, now_s: float) -> int:
        """What has been counted for a key in the running minute. Only keys that have a limit are counted."""
        minute = int(now_s) // _WINDOW_S
        window = self._windows.get(key)
        own = window.count if window is not None and window.minute == minute else 0
        return own + self._of_others(key, minute)

    def counted(self, *, now_s: float) -> tuple[int, dict[str, int]]:
        """The running minute, and what this process has counted in it, by key."""
        minute = int(now_s) // _WINDOW_S
        windows = self._windows.items()
        return minute, {key: held.count for key, held in windows if held.minute == minute and held.count}

    def hear(self, minute: int, counts: dict[str, int]) -> None:
        """What other processes have counted in a minute, by key; in place of what was heard before."""
        self._others, self._others_minute = counts, minute

    def _of_others(self, key: str, minute: int) -> int:
        return self._others.get(key, 0) if self._others and self._others_minute == minute else 0

    def _window(self, key: str, minute: int) -> _Window:
        window = self._windows.get(key)
        if window is None or window.minute != minute:
            # Once a minute: were it done at each new key, many keys in one minute would make all calls slow.
            if len(self._windows) >= _KEYS_KEPT and self._tidied_minute != minute:
                self._tidied_minute = minute
                self._windows = {kept: held for kept, held in self._windows.items() if held.minute == minute}
            window = self._windows[key] = _Window(minute, 0)
        return window
