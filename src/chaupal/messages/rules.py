"""The rules of text messages. Source: contract, section 6."""

from __future__ import annotations

import msgspec

from chaupal.auth.access import Access, GroupAccess, RoleLacking, access_group
from chaupal.auth.caller import Caller, Operator
from chaupal.auth.permissions import TokenKind
from chaupal.errors import Conflict, Forbidden, InvalidParameters, NotFound
from chaupal.messages.events import message_edited, message_retracted, text_message_created
from chaupal.messages.queries import (
    MessageRow,
    NewMessage,
    append_message,
    count_messages,
    retract_message_row,
    select_message,
    select_messages,
    select_timeline,
    update_text,
)
from chaupal.quotes.rules import Quote, check_quotable, find_quotes
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.timelines.intervals import FOREVER_US
from chaupal.timelines.merging import Place
from chaupal.timelines.rules import Addressees, Item, address, append_addressed, is_visible, sight_of

Message = MessageRow
"""A message as other slices see it."""

TEXT_MAX_CHARS = 4_000
PAGE_MAX = 100
_NEWEST = Place(FOREVER_US, "")
_OLDEST = Place(-1, "")


class MessageTooLong(InvalidParameters):
    """Longer than a message may be. Fields: `limit_chars`, `got_chars`."""

    def __init__(self, text: str) -> None:
        self.limit_chars = TEXT_MAX_CHARS
        self.got_chars = len(text)
        rule = f"must be at most {TEXT_MAX_CHARS} characters, not {len(text)}"
        super().__init__(field="message", value=text, rule=rule)


class MessageRetracted(Conflict):
    """A retracted message has no text to edit."""

    template = "The message was retracted and cannot be edited."


class MessageDraft(msgspec.Struct, frozen=True):
    """A message to send."""

    group_id: str
    text: str
    addressees: Addressees = Addressees()
    reply_to: str = ""
    """The id of the message or action that it answers, "" for none."""


class SentMessage(msgspec.Struct, frozen=True):
    """The message's id, and the numbers it did not go to because they are no subscribers."""

    message_id: str
    unknown_numbers: tuple[str, ...] = ()


class TextForAdmins(Forbidden):
    """In a group that has subgroups a text would reach every group below."""

    template = "Not allowed: in a group that has subgroups only admins and bots send text; members post actions."


def send_message(tx: Transaction, caller: Caller, draft: MessageDraft) -> SentMessage:
    """Send a message.

    Raises:
        InvalidParameters, NotFound, Forbidden.
    """
    access = access_group(tx, caller, draft.group_id)
    check_text(draft.text)
    # A bot is there because an admin wanted it to be heard (contract, section 5: "admins and connectors").
    if access.subgroup_count and not access.is_admin and caller.token.kind is not TokenKind.BOT:
        raise TextForAdmins
    check_quotable(tx, access, draft.reply_to)
    addressed = address(tx, access, draft.addressees)
    message_id = new_id()
    sender_id = access.caller.user_id
    position = tx.append(text_message_created(draft.group_id, message_id, sender_id=sender_id))
    message = NewMessage(
        message_id=message_id,
        group_id=draft.group_id,
        audience=addressed.audience,
        sent_at_us=tx.last_at_us,
        position=position,
        sender_id=sender_id,
        connector_id=access.caller.connector_id,
        text=draft.text,
        reply_to=draft.reply_to,
    )
    append_message(tx, message)
    if addressed.user_ids:
        append_addressed(tx, Item(message_id, draft.group_id, addressed.audience, tx.last_at_us), addressed)
    return SentMessage(message_id, addressed.unknown_numbers)


def check_text(text: str) -> None:
    """Raise InvalidParameters where a text is empty or too long. Characters are Unicode code points."""
    if not text.strip():
        raise InvalidParameters(field="message", value=text, rule="must not be empty")
    if len(text) > TEXT_MAX_CHARS:
        raise MessageTooLong(text)


class TimelinePage(msgspec.Struct, frozen=True):
    """Which messages to read: beyond `place`, which None puts at the newest, or at the oldest where newer are read."""

    group_id: str
    place: Place | None
    is_older: bool
    count: int


class Timeline(msgspec.Struct, frozen=True):
    """Messages, newest first; the place to go on from (None at the end); who looks; and what is quoted, by id."""

    messages: list[MessageRow]
    next_place: Place | None
    viewer: Access
    quotes: dict[str, Quote]


