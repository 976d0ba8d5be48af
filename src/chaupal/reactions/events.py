"""The events of reactions."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def reaction_created(group_id: str, reaction_id: str, *, item_id: str, reaction_type: str, actor_id: str) -> Event:
    """Someone liked or commented on something that was sent to a group."""
    return Event(
        event_type=EventType.REACTION_CREATED,
        object_id=reaction_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"referenceId": item_id, "type": reaction_type},
    )


def reaction_removed(group_id: str, reaction_id: str, *, item_id: str, actor_id: str) -> Event:
    """A like or comment was taken back."""
    return Event(
        event_type=EventType.REACTION_REMOVED,
        object_id=reaction_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"referenceId": item_id},
    )
