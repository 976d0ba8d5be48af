"""What may be quoted, and what a reader is shown of it. Contract, section 8 (`replyToReferenceId`).

Whoever quotes must see what they quote. A reader of the reply may not: they joined later, or it was not for them. So a
quote is looked up for each reader, and its text stands in no other row, which would outlive its retraction.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from chaupal.actions.types import ACTION_TYPES
from chaupal.auth.access import GroupAccess
from chaupal.errors import NotFound
from chaupal.quotes.queries import QuotedRow, select_quoted
from chaupal.store.transaction import Transaction
from chaupal.timelines.rules import Item, Sight, is_visible, sight_of, visible_items

TEXT_SHOWN_CHARS = 300
"""Enough to know it again; the whole stands in the quoted item."""


class Quote(msgspec.Struct, frozen=True):
    """What is shown of a quoted item. `item_type` is "" for a message; of a retracted one the text is ""."""

    item_id: str
    item_type: str
    text: str
    sender_id: str
    sender_number: str
    sender_name: str
    is_retracted: bool


def check_quotable(tx: Transaction, access: GroupAccess, reference_id: str) -> None:
    """Pass where nothing is quoted, or what is quoted is seen by the caller through this group.

    Raises:
        NotFound.
    """
    if not reference_id:
        return
    found = select_quoted(tx, [reference_id])
    item = Item(*found[0][:4]) if found else None
    if not is_visible(tx, access, item):
        raise NotFound("message or action to reply to", reference_id=reference_id)


def find_quotes(
    tx: Transaction, access: GroupAccess, reference_ids: Iterable[str], *, sight: Sight | None = None
) -> dict[str, Quote]:
    """What the caller may be shown of the quoted items, by id; "" is none. Any number costs the same statements.

    `sight`: what the caller sees through the group, where that has been read already.
    """
    wanted = sorted({reference_id for reference_id in reference_ids if reference_id})
    if not wanted:
        return {}
    found = select_quoted(tx, wanted)
    visible = visible_items(tx, sight or sight_of(tx, access), [Item(*row[:4]) for row in found])
    return {row.item_id: _build_quote(row) for row in found if row.item_id in visible}


def _build_quote(row: QuotedRow) -> Quote:
    is_retracted = row.retracted_at_ms is not None
    return Quote(
        item_id=row.item_id,
        item_type=row.item_type,
        text="" if is_retracted else _text_of(row)[:TEXT_SHOWN_CHARS],
        sender_id=row.sender_id,
        sender_number=row.sender_number or "",
        sender_name=row.sender_name or "",
        is_retracted=is_retracted,
    )


def _text_of(row: QuotedRow) -> str:
    if not row.item_type:
        return row.text
    content = ACTION_TYPES[row.item_type].decode(row.text)
    texts = (getattr(content, name, "") for name in ("title", "message", "caption"))
    return str(next(filter(None, texts), ""))
