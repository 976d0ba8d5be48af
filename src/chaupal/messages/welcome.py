"""Welcome messages: one row for all whom one call has added; their memberships name its audience."""

from __future__ import annotations

from chaupal.messages.queries import NewMessage, append_message
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction


def append_welcome(tx: Transaction, group_id: str, *, sender_id: str, text: str, position: int) -> str:
    """Add a welcome message, sent at the time of the last event; its audience. Inside tx."""
    message_id = new_id()
    message = NewMessage(
        message_id=message_id,
        group_id=group_id,
        audience=message_id,
        sent_at_us=tx.last_at_us,
        position=position,
        sender_id=sender_id,
        connector_id="",
        text=text,
    )
    append_message(tx, message)
    return message_id
