"""The people. A person belongs to one tenant; the same number in two tenants is two people."""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import define_table, flag, instant, key, optional_instant, text

people = define_table(
    "people",
    key("user_id"),
    text("mobile_number"),
    text("name"),
    text("profile_pic"),
    text("role"),
    flag("is_provisioned"),
    instant("created_at_ms"),
    optional_instant("removed_at_ms"),
)

Index(
    "people_by_number",
    people.c.tenant_id,
    people.c.mobile_number,
    unique=True,
    sqlite_where=people.c.removed_at_ms.is_(None),
    postgresql_where=people.c.removed_at_ms.is_(None),
)
