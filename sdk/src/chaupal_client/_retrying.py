"""Whether something is tried again, and after how long."""

from __future__ import annotations

import math
import random
import sys

import msgspec

from chaupal_client._errors import ApiError, ChaupalError, ConnectionFailed

RETRIED_STATUSES = frozenset({408, 429, 502, 503, 504})
"""429 and 503 mean that nothing was done; after the others a call is repeated only if that is safe."""
_NOTHING_DONE = frozenset({429, 503})


class Retrying(msgspec.Struct, frozen=True):
    """How patient a client is: after a failure it tries again up to `retries` times, first after `first_wait_s`, each
    time twice as long, up to `longest_wait_s`; by chance up to half of that less, so that many clients do not come back
    together. The server's `Retry-After` counts instead if it is longer; where it is longer than `longest_asked_wait_s`
    the error is raised at once."""

    retries: int = 3
    first_wait_s: float = 0.5
    longest_wait_s: float = 8.0
    longest_asked_wait_s: float = 60.0

    @property
    def without_end(self) -> Retrying:
        """The same for what is to go on as long as the program runs."""
        return Retrying(sys.maxsize, self.first_wait_s, self.longest_wait_s, math.inf)


class Patience:
    """What is left of it for one call."""

    def __init__(self, retrying: Retrying) -> None:
        self._retrying = retrying
        self._failures = 0

    def begin_anew(self) -> None:
        """Something has worked: forget the failures before it."""
        self._failures = 0

    def wait_after(self, error: ChaupalError, *, is_repeatable: bool) -> float | None:
        """How long to wait before the next try, in seconds; None if there is none."""
        self._failures += 1
        if self._failures > self._retrying.retries or not _may_help(error, is_repeatable=is_repeatable):
            return None
        doubled_s = self._retrying.first_wait_s * float(2 ** min(self._failures - 1, 30))
        wait_s = min(doubled_s, self._retrying.longest_wait_s)
        wait_s *= random.uniform(0.5, 1)  # noqa: S311 - spreads load, hides nothing
        asked_s = error.retry_after_s if isinstance(error, ApiError) else None
        if asked_s is None:
            return wait_s
        return None if asked_s > self._retrying.longest_asked_wait_s else max(asked_s, wait_s)


def _may_help(error: ChaupalError, *, is_repeatable: bool) -> bool:
    if isinstance(error, ApiError):
        return error.status in (RETRIED_STATUSES if is_repeatable else _NOTHING_DONE)
    return isinstance(error, ConnectionFailed) and is_repeatable
