"""The cells that this installation knows, itself among them, and their public keys.

Their `tenant_id` is empty: they belong to the installation, not to a tenant. An installation without rows is alone.
`known_keys` is kept at the root: the ids of others' newest keys that the cell says it knows, with spaces in between. So
are the keys of cells that were taken out, for good.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, flag, instant, key, octets, optional_instant, text

cells = define_table(
    "cells",
    key("cell_name"),
    text("endpoint_url"),
    flag("is_self"),
    flag("is_root"),
    text("state"),
    octets("secret_hash"),
    instant("added_at_ms"),
    text("version"),
    count("tenant_count"),
    optional_instant("seen_at_ms"),
    text("failure"),
    text("known_keys", server_default=""),
    is_clustered=True,
)

cell_keys = define_table(
    "cell_keys",
    key("cell_name"),
    key("key_id"),
    octets("public_key"),
    optional_instant("valid_until_ms"),
    is_clustered=True,
)

removed_cell_keys = define_table(
    "removed_cell_keys",
    key("key_id"),
    text("cell_name"),
    octets("public_key"),
    instant("removed_at_ms"),
    is_clustered=True,
)

cell_calls_heard = define_table(
    "cell_calls_heard",
    key("call_id"),
    instant("until_ms"),
    Index("cell_calls_heard_by_end", "tenant_id", "until_ms"),
    is_clustered=True,
)
