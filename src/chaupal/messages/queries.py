"""The statements on messages."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, delete, func, insert, select, update

from chaupal.messages.tables import messages
from chaupal.people.tables import people
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import Reading, TimelineStatements


class MessageRow(NamedTuple):
    """A message with its sender."""

    message_id: str
    group_id: str
    audience: str
    sent_at_us: int
    text: str
    sender_id: str
    sender_number: str | None
    sender_name: str | None
    edited_at_ms: int | None
    retracted_at_ms: int | None
    reply_to: str


class NewMessage(msgspec.Struct, frozen=True):
    """A message to write, at the position of its event."""

    message_id: str
    group_id: str
    audience: str
    sent_at_us: int
    position: int
    sender_id: str
    connector_id: str
    text: str
    reply_to: str = ""


_COLUMNS = (
    messages.c.message_id,
    messages.c.group_id,
    messages.c.audience,
    messages.c.sent_at_us,
    messages.c.text,
    messages.c.sender_id,
    people.c.mobile_number,
    people.c.name,
    messages.c.edited_at_ms,
    messages.c.retracted_at_ms,
    messages.c.reply_to,
)
_WITH_SENDER = messages.outerjoin(
    people, and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == messages.c.sender_id)
)
_TIMELINE = TimelineStatements(messages, _WITH_SENDER, _COLUMNS)
_SELECT_ONE = statement(
    select(*_COLUMNS)
    .select_from(_WITH_SENDER)
    .where(messages.c.tenant_id == bindparam("tenant_id"), messages.c.message_id == bindparam("which_id"))
)
_SELECT_SEVERAL = statement(
    select(*_COLUMNS)
    .select_from(_WITH_SENDER)
    .where(messages.c.tenant_id == bindparam("tenant_id"), in_list(messages.c.message_id, "message_ids"))
)
_COUNT_ALL = statement(select(func.count()).where(messages.c.tenant_id == bindparam("tenant_id")))
_INSERT = statement(insert(messages))
# Nobody remembers messages, and what many writes bring along must not make the users' calls forget what they know.
_INSERT_PAST = statement(insert(messages), is_aside=True)
_SELECT_KNOWN = statement(
    select(messages.c.message_id, messages.c.text, messages.c.edited_at_ms, messages.c.retracted_at_ms).where(
        messages.c.tenant_id == bindparam("tenant_id"), in_list(messages.c.message_id, "message_ids")
    )
)
_KEY = (
    messages.c.tenant_id == bindparam("tenant_id"),
    messages.c.group_id == bindparam("which_group"),
    messages.c.audience == bindparam("which_audience"),
    messages.c.sent_at_us == bindparam("which_at_us"),
    messages.c.message_id == bindparam("which_id"),
)
_DELETE_PAST = statement(delete(messages).where(*_KEY), is_aside=True)
_EDIT = statement(update(messages).where(*_KEY).values(text=bindparam("new_text"), edited_at_ms=bindparam("at_ms")))
_RETRACT = statement(update(messages).where(*_KEY).values(text="", retracted_at_ms=bindparam("at_ms")))


def select_timeline(tx: Transaction, reading: Reading) -> list[MessageRow]:
    """At most `row_count` messages beyond a place: newest first where older ones are read, else oldest first."""
    return [MessageRow(*row) for row in _TIMELINE.read(tx, reading)]


def select_message(tx: Transaction, message_id: str) -> MessageRow | None:
    """By id, of whichever group."""
    row = tx.one_or_none(_SELECT_ONE, which_id=message_id)
    return MessageRow(*row) if row else None


def select_messages(tx: Transaction, message_ids: list[str]) -> list[MessageRow]:
    """Those of the ids that there are, of whichever groups."""
    return [MessageRow(*row) for row in tx.all(_SELECT_SEVERAL, message_ids=message_ids)]


def append_message(tx: Transaction, message: NewMessage) -> None:
    """Written with the batch: nobody knows the id before the call is answered."""
    tx.append_row(_INSERT, **msgspec.structs.asdict(message), edited_at_ms=None, retracted_at_ms=None)


def select_known_messages(tx: Transaction, message_ids: list[str]) -> dict[str, str | None]:
    """The texts of those of the ids that are messages; None where a text was edited or retracted."""
    rows = tx.all(_SELECT_KNOWN, message_ids=message_ids)
    return {row[0]: row[1] if row[2] is None and row[3] is None else None for row in rows}


def insert_past_messages(tx: Transaction, rows: list[tuple[NewMessage, int | None]]) -> None:
    """Messages of the past, each with when it was last edited. Inside tx; at once, because the next batch looks for
    their ids."""
    tx.run_many(
        _INSERT_PAST,
        [
            {**msgspec.structs.asdict(message), "edited_at_ms": edited_at_ms, "retracted_at_ms": None}
            for message, edited_at_ms in rows
        ],
    )


def delete_past_message(tx: Transaction, message: MessageRow) -> None:
    """Inside tx."""
    tx.run(_DELETE_PAST, **_key_of(message))


def update_text(tx: Transaction, message: MessageRow, text: str) -> None:
    """Inside tx."""
    tx.run(_EDIT, **_key_of(message), new_text=text, at_ms=tx.now_ms)


def retract_message_row(tx: Transaction, message: MessageRow) -> None:
    """Erase the text and mark as retracted. Inside tx."""
    tx.run(_RETRACT, **_key_of(message), at_ms=tx.now_ms)


def _key_of(message: MessageRow) -> dict[str, object]:
    return {
        "which_group": message.group_id,
        "which_audience": message.audience,
        "which_at_us": message.sent_at_us,
        "which_id": message.message_id,
    }


def count_messages(tx: Transaction) -> int:
    """How many there are, with those that were taken back. Reads an entry of an index for each."""
    row = tx.one_or_none(_COUNT_ALL)
    return int(row[0]) if row else 0
