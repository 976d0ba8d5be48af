"""The events of connectors."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def connector_created(connector_id: str) -> Event:
    """A connector was registered."""
    return Event(event_type=EventType.CONNECTOR_CREATED, object_id=connector_id)


def connector_changed(connector_id: str) -> Event:
    """A connector's name, permissions or redirect URLs have changed."""
    return Event(event_type=EventType.CONNECTOR_CHANGED, object_id=connector_id)


def connector_deleted(connector_id: str) -> Event:
    """A connector was deleted, and with it every token made through it."""
    return Event(event_type=EventType.CONNECTOR_DELETED, object_id=connector_id)
