"""Every event type that exists, and the form of an event: ids and facts, never text that a person wrote.

What a stream or a webhook sends is built from the rows that an event points to, so that erasing a row erases its text.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class EventType(StrEnum):
    """The names of all events. Kaizala's webhook names where it had one."""

    TENANT_CREATED = "TenantCreated"
    PERSON_ADDED = "PersonAdded"
    PERSON_CHANGED = "PersonChanged"
    PERSON_REMOVED = "PersonRemoved"
    PERSON_SIGNED_IN = "PersonSignedIn"
    CONNECTOR_CREATED = "ConnectorCreated"
    CONNECTOR_CHANGED = "ConnectorChanged"
    CONNECTOR_DELETED = "ConnectorDeleted"
    BOT_CREATED = "BotCreated"
    BOT_CHANGED = "BotChanged"
    BOT_DELETED = "BotDeleted"
    TOKEN_GRANTED = "TokenGranted"
    TOKEN_REVOKED = "TokenRevoked"
    GROUP_ADDED = "GroupAdded"
    GROUP_CHANGED = "GroupChanged"
    GROUP_REMOVED = "GroupRemoved"
    SUBGROUP_ADDED = "SubgroupAdded"
    SUBGROUP_REMOVED = "SubgroupRemoved"
    MEMBER_ADDED = "MemberAdded"
    MEMBER_REMOVED = "MemberRemoved"
    MEMBER_ROLE_CHANGED = "MemberRoleChanged"
    TEXT_MESSAGE_CREATED = "TextMessageCreated"
    MESSAGE_EDITED = "MessageEdited"
    MESSAGE_RETRACTED = "MessageRetracted"
    REACTION_CREATED = "ReactionCreated"
    REACTION_REMOVED = "ReactionRemoved"
    MEDIA_ADDED = "MediaAdded"
    MEDIA_REMOVED = "MediaRemoved"
    ANNOUNCEMENT = "Announcement"
    JOB_CREATED = "JobCreated"
    POLL_CREATED = "PollCreated"
    LETS_MEET_CREATED = "LetsMeetCreated"
    SURVEY_CREATED = "SurveyCreated"
    ATTACHMENT_CREATED = "AttachmentCreated"
    LOCATION_SHARED = "LocationShared"
    PHOTO_WITH_LOCATION = "PhotoWithLocation"
    ACTION_CREATED = "ActionCreated"
    ACTION_UPDATED = "ActionUpdated"
    ACTION_REMINDED = "ActionReminded"
    ACTION_CLOSED = "ActionClosed"
    ACTION_RETRACTED = "ActionRetracted"
    SURVEY_RESPONSE = "SurveyResponse"
    JOB_RESPONSE = "JobResponse"
    POLL_RESPONSE = "PollResponse"
    LETS_MEET_RESPONSE = "LetsMeetResponse"
    ACTION_RESPONSE = "ActionResponse"
    ACTION_ANSWERED = "ActionAnswered"
    WEBHOOK_CREATED = "WebhookCreated"
    WEBHOOK_CHANGED = "WebhookChanged"
    WEBHOOK_DELETED = "WebhookDeleted"
    WEBHOOK_DISABLED = "WebhookDisabled"
    HISTORY_IMPORTED = "HistoryImported"
    PAST_MEMBERS_ADDED = "PastMembersAdded"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One happening of a tenant.

    `object_id` is what it is about (a message, person, connector or grant), `group_id` the group it happened in or "",
    `actor_id` the person on whose behalf it was done or "" for the operator, `facts` further ids and numbers.
    """

    event_type: EventType
    object_id: str
    group_id: str = ""
    actor_id: str = ""
    facts: dict[str, str | int | bool] | None = None
