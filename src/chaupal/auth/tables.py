"""The installation's signing keys, and the keys that tenants have brought along.

The `tenant_id` of a signing key is empty: it belongs to the installation, not to a tenant. `signs_from_ms` NULL: from
the beginning. From `retired_at_ms` on nothing that it has signed is accepted.
"""

from __future__ import annotations

from chaupal.store.schema import define_table, instant, key, octets, optional_instant

signing_keys = define_table(
    "signing_keys",
    key("key_id"),
    octets("public_key"),
    octets("sealed_private_key"),
    instant("created_at_ms"),
    optional_instant("retired_at_ms"),
    optional_instant("signs_from_ms"),
)

tenant_keys = define_table(
    "tenant_keys",
    octets("sealed_key"),
    is_clustered=True,
)
"""Of tenants that came from elsewhere, sealed with the installation's key. Empty for those from the time before there
were keys of tenants, whose key is the installation's own."""
