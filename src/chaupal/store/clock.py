"""The store's clock and its ids, both replaceable by a test."""

from __future__ import annotations

import time
from collections.abc import Callable

from uuid_utils import uuid7

Clock = Callable[[], int]
"""Answers the time in microseconds since 1970 UTC."""


def wall_clock() -> int:
    """The machine's time in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def new_id() -> str:
    """A new id: a UUIDv7 (time-ordered, kind to indexes) as a lower-case GUID."""
    return str(uuid7())
