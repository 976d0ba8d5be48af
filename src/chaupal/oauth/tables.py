"""Authorizations (a person who has proved their number and is asked for consent) and the codes that consent gives."""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import define_table, instant, key, optional_instant, text

authorizations = define_table(
    "authorizations",
    key("authorization_id"),
    text("connector_id"),
    text("user_id"),
    text("redirect_uri"),
    text("code_challenge"),
    text("code_challenge_method"),
    instant("created_at_ms"),
    instant("expires_at_ms"),
    text("answer"),
    optional_instant("answered_at_ms"),
    Index("authorizations_by_age", "tenant_id", "created_at_ms"),
)

# A code is kept after its use, so that a second use is noticed.
authorization_codes = define_table(
    "authorization_codes",
    key("code_hash"),
    text("authorization_id"),
    text("grant_id"),
    instant("created_at_ms"),
    instant("expires_at_ms"),
    optional_instant("used_at_ms"),
    Index("authorization_codes_by_age", "tenant_id", "created_at_ms"),
)
