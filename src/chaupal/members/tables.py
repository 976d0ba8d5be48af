"""Memberships, those of subscribers too. A row says between which positions and times it held; it is closed, never
deleted.

`welcome_audience` names the welcome message that this member was shown, or is empty.
"""

from __future__ import annotations

from sqlalchemy import literal_column

from chaupal.store.schema import (
    define_table,
    instant,
    key,
    number_key,
    optional_instant,
    optional_position,
    partial_index,
    text,
)

memberships = define_table(
    "memberships",
    key("group_id"),
    key("user_id"),
    number_key("from_position"),
    instant("from_at_us"),
    optional_position("until_position"),
    optional_instant("until_at_us"),
    text("role"),
    text("welcome_audience"),
    is_clustered=True,
)

_holds = memberships.c.until_position.is_(None)

# Written out, not bound: a partial index serves a query only where the query's own text implies its condition.
IS_SUBSCRIBER = memberships.c.role == literal_column("'Subscriber'")
IS_MEMBER = memberships.c.role != literal_column("'Subscriber'")

partial_index(
    "memberships_that_hold",
    memberships.c.tenant_id,
    memberships.c.group_id,
    memberships.c.user_id,
    is_unique=True,
    where=_holds,
)
partial_index(
    "memberships_of_person",
    memberships.c.tenant_id,
    memberships.c.user_id,
    memberships.c.group_id,
    where=_holds,
)
# A public group has few members and very many subscribers; each are listed without walking over the others.
partial_index(
    "members_of_group",
    memberships.c.tenant_id,
    memberships.c.group_id,
    memberships.c.user_id,
    where=_holds & IS_MEMBER,
)
partial_index(
    "subscribers_of_group",
    memberships.c.tenant_id,
    memberships.c.group_id,
    memberships.c.user_id,
    where=_holds & IS_SUBSCRIBER,
)
