"""How answers show what is quoted."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.auth.access import Access
from chaupal.people.rules import shown_number
from chaupal.quotes.rules import Quote


class ShownQuote(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What is quoted: its id alone for those who may not see it. `actionType` only of an action."""

    reference_id: str
    action_type: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    sender: str | UnsetType = UNSET
    sender_id: str | UnsetType = UNSET
    sender_name: str | UnsetType = UNSET
    is_retracted: bool | UnsetType = UNSET


def show_quote(reference_id: str, quotes: Mapping[str, Quote], viewer: Access) -> ShownQuote | UnsetType:
    """The quote of an item that replies; UNSET for one that does not."""
    if not reference_id:
        return UNSET
    quote = quotes.get(reference_id)
    if quote is None:
        return ShownQuote(reference_id=reference_id)
    return ShownQuote(
        reference_id=reference_id,
        action_type=quote.item_type or UNSET,
        text=quote.text,
        sender=shown_number(viewer, quote.sender_number),
        sender_id=quote.sender_id,
        sender_name=quote.sender_name,
        is_retracted=True if quote.is_retracted else UNSET,
    )
