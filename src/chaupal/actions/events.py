"""The events of actions. Exactly one tells of a posting: what it is called depends on the type."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def announcement_created(group_id: str, action_id: str, *, sender_id: str) -> Event:
    """An announcement was posted to a group."""
    return Event(event_type=EventType.ANNOUNCEMENT, object_id=action_id, group_id=group_id, actor_id=sender_id)


def job_created(group_id: str, action_id: str, *, sender_id: str) -> Event:
    """A job was posted to a group."""
    return Event(event_type=EventType.JOB_CREATED, object_id=action_id, group_id=group_id, actor_id=sender_id)


def poll_created(group_id: str, action_id: str, *, sender_id: str) -> Event:
    """A poll was posted to a group."""
    return Event(event_type=EventType.POLL_CREATED, object_id=action_id, group_id=group_id, actor_id=sender_id)


def lets_meet_created(group_id: str, action_id: str, *, sender_id: str) -> Event:
    """An invitation to meet was posted to a group."""
    return Event(event_type=EventType.LETS_MEET_CREATED, object_id=action_id, group_id=group_id, actor_id=sender_id)


def survey_created(group_id: str, action_id: str, *, sender_id: str) -> Event:
    """A survey was posted to a group."""
    return Event(event_type=EventType.SURVEY_CREATED, object_id=action_id, group_id=group_id, actor_id=sender_id)


def photo_with_location_shared(group_id: str, action_id: str, *, sender_id: str) -> Event:
    """A photo with its place was posted to a group."""
    return Event(event_type=EventType.PHOTO_WITH_LOCATION, object_id=action_id, group_id=group_id, actor_id=sender_id)


def attachment_created(group_id: str, action_id: str, *, sender_id: str, action_type: str) -> Event:
    """An image, album, audio, document or video was posted to a group."""
    return Event(
        event_type=EventType.ATTACHMENT_CREATED,
        object_id=action_id,
        group_id=group_id,
        actor_id=sender_id,
        facts={"actionType": action_type},
    )


def location_shared(group_id: str, action_id: str, *, sender_id: str, action_type: str) -> Event:
    """A place was shared with a group, once or live."""
    return Event(
        event_type=EventType.LOCATION_SHARED,
        object_id=action_id,
        group_id=group_id,
        actor_id=sender_id,
        facts={"actionType": action_type},
    )


def action_created(group_id: str, action_id: str, *, sender_id: str, action_type: str, package_id: str = "") -> Event:
    """An instance of a package, or an action of a type that has no event of its own, was posted to a group."""
    facts: dict[str, str | int | bool] = {"actionType": action_type}
    if package_id:
        facts["packageId"] = package_id
    return Event(
        event_type=EventType.ACTION_CREATED,
        object_id=action_id,
        group_id=group_id,
        actor_id=sender_id,
        facts=facts,
    )


def action_updated(group_id: str, action_id: str, *, actor_id: str, version: int, notifies: bool) -> Event:
    """Properties of an action have changed."""
    return Event(
        event_type=EventType.ACTION_UPDATED,
        object_id=action_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"version": version, "notifies": notifies},
    )


def action_reminded(group_id: str, action_id: str, *, actor_id: str, named_count: int) -> Event:
    """Those who have not answered an action were reminded of it."""
    return Event(
        event_type=EventType.ACTION_REMINDED,
        object_id=action_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"namedCount": named_count},
    )


def action_closed(group_id: str, action_id: str, *, actor_id: str) -> Event:
    """An action takes no more answers."""
    return Event(event_type=EventType.ACTION_CLOSED, object_id=action_id, group_id=group_id, actor_id=actor_id)


def action_retracted(group_id: str, action_id: str, *, actor_id: str) -> Event:
    """An action's content was taken back, and with it its answers."""
    return Event(event_type=EventType.ACTION_RETRACTED, object_id=action_id, group_id=group_id, actor_id=actor_id)


def past_actions_added(group_id: str, *, action_count: int) -> Event:
    """Actions were brought along from a group's past elsewhere; one event for however many, and none for an action."""
    return Event(
        event_type=EventType.HISTORY_IMPORTED,
        object_id=group_id,
        group_id=group_id,
        facts={"actionCount": action_count},
    )
