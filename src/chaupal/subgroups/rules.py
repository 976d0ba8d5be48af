"""The rules of subgroups: making, linking, taking away, and showing them. Source: contract, section 5 (subGroups)."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from chaupal.auth.access import CONNECT_GROUP, UNINVOLVED, GroupAccess, access_group, access_related_group
from chaupal.auth.caller import Caller
from chaupal.errors import InvalidParameters, NotFound
from chaupal.groups.rules import Group, NewGroup, make_group
from chaupal.groups.seeing import PAGE_MAX, SeenGroup, see_by_id
from chaupal.store.transaction import Transaction
from chaupal.subgroups.linking import attach, detach
from chaupal.subgroups.queries import (
    select_linked,
    select_links_below,
    select_links_directly_below,
    select_visible,
)

LINKED_AT_ONCE_MAX = 100
"""Each link checks the limits of the hierarchy on both sides, while the tenant's other writes wait."""


class NewSubgroup(msgspec.Struct, frozen=True):
    """A group to make below another. `joins`: the caller becomes its admin."""

    parent_id: str
    draft: NewGroup
    joins: bool


def create_subgroup(tx: Transaction, caller: Caller, request: NewSubgroup) -> Group:
    """Make a group directly below another. A group has an admin: where `draft` names none, the caller becomes it.

    Raises:
        InvalidParameters, NotFound, Forbidden, Conflict.
    """
    access = access_group(tx, caller, request.parent_id)
    _check_not_public(access, "groupId")
    if request.draft.group_type == CONNECT_GROUP:
        raise _public_refused("groupType", CONNECT_GROUP)
    created = make_group(tx, access.caller, request.draft, joins=request.joins)
    attach(tx, parent_id=request.parent_id, child_id=created.group.group_id, actor_id=access.caller.user_id)
    return created.group


class Links(msgspec.Struct, frozen=True):
    """Groups to put directly below another."""

    parent_id: str
    child_ids: tuple[str, ...]


def link_subgroups(tx: Transaction, caller: Caller, request: Links) -> int:
    """Put groups directly below another, all of them or none; who is there already stays. The number of new links.

    Raises:
        InvalidParameters: too many at once, or a public group.
        NotFound: one of the groups is not there, or not the caller's to see.
        RoleLacking: the caller is no admin of one of them.
        Conflict: a cycle, or a limit of the hierarchy.
    """
    access = access_group(tx, caller, request.parent_id)
    _check_not_public(access, "groupId")
    child_ids = list(dict.fromkeys(request.child_ids))
    if len(child_ids) > LINKED_AT_ONCE_MAX:
        rule = f"must name at most {LINKED_AT_ONCE_MAX} groups"
        raise InvalidParameters(field="subGroups", value=len(child_ids), rule=rule)
    for child_id in child_ids:
        _check_not_public(access_group(tx, caller, child_id), "subGroups")
    linked = select_linked(tx, request.parent_id, child_ids)
    new = [child_id for child_id in child_ids if child_id not in linked]
    for child_id in new:
        attach(tx, parent_id=request.parent_id, child_id=child_id, actor_id=access.caller.user_id)
    return len(new)


def link_imported(tx: Transaction, *, parent_id: str, child_id: str) -> bool:
    """Put a group of an organization's past below another; whether it was not there. Inside tx.

    Raises:
        Conflict: a cycle, or a limit of the hierarchy.
    """
    if select_linked(tx, parent_id, [child_id]):
        return False
    attach(tx, parent_id=parent_id, child_id=child_id, actor_id="")
    return True


def _check_not_public(access: GroupAccess, field: str) -> None:
    if access.group_type == CONNECT_GROUP:
        raise _public_refused(field, access.group_id)


def _public_refused(field: str, value: str) -> InvalidParameters:
    rule = f"a {CONNECT_GROUP} has no subgroups and is none"
    return InvalidParameters(field=field, value=value, rule=rule)


class LinkOf(msgspec.Struct, frozen=True):
    """A group directly below another."""

    parent_id: str
    child_id: str


def unlink_subgroup(tx: Transaction, caller: Caller, request: LinkOf) -> None:
    """Take a group away from directly below another; it lives on.

    Raises:
        NotFound: no such group, or it has no such subgroup.
        RoleLacking.
    """
    access = access_group(tx, caller, request.parent_id)
    if not select_linked(tx, request.parent_id, [request.child_id]):
        raise NotFound("subgroup", group_id=request.child_id)
    detach(tx, parent_id=request.parent_id, child_id=request.child_id, actor_id=access.caller.user_id)


class TreeRequest(msgspec.Struct, frozen=True):
    """Whose subgroups to show: those directly below, or, with `fetches_all`, the whole tree."""

    group_id: str
    fetches_all: bool


class TreePlace(msgspec.Struct, frozen=True):
    """Where a group stands below another: how deep (1 directly below), and whether it has stood in the tree before."""

    group_id: str
    level: int
    is_duplicate: bool


class Tree(msgspec.Struct, frozen=True):
    """A group, the places below it, each before those below itself, and the groups of the first `PAGE_MAX` places."""

    root: SeenGroup
    places: list[TreePlace]
    first: dict[str, SeenGroup]


def read_tree(tx: Transaction, caller: Caller, request: TreeRequest) -> Tree:
    """Which groups lie below one, as far as the caller sees them.

    A group with several parents stands below each of them; what lies below it is shown the first time only.

    Raises:
        NotFound.
    """
    access = access_related_group(tx, caller, request.group_id)
    found = (select_links_below if request.fetches_all else select_links_directly_below)(tx, request.group_id)
    if access.role == UNINVOLVED:
        visible = select_visible(tx, access.caller.user_id, sorted({child_id for _, child_id in found}))
        found = [link for link in found if link[1] in visible]
    children: dict[str, list[str]] = defaultdict(list)
    for parent_id, child_id in sorted(found):
        children[parent_id].append(child_id)
    places = _walk_down(request.group_id, children)
    first = [place.group_id for place in places[:PAGE_MAX]]
    seen = see_by_id(tx, caller, access.caller, [request.group_id, *first])
    return Tree(seen[request.group_id], places, seen)


def _walk_down(root_id: str, children: dict[str, list[str]]) -> list[TreePlace]:
    places: list[TreePlace] = []
    met = {root_id}
    waiting = [(child_id, 1) for child_id in reversed(children.get(root_id, ()))]
    while waiting:
        group_id, level = waiting.pop()
        places.append(TreePlace(group_id, level, is_duplicate=group_id in met))
        if group_id not in met:
            met.add(group_id)
            waiting.extend((child_id, level + 1) for child_id in reversed(children.get(group_id, ())))
    return places


class TreePage(msgspec.Struct, frozen=True):
    """Some groups of a tree that `read_tree` has shown to the same caller."""

    group_id: str
    ids: list[str]


def read_tree_page(tx: Transaction, caller: Caller, page: TreePage) -> dict[str, SeenGroup]:
    """The groups, by id, without those deleted meanwhile.

    Raises:
        NotFound: the tree is not to be seen any more.
    """
    access = access_related_group(tx, caller, page.group_id)
    return see_by_id(tx, caller, access.caller, page.ids)
