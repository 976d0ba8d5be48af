"""The links between groups. A row says between which positions and times a group was directly below another.

It is closed, never deleted. What lies further above or below is found by walking the links: a hierarchy is at most 20
levels deep, and a group has at most 100 groups above it, so that linking two large trees changes one row.
"""

from __future__ import annotations

from chaupal.store.schema import (
    define_table,
    instant,
    key,
    number_key,
    optional_instant,
    optional_position,
    partial_index,
)

links = define_table(
    "links",
    key("child_id"),
    key("parent_id"),
    number_key("from_position"),
    instant("from_at_us"),
    optional_position("until_position"),
    optional_instant("until_at_us"),
    is_clustered=True,
)

_holds = links.c.until_position.is_(None)

partial_index(
    "links_that_hold",
    links.c.tenant_id,
    links.c.parent_id,
    links.c.child_id,
    is_unique=True,
    where=_holds,
)
