"""The events of memberships."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def member_added(group_id: str, user_id: str, *, role: str, actor_id: str) -> Event:
    """A person has become a member; the event's position is where the membership begins."""
    return Event(
        event_type=EventType.MEMBER_ADDED,
        object_id=user_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"type": role},
    )


def member_removed(group_id: str, user_id: str, *, role: str, actor_id: str) -> Event:
    """A person is no longer a member; the event's position is where the membership ends."""
    return Event(
        event_type=EventType.MEMBER_REMOVED,
        object_id=user_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"type": role},
    )


def member_role_changed(group_id: str, user_id: str, *, role: str, actor_id: str) -> Event:
    """A member has another role."""
    return Event(
        event_type=EventType.MEMBER_ROLE_CHANGED,
        object_id=user_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"type": role},
    )


def past_memberships_added(group_id: str, *, membership_count: int) -> Event:
    """People have been members in a past that was brought along; the event's position is where that became known."""
    return Event(
        event_type=EventType.PAST_MEMBERS_ADDED,
        object_id=group_id,
        group_id=group_id,
        facts={"membershipCount": membership_count},
    )
