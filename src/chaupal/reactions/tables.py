"""Reactions and their counts.

The counts are kept with each change, so that a summary costs the same for 10 and for 100,000 likes. Those that begin
with `inner_` leave out what subscribers did, which only admins of a public group see. `changed_at_us` never repeats and
never goes back within a tenant; it is what cursors are made of. A removed reaction stays, without its comment, so that
whoever asks what has changed learns of it.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, flag, instant, key, text

reactions = define_table(
    "reactions",
    key("reaction_id"),
    text("item_id"),
    text("group_id"),
    text("via_group_id"),
    text("user_id"),
    text("reaction_type"),
    text("comment"),
    flag("is_by_subscriber"),
    flag("is_removed"),
    instant("changed_at_us"),
    Index("reactions_of_item", "tenant_id", "item_id", "changed_at_us"),
    Index("reactions_of_item_by_person", "tenant_id", "item_id", "user_id"),
    Index("reactions_of_person", "tenant_id", "group_id", "user_id", "changed_at_us"),
)

reaction_counts = define_table(
    "reaction_counts",
    key("item_id"),
    text("group_id"),
    text("audience"),
    instant("sent_at_us"),
    count("like_count"),
    count("comment_count"),
    instant("changed_at_us"),
    count("inner_like_count"),
    count("inner_comment_count"),
    instant("inner_changed_at_us"),
    Index("reaction_counts_changed", "tenant_id", "group_id", "changed_at_us"),
    Index("reaction_counts_inner", "tenant_id", "group_id", "inner_changed_at_us"),
)
