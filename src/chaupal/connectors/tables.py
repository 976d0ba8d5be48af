"""The connectors. `application_id` is folded to lower case for look-ups; `shown_id` is the id as it was given."""

from __future__ import annotations

from chaupal.store.schema import define_table, instant, key, octets, optional_instant, partial_index, text

connectors = define_table(
    "connectors",
    key("connector_id"),
    text("application_id"),
    text("shown_id"),
    text("name"),
    octets("secret_hash"),
    text("permissions"),
    text("redirect_urls"),
    instant("created_at_ms"),
    optional_instant("deleted_at_ms"),
)

# Unique over all tenants: a client names nothing but its application id when it signs in.
partial_index(
    "connectors_by_application",
    connectors.c.application_id,
    is_unique=True,
    where=connectors.c.deleted_at_ms.is_(None),
)
