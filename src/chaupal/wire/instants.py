"""Instants as answers give them."""

from __future__ import annotations

from datetime import UTC, datetime


def write_instant(at_ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC, `2026-11-24T05:06:07.089Z`."""
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def write_second(at_ms: int) -> str:
    """The same without a fraction, `2026-11-24T05:06:07Z`: what receivers of due dates parse (contract, section 11)."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"
