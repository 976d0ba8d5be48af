"""Putting a group below another and taking it away again, for this slice and for whoever makes or deletes groups."""

from __future__ import annotations

from collections import defaultdict

from chaupal.errors import Conflict
from chaupal.groups.counts import change_link_counts
from chaupal.store.transaction import Transaction
from chaupal.subgroups.events import subgroup_added, subgroup_removed
from chaupal.subgroups.queries import (
    close_link,
    insert_link,
    select_above,
    select_below,
    select_children,
    select_highest,
    select_levels_above,
    select_levels_below,
    select_links_around,
    select_parents,
)

LEVELS_MAX = 20
ABOVE_MAX = 100
PARENTS_MAX = 20
BELOW_MAX = 10_000
"""Limits of a hierarchy (contract, section 5): they bound what reading a timeline and checking a right cost."""


class CycleRefused(Conflict):
    """A group cannot lie below itself. Fields: `child_id`."""

    template = "Group {child_id} lies above the group that it would become a subgroup of, or is that group."


class HierarchyTooLarge(Conflict):
    """A limit of the hierarchy is reached. Fields: `what`, `limit`."""

    template = "The hierarchy may have at most {limit} {what}."


def attach(tx: Transaction, *, parent_id: str, child_id: str, actor_id: str) -> None:
    """Put a group, which is not there yet, directly below another. Inside tx.

    Raises:
        CycleRefused, HierarchyTooLarge.
    """
    above = select_above(tx, parent_id)
    if child_id in above:
        raise CycleRefused(child_id=child_id)
    if len(select_parents(tx, child_id)) >= PARENTS_MAX:
        raise HierarchyTooLarge(what="groups directly above a group", limit=PARENTS_MAX)
    _check_levels(tx, parent_id=parent_id, child_id=child_id)
    below = select_below(tx, child_id, row_count=BELOW_MAX + 2)
    _check_below(tx, above, below)
    _check_above(tx, above, below, child_id=child_id)
    position = tx.append(subgroup_added(parent_id, child_id, actor_id=actor_id))
    insert_link(tx, parent_id=parent_id, child_id=child_id, position=position, at_us=tx.last_at_us)
    change_link_counts(tx, parent_id, subgroups=1)
    change_link_counts(tx, child_id, parents=1)


def _check_levels(tx: Transaction, *, parent_id: str, child_id: str) -> None:
    levels = select_levels_above(tx, parent_id, level_max=LEVELS_MAX) + 1
    levels += select_levels_below(tx, child_id, level_max=LEVELS_MAX)
    if levels > LEVELS_MAX:
        raise HierarchyTooLarge(what="levels below its highest group", limit=LEVELS_MAX)


def _check_below(tx: Transaction, above: set[str], below: list[str]) -> None:
    """Whatever lies below any group lies below a highest one, so only those are counted."""
    for highest_id in select_highest(tx, sorted(above)):
        there = set(select_below(tx, highest_id, row_count=BELOW_MAX + 2))
        if len(there.union(below)) > BELOW_MAX + 1:  # the highest group itself is among them
            raise HierarchyTooLarge(what="groups below a group", limit=BELOW_MAX)


def _check_above(tx: Transaction, above: set[str], below: list[str], *, child_id: str) -> None:
    """The child and each group below it gets everything that is above the parent, beside what it has above it."""
    parents: dict[str, list[str]] = defaultdict(list)
    for link in select_links_around(tx, child_id):
        parents[link[0]].append(link[1])
    bits: dict[str, int] = {}
    ancestors: dict[str, int] = {}
    gained = _ancestor_bits(list(above), bits)
    for group_id in below:
        if (_walk_up(group_id, parents, bits, ancestors) | gained).bit_count() > ABOVE_MAX:
            raise HierarchyTooLarge(what="groups above a group", limit=ABOVE_MAX)


def _walk_up(group_id: str, parents: dict[str, list[str]], bits: dict[str, int], ancestors: dict[str, int]) -> int:
    """The groups above one, as bits. Each group is looked at once; levels are few, so recursion is shallow."""
    found = ancestors.get(group_id)
    if found is None:
        found = _ancestor_bits(parents[group_id], bits)
        for parent_id in parents[group_id]:
            found |= _walk_up(parent_id, parents, bits, ancestors)
        ancestors[group_id] = found
    return found


def _ancestor_bits(group_ids: list[str], bits: dict[str, int]) -> int:
    result = 0
    for group_id in group_ids:
        result |= bits.setdefault(group_id, 1 << len(bits))
    return result


def detach(tx: Transaction, *, parent_id: str, child_id: str, actor_id: str) -> None:
    """Take a group, which is there, away from directly below another. Inside tx."""
    position = tx.append(subgroup_removed(parent_id, child_id, actor_id=actor_id))
    close_link(tx, parent_id=parent_id, child_id=child_id, position=position, at_us=tx.last_at_us)
    change_link_counts(tx, parent_id, subgroups=-1)
    change_link_counts(tx, child_id, parents=-1)


def detach_all(tx: Transaction, group_id: str, *, actor_id: str) -> None:
    """Take a group out of the hierarchy: its subgroups live on without it. Inside tx."""
    for child_id in select_children(tx, group_id):
        detach(tx, parent_id=group_id, child_id=child_id, actor_id=actor_id)
    for parent_id in select_parents(tx, group_id):
        detach(tx, parent_id=parent_id, child_id=group_id, actor_id=actor_id)
