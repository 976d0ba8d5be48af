"""The events of messages."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def text_message_created(group_id: str, message_id: str, *, sender_id: str) -> Event:
    """A text message was sent to a group."""
    return Event(event_type=EventType.TEXT_MESSAGE_CREATED, object_id=message_id, group_id=group_id, actor_id=sender_id)


def message_edited(group_id: str, message_id: str, *, actor_id: str) -> Event:
    """A message has another text."""
    return Event(event_type=EventType.MESSAGE_EDITED, object_id=message_id, group_id=group_id, actor_id=actor_id)


def message_retracted(group_id: str, message_id: str, *, actor_id: str) -> Event:
    """A message's text was taken back."""
    return Event(event_type=EventType.MESSAGE_RETRACTED, object_id=message_id, group_id=group_id, actor_id=actor_id)
