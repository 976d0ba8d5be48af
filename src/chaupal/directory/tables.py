"""Where tenants live, as far as this installation has to know.

`tenant_places` has a row for each tenant that lives in another cell: those that have left this one (`left_at_ms`), and,
at the root, those of all others. `application_places` are their application ids, folded as connectors have them.
`tenant_origins` are the cells that a tenant has lived in lately, whose access tokens still work. `untold_tenants` are
those of which the root has to be told.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, instant, key, optional_instant, partial_index, text

tenant_places = define_table(
    "tenant_places",
    text("cell_name"),
    text("endpoint_url"),
    count("move_count"),
    optional_instant("left_at_ms"),
    is_clustered=True,
)
partial_index("tenant_places_left", tenant_places.c.left_at_ms, where=tenant_places.c.left_at_ms.is_not(None))

application_places = define_table(
    "application_places",
    key("application_id"),
    Index("application_places_by_application", "application_id"),
    is_clustered=True,
)

tenant_origins = define_table("tenant_origins", key("cell_name"), instant("until_ms"), is_clustered=True)

untold_tenants = define_table("untold_tenants", text("change_id"), is_clustered=True)
