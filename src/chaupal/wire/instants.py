"""Instants as answers give them."""

from __future__ import annotations

from datetime import datetime, timedelta

# Added to and spelled as it is: a third of the time that a format or a time zone takes, in every row of a list.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (UTC, like all here)


def write_instant(at_ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC, `2026-11-24T05:06:07.089Z`."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds") + "Z"


def write_second(at_ms: int) -> str:
    """The same without a fraction, `2026-11-24T05:06:07Z`: what receivers of due dates parse (contract, section 11)."""
    return (_EPOCH + timedelta(seconds=at_ms // 1000)).isoformat(timespec="seconds") + "Z"
