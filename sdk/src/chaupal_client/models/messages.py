"""Of the resource `messages`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec

from chaupal_client.models.shared import FailedResult, ShownQuote


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One message. A hidden sender number is ""; a retracted message has no text."""

    reference_id: str
    """Its id."""

    message: str
    """The text; `""` when it was retracted."""

    sender: str
    """The sender's number; `""` for connectors without the permission Group Member List, and for a bot."""

    sender_id: str

    sender_name: str

    sent_at: str
    """Never earlier than that of the message before."""

    source_group_id: str
    """The group it was sent to."""

    edited_at: str | None = None
    """Only if it was edited: when, last."""

    is_retracted: bool | None = None
    """Only if it was retracted: `true`."""

    reply_to: ShownQuote | None = None
    """Only if it answers another: that one's `referenceId`, `sender`, `senderId`, `senderName`, the first 300
    characters of its `text`, of an action its `actionType`; `isRetracted` and no text if it was retracted; the
    `referenceId` alone for those who may not see it."""


class MessageReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a message sent; `failedResult` names those listed who are no subscribers."""

    reference_id: str
    """Its id."""

    failed_result: tuple[FailedResult, ...] | None = None


class MessagesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Messages, newest first; `cursor` only when more exist."""

    messages: tuple[Message, ...]

    cursor: str | None = None
