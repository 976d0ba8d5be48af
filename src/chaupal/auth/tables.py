"""This installation's signing keys. Their `tenant_id` is empty: they belong to the installation, not to a tenant."""

from __future__ import annotations

from chaupal.store.schema import define_table, instant, key, octets, optional_instant

signing_keys = define_table(
    "signing_keys",
    key("key_id"),
    octets("public_key"),
    octets("sealed_private_key"),
    instant("created_at_ms"),
    optional_instant("retired_at_ms"),
)
