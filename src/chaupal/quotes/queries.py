"""The statements that find what is quoted. This room has no tables: messages and actions name what they quote."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Table, Text, and_, bindparam, literal_column, select

from chaupal.actions.tables import actions
from chaupal.messages.tables import messages
from chaupal.people.tables import people
from chaupal.store.statements import Statement, in_list, statement
from chaupal.store.transaction import Transaction


class QuotedRow(NamedTuple):
    """A message, whose `item_type` is "", or an action. `text` is the message's own or the action's content."""

    item_id: str
    group_id: str
    audience: str
    sent_at_us: int
    text: str
    sender_id: str
    sender_number: str | None
    sender_name: str | None
    retracted_at_ms: int | None
    item_type: str


def _by_id(table: Table, item_id: Column[str], text: Column[str]) -> Statement:
    sender = and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == table.c.sender_id)
    item_type: ColumnElement[str] = table.c.action_type if table is actions else literal_column("''", Text)
    return statement(
        select(
            item_id,
            table.c.group_id,
            table.c.audience,
            table.c.sent_at_us,
            text,
            table.c.sender_id,
            people.c.mobile_number,
            people.c.name,
            table.c.retracted_at_ms,
            item_type,
        )
        .select_from(table.outerjoin(people, sender))
        .where(table.c.tenant_id == bindparam("tenant_id"), in_list(item_id, "item_ids"))
    )


_SELECT_MESSAGES = _by_id(messages, messages.c.message_id, messages.c.text)
_SELECT_ACTIONS = _by_id(actions, actions.c.action_id, actions.c.content)


def select_quoted(tx: Transaction, item_ids: list[str]) -> list[QuotedRow]:
    """Those of the items that there are, with two statements however many."""
    rows = [*tx.all(_SELECT_MESSAGES, item_ids=item_ids), *tx.all(_SELECT_ACTIONS, item_ids=item_ids)]
    return [QuotedRow(*row) for row in rows]
