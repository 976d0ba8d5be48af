"""The people, and the bots that appear among them. A person belongs to one tenant; the same number in two tenants is
two people. A bot has no number; what else is known of it is in the slice `bots`."""

from __future__ import annotations

from sqlalchemy import false

from chaupal.store.schema import define_table, flag, instant, key, optional_instant, partial_index, text

people = define_table(
    "people",
    key("user_id"),
    text("mobile_number"),
    text("name"),
    text("profile_pic"),
    text("role"),
    flag("is_provisioned"),
    flag("is_bot", server_default=false()),
    instant("created_at_ms"),
    optional_instant("removed_at_ms"),
)

_has_a_number = people.c.removed_at_ms.is_(None) & people.c.is_bot.is_(False)

partial_index(
    "people_by_number",
    people.c.tenant_id,
    people.c.mobile_number,
    is_unique=True,
    where=_has_a_number,
)