def read_timeline(tx: Transaction, caller: Caller, page: TimelinePage) -> Timeline:
    """What the caller sees of the messages of a group and of the groups above it."""
    access = access_group(tx, caller, page.group_id)
    sight = sight_of(tx, access)
    place = page.place or (_NEWEST if page.is_older else _OLDEST)
    found = select_timeline(tx, sight.reading(place=place, is_older=page.is_older, row_count=page.count + 1))
    more = len(found) > page.count
    found = found[: page.count]
    next_place = Place(found[-1].sent_at_us, found[-1].message_id) if more else None
    quotes = find_quotes(tx, access, (message.reply_to for message in found), sight=sight)
    return Timeline(found if page.is_older else found[::-1], next_place, access.caller, quotes)


class MessageOf(msgspec.Struct, frozen=True):
    """One message of a group."""

    group_id: str
    message_id: str


class SeenMessage(msgspec.Struct, frozen=True):
    """A message, who looks, and what it quotes."""

    message: MessageRow
    viewer: Access
    quotes: dict[str, Quote]


def read_message(tx: Transaction, caller: Caller, which: MessageOf) -> SeenMessage:
    """One message that the caller sees.

    Raises:
        NotFound: no such message, or not visible.
    """
    access = access_group(tx, caller, which.group_id)
    message = access_message(tx, access, which.message_id)
    return SeenMessage(message, access.caller, find_quotes(tx, access, [message.reply_to]))


def access_message(tx: Transaction, access: GroupAccess, message_id: str) -> MessageRow:
    """A message that the caller sees through the group.

    Raises:
        NotFound.
    """
    message = select_message(tx, message_id)
    item = Item(*message[:4]) if message is not None else None
    if not is_visible(tx, access, item) or message is None:
        raise NotFound("message", message_id=message_id)
    return message


def find_messages(tx: Transaction, message_ids: list[str]) -> dict[str, Message]:
    """Those of the messages that there are, by id. Who may see them is the caller's question."""
    return {message.message_id: message for message in select_messages(tx, message_ids)}


def find_message_item(tx: Transaction, message_id: str) -> tuple[Item, bool] | None:
    """A message as something that was sent, and whether it was retracted. Who may see it is the caller's question."""
    message = select_message(tx, message_id)
    return (Item(*message[:4]), message.retracted_at_ms is not None) if message is not None else None


class MessageEdit(msgspec.Struct, frozen=True):
    """A message's new text."""

    group_id: str
    message_id: str
    text: str


def edit_message(tx: Transaction, caller: Caller, edit: MessageEdit) -> None:
    """Change a message's text; the same text changes nothing.

    Raises:
        InvalidParameters, NotFound, MessageRetracted.
        RoleLacking: the caller is neither the sender nor an admin.
    """
    access = access_group(tx, caller, edit.group_id)
    check_text(edit.text)
    message = _access_own_message(tx, access, edit.message_id)
    if message.retracted_at_ms is not None:
        raise MessageRetracted
    if message.text == edit.text:
        return
    update_text(tx, message, edit.text)
    tx.append(message_edited(message.group_id, edit.message_id, actor_id=access.caller.user_id))


def retract_message(tx: Transaction, caller: Caller, which: MessageOf) -> None:
    """Take a message back: its text is erased, its place stays. Idempotent.

    Raises:
        NotFound.
        RoleLacking: the caller is neither the sender nor an admin.
    """
    access = access_group(tx, caller, which.group_id)
    message = _access_own_message(tx, access, which.message_id)
    if message.retracted_at_ms is None:
        retract_message_row(tx, message)
        tx.append(message_retracted(message.group_id, which.message_id, actor_id=access.caller.user_id))


def _access_own_message(tx: Transaction, access: GroupAccess, message_id: str) -> MessageRow:
    message = access_message(tx, access, message_id)
    is_admin_there = access.is_admin and message.group_id == access.group_id
    if message.sender_id != access.caller.user_id and not is_admin_there:
        raise RoleLacking(role="sender of the message, or Admin")
    return message


def count_all_messages(tx: Transaction, _caller: Operator, _request: None) -> int:
    """How many messages the tenant has, with those that were taken back."""
    return count_messages(tx)
