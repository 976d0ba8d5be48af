"""Who beside the group's admins sees an item that is not for everyone: those it was sent to, and a subscriber's own."""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import define_table, key, number_key, text

recipients = define_table(
    "recipients",
    key("group_id"),
    key("user_id"),
    number_key("sent_at_us"),
    key("item_id"),
    text("audience"),
    Index("recipients_of_item", "tenant_id", "item_id", "user_id"),
    is_clustered=True,
)
