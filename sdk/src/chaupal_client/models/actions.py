"""Of the resource `actions`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal_client.models.shared import FailedResult, ItemResults, QuestionResults, ShownQuote, ShownResponse


class ActionAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One action, in both forms that the old reference gave for it."""

    action_type: str
    """Its type; `ActionPackage` for an instance of a package."""

    action_details: ShownBody

    sender: str
    """As of a message."""

    sent_at: str
    """When it was posted: epoch seconds, and ISO 8601."""

    actions: tuple[ShownAction, ...]


class ActionReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to an action posted: one id under both names that clients read."""

    reference_id: str
    """Its id."""

    action_id: str

    failed_result: tuple[FailedResult, ...] | None = None


class ActionsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Actions, newest last; `cursor` only when more exist."""

    actions: tuple[ShownAction, ...]

    has_more: bool

    cursor: str | None = None


class PostedProperty(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A property. Without a type it is Text."""

    name: str
    """As above."""

    type: str | None = None
    """As above."""

    value: Any = None
    """As above."""


class ShownAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One action. `creationTime` in epoch seconds. A retracted one has an empty body."""

    reference_id: str
    """Its id."""

    action_type: str
    """Its type; `ActionPackage` for an instance of a package."""

    sender: str
    """As of a message."""

    sender_id: str
    """As of a message."""

    sender_name: str
    """As of a message."""

    creation_time: int
    """When it was posted: epoch seconds, and ISO 8601."""

    sent_at: str
    """When it was posted: epoch seconds, and ISO 8601."""

    source_group_id: str
    """As of a message."""

    version: int
    """Grows with each change of properties."""

    action_package_id: str | None = None
    """Only of those: the id with the version, and the bare id."""

    package_id: str | None = None
    """Only of those: the id with the version, and the bare id."""

    is_retracted: bool | None = None
    """Only if it was retracted: `true`."""

    reply_to: ShownQuote | None = None
    """Only if it answers another: what that is, as of a message (`text` is the title of an action)."""

    action_body: ShownBody
    """The fields of its type."""


class ShownBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an action holds: the fields that its type has, and no others."""

    action_id: str | None = None

    status: str | None = None

    title: str | None = None
    """The cover is a mediaResource."""

    message: str | None = None

    description: str | None = None
    """The cover is a mediaResource."""

    caption: str | None = None

    image_url: str | None = None

    media_url: str | None = None

    media_file_name: str | None = None

    media: tuple[ShownFile, ...] | None = None

    cover_image: str | None = None
    """The cover is a mediaResource."""

    latitude: float | None = None

    longitude: float | None = None

    name: str | None = None

    question: str | None = None

    choices: tuple[ShownOption, ...] | None = None

    starting_time: int | None = None

    duration: int | None = None

    agenda: str | None = None

    place: ShownPlace | None = None

    assignee_count: int | None = None

    assigned_to: tuple[str, ...] | None = None

    is_assigned_to_me: bool | None = None

    response_count: int | None = None

    is_completed: bool | None = None

    due_date: str | None = None
    """Hours until it closes (24); also spelled `validity`."""

    expiry_date: str | None = None

    is_anonymous: bool | None = None
    """Nobody learns who answered what, not even the sender."""

    is_sender_only: bool | None = None
    """Only the sender sees the results."""

    accept_multiple_responses: bool | None = None
    """Everyone may answer more than once."""

    visibility: str | None = None
    """Who sees the results: `"0"` all but subscribers of a public group, `"1"` the sender, `"2"` the sender and the
    group's admins, `"3"` subscribers as well."""

    questions: tuple[ShownQuestion, ...] | None = None
    """Each `{title, type, isOptional?, isInvisible?, options?}`."""

    properties: tuple[ShownProperty, ...] | None = None

    items: tuple[ShownItem, ...] | None = None

    needs_verification: bool | None = None

    cut_off_time: str | None = None

    needs_location: bool | None = None

    needs_photo: bool | None = None

    has_check_out: bool | None = None

    statuses: tuple[str, ...] | None = None

    content: tuple[ShownPart, ...] | None = None

    pass_mark_percent: int | None = None

    mobile_numbers: tuple[str, ...] | None = None

    email: str | None = None

    organization: str | None = None

    note: str | None = None

    responses: tuple[ShownResponse, ...] | None = None

    has_more: bool | None = None

    cursor: str | None = None

    responder_count: int | None = None

    results: tuple[QuestionResults, ...] | None = None

    item_results: tuple[ItemResults, ...] | None = None


class ShownFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file behind its link; of pictures also the link to a small one."""

    media_url: str

    media_file_name: str

    thumbnail_url: str | None = None


class ShownItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A thing to do."""

    title: str
    """The cover is a mediaResource."""


class ShownOption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One that can be chosen. `isCorrect` only of a quiz, and only for whoever may change the action."""

    title: str
    """The cover is a mediaResource."""

    image: str | None = None

    is_correct: bool | None = None


class ShownPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of a training."""

    title: str | None = None
    """The cover is a mediaResource."""

    text: str | None = None

    media: tuple[ShownFile, ...] | None = None


class ShownPlace(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A place; without coordinates where it is only named."""

    latitude: float | None = None

    longitude: float | None = None

    name: str | None = None


class ShownProperty(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A property; its value is always text."""

    name: str

    type: str

    value: str


class ShownQuestion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A question. `options` is always a list."""

    title: str
    """The cover is a mediaResource."""

    type: str

    is_optional: bool | None = None

    is_invisible: bool | None = None

    options: tuple[ShownOption, ...]
