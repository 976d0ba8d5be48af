"""The groups. Counts are kept with the group, so that reading them costs the same for 10 and 100,000.

Members are counted without subscribers. `was_linked`: the group is or was below another one, so its timeline may hold
what was sent there.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, flag, instant, key, optional_instant, text

groups = define_table(
    "groups",
    key("group_id"),
    text("name"),
    text("folded_name"),
    text("welcome_message"),
    text("short_description"),
    text("long_description"),
    text("image_url"),
    text("background_url"),
    text("group_type"),
    flag("is_mapped_to_tenant"),
    flag("shows_history"),
    count("member_count"),
    count("admin_count"),
    count("unprovisioned_count"),
    count("subscriber_count"),
    count("subgroup_count"),
    count("parent_count"),
    flag("was_linked"),
    instant("created_at_ms"),
    text("created_by"),
    optional_instant("deleted_at_ms"),
    Index("groups_by_name", "tenant_id", "folded_name", "group_id"),
)
