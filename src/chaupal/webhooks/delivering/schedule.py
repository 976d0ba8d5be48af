"""When a delivery is tried again, and when it is given up. Pure. Source: contract, section 11."""

from __future__ import annotations

import math
import zlib
from datetime import UTC

WAITING = "waiting"
SENDING = "sending"
RETRYING = "retrying"
DELIVERED = "delivered"
EXHAUSTED = "exhausted"
SKIPPED = "skipped"

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS

DELAYS_MS = (5 * _MINUTE_MS, 30 * _MINUTE_MS, 2 * _HOUR_MS, 6 * _HOUR_MS, 15 * _HOUR_MS, 20 * _HOUR_MS)
"""From one try to the next. Receivers that are slow when cold double their rows if tried again sooner."""

TRIES_MAX = 1 + len(DELAYS_MS)

WITHIN_MS = 48 * _HOUR_MS
"""No try is later than this after the first, whatever a receiver asks for."""

_JITTER = 0.1
_GONE = 410
_SECONDS_MAX_DIGITS = 9
_DATE_MAX_CHARS = 60


def delay_ms(delivery_id: str, tries_done: int, *, retry_after_s: int | None, spent_ms: int) -> int:
    """How long to wait after so many failed tries, at least one, of which the first was `spent_ms` ago.

    Up to 10 % less than the schedule says, by a jitter that is the same however often it is asked for. A receiver may
    ask for more, up to twice the schedule.
    """
    planned_ms = DELAYS_MS[tries_done - 1]
    part = zlib.crc32(f"{delivery_id}:{tries_done}".encode()) / 0xFFFFFFFF
    waited_ms = round(planned_ms * (1 - _JITTER * part))
    if retry_after_s is not None:
        waited_ms = max(waited_ms, min(retry_after_s * 1000, 2 * planned_ms))
    later_ms = sum(DELAYS_MS[tries_done:])
    return max(round(planned_ms * (1 - _JITTER)), min(waited_ms, WITHIN_MS - spent_ms - later_ms))


def believed_due_ms(due_at_ms: int, *, now_ms: int) -> int:
    """When something is tried again: now, where that is later than any try is planned, as the clock was set back."""
    return due_at_ms if due_at_ms <= now_ms + WITHIN_MS else now_ms


def is_success(status: int | None) -> bool:
    """Whether an answer with this status took the delivery; None is no answer."""
    return status is not None and 200 <= status < 300


def is_gone(status: int | None) -> bool:
    """Whether the receiver wants no more of anything."""
    return status == _GONE


def read_retry_after(value: str, *, now_ms: int) -> int | None:
    """Seconds, from the header of that name, which has a number of them or a date (RFC 9110, section 10.2.3); None
    where it is absent or neither. What a wrong clock asks for is bounded like any other wish."""
    text = value.strip()
    if text.isdecimal():
        return int(text) if len(text) <= _SECONDS_MAX_DIGITS else None
    if not text or len(text) > _DATE_MAX_CHARS:
        return None
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # it raises all of these for texts that are no date
        return None
    # Without a zone it is taken for UTC, which is the only one that HTTP knows.
    return max(0, math.ceil(until.replace(tzinfo=until.tzinfo or UTC).timestamp() - now_ms / 1000))
