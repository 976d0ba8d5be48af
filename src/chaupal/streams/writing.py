"""Events in the form of Server-Sent Events: lines that name a place, a kind and one line of JSON."""

from __future__ import annotations

import msgspec

from chaupal.happenings.forms import Happening
from chaupal.happenings.shapes import show_happening

RETRY_MS = 3_000
"""How long a browser waits before it comes back."""

_encode = msgspec.json.Encoder().encode


def write_beginning(cursor: str) -> bytes:
    """The first lines of a stream: when to come back, and the place to come back to."""
    return b"retry: %d\nid: %s\n\n" % (RETRY_MS, cursor.encode())


def write_event(happening: Happening, cursor: str) -> bytes:
    """One event. The JSON has no line breaks of its own."""
    body = _encode(show_happening(happening))
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (cursor.encode(), happening.event_type.encode(), body)


def write_place(cursor: str) -> bytes:
    """A sign of life with a place to resume from. No event for the reader: it has no data."""
    return b": alive\nid: %s\n\n" % cursor.encode()
