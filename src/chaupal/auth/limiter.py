"""The one limiter: how many calls a minute a key may make. Counts in this process; source: contract, section 12."""

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


class Limiter:
    """Fixed windows of one minute. A key costs one small object; keys of earlier minutes are dropped."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def take(self, *claims: Claim, now_s: float | None = None) -> Budget | None:
        """Count one call against all claims, or against none of them.

        The budget is the tightest: of the claim with the fewest calls left, of equals the first. None where no claim
        has a limit.

        Raises:
            MinuteSpent: a limit of this minute is reached.
        """
        minute, within_s = divmod(int(time.time() if now_s is None else now_s), _WINDOW_S)
        reset_s = _WINDOW_S - within_s
        counted: list[_Window] = []
        tightest: Budget | None = None
        for key, limit, what in claims:
            if limit == 0:
                continue
            window = self._window(key, minute)
            remaining = limit - window.count
            if remaining <= 0:
                raise MinuteSpent(what, Budget(limit, 0, reset_s))
            counted.append(window)
            if tightest is None or remaining - 1 < tightest.remaining:
                tightest = Budget(limit, remaining - 1, reset_s)
        for window in counted:
            window.count += 1
        return tightest

    def _window(self, key: str, minute: int) -> _Window:
        window = self._windows.get(key)
        if window is None or window.minute != minute:
            if len(self._windows) >= _KEYS_KEPT:
                self._windows = {kept: held for kept, held in self._windows.items() if held.minute == minute}
            window = self._windows[key] = _Window(minute, 0)
        return window
