"""The events of tenants."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def tenant_created(tenant_id: str) -> Event:
    """A tenant was made; always its first event."""
    return Event(event_type=EventType.TENANT_CREATED, object_id=tenant_id)
