"""The one limiter: how many calls a minute a key may make. Counts in this process; source: contract, section 12."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chaupal.errors import TooManyRequests

_WINDOW_S = 60
_KEYS_KEPT = 50_000


@dataclass(slots=True)
class _Window:
    minute: int
    count: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left: for the headers of an answer."""

    limit: int
    remaining: int
    reset_s: int


class Limiter:
    """Fixed windows of one minute. A key costs one small object; keys of earlier minutes are dropped."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def take(self, key: str, *, limit: int, what: str, now_s: float | None = None) -> Budget | None:
        """Count one call; None where there is no limit.

        Raises:
            TooManyRequests: the limit of this minute is reached.
        """
        if limit == 0:
            return None
        now_s = time.time() if now_s is None else now_s
        minute, within_s = divmod(int(now_s), _WINDOW_S)
        window = self._windows.get(key)
        if window is None or window.minute != minute:
            if len(self._windows) >= _KEYS_KEPT:
                self._windows = {kept: held for kept, held in self._windows.items() if held.minute == minute}
            window = self._windows[key] = _Window(minute, 0)
        reset_s = _WINDOW_S - within_s
        if window.count >= limit:
            raise TooManyRequests(limit=f"{what}: at most {limit} a minute.", retry_after_s=reset_s)
        window.count += 1
        return Budget(limit, limit - window.count, reset_s)
