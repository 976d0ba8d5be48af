"""The events of bots."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def bot_created(bot_id: str, *, actor_id: str) -> Event:
    """A bot was made."""
    return Event(event_type=EventType.BOT_CREATED, object_id=bot_id, actor_id=actor_id)


def bot_changed(bot_id: str, *, actor_id: str) -> Event:
    """A bot has another name or picture."""
    return Event(event_type=EventType.BOT_CHANGED, object_id=bot_id, actor_id=actor_id)


def bot_deleted(bot_id: str, *, actor_id: str) -> Event:
    """A bot was deleted; it has left its groups, and its tokens have stopped."""
    return Event(event_type=EventType.BOT_DELETED, object_id=bot_id, actor_id=actor_id)
