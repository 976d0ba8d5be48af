"""The tables that the store itself writes: the tenants with their place in the log, the event log, and the counts that
several servers tell each other.

`rows_version` of a tenant counts the batches that changed rows otherwise than by appending events and their like. Equal
versions mean equal grants, groups and memberships, so what was read of them may be remembered. `gate` says whether the
tenant can be written to (`store.gates`), `move_count` how often it has gone from one cell to another.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, instant, key, number_key, optional_text, position, size, text

tenants = define_table(
    "tenants",
    text("name"),
    instant("created_at_ms"),
    position("last_position"),
    instant("last_at_us"),
    optional_text("last_batch_id"),
    position("rows_version"),
    text("gate"),
    count("move_count"),
    is_clustered=True,
)

events = define_table(
    "events",
    number_key("position"),
    instant("at_us"),
    text("event_type"),
    text("group_id"),
    text("object_id"),
    text("actor_id"),
    optional_text("facts"),
    Index("events_by_group", "tenant_id", "group_id", "position"),
    is_clustered=True,
)

limit_counts = define_table(
    "limit_counts",
    number_key("minute"),
    key("limit_key"),
    key("process_id"),
    size("used"),
    is_clustered=True,
)
