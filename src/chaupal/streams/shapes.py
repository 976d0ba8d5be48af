"""What the calls for events take and give."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.happenings.shapes import ShownHappening
from chaupal.wire.bounds import CURSOR, Bounds, count_bounds

PAGE_MAX = 100
"""Events in one answer, and in one read of a stream that catches up."""


class SyncQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /sync."""

    spellings: ClassVar[dict[str, str]] = {"count": "limit"}
    bounds: ClassVar[dict[str, Bounds]] = {"cursor": CURSOR, "limit": count_bounds(1, PAGE_MAX)}

    cursor: str | None = None
    limit: int | None = None
    group_id: list[str] | None = None


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /events."""

    spellings: ClassVar[dict[str, str]] = {"lastEventId": "cursor"}
    bounds: ClassVar[dict[str, Bounds]] = {"cursor": CURSOR}

    cursor: str | None = None
    group_id: list[str] | None = None


class SyncAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """What has happened since, in order, and the cursor to ask with next time; `hasMore`: at once."""

    events: list[ShownHappening]
    cursor: str
    has_more: bool
