"""The rules of text messages. Source: contract, section 6."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from chaupal.auth.access import Access, GroupAccess, RoleLacking, access_group
from chaupal.auth.caller import Caller
from chaupal.errors import Conflict, InvalidParameters, NotFound
from chaupal.members.rules import FOREVER_US, VisibleTime, visible_times
from chaupal.messages.events import message_edited, message_retracted, text_message_created
from chaupal.messages.queries import (
    EVERYONE,
    MessageRow,
    NewMessage,
    Place,
    Stretch,
    append_message,
    retract_message_row,
    select_message,
    select_timeline,
    update_text,
)
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

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
    """A message to send to everyone in a group."""

    group_id: str
    text: str


def send_message(tx: Transaction, caller: Caller, draft: MessageDraft) -> str:
    """Send a message; its id.

    Raises:
        InvalidParameters, NotFound, Forbidden.
    """
    access = access_group(tx, caller, draft.group_id)
    check_text(draft.text)
    message_id = new_id()
    sender_id = access.caller.user_id
    position = tx.append(text_message_created(draft.group_id, message_id, sender_id=sender_id))
    message = NewMessage(
        message_id=message_id,
        group_id=draft.group_id,
        audience=EVERYONE,
        sent_at_us=tx.last_at_us,
        position=position,
        sender_id=sender_id,
        connector_id=access.caller.connector_id,
        text=draft.text,
    )
    append_message(tx, message)
    return message_id


def check_text(text: str) -> None:
    """Raise InvalidParameters where a text is empty or too long. Characters are Unicode code points."""
    if not text.strip():
        raise InvalidParameters(field="message", value=text, rule="must not be empty")
    if len(text) > TEXT_MAX_CHARS:
        raise MessageTooLong(text)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Which messages to read: beyond `place`, which None puts at the newest, or at the oldest where newer are read."""

    group_id: str
    place: Place | None
    is_older: bool
    count: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Messages, newest first; the place to go on from (None at the end); and who looks."""

    messages: list[MessageRow]
    next_place: Place | None
    viewer: Access


def read_timeline(tx: Transaction, caller: Caller, page: TimelinePage) -> Timeline:
    """What the caller sees of a group's messages."""
    access = access_group(tx, caller, page.group_id)
    times = visible_times(tx, access)
    place = page.place or (_NEWEST if page.is_older else _OLDEST)
    found: list[MessageRow] = []
    for time in times if page.is_older else reversed(times):
        found.extend(_read_stretch(tx, page, time, place, page.count + 1 - len(found)))
        if len(found) > page.count:
            break
    more = len(found) > page.count
    found = found[: page.count]
    next_place = Place(found[-1].sent_at_us, found[-1].message_id) if more else None
    return Timeline(found if page.is_older else found[::-1], next_place, access.caller)


def _read_stretch(
    tx: Transaction, page: TimelinePage, time: VisibleTime, place: Place, row_count: int
) -> list[MessageRow]:
    """One stretch of visible time: everyone's messages, merged with the reader's own welcome."""
    audiences = [EVERYONE, time.welcome_audience] if time.welcome_audience else [EVERYONE]
    rows: list[MessageRow] = []
    for audience in audiences:
        stretch = Stretch(page.group_id, audience, time.from_us, time.until_us, place, page.is_older)
        rows.extend(select_timeline(tx, stretch, row_count))
    if len(audiences) > 1:
        rows.sort(key=lambda row: (row.sent_at_us, row.message_id), reverse=page.is_older)
    return rows[:row_count]


@dataclass(frozen=True, slots=True)
class MessageOf:
    """One message of a group."""

    group_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message and who looks."""

    message: MessageRow
    viewer: Access


def read_message(tx: Transaction, caller: Caller, which: MessageOf) -> SeenMessage:
    """One message that the caller sees.

    Raises:
        NotFound: no such message, or not visible.
    """
    access = access_group(tx, caller, which.group_id)
    return SeenMessage(access_message(tx, access, which.message_id), access.caller)


def access_message(tx: Transaction, access: GroupAccess, message_id: str) -> MessageRow:
    """A message of the group that the caller sees.

    Raises:
        NotFound.
    """
    message = select_message(tx, message_id)
    times = visible_times(tx, access)
    if message is None or message.group_id != access.group_id:
        raise NotFound("message", message_id=message_id)
    for time in times:
        is_for_caller = message.audience in (EVERYONE, time.welcome_audience)
        if is_for_caller and time.from_us <= message.sent_at_us < time.until_us:
            return message
    raise NotFound("message", message_id=message_id)


@dataclass(frozen=True, slots=True)
class MessageEdit:
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
    tx.append(message_edited(edit.group_id, edit.message_id, actor_id=access.caller.user_id))


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
        tx.append(message_retracted(which.group_id, which.message_id, actor_id=access.caller.user_id))


def _access_own_message(tx: Transaction, access: GroupAccess, message_id: str) -> MessageRow:
    message = access_message(tx, access, message_id)
    if message.sender_id != access.caller.user_id and not access.is_admin:
        raise RoleLacking(role="sender of the message, or Admin")
    return message
