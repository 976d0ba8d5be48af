"""Grants (one per refresh token), PINs, and the tries that limit them.

A grant's key is known to every access token made from it, so revoking the grant stops them all on their next call. A
bot's grant has no refresh token; `maker_id` is whoever took its access token, and empty in all other grants.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, instant, key, octets, optional_instant, text

grants = define_table(
    "grants",
    key("grant_id"),
    text("connector_id"),
    text("kind"),
    text("user_id"),
    text("group_id"),
    text("maker_id", server_default=""),
    text("origin"),
    octets("refresh_hash"),
    instant("created_at_ms"),
    instant("expires_at_ms"),
    optional_instant("renewed_at_ms"),
    optional_instant("revoked_at_ms"),
    Index("grants_by_refresh", "tenant_id", "refresh_hash"),
    Index("grants_by_connector", "tenant_id", "connector_id", "user_id"),
    Index("grants_by_person", "tenant_id", "user_id"),
)

pins = define_table(
    "pins",
    key("pin_id"),
    text("mobile_number"),
    text("connector_id"),
    octets("pin_hash"),
    octets("sealed_pin"),
    instant("created_at_ms"),
    instant("expires_at_ms"),
    optional_instant("used_at_ms"),
    Index("pins_by_number", "tenant_id", "mobile_number", "created_at_ms"),
    Index("pins_by_connector", "tenant_id", "connector_id", "created_at_ms"),
)

pin_tries = define_table(
    "pin_tries",
    key("number_or_address"),
    key("kind"),
    instant("window_start_ms"),
    count("wrong_count"),
    instant("next_try_at_ms"),
)
