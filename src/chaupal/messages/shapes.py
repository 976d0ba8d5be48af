"""What the message calls take and give. Source: contract, section 6."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.members.shapes import FailedResult
from chaupal.messages.rules import PAGE_MAX, TEXT_MAX_CHARS
from chaupal.quotes.shapes import ShownQuote
from chaupal.wire.bounds import CURSOR, INSTANT, MOBILE_NUMBERS, Bounds, count_bounds, text_bounds


class PostMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/messages."""

    bounds: ClassVar[dict[str, Bounds]] = {"message": text_bounds(TEXT_MAX_CHARS), "subscribers": MOBILE_NUMBERS}

    spellings: ClassVar[dict[str, str]] = {"replyTo": "replyToReferenceId"}

    message: str
    reply_to_reference_id: str | None = None
    send_to_all_subscribers: bool | None = None
    subscribers: list[str] | None = None


class EditMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}/messages/{referenceId}."""

    bounds: ClassVar[dict[str, Bounds]] = {"message": text_bounds(TEXT_MAX_CHARS)}

    message: str


class MessagesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/messages."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {
        "cursor": CURSOR,
        "count": count_bounds(1, PAGE_MAX),
        "direction": {"enum": ["older", "newer"]},
    }

    cursor: str | None = None
    count: int | None = None
    direction: str | None = None


class MessageReceipt(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """The answer to a message sent; `failedResult` names those listed who are no subscribers."""

    reference_id: str
    failed_result: list[FailedResult] | UnsetType = UNSET


class Message(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One message. A hidden sender number is ""; a retracted message has no text."""

    bounds: ClassVar[dict[str, Bounds]] = {"sentAt": INSTANT, "editedAt": INSTANT}

    reference_id: str
    message: str
    sender: str
    sender_id: str
    sender_name: str
    sent_at: str
    source_group_id: str
    edited_at: str | UnsetType = UNSET
    is_retracted: bool | UnsetType = UNSET
    reply_to: ShownQuote | UnsetType = UNSET


class MessagesAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """Messages, newest first; `cursor` only when more exist."""

    messages: list[Message]
    cursor: str | UnsetType = UNSET
