"""The events of webhooks themselves."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def webhook_created(webhook_id: str, *, group_id: str, actor_id: str) -> Event:
    """A webhook was registered."""
    return Event(event_type=EventType.WEBHOOK_CREATED, object_id=webhook_id, group_id=group_id, actor_id=actor_id)


def webhook_changed(webhook_id: str, *, group_id: str, actor_id: str) -> Event:
    """A webhook was changed, or enabled again."""
    return Event(event_type=EventType.WEBHOOK_CHANGED, object_id=webhook_id, group_id=group_id, actor_id=actor_id)


def webhook_deleted(webhook_id: str, *, group_id: str, actor_id: str) -> Event:
    """A webhook was deleted."""
    return Event(event_type=EventType.WEBHOOK_DELETED, object_id=webhook_id, group_id=group_id, actor_id=actor_id)


def webhook_disabled(webhook_id: str, *, group_id: str, actor_id: str, reason: str, owner_id: str) -> Event:
    """A webhook is not called any more, by whoever it was or by the server, until it is enabled again."""
    return Event(
        event_type=EventType.WEBHOOK_DISABLED,
        object_id=webhook_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"reason": reason, "ownerId": owner_id},
    )
