"""The message routes of a group."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from chaupal.auth.access import Access, RoleLacking
from chaupal.errors import InvalidParameters, MethodNotAllowed
from chaupal.members.shapes import ResultAnswer
from chaupal.messages.queries import MessageRow
from chaupal.messages.rules import (
    PAGE_MAX,
    MessageDraft,
    MessageEdit,
    MessageOf,
    MessageRetracted,
    SentMessage,
    TextForAdmins,
    TimelinePage,
    edit_message,
    read_message,
    read_timeline,
    retract_message,
    send_message,
)
from chaupal.messages.shapes import (
    EditMessage,
    Message,
    MessageReceipt,
    MessagesAnswer,
    MessagesQuery,
    PostMessage,
)
from chaupal.people.rules import shown_number
from chaupal.quotes.rules import Quote
from chaupal.quotes.shapes import show_quote
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.timelines.merging import Place
from chaupal.timelines.shapes import build_unknown, read_addressees
from chaupal.wire.cursors import read_cursor, write_cursor
from chaupal.wire.ids import read_id
from chaupal.wire.instants import write_instant

_DEFAULT_COUNT = 50
_DIRECTIONS = ("older", "newer")


async def post_message(request: ApiRequest) -> msgspec.Struct | Reply:
    """Send a text message to a group."""
    body = await request.body(PostMessage)
    addressees, failed = read_addressees(body.subscribers, body.send_to_all_subscribers)
    reply_to = read_id(body.reply_to_reference_id or "")
    draft = MessageDraft(read_id(request.path["groupId"]), body.message, addressees, reply_to)

    def build_receipt(sent: SentMessage) -> MessageReceipt:
        failures = [*failed, *build_unknown(sent.unknown_numbers)]
        return MessageReceipt(reference_id=sent.message_id, failed_result=failures or UNSET)

    return await request.commit(send_message, draft, build_receipt)


async def get_messages(request: ApiRequest) -> MessagesAnswer:
    """A group's messages, newest first."""
    query = request.query(MessagesQuery)
    if query.cursor is None and query.count is None and query.direction is None:
        # A redirected POST that became a GET must not look like success (contract, section 6).
        raise MethodNotAllowed(
            method="GET", allowed="POST", template="GET needs count, cursor or direction; POST sends a message."
        )
    count = _DEFAULT_COUNT if query.count is None else query.count
    if not 1 <= count <= PAGE_MAX:
        raise InvalidParameters(field="count", value=count, rule=f"must be 1 to {PAGE_MAX}")
    direction = (query.direction or "older").lower()
    if direction not in _DIRECTIONS:
        raise InvalidParameters(field="direction", value=direction, rule="must be older or newer")
    place = Place(*read_cursor(query.cursor, tuple[int, str])) if query.cursor is not None else None
    page = TimelinePage(read_id(request.path["groupId"]), place, direction == "older", count)
    timeline = await request.read(read_timeline, page)
    return MessagesAnswer(
        messages=[_build_message(message, timeline.viewer, timeline.quotes) for message in timeline.messages],
        cursor=write_cursor(tuple(timeline.next_place)) if timeline.next_place else UNSET,
    )


async def get_message(request: ApiRequest) -> Message:
    """One message."""
    seen = await request.read(read_message, _which(request))
    return _build_message(seen.message, seen.viewer, seen.quotes)


async def put_message(request: ApiRequest) -> msgspec.Struct | Reply:
    """Change a message's text."""
    body = await request.body(EditMessage)
    which = _which(request)
    return await request.commit(
        edit_message, MessageEdit(which.group_id, which.message_id, body.message), lambda _: ResultAnswer()
    )


async def delete_message(request: ApiRequest) -> msgspec.Struct | Reply:
    """Take a message back."""
    return await request.commit(retract_message, _which(request), lambda _: ResultAnswer())


def _which(request: ApiRequest) -> MessageOf:
    return MessageOf(read_id(request.path["groupId"]), read_id(request.path["referenceId"]))


def _build_message(message: MessageRow, viewer: Access, quotes: dict[str, Quote]) -> Message:
    return Message(
        reference_id=message.message_id,
        message=message.text,
        sender=shown_number(viewer, message.sender_number or ""),
        sender_id=message.sender_id,
        sender_name=message.sender_name or "",
        sent_at=write_instant(message.sent_at_us // 1000),
        source_group_id=message.group_id,
        edited_at=write_instant(message.edited_at_ms) if message.edited_at_ms is not None else UNSET,
        is_retracted=True if message.retracted_at_ms is not None else UNSET,
        reply_to=show_quote(message.reply_to, quotes, viewer),
    )


_ONE = "/groups/{groupId}/messages/{referenceId}"

ROUTES = [
    Route(
        "POST",
        "/groups/{groupId}/messages",
        post_message,
        call="messages.post",
        body=PostMessage,
        reply=MessageReceipt,
        errors=(TextForAdmins, RoleLacking),
    ),
    Route(
        "GET",
        "/groups/{groupId}/messages",
        get_messages,
        call="messages.list",
        query=MessagesQuery,
        reply=MessagesAnswer,
        errors=(MethodNotAllowed,),
    ),
    Route("GET", _ONE, get_message, call="messages.get", reply=Message),
    Route(
        "PUT",
        _ONE,
        put_message,
        call="messages.edit",
        body=EditMessage,
        reply=ResultAnswer,
        errors=(MessageRetracted, RoleLacking),
    ),
    Route("DELETE", _ONE, delete_message, call="messages.retract", reply=ResultAnswer, errors=(RoleLacking,)),
]
