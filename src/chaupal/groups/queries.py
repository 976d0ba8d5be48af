"""The statements on groups."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, insert, select, update

from chaupal.groups.tables import groups
from chaupal.members.tables import memberships
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction


class GroupRow(NamedTuple):
    """A group that has not been deleted."""

    group_id: str
    name: str
    welcome_message: str
    short_description: str
    long_description: str
    image_url: str
    background_url: str
    group_type: str
    shows_history: bool
    created_at_ms: int
    created_by: str
    is_mapped_to_tenant: bool = True
    member_count: int = 0
    admin_count: int = 0
    unprovisioned_count: int = 0
    subscriber_count: int = 0
    subgroup_count: int = 0
    parent_count: int = 0
    was_linked: bool = False


_COLUMNS = tuple(groups.c[name] for name in GroupRow._fields)
_HERE = groups.c.tenant_id == bindparam("tenant_id")
_LIVES = groups.c.deleted_at_ms.is_(None)
_THIS = (_HERE, groups.c.group_id == bindparam("which_id"), _LIVES)

_SELECT = statement(select(*_COLUMNS).where(*_THIS))
_COUNT_ALL = statement(select(func.count()).select_from(groups).where(_HERE, _LIVES))
_SELECT_PAST = statement(select(*_COLUMNS).where(_HERE, in_list(groups.c.group_id, "group_ids")))
_SELECT_OF_PERSON = statement(
    select(memberships.c.role, *_COLUMNS)
    .select_from(memberships)
    .join(groups, and_(_HERE, groups.c.group_id == memberships.c.group_id, _LIVES))
    .where(
        memberships.c.tenant_id == bindparam("tenant_id"),
        memberships.c.user_id == bindparam("user_id"),
        memberships.c.until_position.is_(None),
        memberships.c.group_id > bindparam("after_id"),
    )
    .order_by(memberships.c.group_id)
    .limit(bindparam("row_count"))
)
_SELECT_WITH_ROLES = statement(
    select(memberships.c.role, *_COLUMNS)
    .select_from(groups)
    .outerjoin(
        memberships,
        and_(
            memberships.c.tenant_id == bindparam("tenant_id"),
            memberships.c.group_id == groups.c.group_id,
            memberships.c.user_id == bindparam("user_id"),
            memberships.c.until_position.is_(None),
        ),
    )
    .where(_HERE, in_list(groups.c.group_id, "group_ids"), _LIVES)
    .order_by(groups.c.group_id)
)
_FIND_BY_NAME = statement(
    select(*_COLUMNS)
    .where(
        _HERE,
        _LIVES,
        groups.c.is_mapped_to_tenant.is_(True),
        groups.c.folded_name.like(bindparam("pattern"), escape="\\"),
    )
    .order_by(groups.c.folded_name, groups.c.group_id)
    .limit(bindparam("row_count"))
    .offset(bindparam("skipped_count"))
)
_SELECT_NAMED = statement(
    select(groups.c.group_id)
    .where(_HERE, groups.c.folded_name == bindparam("wanted_name"), _LIVES)
    .order_by(groups.c.group_id)
    .limit(bindparam("row_count"))
)
_INSERT = statement(insert(groups))
_UPDATE = statement(
    update(groups)
    .where(*_THIS)
    .values(
        name=bindparam("new_name"),
        folded_name=bindparam("new_folded_name"),
        welcome_message=bindparam("new_welcome"),
        image_url=bindparam("new_image"),
        shows_history=bindparam("new_shows_history"),
    )
)
_DELETE = statement(update(groups).where(*_THIS).values(deleted_at_ms=bindparam("at_ms")))
_ADD_TO_COUNTS = statement(
    update(groups)
    .where(_HERE, groups.c.group_id == bindparam("which_id"))
    .values(
        member_count=groups.c.member_count + bindparam("members"),
        admin_count=groups.c.admin_count + bindparam("admins"),
        unprovisioned_count=groups.c.unprovisioned_count + bindparam("unprovisioned"),
        subscriber_count=groups.c.subscriber_count + bindparam("subscribers"),
    )
)
_OF_PERSON = groups.c.group_id.in_(
    select(memberships.c.group_id).where(
        memberships.c.tenant_id == bindparam("tenant_id"),
        memberships.c.user_id == bindparam("which_user"),
        memberships.c.until_position.is_(None),
    )
)
_LESSEN_UNPROVISIONED = statement(
    update(groups).where(_HERE, _OF_PERSON).values(unprovisioned_count=groups.c.unprovisioned_count - 1)
)
_LESSEN_MEMBERS = statement(update(groups).where(_HERE, _OF_PERSON).values(member_count=groups.c.member_count - 1))
_ADD_TO_LINK_COUNTS = statement(
    update(groups)
    .where(_HERE, groups.c.group_id == bindparam("which_id"))
    .values(
        subgroup_count=groups.c.subgroup_count + bindparam("subgroups"),
        parent_count=groups.c.parent_count + bindparam("parents"),
    )
)
_MARK_LINKED = statement(
    update(groups).where(_HERE, groups.c.group_id == bindparam("which_id")).values(was_linked=True)
)
_SELECT_ADMIN_COUNT = statement(select(groups.c.admin_count).where(*_THIS))
_SELECT_WELCOME = statement(select(groups.c.welcome_message).where(*_THIS))


def fold_name(name: str) -> str:
    """The form that names are searched in."""
    return name.casefold()


def select_group(tx: Transaction, group_id: str) -> GroupRow | None:
    """By id."""
    row = tx.one_or_none(_SELECT, which_id=group_id)
    return GroupRow(*row) if row else None


def select_past_groups(tx: Transaction, group_ids: list[str]) -> list[GroupRow]:
    """Those of the ids that there are; also those that were deleted."""
    return [GroupRow(*row) for row in tx.all(_SELECT_PAST, group_ids=group_ids)]


def select_groups_of_person(
    tx: Transaction, user_id: str, *, after_id: str, row_count: int
) -> list[tuple[str | None, GroupRow]]:
    """(the person's role, the group): at most `row_count` of those it is a direct member of, after an id, by id."""
    rows = tx.all(_SELECT_OF_PERSON, user_id=user_id, after_id=after_id, row_count=row_count)
    return [(row[0], GroupRow(*row[1:])) for row in rows]


def select_groups_with_roles(tx: Transaction, group_ids: list[str], user_id: str) -> list[tuple[str | None, GroupRow]]:
    """(the person's role, None where it is no direct member; the group) of those that were not deleted, by id."""
    rows = tx.all(_SELECT_WITH_ROLES, group_ids=group_ids, user_id=user_id)
    return [(row[0], GroupRow(*row[1:])) for row in rows]


def select_groups_by_name(tx: Transaction, text: str, *, skipped_count: int, row_count: int) -> list[GroupRow]:
    """The organization's groups whose name holds the text, in any letter case, by name."""
    escaped = fold_name(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = tx.all(_FIND_BY_NAME, pattern=f"%{escaped}%", skipped_count=skipped_count, row_count=row_count)
    return [GroupRow(*row) for row in rows]


def select_groups_named(tx: Transaction, name: str, *, row_count: int) -> list[str]:
    """The ids of at most so many groups that are called so, in any letter case."""
    return [row[0] for row in tx.all(_SELECT_NAMED, wanted_name=fold_name(name), row_count=row_count)]


def insert_group(tx: Transaction, group: GroupRow) -> None:
    """Inside tx."""
    tx.run(_INSERT, **group._asdict(), folded_name=fold_name(group.name), deleted_at_ms=None)


def update_group(tx: Transaction, group: GroupRow) -> None:
    """Write name, welcome message, picture and policy. Inside tx."""
    tx.run(
        _UPDATE,
        which_id=group.group_id,
        new_name=group.name,
        new_folded_name=fold_name(group.name),
        new_welcome=group.welcome_message,
        new_image=group.image_url,
        new_shows_history=group.shows_history,
    )


def delete_group_row(tx: Transaction, group_id: str) -> None:
    """Mark as deleted. Inside tx."""
    tx.run(_DELETE, which_id=group_id, at_ms=tx.now_ms)


def add_to_counts(
    tx: Transaction, group_id: str, *, members: int, admins: int, unprovisioned: int, subscribers: int
) -> None:
    """Inside tx."""
    tx.run(
        _ADD_TO_COUNTS,
        which_id=group_id,
        members=members,
        admins=admins,
        unprovisioned=unprovisioned,
        subscribers=subscribers,
    )


def add_to_link_counts(tx: Transaction, group_id: str, *, subgroups: int, parents: int) -> None:
    """Inside tx."""
    tx.run(_ADD_TO_LINK_COUNTS, which_id=group_id, subgroups=subgroups, parents=parents)


def mark_linked(tx: Transaction, group_id: str) -> None:
    """Remember for good that the group is or was below another one. Inside tx."""
    tx.run(_MARK_LINKED, which_id=group_id)


def lessen_unprovisioned(tx: Transaction, user_id: str) -> None:
    """One fewer who has not signed in, in each group of the person. Inside tx."""
    tx.run(_LESSEN_UNPROVISIONED, which_user=user_id)


def lessen_members(tx: Transaction, user_id: str) -> None:
    """One member fewer, in each group of the person. Inside tx."""
    tx.run(_LESSEN_MEMBERS, which_user=user_id)


def select_admin_count(tx: Transaction, group_id: str) -> int:
    """0 where there is no such group."""
    row = tx.one_or_none(_SELECT_ADMIN_COUNT, which_id=group_id)
    return row[0] if row else 0


def select_welcome(tx: Transaction, group_id: str) -> str:
    """ "" where there is no such group."""
    row = tx.one_or_none(_SELECT_WELCOME, which_id=group_id)
    return row[0] if row else ""


def count_groups(tx: Transaction) -> int:
    """How many have not been deleted."""
    row = tx.one_or_none(_COUNT_ALL)
    return int(row[0]) if row else 0
