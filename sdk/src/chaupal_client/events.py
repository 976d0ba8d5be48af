"""What happens, as typed events: the same from the live stream, from pages and in calls of webhooks.

    match event:
        case TextMessageCreated():
            print(event.from_user_name, event.data.text)
        case SurveyResponse(data=answered):
            print(answered.response_details.response_with_questions)

An event of a type that this version does not know is an `OtherEvent`. What a field means is in the API's documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from chaupal_client._errors import UnreadableAnswer
from chaupal_client.event_data import (
    ActionData,
    AnnouncementData,
    AttachmentData,
    FormData,
    GroupData,
    JobData,
    JobResponseData,
    LetsMeetData,
    MemberData,
    MessageData,
    PlaceData,
    PollData,
    PropertiesData,
    ReactionData,
    ResponseData,
    TextData,
)


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What every event has. `event_id` is the same each time it is told; note it, and do nothing the second time.

    `event_time` is ISO 8601, and `""` in calls of webhooks; `context` and `subscription_id` (the webhook's id) are
    there only in these.
    """

    event_type: str
    event_id: str
    object_id: str = ""
    object_type: str = ""
    event_time: str = ""
    group_id: str = ""
    """The group through which it was done."""
    source_group_id: str = ""
    """The group that it was sent to: an answer or a reaction may come through a group below."""
    from_user: str = ""
    """The mobile number; `""` for nobody in particular, and without the permission Group Member List."""
    from_user_id: str = ""
    from_user_name: str = ""
    from_user_profile_pic: str = ""
    is_bot_from_user: bool = msgspec.field(default=False, name="isBotfromUser")
    context: Any = None
    subscription_id: str = ""


class OtherEvent(Event, frozen=True, kw_only=True):
    """An event of a type that this version does not know."""

    data: dict[str, Any] = {}


class TextMessageCreated(Event, frozen=True, kw_only=True):
    """Someone has sent a message."""

    data: TextData


class MessageEdited(Event, frozen=True, kw_only=True):
    """A message has another text."""

    data: MessageData


class MessageRetracted(Event, frozen=True, kw_only=True):
    """A message was taken back."""

    data: MessageData


class AttachmentCreated(Event, frozen=True, kw_only=True):
    """Someone has sent files."""

    data: AttachmentData


class Announcement(Event, frozen=True, kw_only=True):
    """Someone has announced something."""

    data: AnnouncementData


class JobCreated(Event, frozen=True, kw_only=True):
    """Someone has given a job."""

    data: JobData


class PollCreated(Event, frozen=True, kw_only=True):
    """Someone has asked a question."""

    data: PollData


class LetsMeetCreated(Event, frozen=True, kw_only=True):
    """Someone has invited to meet."""

    data: LetsMeetData


class SurveyCreated(Event, frozen=True, kw_only=True):
    """Someone has posted a survey."""

    data: FormData


class ActionCreated(Event, frozen=True, kw_only=True):
    """Someone has posted an instance of a package, or an action of a type that has no event of its own."""

    data: FormData


class LocationShared(Event, frozen=True, kw_only=True):
    """Someone has shared a place."""

    data: PlaceData


class PhotoWithLocation(Event, frozen=True, kw_only=True):
    """Someone has sent a photo with its place."""

    data: PlaceData


class ActionUpdated(Event, frozen=True, kw_only=True):
    """The properties of a package's instance were changed."""

    data: PropertiesData


class ActionReminded(Event, frozen=True, kw_only=True):
    """Someone is reminded to answer."""

    data: ActionData


class ActionClosed(Event, frozen=True, kw_only=True):
    """An action takes no more answers."""

    data: ActionData


class ActionRetracted(Event, frozen=True, kw_only=True):
    """An action was taken back."""

    data: ActionData


class JobResponse(Event, frozen=True, kw_only=True):
    """Someone has answered a job."""

    data: JobResponseData


class SurveyResponse(Event, frozen=True, kw_only=True):
    """Someone has answered a survey."""

    data: ResponseData


class ActionResponse(Event, frozen=True, kw_only=True):
    """Someone has answered an instance of a package, or an action of a type that has no event of its own."""

    data: ResponseData


class PollResponse(Event, frozen=True, kw_only=True):
    """Someone has answered a poll."""

    data: ResponseData


class LetsMeetResponse(Event, frozen=True, kw_only=True):
    """Someone has answered an invitation."""

    data: ResponseData


class ReactionCreated(Event, frozen=True, kw_only=True):
    """Someone likes or comments on something."""

    data: ReactionData


class ReactionRemoved(Event, frozen=True, kw_only=True):
    """Someone has taken a like or a comment back."""

    data: ReactionData


class MemberAdded(Event, frozen=True, kw_only=True):
    """Someone has become a member or subscriber."""

    data: MemberData


class MemberRemoved(Event, frozen=True, kw_only=True):
    """Someone is no member or subscriber any more."""

    data: MemberData


class MemberRoleChanged(Event, frozen=True, kw_only=True):
    """A member has another role."""

    data: MemberData


class GroupAdded(Event, frozen=True, kw_only=True):
    """A group was put below this one, or made."""

    data: GroupData


class GroupRemoved(Event, frozen=True, kw_only=True):
    """A group was taken away from below this one, or deleted."""

    data: GroupData


EVENTS: Mapping[str, type[Event]] = {
    event.__name__: event for event in Event.__subclasses__() if event is not OtherEvent
}
"""By eventType."""


class _Kind(msgspec.Struct, rename="camel"):
    event_type: str = ""


def read_event(body: bytes | msgspec.Raw) -> Event:
    """An event as it is sent: the body of a webhook's call, or the data of the stream.

    Raises:
        UnreadableAnswer: it is no event.
    """
    try:
        kind = msgspec.json.decode(body, type=_Kind).event_type
        return msgspec.json.decode(body, type=EVENTS.get(kind, OtherEvent))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableAnswer(f"this is not an event: {error}") from None
