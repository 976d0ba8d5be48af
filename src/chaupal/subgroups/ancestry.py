"""What other slices may ask of the hierarchy: what lies above and below, since when, and how many people are there."""

from __future__ import annotations

from collections import defaultdict

from chaupal.store.transaction import Transaction
from chaupal.subgroups.queries import (
    TreeCounts,
    select_above,
    select_around_person,
    select_below_page,
    select_children_of,
    select_is_member_around,
    select_links_above,
    select_tree_counts,
    select_unique_counts,
    select_visible,
)
from chaupal.timelines.intervals import ALL_TIME, FOREVER_US, Interval, common, united


def times_below(tx: Transaction, group_id: str) -> dict[str, list[Interval]]:
    """For each group that is or was above this one: when this one was below it.

    A link counts only while the links on the way to it hold, so a group that joins a tree sees nothing older of it.
    """
    upwards: dict[str, list[tuple[str, Interval]]] = defaultdict(list)
    for link in select_links_above(tx, group_id):
        until_us = FOREVER_US if link.until_at_us is None else link.until_at_us
        upwards[link.child_id].append((link.parent_id, (link.from_at_us, until_us)))
    seen: dict[str, list[Interval]] = {group_id: ALL_TIME}
    waiting = [group_id]
    while waiting:
        child_id = waiting.pop()
        for parent_id, held in upwards[child_id]:
            before = seen.get(parent_id, [])
            after = common(seen[child_id], [held])
            if before:
                after = united([*before, *after])
            if after != before:
                seen[parent_id] = after
                waiting.append(parent_id)
    del seen[group_id]
    return seen


def is_below(tx: Transaction, group_id: str, ancestor_id: str) -> bool:
    """Whether a group is another one, or lies below it now."""
    return ancestor_id in select_above(tx, group_id)


def is_member_around(tx: Transaction, group_id: str, user_id: str) -> bool:
    """Whether a person is a member, not a mere subscriber, of the group or of one above or below it."""
    return select_is_member_around(tx, group_id, user_id)


def ids_around_person(tx: Transaction, user_id: str, *, after_id: str, row_count: int) -> list[str]:
    """The person's groups and all groups above and below those of which it is a member, each once, a page by id.

    A group that was deleted may be among them.
    """
    return select_around_person(tx, user_id, after_id=after_id, row_count=row_count)


def ids_below(tx: Transaction, group_id: str, *, after_id: str, row_count: int) -> list[str]:
    """The group and all groups below it, each once, a page by id."""
    return select_below_page(tx, group_id, after_id=after_id, row_count=row_count)


def visible_among(tx: Transaction, user_id: str, group_ids: list[str]) -> set[str]:
    """Those of the groups that are the person's, or lie above or below one of which it is a member."""
    return select_visible(tx, user_id, group_ids)


def children_of(tx: Transaction, parent_ids: list[str]) -> dict[str, list[str]]:
    """The groups directly below each of the groups, by id. Whoever has none has no entry."""
    children: dict[str, list[str]] = defaultdict(list)
    for parent_id, child_id in select_children_of(tx, parent_ids):
        children[parent_id].append(child_id)
    return children


def tree_counts(tx: Transaction, group_ids: list[str]) -> dict[str, TreeCounts]:
    """For each of the groups: how many memberships there are in it and all groups below it, each group once."""
    return select_tree_counts(tx, group_ids)


def unique_counts(tx: Transaction, group_ids: list[str]) -> dict[str, int]:
    """For each of the groups: how many different people are members of it or of any group below it. Reads a row for
    each of their memberships."""
    return select_unique_counts(tx, group_ids)
