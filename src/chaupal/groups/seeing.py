"""What a caller sees of groups: one, its own, those around them, those found by name. Source: contract, section 5.

Each rule runs a constant number of statements, however many groups it gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chaupal.auth.access import (
    ADMIN,
    UNINVOLVED,
    Access,
    access_caller,
    access_related_group,
    shown_role,
)
from chaupal.auth.caller import Caller
from chaupal.auth.permissions import TokenKind
from chaupal.groups.queries import (
    GroupRow,
    select_groups_by_name,
    select_groups_of_person,
    select_groups_with_roles,
)
from chaupal.store.transaction import Transaction
from chaupal.subgroups.ancestry import (
    children_of,
    ids_around_person,
    ids_below,
    tree_counts,
    visible_among,
)

PAGE_MAX = 1_000
"""Groups that one read gives, those directly below them included where they are shown; what is more comes in pages."""
FOUND_AT_ONCE_MAX = 100


class SeenGroup(msgspec.Struct, frozen=True):
    """A group as one caller sees it: its role there, the members of the whole tree below (each group counted once), how
    many of them have not signed in, and the groups directly below that the caller sees, where they were asked for."""

    group: GroupRow
    role: str
    tree_member_count: int
    tree_unprovisioned_count: int
    subgroups: tuple[SeenGroup, ...] = ()

    @property
    def is_tree(self) -> bool:
        """Whether there are groups below, so that the same person may be counted several times."""
        return self.group.subgroup_count > 0


class GroupsPage(msgspec.Struct, frozen=True):
    """Which groups to list: after an id; `shows_subgroups` with those directly below each; `fetches_all` with all that
    lie above and below the caller's."""

    after_id: str = ""
    shows_subgroups: bool = False
    fetches_all: bool = False


class Groups(msgspec.Struct, frozen=True):
    """Groups, and the id to go on after (None at the end)."""

    groups: list[SeenGroup]
    next_after_id: str | None


RoleAndGroup = tuple[str | None, GroupRow]


def list_groups(tx: Transaction, caller: Caller, page: GroupsPage) -> Groups:
    """At most `PAGE_MAX` groups of the caller, oldest first.

    Of a person, those it is a direct member of; of a group token, its group. With `fetches_all` also what lies around
    them: above and below a person's groups, below a token's.
    """
    access = access_caller(tx, caller)
    rows, next_after_id = _rows_of(tx, caller, access, page)
    if page.shows_subgroups:
        fitting = _fitting_count(rows)
        if fitting < len(rows):
            rows, next_after_id = rows[:fitting], rows[fitting - 1][1].group_id
    return Groups(see(tx, caller, access, rows, shows_subgroups=page.shows_subgroups), next_after_id)


def _rows_of(
    tx: Transaction, caller: Caller, access: Access, page: GroupsPage
) -> tuple[list[RoleAndGroup], str | None]:
    is_group_token = caller.token.kind is TokenKind.GROUP
    if not page.fetches_all:
        if is_group_token:
            return select_groups_with_roles(tx, [access.token_group_id], access.user_id), None
        rows = select_groups_of_person(tx, access.user_id, after_id=page.after_id, row_count=PAGE_MAX + 1)
        more = len(rows) > PAGE_MAX
        return rows[:PAGE_MAX], rows[PAGE_MAX - 1][1].group_id if more else None
    if is_group_token:
        ids = ids_below(tx, access.token_group_id, after_id=page.after_id, row_count=PAGE_MAX + 1)
    else:
        ids = ids_around_person(tx, access.user_id, after_id=page.after_id, row_count=PAGE_MAX + 1)
    more = len(ids) > PAGE_MAX
    ids = ids[:PAGE_MAX]
    return select_groups_with_roles(tx, ids, access.user_id), ids[-1] if more else None


