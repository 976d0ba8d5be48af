"""The messages: one row each, however many people read it.

`audience` is "" for everyone in the group; a welcome message has an audience of its own, which the memberships that it
greets name. The key is the order of a timeline. `sent_at_us` never goes back within a tenant, but for what is imported
of its past.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import define_table, key, number_key, optional_instant, position, text

messages = define_table(
    "messages",
    key("group_id"),
    key("audience"),
    number_key("sent_at_us"),
    key("message_id"),
    position("position"),
    text("sender_id"),
    text("connector_id"),
    text("text"),
    text("reply_to"),
    optional_instant("edited_at_ms"),
    optional_instant("retracted_at_ms"),
    Index("messages_by_id", "tenant_id", "message_id"),
    is_clustered=True,
)
