"""The events of people."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def person_added(user_id: str, *, actor_id: str) -> Event:
    """A person has become known to the tenant."""
    return Event(event_type=EventType.PERSON_ADDED, object_id=user_id, actor_id=actor_id)


def person_changed(user_id: str, *, actor_id: str) -> Event:
    """Name, picture or role in the tenant has changed."""
    return Event(event_type=EventType.PERSON_CHANGED, object_id=user_id, actor_id=actor_id)


def person_removed(user_id: str, *, actor_id: str) -> Event:
    """A person no longer belongs to the tenant."""
    return Event(event_type=EventType.PERSON_REMOVED, object_id=user_id, actor_id=actor_id)


def person_signed_in(user_id: str) -> Event:
    """A person has signed in for the first time."""
    return Event(event_type=EventType.PERSON_SIGNED_IN, object_id=user_id, actor_id=user_id)
