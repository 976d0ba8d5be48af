"""Hierarchies of groups, made by the API, and what is stored of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.api.worlds import Caller, World


def link(caller: Caller, parent_id: str, *child_ids: str) -> Any:
    return caller.put(f"/groups/{parent_id}/subGroups", {"subGroups": list(child_ids)})


def ids_in(groups: list[dict[str, Any]]) -> list[str]:
    return [group["groupId"] for group in groups]


def make_chain(world: World, count: int) -> list[str]:
    """Groups, each below the one before."""
    made = [world.make_group(f"Level {number}") for number in range(count)]
    for upper, lower in pairwise(made):
        assert link(world.group_admin, upper, lower).status_code == 200
    return made


def links_of(world: World) -> set[tuple[str, str]]:
    """(parent, child) of the links that hold, as stored."""
    found = world.ask("SELECT parent_id, child_id FROM links WHERE tenant_id = %s AND until_position IS NULL")
    return {(parent_id, child_id) for parent_id, child_id in found}
