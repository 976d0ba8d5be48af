"""The statements on memberships."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, insert, select, update

from chaupal.groups.tables import groups
from chaupal.members.tables import IS_MEMBER, IS_SUBSCRIBER, memberships
from chaupal.people.tables import people
from chaupal.store.statements import Statement, in_list, statement
from chaupal.store.transaction import Transaction


class MemberRow(NamedTuple):
    """A member who holds, with the person."""

    user_id: str
    role: str
    mobile_number: str
    name: str
    profile_pic: str
    is_provisioned: bool
    is_bot: bool


class MembershipRow(NamedTuple):
    """One membership, past or present: when it held, and the welcome message it was shown."""

    user_id: str
    from_position: int
    from_at_us: int
    until_at_us: int | None
    role: str
    welcome_audience: str


_HERE = (memberships.c.tenant_id == bindparam("tenant_id"), memberships.c.group_id == bindparam("group_id"))
_HOLDS = memberships.c.until_position.is_(None)


def _people_who(are: ColumnElement[bool]) -> Statement:
    """The memberships of one kind with their people, a page in the order of ids."""
    return statement(
        select(
            people.c.user_id,
            memberships.c.role,
            people.c.mobile_number,
            people.c.name,
            people.c.profile_pic,
            people.c.is_provisioned,
            people.c.is_bot,
        )
        .select_from(memberships)
        .join(people, and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == memberships.c.user_id))
        .where(*_HERE, _HOLDS, are, memberships.c.user_id > bindparam("after_id"))
        .order_by(memberships.c.user_id)
        .limit(bindparam("row_count"))
    )


_SELECT_MEMBERS = _people_who(IS_MEMBER)
_SELECT_SUBSCRIBERS = _people_who(IS_SUBSCRIBER)
_SELECT_ADMINS = statement(
    select(memberships.c.user_id)
    .where(*_HERE, _HOLDS, IS_MEMBER, memberships.c.role == "Admin")
    .order_by(memberships.c.user_id)
)
_SELECT_ROLES = statement(
    select(memberships.c.user_id, memberships.c.role).where(*_HERE, _HOLDS, in_list(memberships.c.user_id, "user_ids"))
)
_SELECT_HISTORY = statement(
    select(
        memberships.c.user_id,
        memberships.c.from_position,
        memberships.c.from_at_us,
        memberships.c.until_at_us,
        memberships.c.role,
        memberships.c.welcome_audience,
    )
    .where(*_HERE, memberships.c.user_id == bindparam("user_id"))
    .order_by(memberships.c.from_position.desc())
)
_SELECT_STRETCHES = statement(
    select(memberships.c.user_id, memberships.c.from_at_us, memberships.c.until_at_us).where(
        *_HERE, in_list(memberships.c.user_id, "user_ids")
    )
)
_OF_PERSON = (
    select(memberships.c.group_id)
    .select_from(memberships)
    .join(
        groups,
        and_(
            groups.c.tenant_id == bindparam("tenant_id"),
            groups.c.group_id == memberships.c.group_id,
            groups.c.deleted_at_ms.is_(None),
        ),
    )
    .where(memberships.c.tenant_id == bindparam("tenant_id"), memberships.c.user_id == bindparam("user_id"), _HOLDS)
    .order_by(memberships.c.group_id)
)
_SELECT_OF_PERSON = statement(_OF_PERSON.add_columns(memberships.c.role))
_SELECT_GROUPS_OF_PERSON = statement(_OF_PERSON.add_columns(groups.c.was_linked))
_INSERT = statement(insert(memberships))
_CLOSE_ALL = statement(
    update(memberships)
    .where(memberships.c.tenant_id == bindparam("tenant_id"), memberships.c.user_id == bindparam("which_user"), _HOLDS)
    .values(until_position=bindparam("at_position"), until_at_us=bindparam("at_us"))
)
_CLOSE = statement(
    update(memberships)
    .where(
        memberships.c.tenant_id == bindparam("tenant_id"),
        memberships.c.group_id == bindparam("which_group"),
        memberships.c.user_id == bindparam("which_user"),
        _HOLDS,
    )
    .values(until_position=bindparam("at_position"), until_at_us=bindparam("at_us"))
)
_CHANGE_ROLE = statement(
    update(memberships)
    .where(
        memberships.c.tenant_id == bindparam("tenant_id"),
        memberships.c.group_id == bindparam("which_group"),
        memberships.c.user_id == bindparam("which_user"),
        _HOLDS,
    )
    .values(role=bindparam("new_role"))
)


def select_members(tx: Transaction, group_id: str, *, after_id: str, row_count: int) -> list[MemberRow]:
    """At most `row_count` members after an id, in the order of their ids."""
    rows = tx.all(_SELECT_MEMBERS, group_id=group_id, after_id=after_id, row_count=row_count)
    return [MemberRow(*row) for row in rows]


def select_admins(tx: Transaction, group_id: str) -> list[str]:
    """The ids of a group's admins."""
    return [row[0] for row in tx.all(_SELECT_ADMINS, group_id=group_id)]


