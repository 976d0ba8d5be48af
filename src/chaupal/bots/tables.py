"""What is known of a bot beyond its row among the people: who made it, and its picture as it was given."""

from __future__ import annotations

from chaupal.store.schema import define_table, instant, key, optional_instant, partial_index, text

bots = define_table(
    "bots",
    key("user_id"),
    text("creator_id"),
    text("profile_media"),
    instant("created_at_ms"),
    optional_instant("deleted_at_ms"),
)

_lives = bots.c.deleted_at_ms.is_(None)

partial_index(
    "bots_that_live",
    bots.c.tenant_id,
    bots.c.creator_id,
    bots.c.user_id,
    where=_lives,
)
