"""The statements on links. Each walks the hierarchy in one statement, however deep it is."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import (
    CTE,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    distinct,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from chaupal.groups.tables import groups
from chaupal.members.tables import IS_MEMBER, memberships
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.subgroups.tables import links


class LinkRow(NamedTuple):
    """A time in which a group was directly below another; `until_at_us` None while it is."""

    child_id: str
    parent_id: str
    from_at_us: int
    until_at_us: int | None


class TreeCounts(NamedTuple):
    """Sums over a group and all groups below it, each group once."""

    member_count: int
    unprovisioned_count: int


_HERE = links.c.tenant_id == bindparam("tenant_id")
_HOLDS = links.c.until_position.is_(None)
_START = cast(bindparam("start_id"), Text)


def _above() -> Select[tuple[str]]:
    """The start and every group above it now, each once."""
    above = select(_START.label("group_id")).cte("above", recursive=True)
    step = select(links.c.parent_id).select_from(
        above.join(links, and_(_HERE, links.c.child_id == above.c.group_id, _HOLDS))
    )
    above = above.union(step)
    return select(above.c.group_id)


def _links_above() -> Select[tuple[str, str, int, int]]:
    """All links, past ones too, on the ways up from the start. The walk collects the links themselves: joining them to
    the groups found would leave the planner a choice, and it chooses to begin with all links of the tenant. Walking
    past links may meet the start again (two groups may have changed places); the union ends that."""
    columns = (links.c.child_id, links.c.parent_id, links.c.from_at_us, links.c.until_at_us, links.c.from_position)
    walked = select(*columns).where(_HERE, links.c.child_id == _START).cte("walked", recursive=True)
    step = select(*columns).select_from(walked.join(links, and_(_HERE, links.c.child_id == walked.c.parent_id)))
    walked = walked.union(step)
    return select(walked.c.child_id, walked.c.parent_id, walked.c.from_at_us, walked.c.until_at_us)


_SELECT_LINKS_ABOVE = statement(_links_above())
_SELECT_ABOVE = statement(_above())


def _below() -> Select[tuple[str]]:
    below = select(_START.label("group_id")).cte("below", recursive=True)
    step = select(links.c.child_id).select_from(
        below.join(links, and_(_HERE, links.c.parent_id == below.c.group_id, _HOLDS))
    )
    below = below.union(step)
    return select(below.c.group_id)


_SELECT_BELOW = statement(_below().limit(bindparam("row_count")))


def _levels(*, upwards: bool) -> Select[tuple[int]]:
    """How many links the longest way up, or down, has. The union drops equal (group, level) pairs; the bound on levels
    ends the walk in any case."""
    walked = select(_START.label("group_id"), literal(0).label("level")).cte("walked", recursive=True)
    here, there = (links.c.child_id, links.c.parent_id) if upwards else (links.c.parent_id, links.c.child_id)
    step = (
        select(there, walked.c.level + 1)
        .select_from(walked.join(links, and_(_HERE, here == walked.c.group_id, _HOLDS)))
        .where(walked.c.level < bindparam("level_max"))
    )
    walked = walked.union(step)
    return select(func.max(walked.c.level))


_SELECT_HIGHEST = statement(
    select(groups.c.group_id).where(
        groups.c.tenant_id == bindparam("tenant_id"),
        in_list(groups.c.group_id, "group_ids"),
        groups.c.parent_count == 0,
    )
)


def _around() -> Select[tuple[str, str]]:
    """Links on the ways up from a group and from all groups below it."""
    columns = (links.c.child_id, links.c.parent_id)
    start = select(*columns).where(_HERE, links.c.child_id.in_(_below()), _HOLDS)
    around = start.cte("around", recursive=True)
    step = select(*columns).select_from(around.join(links, and_(_HERE, links.c.child_id == around.c.parent_id, _HOLDS)))
    around = around.union(step)
    return select(around.c.child_id, around.c.parent_id)


_SELECT_LINKS_AROUND = statement(_around())


def _walked(start: Select[tuple[str]], name: str, *, upwards: bool) -> CTE:
    """The groups of a SELECT and everything above, or below, them now, each once."""
    walked = start.cte(name, recursive=True)
    here, there = (links.c.child_id, links.c.parent_id) if upwards else (links.c.parent_id, links.c.child_id)
    step = select(there).select_from(walked.join(links, and_(_HERE, here == walked.c.group_id, _HOLDS)))
    return walked.union(step)


_OF_PERSON = (
    memberships.c.tenant_id == bindparam("tenant_id"),
    memberships.c.user_id == bindparam("user_id"),
    memberships.c.until_position.is_(None),
)


def _is_member_around() -> Select[int]:
    """Upwards from the group and upwards from the person's groups: few steps, however much lies below either."""
    above = _walked(select(_START.label("group_id")), "above", upwards=True)
    mine = _walked(select(memberships.c.group_id).where(*_OF_PERSON, IS_MEMBER), "above_mine", upwards=True)
    is_above = exists().where(*_OF_PERSON, memberships.c.group_id == above.c.group_id, IS_MEMBER)
    return select(literal(1)).where(or_(is_above, exists().where(mine.c.group_id == _START)))


