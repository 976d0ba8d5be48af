"""A clock that stands still until a test moves it. The store, the tokens and the limits all go by it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Answers microseconds since 1970, as `chaupal.store.clock.Clock` does. Goes back only by `set_back`."""

    def __init__(self) -> None:
        self._now_us = int(datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp()) * 1_000_000
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            return self._now_us

    @property
    def now_ms(self) -> int:
        return self() // 1000

    def advance(self, **amount: float) -> None:
        """Let time pass: `advance(days=1, hours=2)`, any words that timedelta takes."""
        with self._lock:
            self._now_us += timedelta(**amount) // timedelta(microseconds=1)

    def set_back(self, **amount: float) -> None:
        """Go back, as clocks do that were wrong: `set_back(hours=5)`."""
        self.advance(**{unit: -count for unit, count in amount.items()})

    def begin_minute(self) -> None:
        """Move to the start of the next minute, where the windows of the call limits begin."""
        with self._lock:
            self._now_us += 60_000_000 - self._now_us % 60_000_000
