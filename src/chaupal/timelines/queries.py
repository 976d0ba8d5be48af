"""The statements on recipients."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select

from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.timelines.tables import recipients

_INSERT = statement(insert(recipients))
_SELECT_IS_RECIPIENT = statement(
    select(recipients.c.item_id).where(
        recipients.c.tenant_id == bindparam("tenant_id"),
        recipients.c.item_id == bindparam("which_item"),
        recipients.c.user_id == bindparam("user_id"),
    )
)
_SELECT_RECIPIENTS = statement(
    select(recipients.c.item_id, recipients.c.user_id).where(
        recipients.c.tenant_id == bindparam("tenant_id"), in_list(recipients.c.item_id, "item_ids")
    )
)
_SELECT_RECEIVED = statement(
    select(recipients.c.item_id).where(
        recipients.c.tenant_id == bindparam("tenant_id"),
        in_list(recipients.c.item_id, "item_ids"),
        recipients.c.user_id == bindparam("user_id"),
    )
)


def select_recipients(tx: Transaction, item_ids: list[str]) -> dict[str, set[str]]:
    """The ids of those whom each of some items was sent to by name, and of the subscriber whose own it is."""
    found: dict[str, set[str]] = {}
    for item_id, user_id in tx.all(_SELECT_RECIPIENTS, item_ids=item_ids):
        found.setdefault(item_id, set()).add(user_id)
    return found


def append_recipients(
    tx: Transaction, *, group_id: str, audience: str, sent_at_us: int, item_id: str, user_ids: list[str]
) -> None:
    """Written with the batch, like the item itself: nobody can refer to it before the call is answered."""
    for user_id in user_ids:
        tx.append_row(
            _INSERT, group_id=group_id, user_id=user_id, sent_at_us=sent_at_us, item_id=item_id, audience=audience
        )


def select_is_recipient(tx: Transaction, *, item_id: str, user_id: str) -> bool:
    """Whether the item was sent to this person by name, or is a subscriber's own."""
    return tx.one_or_none(_SELECT_IS_RECIPIENT, which_item=item_id, user_id=user_id) is not None


def select_received(tx: Transaction, *, user_id: str, item_ids: list[str]) -> set[str]:
    """The ids of those among the items that were sent to this person by name, or are a subscriber's own."""
    return {row[0] for row in tx.all(_SELECT_RECEIVED, user_id=user_id, item_ids=item_ids)}