def _around_person() -> CTE:
    mine = select(memberships.c.group_id).where(*_OF_PERSON, IS_MEMBER)
    above = select(_walked(mine, "above_mine", upwards=True).c.group_id)
    below = select(_walked(mine, "below_mine", upwards=False).c.group_id)
    return above.union(below, select(memberships.c.group_id).where(*_OF_PERSON)).cte("around_person")


def _trees() -> CTE:
    """(root, group) for each of the groups asked for, and each group in its tree."""
    root = groups.c.group_id
    start = select(root.label("root_id"), root.label("group_id")).where(
        groups.c.tenant_id == bindparam("tenant_id"), in_list(root, "root_ids")
    )
    trees = start.cte("trees", recursive=True)
    step = select(trees.c.root_id, links.c.child_id).select_from(
        trees.join(links, and_(_HERE, links.c.parent_id == trees.c.group_id, _HOLDS))
    )
    return trees.union(step)


_AROUND_PERSON = _around_person()
_BELOW_PAGE = _walked(select(_START.label("group_id")), "below", upwards=False)
_TREES = _trees()
_SELECT_IS_MEMBER_AROUND = statement(_is_member_around())
_SELECT_AROUND_PERSON = statement(
    select(_AROUND_PERSON.c.group_id)
    .where(_AROUND_PERSON.c.group_id > bindparam("after_id"))
    .order_by(_AROUND_PERSON.c.group_id)
    .limit(bindparam("row_count"))
)
_SELECT_VISIBLE = statement(select(_AROUND_PERSON.c.group_id).where(in_list(_AROUND_PERSON.c.group_id, "group_ids")))
_SELECT_BELOW_PAGE = statement(
    select(_BELOW_PAGE.c.group_id)
    .where(_BELOW_PAGE.c.group_id > bindparam("after_id"))
    .order_by(_BELOW_PAGE.c.group_id)
    .limit(bindparam("row_count"))
)
_SELECT_LINKS_BELOW = statement(
    select(links.c.parent_id, links.c.child_id).where(_HERE, links.c.parent_id.in_(_below()), _HOLDS)
)
_SELECT_CHILDREN_OF = statement(
    select(links.c.parent_id, links.c.child_id)
    .where(_HERE, in_list(links.c.parent_id, "parent_ids"), _HOLDS)
    .order_by(links.c.parent_id, links.c.child_id)
)
# Outer joins, because they leave SQLite's planner no choice: it would begin with all groups of the tenant, or all
# memberships, having no idea how few the trees hold.
_SELECT_TREE_COUNTS = statement(
    select(_TREES.c.root_id, func.sum(groups.c.member_count), func.sum(groups.c.unprovisioned_count))
    .select_from(_TREES)
    .outerjoin(groups, and_(groups.c.tenant_id == bindparam("tenant_id"), groups.c.group_id == _TREES.c.group_id))
    .group_by(_TREES.c.root_id)
)
_SELECT_UNIQUE_COUNTS = statement(
    select(_TREES.c.root_id, func.count(distinct(memberships.c.user_id)))
    .select_from(_TREES)
    .outerjoin(
        memberships,
        and_(
            memberships.c.tenant_id == bindparam("tenant_id"),
            memberships.c.group_id == _TREES.c.group_id,
            memberships.c.until_position.is_(None),
            IS_MEMBER,
        ),
    )
    .group_by(_TREES.c.root_id)
)
_SELECT_LEVELS_ABOVE = statement(_levels(upwards=True))
_SELECT_LEVELS_BELOW = statement(_levels(upwards=False))
_SELECT_CHILDREN = statement(
    select(links.c.child_id)
    .where(_HERE, links.c.parent_id == bindparam("which_parent"), _HOLDS)
    .order_by(links.c.child_id)
)
_SELECT_PARENTS = statement(
    select(links.c.parent_id)
    .where(_HERE, links.c.child_id == bindparam("which_child"), _HOLDS)
    .order_by(links.c.parent_id)
)
_SELECT_HOLDING = statement(
    select(links.c.child_id).where(
        _HERE, links.c.parent_id == bindparam("which_parent"), in_list(links.c.child_id, "child_ids"), _HOLDS
    )
)
_INSERT = statement(insert(links))
_CLOSE = statement(
    update(links)
    .where(_HERE, links.c.child_id == bindparam("which_child"), links.c.parent_id == bindparam("which_parent"), _HOLDS)
    .values(until_position=bindparam("at_position"), until_at_us=bindparam("at_us"))
)


def select_links_above(tx: Transaction, group_id: str) -> list[LinkRow]:
    """Every link, past or present, on a way up from the group."""
    return [LinkRow(*row) for row in tx.remembered(_SELECT_LINKS_ABOVE, start_id=group_id)]


def select_above(tx: Transaction, group_id: str) -> set[str]:
    """The group and all groups above it now."""
    return {row[0] for row in tx.remembered(_SELECT_ABOVE, start_id=group_id)}