def select_subscribers(tx: Transaction, group_id: str, *, after_id: str, row_count: int) -> list[MemberRow]:
    """At most `row_count` subscribers after an id, in the order of their ids."""
    rows = tx.all(_SELECT_SUBSCRIBERS, group_id=group_id, after_id=after_id, row_count=row_count)
    return [MemberRow(*row) for row in rows]


def select_roles(tx: Transaction, group_id: str, user_ids: list[str]) -> dict[str, str]:
    """The roles of those among the people who are members, by id."""
    return {row[0]: row[1] for row in tx.all(_SELECT_ROLES, group_id=group_id, user_ids=user_ids)}


def select_memberships(tx: Transaction, group_id: str, user_id: str) -> list[MembershipRow]:
    """Every membership that a person has had in a group, newest first."""
    return [MembershipRow(*row) for row in tx.all(_SELECT_HISTORY, group_id=group_id, user_id=user_id)]


def insert_memberships(tx: Transaction, group_id: str, rows: list[MembershipRow]) -> None:
    """Inside tx; at once, because a later rule of the same batch may look them up."""
    tx.run_many(_INSERT, [{**row._asdict(), "group_id": group_id, "until_position": None} for row in rows])


def select_stretches(tx: Transaction, group_id: str, user_ids: list[str]) -> list[tuple[str, int, int | None]]:
    """(person, from, until or None) of every membership that these people have had in a group, past or present."""
    return [(row[0], row[1], row[2]) for row in tx.all(_SELECT_STRETCHES, group_id=group_id, user_ids=user_ids)]


def insert_past_memberships(tx: Transaction, group_id: str, rows: list[MembershipRow]) -> None:
    """Memberships that have ended already. Their first position is their last: they belong to a past without any."""
    tx.run_many(_INSERT, [{**row._asdict(), "group_id": group_id, "until_position": row.from_position} for row in rows])


def select_roles_of_person(tx: Transaction, user_id: str) -> dict[str, str]:
    """A person's role in each group that they are a direct member of, by group id; deleted groups are left out."""
    return {row[0]: row[1] for row in tx.all(_SELECT_OF_PERSON, user_id=user_id)}


def select_groups_of_person(tx: Transaction, user_id: str) -> dict[str, bool]:
    """The groups that someone is a direct member of, with whether each was ever below another; without deleted ones."""
    return {row[0]: row[1] for row in tx.all(_SELECT_GROUPS_OF_PERSON, user_id=user_id)}


def close_memberships_of(tx: Transaction, user_id: str, *, position: int, at_us: int) -> None:
    """End every membership of a person that holds, those in deleted groups too. Inside tx."""
    tx.run(_CLOSE_ALL, which_user=user_id, at_position=position, at_us=at_us)


def close_membership(tx: Transaction, group_id: str, user_id: str, *, position: int, at_us: int) -> None:
    """End the membership that holds. Inside tx."""
    tx.run(_CLOSE, which_group=group_id, which_user=user_id, at_position=position, at_us=at_us)


def update_role(tx: Transaction, group_id: str, user_id: str, role: str) -> None:
    """Inside tx."""
    tx.run(_CHANGE_ROLE, which_group=group_id, which_user=user_id, new_role=role)
