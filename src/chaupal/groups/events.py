"""The events of groups."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def group_added(group_id: str, *, actor_id: str, group_type: str) -> Event:
    """A group was made."""
    return Event(
        event_type=EventType.GROUP_ADDED,
        object_id=group_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"groupType": group_type},
    )


def group_changed(group_id: str, *, actor_id: str) -> Event:
    """A group's name, welcome message, picture or policy has changed."""
    return Event(event_type=EventType.GROUP_CHANGED, object_id=group_id, group_id=group_id, actor_id=actor_id)


def group_removed(group_id: str, *, actor_id: str) -> Event:
    """A group was deleted."""
    return Event(event_type=EventType.GROUP_REMOVED, object_id=group_id, group_id=group_id, actor_id=actor_id)