def select_below(tx: Transaction, group_id: str, *, row_count: int) -> list[str]:
    """The group first, then at most `row_count` - 1 of the groups below it now."""
    return [row[0] for row in tx.all(_SELECT_BELOW, start_id=group_id, row_count=row_count)]


def select_highest(tx: Transaction, group_ids: list[str]) -> list[str]:
    """Those of the groups that have no group above them."""
    return [row[0] for row in tx.all(_SELECT_HIGHEST, group_ids=group_ids)]


def select_links_around(tx: Transaction, group_id: str) -> list[tuple[str, str]]:
    """(child, parent) of every link that holds on the ways up from the group and from the groups below it."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_LINKS_AROUND, start_id=group_id)]


def select_levels_above(tx: Transaction, group_id: str, *, level_max: int) -> int:
    """The number of levels above the group, counted up to `level_max`."""
    return int(tx.all(_SELECT_LEVELS_ABOVE, start_id=group_id, level_max=level_max)[0][0])


def select_levels_below(tx: Transaction, group_id: str, *, level_max: int) -> int:
    """The number of levels below the group, counted up to `level_max`."""
    return int(tx.all(_SELECT_LEVELS_BELOW, start_id=group_id, level_max=level_max)[0][0])


def select_children(tx: Transaction, group_id: str) -> list[str]:
    """The groups directly below now, in the order of their ids."""
    return [row[0] for row in tx.all(_SELECT_CHILDREN, which_parent=group_id)]


def select_parents(tx: Transaction, group_id: str) -> list[str]:
    """The groups directly above now, in the order of their ids."""
    return [row[0] for row in tx.all(_SELECT_PARENTS, which_child=group_id)]


def select_is_member_around(tx: Transaction, group_id: str, user_id: str) -> bool:
    """Whether a person is a member of the group or of one above or below it. The group need not exist."""
    return bool(tx.all(_SELECT_IS_MEMBER_AROUND, start_id=group_id, user_id=user_id))


def select_around_person(tx: Transaction, user_id: str, *, after_id: str, row_count: int) -> list[str]:
    """At most `row_count` ids after one: the person's groups, and what lies above and below those it is a member of."""
    rows = tx.all(_SELECT_AROUND_PERSON, user_id=user_id, after_id=after_id, row_count=row_count)
    return [row[0] for row in rows]


def select_visible(tx: Transaction, user_id: str, group_ids: list[str]) -> set[str]:
    """Those of the groups that are around the person."""
    return {row[0] for row in tx.all(_SELECT_VISIBLE, user_id=user_id, group_ids=group_ids)}


def select_below_page(tx: Transaction, group_id: str, *, after_id: str, row_count: int) -> list[str]:
    """At most `row_count` ids after one: the group and what lies below it."""
    rows = tx.all(_SELECT_BELOW_PAGE, start_id=group_id, after_id=after_id, row_count=row_count)
    return [row[0] for row in rows]


def select_links_below(tx: Transaction, group_id: str) -> list[tuple[str, str]]:
    """(parent, child) of every link that holds in the tree below the group, in no order."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_LINKS_BELOW, start_id=group_id)]


def select_links_directly_below(tx: Transaction, group_id: str) -> list[tuple[str, str]]:
    """(parent, child) of every link that holds directly below the group, in order."""
    return select_children_of(tx, [group_id])


def select_children_of(tx: Transaction, parent_ids: list[str]) -> list[tuple[str, str]]:
    """(parent, child) of the links that hold directly below the groups, in order."""
    return [(row[0], row[1]) for row in tx.all(_SELECT_CHILDREN_OF, parent_ids=parent_ids)]


def select_tree_counts(tx: Transaction, group_ids: list[str]) -> dict[str, TreeCounts]:
    """The sums over each group's tree, by the group's id."""
    return {row[0]: TreeCounts(int(row[1]), int(row[2])) for row in tx.all(_SELECT_TREE_COUNTS, root_ids=group_ids)}


def select_unique_counts(tx: Transaction, group_ids: list[str]) -> dict[str, int]:
    """The number of different members in each group's tree, by the group's id; of a tree without any, no entry."""
    return {row[0]: int(row[1]) for row in tx.all(_SELECT_UNIQUE_COUNTS, root_ids=group_ids)}


def select_linked(tx: Transaction, parent_id: str, child_ids: list[str]) -> set[str]:
    """Those of the groups that are directly below the parent now."""
    return {row[0] for row in tx.all(_SELECT_HOLDING, which_parent=parent_id, child_ids=child_ids)}


def insert_link(tx: Transaction, *, parent_id: str, child_id: str, position: int, at_us: int) -> None:
    """Inside tx."""
    tx.run(
        _INSERT,
        parent_id=parent_id,
        child_id=child_id,
        from_position=position,
        from_at_us=at_us,
        until_position=None,
        until_at_us=None,
    )


def close_link(tx: Transaction, *, parent_id: str, child_id: str, position: int, at_us: int) -> bool:
    """Whether there was a link that held; it ends. Inside tx."""
    return tx.run(_CLOSE, which_parent=parent_id, which_child=child_id, at_position=position, at_us=at_us) == 1
