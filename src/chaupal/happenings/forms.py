"""What every happening is made of, and what decides who may be told of it. Contract, section 11."""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.actions.rules import Action
from chaupal.events.log import StoredEvent
from chaupal.people.rules import Person
from chaupal.timelines.rules import Item


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is told outside, whole: who sees less is told less by `masks`.

    `position` and `at_us` (microseconds since 1970) place it in the log and are not sent. `event_id` is the same each
    time it is told: of what was sent its reference id, of a first answer its responseId, else an id of its own.
    `group_id` is where it was done, `source_group_id` where what it is about was sent to: an answer or a reaction may
    come through a group below. A group's happenings are those with this `source_group_id`.

    `results_for` tells of an answer to whom alone it may be told: "" those who see the action, "Admins" those of
    `source_group_id`, "Sender" whoever has sent the action, whose id is `sender_id`. `is_of_presence`: the answer's own
    place and photo tell who has given it.
    """

    position: int
    at_us: int
    event_id: str
    event_type: str
    group_id: str
    source_group_id: str
    action_id: str = ""
    package_id: str = ""
    from_user: str = ""
    from_user_id: str = ""
    from_user_name: str = ""
    from_user_profile_pic: str = ""
    is_bot_from_user: bool = False
    data: dict[str, Any]
    top_level: dict[str, Any] = {}
    results_for: str = ""
    sender_id: str = ""
    is_of_presence: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A happening, and what decides who may be told of it.

    `item` is what it is about that was sent to a group, `recipients` whom it was sent to by name; None where it is
    about the group `about_group_id` itself or about a person in it. `answered` is the action whose result it is.
    `person_id` is the person whom it is about: who became a member, who has answered or reacted, who has made a group.
    `is_by_subscriber`: of a public group's people only its admins, and that person, are told. `named`, where it is not
    None, are the only ones who are told, and `left_out` those who are not.
    """

    happening: Happening
    item: Item | None = None
    recipients: frozenset[str] = frozenset()
    answered: Action | None = None
    about_group_id: str = ""
    person_id: str = ""
    is_by_subscriber: bool = False
    named: frozenset[str] | None = None
    left_out: frozenset[str] = frozenset()


def told_by(person: Person | None) -> dict[str, Any]:
    """The fields of a happening that say who did it; all empty for nobody, as for an anonymous answer."""
    if person is None:
        return {}
    return {
        "from_user": person.mobile_number,
        "from_user_id": person.user_id,
        "from_user_name": person.name,
        "from_user_profile_pic": person.profile_pic,
        "is_bot_from_user": person.is_bot,
    }


def placed(event: StoredEvent, *, event_id: str, event_type: str = "") -> dict[str, Any]:
    """The fields of a happening that say what it is and where it stands in the log."""
    return {
        "position": event.position,
        "at_us": event.at_us,
        "event_id": event_id,
        "event_type": event_type or event.event_type,
    }
