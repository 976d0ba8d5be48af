"""Giving way to others between one try and the next.

Once it has a processor, the system lets a process run on for milliseconds, also one that is to go after all others. The
database, woken on the same processor by its disk, waited for so long with the commit of a call that was to be answered:
of a POST's slowest twentieth that was half of the time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

_PART = 0.25
"""So much of the time that passes between may be spent on giving way, """
_SAVED_MAX_S = 0.25
"""of which so much can be saved up. On a machine whose processors are all taken for ever each time costs a fifth of a
second or more, in which nothing is delivered."""

_stand_aside: Callable[[], None] = getattr(os, "sched_yield", lambda: None)


class Courtesy:
    """`give_way` after each try; the arguments are for tests."""

    def __init__(
        self, *, clock_s: Callable[[], float] = time.monotonic, stand_aside: Callable[[], None] = _stand_aside
    ) -> None:
        self._clock_s = clock_s
        self._stand_aside = stand_aside
        self._at_s = clock_s()
        self._left_s = _SAVED_MAX_S

    def give_way(self) -> None:
        """Let others have the processor first, if any wait for it, and this has not cost too much lately."""
        now_s = self._clock_s()
        self._left_s = min(_SAVED_MAX_S, self._left_s + (now_s - self._at_s) * _PART)
        self._at_s = now_s
        if self._left_s > 0:
            self._stand_aside()
            self._at_s = self._clock_s()
            self._left_s -= self._at_s - now_s
