"""What events hold, by what they are about. Names as in Python; `media_url` is `mediaUrl` on the wire."""

from __future__ import annotations

from typing import Any

import msgspec


class Data(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the data of every event hold. `is_shortened`: what was too large was cut; read the whole with a call."""

    group_id: str = ""
    source_group_id: str = ""
    is_shortened: bool = False


class File(msgspec.Struct, frozen=True, rename="camel"):
    """A file, by a link that works without a token."""

    media_url: str = ""
    media_file_name: str = ""


class AnnouncedFile(msgspec.Struct, frozen=True, rename="camel"):
    """A file of an announcement, in its own words."""

    url: str = ""
    file_name: str = ""


class Titled(msgspec.Struct, frozen=True, rename="camel"):
    """An option of a question."""

    title: str = ""


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """A question of a form. In an answer to it `answer` holds what was answered, as its type has it; None where there
    is nothing."""

    title: str = ""
    type: str = ""
    options: tuple[Titled, ...] = ()
    is_invisible: bool = False
    answer: Any = None


class Property(msgspec.Struct, frozen=True, rename="camel"):
    """A property of a package's instance; its value is always text."""

    name: str = ""
    type: str = ""
    value: str = ""


class Place(msgspec.Struct, frozen=True, rename="camel"):
    """A place; numbers only where they are known."""

    latitude: float | None = None
    longitude: float | None = None
    name: str = ""


class TextData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of a message."""

    text: str = ""


class MessageData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of a message that was changed; `text` and `edited_at` where it was edited."""

    reference_id: str = ""
    text: str = ""
    edited_at: str = ""


class AttachmentData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of files."""

    media: tuple[File, ...] = ()
    action_type: str = ""
    caption: str = ""


class AnnouncementData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of an announcement."""

    title: str = ""
    text: str = ""
    media: tuple[AnnouncedFile, ...] = ()


class ActionData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of an action: what it is, and of packages whose."""

    action_id: str = ""
    action_type: str = ""
    action_package_id: str = ""
    package_id: str = ""


class JobData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of a job. `due_date` is ISO 8601 without a fraction."""

    title: str = ""
    assigned_to: tuple[str, ...] = ()
    due_date: str = ""


class PollData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of a poll."""

    title: str = ""
    question: str = ""
    choices: tuple[Titled, ...] = ()
    questions: tuple[Question, ...] = ()
    is_sender_only: bool = False
    expiry_date: str = ""


class LetsMeetData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of an invitation. `starting_time` in milliseconds since 1970, `duration` in minutes."""

    title: str = ""
    starting_time: int = 0
    duration: int = 0
    agenda: str = ""
    is_sender_only: bool = False
    place: Place | None = None


class FormData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of a survey or a package's instance."""

    title: str = ""
    questions: tuple[Question, ...] = ()
    properties: tuple[Property, ...] = ()
    is_anonymous: bool = False


class PlaceData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of a place, or of a photo with one."""

    latitude: float | None = None
    longitude: float | None = None
    name: str = ""
    expiry_date: str = ""
    media: tuple[File, ...] = ()
    caption: str = ""


class PropertiesData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of a package's instance that was changed: its properties as they are now."""

    version: int = 0
    properties: tuple[Property, ...] = ()


class JobDone(msgspec.Struct, frozen=True, rename="camel"):
    """Who has answered a job, and whether it is done."""

    assignee: str = ""
    assignee_name: str = ""
    assignee_profile_pic: str = ""
    is_completed: bool = False


class JobResponseDetails(msgspec.Struct, frozen=True, rename="camel"):
    """What is answered to a job."""

    response: JobDone = JobDone()


class JobResponseData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of an answer to a job."""

    title: str = ""
    response_id: str = ""
    response_details: JobResponseDetails = JobResponseDetails()


class ResponseDetails(msgspec.Struct, frozen=True, rename="camel"):
    """Every question of the action in order, each with its answer."""

    response_with_questions: tuple[Question, ...] = ()


class ResponseData(ActionData, frozen=True, kw_only=True, rename="camel"):
    """Of an answer to an action. Of an anonymous one nothing says who has given it."""

    title: str = ""
    response_id: str = ""
    is_update_response: bool = False
    responder: str = ""
    responder_id: str = ""
    responder_name: str = ""
    responder_profile_pic: str = ""
    creator_id: str = ""
    is_anonymous: bool = False
    properties: tuple[Property, ...] = ()
    response_details: ResponseDetails = ResponseDetails()


class ReactionData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of a like or a comment."""

    reaction_id: str = ""
    reference_id: str = ""
    reaction_type: str = ""
    comment: str = ""


class MemberData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of someone who comes, goes or has another role. `member` is the number."""

    member: str = ""
    member_id: str = ""
    member_name: str = ""
    member_profile_pic: str = ""
    type: str = ""


class GroupData(Data, frozen=True, kw_only=True, rename="camel"):
    """Of a group that was put below this one or taken away; with an empty `parent_group_id`, made or deleted."""

    group_name: str = ""
    group_type: str = ""
    parent_group_id: str = ""
