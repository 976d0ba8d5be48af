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


def past_messages_added(group_id: str, *, message_count: int) -> Event:
    """Messages were brought along from a group's past elsewhere: the group has more of a past than before.

    One event for however many, and none for a message: nobody is told of them as if they were new.
    """
    return Event(
        event_type=EventType.HISTORY_IMPORTED,
        object_id=group_id,
        group_id=group_id,
        facts={"messageCount": message_count},
    )
