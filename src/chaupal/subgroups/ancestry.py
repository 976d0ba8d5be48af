"""What other slices may ask of the hierarchy: what lies above, since when, and whether one group is below another."""

from __future__ import annotations

from collections import defaultdict

from chaupal.store.transaction import Transaction
from chaupal.subgroups.queries import select_above, select_links_above
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
            after = united([*before, *common(seen[child_id], [held])])
            if after != before:
                seen[parent_id] = after
                waiting.append(parent_id)
    del seen[group_id]
    return seen


def is_below(tx: Transaction, group_id: str, ancestor_id: str) -> bool:
    """Whether a group is another one, or lies below it now."""
    return ancestor_id in select_above(tx, group_id)
