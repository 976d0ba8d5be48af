"""What each event says to those outside, in the forms that webhooks and streams send. Contract, section 11.

Everything is built from the rows when it is told, because events hold no text: what was edited since is told as it is
now, and of what was retracted or erased nothing is told but that it was. Must not decide who is told; that is `sights`,
and for webhooks the rules of webhooks.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chaupal.events.catalogue import EventType
from chaupal.events.log import StoredEvent
from chaupal.happenings.fitting import fitted
from chaupal.happenings.forms import Happening, Told
from chaupal.happenings.groups import TOLD_AS, tell_group, tell_member
from chaupal.happenings.known import Imprint, Known
from chaupal.happenings.masks import without_numbers, without_responder
from chaupal.happenings.results import tell_reaction, tell_response
from chaupal.happenings.sent import (
    tell_action,
    tell_action_change,
    tell_message,
    tell_message_change,
    tell_properties,
    tell_reminder,
)

__all__ = ["Happening", "Imprint", "Told", "find_told", "told_type", "without_numbers", "without_responder"]

Teller = Callable[[Known, StoredEvent], Told | None]

TELLERS: dict[str, Teller] = {
    EventType.TEXT_MESSAGE_CREATED: tell_message,
    EventType.MESSAGE_EDITED: tell_message_change,
    EventType.MESSAGE_RETRACTED: tell_message_change,
    EventType.ANNOUNCEMENT: tell_action,
    EventType.JOB_CREATED: tell_action,
    EventType.POLL_CREATED: tell_action,
    EventType.LETS_MEET_CREATED: tell_action,
    EventType.SURVEY_CREATED: tell_action,
    EventType.ATTACHMENT_CREATED: tell_action,
    EventType.LOCATION_SHARED: tell_action,
    EventType.PHOTO_WITH_LOCATION: tell_action,
    EventType.ACTION_CREATED: tell_action,
    EventType.ACTION_UPDATED: tell_properties,
    EventType.ACTION_REMINDED: tell_reminder,
    EventType.ACTION_CLOSED: tell_action_change,
    EventType.ACTION_RETRACTED: tell_action_change,
    EventType.SURVEY_RESPONSE: tell_response,
    EventType.JOB_RESPONSE: tell_response,
    EventType.POLL_RESPONSE: tell_response,
    EventType.LETS_MEET_RESPONSE: tell_response,
    EventType.ACTION_RESPONSE: tell_response,
    EventType.REACTION_CREATED: tell_reaction,
    EventType.REACTION_REMOVED: tell_reaction,
    EventType.MEMBER_ADDED: tell_member,
    EventType.MEMBER_REMOVED: tell_member,
    EventType.MEMBER_ROLE_CHANGED: tell_member,
    EventType.GROUP_ADDED: tell_group,
    EventType.GROUP_REMOVED: tell_group,
    EventType.SUBGROUP_ADDED: tell_group,
    EventType.SUBGROUP_REMOVED: tell_group,
}
"""The events that are told of; nobody outside hears of the others."""


def told_type(event_type: str) -> str | None:
    """The type under which an event of a type is told; None where nobody outside hears of it."""
    return TOLD_AS.get(event_type, event_type) if event_type in TELLERS else None


def find_told(known: Known, event: StoredEvent) -> Told | None:
    """What an event says, whole, with what decides who may be told; None where nobody is, or nothing is left to tell.

    Who is told less is told by `without_numbers` and `without_responder`.
    """
    teller = TELLERS.get(event.event_type)
    told = teller(known, event) if teller is not None else None
    if told is None:
        return None
    data = fitted(told.happening.data)
    if data is told.happening.data:
        return told
    return msgspec.structs.replace(told, happening=msgspec.structs.replace(told.happening, data=data))
