"""The events of media."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def media_added(media_id: str, *, owner_id: str, kind: str, file_count: int, size_bytes: int) -> Event:
    """A file or an album was uploaded, or fetched."""
    facts: dict[str, str | int | bool] = {"kind": kind, "fileCount": file_count, "sizeBytes": size_bytes}
    return Event(event_type=EventType.MEDIA_ADDED, object_id=media_id, actor_id=owner_id, facts=facts)


def media_removed(media_id: str) -> Event:
    """A file or an album was removed; its links have stopped."""
    return Event(event_type=EventType.MEDIA_REMOVED, object_id=media_id)
