"""What the calls about answers take and give. The bodies of each type are in `bodies`. Source: contract, section 8."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.responses.reading import PAGE_MAX
from chaupal.wire.bounds import CURSOR, Bounds, count_bounds


class PostResponse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/actions/{actionId}/responses. What `actionBody` holds depends on the action's type."""

    spellings: ClassVar[dict[str, str]] = {"type": "actionType", "packageId": "id", "actionPackageId": "id"}

    id: str | None = None
    action_type: str | None = None
    response_id: str | None = None
    action_body: Any = None


class ResponsesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/actions/{actionId}/responses."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {"count": count_bounds(1, PAGE_MAX), "cursor": CURSOR}

    count: int | None = None
    cursor: str | None = None


class ResponseReceipt(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """The answer to an answer. The last two are of a training with a quiz."""

    response_id: str
    score_percent: int | UnsetType = UNSET
    has_passed: bool | UnsetType = UNSET


class ShownSpot(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A place, under the short names that forms have for it and under the long ones."""

    lt: float
    lg: float
    n: str
    acc: float | UnsetType = UNSET
    latitude: float
    longitude: float
    name: str


class ShownResponse(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One answer: the fields that the type of its action has, and no others."""

    response_id: str
    responder: str
    responder_id: str | UnsetType = UNSET
    responder_name: str
    responded_at: str
    updated_at: str | UnsetType = UNSET
    is_mine: bool | UnsetType = UNSET
    is_completed: bool | UnsetType = UNSET
    choice: str | UnsetType = UNSET
    response: str | UnsetType = UNSET
    response_name: str | UnsetType = UNSET
    response_location: ShownSpot | UnsetType | None = UNSET
    answers: list[Any] | UnsetType = UNSET
    score_percent: int | UnsetType = UNSET
    has_passed: bool | UnsetType = UNSET
    status: str | UnsetType = UNSET
    is_late: bool | UnsetType = UNSET
    location: ShownSpot | UnsetType = UNSET
    photo: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    item: str | UnsetType = UNSET
    item_index: int | UnsetType = UNSET


class OptionCount(msgspec.Struct, rename="camel", kw_only=True):
    """How often an option was chosen."""

    title: str
    count: int


class QuestionResults(msgspec.Struct, rename="camel", kw_only=True):
    """How many have answered a question, and what they have chosen."""

    title: str
    answer_count: int
    options: list[OptionCount]


class ItemResults(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """How far an item of a checklist is."""

    title: str
    is_done: bool
    is_verified: bool | UnsetType = UNSET
    done_by: str | UnsetType = UNSET
    done_at: str | UnsetType = UNSET
    verified_by: str | UnsetType = UNSET


class ResponsesAnswer(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Answers in the order in which they came; `cursor` only when more exist. `results` sum all of them up."""

    responses: list[ShownResponse]
    has_more: bool
    cursor: str | UnsetType = UNSET
    response_count: int
    responder_count: int | UnsetType = UNSET
    results: list[QuestionResults] | UnsetType = UNSET
    item_results: list[ItemResults] | UnsetType = UNSET