def _fitting_count(rows: Sequence[RoleAndGroup]) -> int:
    """How many of the groups, with those directly below them, make a page; at least one."""
    weight = 0
    for index, (_, group) in enumerate(rows):
        weight += 1 + group.subgroup_count
        if weight > PAGE_MAX and index:
            return index
    return len(rows)


def see(
    tx: Transaction,
    caller: Caller,
    access: Access,
    rows: Sequence[RoleAndGroup],
    *,
    shows_subgroups: bool = False,
) -> list[SeenGroup]:
    """Groups that the caller may see, with what lies below them."""
    below: dict[str, list[str]] = {}
    children: dict[str, RoleAndGroup] = {}
    roles = {group.group_id: _role_shown(caller, access, role, group) for role, group in rows}
    if shows_subgroups and any(group.subgroup_count for _, group in rows):
        below = _visible_children(tx, access, roles, [group.group_id for _, group in rows if group.subgroup_count])
        ids = sorted({child_id for child_ids in below.values() for child_id in child_ids})
        children = {row[1].group_id: row for row in select_groups_with_roles(tx, ids, access.user_id)}
    everyone = [*rows, *children.values()]
    trees = sorted({group.group_id for _, group in everyone if group.subgroup_count})
    counts = tree_counts(tx, trees) if trees else {}

    def seen(row: RoleAndGroup, subgroups: tuple[SeenGroup, ...] = ()) -> SeenGroup:
        role, group = row
        tree = counts.get(group.group_id, (group.member_count + group.subscriber_count, group.unprovisioned_count))
        return SeenGroup(group, _role_shown(caller, access, role, group), *tree, subgroups)

    shown = {child_id: seen(row) for child_id, row in children.items()}
    return [
        seen(row, tuple(shown[child_id] for child_id in below.get(row[1].group_id, ()) if child_id in shown))
        for row in rows
    ]


def _visible_children(
    tx: Transaction, access: Access, roles: dict[str, str], parent_ids: list[str]
) -> dict[str, list[str]]:
    """The groups directly below each of some groups. Below a group in which the caller has no role, only those that lie
    around its own: it sees its own branch of a tree, not the ones beside it."""
    below = children_of(tx, parent_ids)
    foreign = [parent_id for parent_id in below if roles[parent_id] == UNINVOLVED]
    if foreign:
        visible = visible_among(tx, access.user_id, sorted({child for parent in foreign for child in below[parent]}))
        for parent_id in foreign:
            below[parent_id] = [child_id for child_id in below[parent_id] if child_id in visible]
    return below


def _role_shown(caller: Caller, access: Access, role: str | None, group: GroupRow) -> str:
    return shown_role(caller, access, role, is_mapped_to_tenant=group.is_mapped_to_tenant)


def read_group(tx: Transaction, caller: Caller, group_id: str) -> SeenGroup:
    """One group, with those directly below it.

    Raises:
        NotFound.
    """
    access = access_related_group(tx, caller, group_id).caller
    return see_by_id(tx, caller, access, [group_id], shows_subgroups=True)[group_id]


def see_by_id(
    tx: Transaction, caller: Caller, access: Access, group_ids: list[str], *, shows_subgroups: bool = False
) -> dict[str, SeenGroup]:
    """Groups that the caller may see, by id, without those that were deleted."""
    rows = select_groups_with_roles(tx, group_ids, access.user_id)
    seen = see(tx, caller, access, rows, shows_subgroups=shows_subgroups)
    return {one.group.group_id: one for one in seen}


class GroupSearch(msgspec.Struct, frozen=True):
    """A search by name."""

    text: str
    skipped_count: int
    count: int


def find_groups(tx: Transaction, caller: Caller, search: GroupSearch) -> list[SeenGroup]:
    """The organization's groups whose name holds the text. For tenant admins."""
    access = access_caller(tx, caller)
    found = select_groups_by_name(tx, search.text, skipped_count=search.skipped_count, row_count=search.count)
    return see(tx, caller, access, [(ADMIN, group) for group in found])
