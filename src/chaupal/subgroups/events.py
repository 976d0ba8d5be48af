"""The events of links between groups."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def subgroup_added(parent_id: str, child_id: str, *, actor_id: str) -> Event:
    """A group was put directly below another."""
    return Event(event_type=EventType.SUBGROUP_ADDED, object_id=child_id, group_id=parent_id, actor_id=actor_id)


def subgroup_removed(parent_id: str, child_id: str, *, actor_id: str) -> Event:
    """A group is not directly below another any more."""
    return Event(event_type=EventType.SUBGROUP_REMOVED, object_id=child_id, group_id=parent_id, actor_id=actor_id)
