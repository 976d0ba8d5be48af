"""What the action calls take and give. The bodies of each type are in `bodies`. Source: contract, section 8."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.actions.bodies.properties import PostedProperty
from chaupal.actions.limits import PROPERTIES_MAX
from chaupal.actions.reading import PAGE_MAX
from chaupal.members.shapes import FailedResult
from chaupal.quotes.shapes import ShownQuote
from chaupal.responses.reading import PAGE_MAX as ANSWERS_MAX
from chaupal.responses.shapes import ItemResults, QuestionResults, ShownResponse
from chaupal.wire.bounds import CURSOR, MOBILE_NUMBERS, Bounds, count_bounds

_PACKAGE_ID: Bounds = {"pattern": r"^[A-Za-z0-9._-]{1,100}$"}


class PostAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/actions. What `actionBody` holds depends on the type."""

    spellings: ClassVar[dict[str, str]] = {
        "type": "actionType",
        "packageId": "id",
        "actionPackageId": "id",
        "replyTo": "replyToReferenceId",
    }
    bounds: ClassVar[dict[str, Bounds]] = {"id": _PACKAGE_ID, "subscribers": MOBILE_NUMBERS}

    id: str | None = None
    action_type: str | None = None
    action_body: dict[str, Any] | None = None
    reply_to_reference_id: str | None = None
    subscribers: list[str] | None = None
    send_to_all_subscribers: bool | None = None


class ChangeProperties(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}/actions/{actionId}, and the same with /properties."""

    spellings: ClassVar[dict[str, str]] = {"properties": "updateProperties"}
    bounds: ClassVar[dict[str, Bounds]] = {"updateProperties": {"minItems": 1, "maxItems": PROPERTIES_MAX}}

    version: int | None = None
    update_properties: list[PostedProperty]
    send_to_all_subscribers: bool | None = None
    send_notification_to_subscribers: bool | None = None


class RemindBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/actions/{actionId}/reminder."""

    bounds: ClassVar[dict[str, Bounds]] = {"subscribers": MOBILE_NUMBERS}

    subscribers: list[str] | None = None
    send_to_all_subscribers: bool | None = None


class ActionReceipt(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """The answer to an action posted: one id under both names that clients read."""

    reference_id: str
    action_id: str
    failed_result: list[FailedResult] | UnsetType = UNSET


class ActionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/actions."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {
        "actionType": _PACKAGE_ID,
        "fromDate": {"format": "instant"},
        "count": count_bounds(1, PAGE_MAX),
        "cursor": CURSOR,
    }

    action_type: str | None = None
    from_date: str | None = None
    count: int | None = None
    cursor: str | None = None


class ActionQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/actions/{actionId}."""

    spellings: ClassVar[dict[str, str]] = {"getDetail": "getDetails"}
    bounds: ClassVar[dict[str, Bounds]] = {"count": count_bounds(1, ANSWERS_MAX), "cursor": CURSOR}

    get_details: bool | None = None
    count: int | None = None
    cursor: str | None = None


class ShownFile(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A file behind its link; of pictures also the link to a small one."""

    media_url: str
    media_file_name: str
    thumbnail_url: str | UnsetType = UNSET


class ShownPlace(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A place; without coordinates where it is only named."""

    latitude: float | UnsetType = UNSET
    longitude: float | UnsetType = UNSET
    name: str | UnsetType = UNSET


class ShownOption(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One that can be chosen. `isCorrect` only of a quiz, and only for whoever may change the action."""

    title: str
    image: str | UnsetType = UNSET
    is_correct: bool | UnsetType = UNSET


class ShownQuestion(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A question. `options` is always a list."""

    title: str
    type: str
    is_optional: bool | UnsetType = UNSET
    is_invisible: bool | UnsetType = UNSET
    options: list[ShownOption]


class ShownProperty(msgspec.Struct, rename="camel", kw_only=True):
    """A property; its value is always text."""

    name: str
    type: str
    value: str


class ShownItem(msgspec.Struct, rename="camel", kw_only=True):
    """A thing to do."""

    title: str


class ShownPart(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A page of a training."""

    title: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    media: list[ShownFile] | UnsetType = UNSET


class ShownBody(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What an action holds: the fields that its type has, and no others."""

    action_id: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    caption: str | UnsetType = UNSET
    image_url: str | UnsetType = UNSET
    media_url: str | UnsetType = UNSET
    media_file_name: str | UnsetType = UNSET
    media: list[ShownFile] | UnsetType = UNSET
    cover_image: str | UnsetType = UNSET
    latitude: float | UnsetType = UNSET
    longitude: float | UnsetType = UNSET
    name: str | UnsetType = UNSET
    question: str | UnsetType = UNSET
    choices: list[ShownOption] | UnsetType = UNSET
    starting_time: int | UnsetType = UNSET
    duration: int | UnsetType = UNSET
    agenda: str | UnsetType = UNSET
    place: ShownPlace | UnsetType = UNSET
    assignee_count: int | UnsetType = UNSET
    assigned_to: list[str] | UnsetType = UNSET
    is_assigned_to_me: bool | UnsetType = UNSET
    response_count: int | UnsetType = UNSET
    is_completed: bool | UnsetType = UNSET
    due_date: str | UnsetType = UNSET
    expiry_date: str | UnsetType = UNSET
    is_anonymous: bool | UnsetType = UNSET
    is_sender_only: bool | UnsetType = UNSET
    accept_multiple_responses: bool | UnsetType = UNSET
    visibility: str | UnsetType = UNSET
    questions: list[ShownQuestion] | UnsetType = UNSET
    properties: list[ShownProperty] | UnsetType = UNSET
    items: list[ShownItem] | UnsetType = UNSET
    needs_verification: bool | UnsetType = UNSET
    cut_off_time: str | UnsetType = UNSET
    needs_location: bool | UnsetType = UNSET
    needs_photo: bool | UnsetType = UNSET
    has_check_out: bool | UnsetType = UNSET
    statuses: list[str] | UnsetType = UNSET
    content: list[ShownPart] | UnsetType = UNSET
    pass_mark_percent: int | UnsetType = UNSET
    mobile_numbers: list[str] | UnsetType = UNSET
    email: str | UnsetType = UNSET
    organization: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    responses: list[ShownResponse] | UnsetType = UNSET
    has_more: bool | UnsetType = UNSET
    cursor: str | UnsetType = UNSET
    responder_count: int | UnsetType = UNSET
    results: list[QuestionResults] | UnsetType = UNSET
    item_results: list[ItemResults] | UnsetType = UNSET


class ShownAction(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One action. `creationTime` in epoch seconds. A retracted one has an empty body."""

    reference_id: str
    action_type: str
    sender: str
    sender_id: str
    sender_name: str
    creation_time: int
    sent_at: str
    source_group_id: str
    version: int
    action_package_id: str | UnsetType = UNSET
    package_id: str | UnsetType = UNSET
    is_retracted: bool | UnsetType = UNSET
    reply_to: ShownQuote | UnsetType = UNSET
    action_body: ShownBody


class ActionsAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """Actions, newest last; `cursor` only when more exist."""

    actions: list[ShownAction]
    has_more: bool
    cursor: str | UnsetType = UNSET


class ActionAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """One action, in both forms that the old reference gave for it."""

    action_type: str
    action_details: ShownBody
    sender: str
    sent_at: str
    actions: list[ShownAction]
