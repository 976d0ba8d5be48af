"""Messages of an organization's past elsewhere. They keep id, sender and time, and nobody is told that they are new."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from chaupal.errors import InvalidParameters
from chaupal.messages.events import past_messages_added
from chaupal.messages.queries import (
    NewMessage,
    delete_past_message,
    insert_past_messages,
    select_known_messages,
    select_message,
)
from chaupal.messages.rules import check_text
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import EVERYONE


class PastMessage(msgspec.Struct, frozen=True):
    """A message as it was sent. The ids are those of here."""

    message_id: str
    group_id: str
    sender_id: str
    sent_at_us: int
    text: str
    reply_to: str = ""
    edited_at_ms: int | None = None


def known_messages(tx: Transaction, message_ids: list[str]) -> dict[str, str | None]:
    """The texts of those of the ids that are messages already, of whichever group; None where one has changed since."""
    return select_known_messages(tx, message_ids) if message_ids else {}


def check_past_message(tx: Transaction, message: PastMessage) -> None:
    """Raise InvalidParameters where a message cannot have been sent like this."""
    check_text(message.text)
    if message.sent_at_us > tx.now_ms * 1000:
        raise InvalidParameters(field="timestamp", value=message.sent_at_us // 1000, rule="must not be in the future")


def add_past_messages(tx: Transaction, messages: list[PastMessage]) -> None:
    """Write messages that are checked and not known yet. Inside tx. One event for each group."""
    by_group: dict[str, list[PastMessage]] = defaultdict(list)
    for message in messages:
        by_group[message.group_id].append(message)
    for group_id, some in by_group.items():
        position = tx.append(past_messages_added(group_id, message_count=len(some)))
        insert_past_messages(tx, [(_row(message, position), message.edited_at_ms) for message in some])


def remove_stand_in(tx: Transaction, message_id: str) -> None:
    """Remove a message that only said that a file was sent, because that is taken under its id. Inside tx."""
    message = select_message(tx, message_id)
    if message is not None:
        delete_past_message(tx, message)


def _row(message: PastMessage, position: int) -> NewMessage:
    return NewMessage(
        message_id=message.message_id,
        group_id=message.group_id,
        audience=EVERYONE,
        sent_at_us=message.sent_at_us,
        position=position,
        sender_id=message.sender_id,
        connector_id="",
        text=message.text,
        reply_to=message.reply_to,
    )
