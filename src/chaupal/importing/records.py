"""What is taken in, in one form, whatever form it was kept in.

Readers make records, the rules take them, and between the two they may cross the control socket as JSON. Ids have the
scale unit that they are named with, numbers are E.164, instants since 1970 UTC. The JSON Lines that people write have a
form of their own (`reading.json_lines`), because this one changes with the rules.
"""

from __future__ import annotations

from typing import Any

import msgspec


class PersonReference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Someone, by the first of these that is not empty. Who is known by name alone is a person of the past."""

    user_id: str = ""
    mobile_number: str = ""
    name: str = ""


class GroupReference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group, by id, or else by name. `name` with an id is what a group is called that is not there yet."""

    group_id: str = ""
    name: str = ""


class PersonRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="person", tag_field="kind"):
    """A person. Without a number, one of the past; without an id, one is made."""

    user_id: str = ""
    mobile_number: str = ""
    name: str = ""
    role: str = ""


class GroupRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="group", tag_field="kind"):
    """A group. `group_type` "" is an ordinary one."""

    group: GroupReference
    group_type: str = ""
    welcome_message: str = ""
    short_description: str = ""
    shows_history: bool = False


class MemberRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="member", tag_field="kind"):
    """Someone who is, or with `left_at_us` was, in a group. `joined_at_us` 0: since its beginning."""

    group: GroupReference
    person: PersonReference
    role: str = ""
    joined_at_us: int = 0
    left_at_us: int | None = None


class SubgroupRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="subgroup", tag_field="kind"):
    """A group that lies below another one."""

    parent: GroupReference
    child: GroupReference


class MessageRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="message", tag_field="kind"):
    """A text. Where the source has no id, one is derived from `derived_from`, the same each time."""

    group: GroupReference
    sender: PersonReference
    sent_at_us: int
    text: str
    message_id: str = ""
    derived_from: str = ""
    reply_to: str = ""
    edited_at_ms: int | None = None


class SavedFile(msgspec.Struct, frozen=True):
    """A file on this machine. `path` is absolute."""

    path: str
    name: str
    size_bytes: int


class AttachmentRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="attachment", tag_field="kind"):
    """A picture, film, sound or document, or an album of pictures. Where its files cannot be taken, a message with
    `text_instead` is taken in its place, so that what is known of it is not lost."""

    group: GroupReference
    sender: PersonReference
    sent_at_us: int
    files: tuple[SavedFile, ...]
    text_instead: str
    caption: str = ""
    message_id: str = ""
    derived_from: str = ""


class SurveyRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="survey", tag_field="kind"):
    """A survey that is over. Its questions are answered in words; its id is derived."""

    group: GroupReference
    sender: PersonReference
    sent_at_us: int
    closed_at_us: int
    derived_from: str
    title: str
    questions: tuple[str, ...]


class ActionRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="action", tag_field="kind"):
    """An action of any type. `content` is its body as it is stored; properties are (name, type, value)."""

    group: GroupReference
    sender: PersonReference
    sent_at_us: int
    action_id: str
    action_type: str
    content: str
    package_id: str = ""
    package_version: int = 0
    visibility: str = "All"
    is_anonymous: bool = False
    accepts_multiple: bool = False
    expires_at_ms: int | None = None
    closed_at_ms: int | None = None
    assigned: tuple[PersonReference, ...] = ()
    properties: tuple[tuple[str, str, str], ...] = ()


class ResponseRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="response", tag_field="kind"):
    """An answer. `responder` None: nobody knows whose it was.

    To an action by `action_id`, with a `body` as it is posted; or to a survey of a report by what its id is derived
    from, with `answers` in the order of its questions, "" where one was left out.
    """

    responder: PersonReference | None
    responded_at_us: int
    action_id: str = ""
    response_id: str = ""
    body: dict[str, Any] | None = None
    survey: str = ""
    derived_from: str = ""
    answers: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    place: str = ""


Record = (
    PersonRecord
    | GroupRecord
    | MemberRecord
    | SubgroupRecord
    | MessageRecord
    | AttachmentRecord
    | SurveyRecord
    | ActionRecord
    | ResponseRecord
)
