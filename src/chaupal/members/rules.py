"""The rules about who is in a group. Source: contract, section 5 (members) and 6 (what a reader sees of the past)."""

from __future__ import annotations

import msgspec

from chaupal.auth.access import ADMIN, MEMBER, SUBSCRIBER, Access, GroupAccess, access_group
from chaupal.auth.caller import Caller
from chaupal.errors import Conflict, InvalidParameters, NotFound, PayloadTooLarge
from chaupal.groups.counts import MemberDelta, admin_count, change_counts, note_bot_gone, welcome_of
from chaupal.members.events import member_added, member_removed, member_role_changed
from chaupal.members.queries import (
    MemberRow,
    MembershipRow,
    close_membership,
    close_memberships_of,
    insert_memberships,
    select_admins,
    select_groups_of_person,
    select_members,
    select_memberships,
    select_roles,
    select_roles_of_person,
    select_subscribers,
    update_role,
)
from chaupal.messages.welcome import append_welcome
from chaupal.people.rules import Person, ensure_people, find_bot_person, find_people_by_number, find_person
from chaupal.store.transaction import Transaction
from chaupal.timelines.intervals import FOREVER_US

Member = MemberRow
"""Someone in a group as other slices see them."""

ADDED_AT_ONCE_MAX = 1_000
PAGE_MAX = 1_000


class LastAdmin(Conflict):
    """A group always has an admin."""

    template = "The group's last admin cannot leave, be removed or become a member; make another admin first."


class BotAsAdmin(Conflict):
    """A group is run by people."""

    template = "A bot cannot be an admin of a group."


class TooManyMembers(PayloadTooLarge):
    """More people than one call adds."""

    category = "ValidationException"
    template = "At most {limit} members can be added in one call; use the import for more."


class MembersPage(msgspec.Struct, frozen=True):
    """Which members to read: at most `count` after an id."""

    group_id: str
    after_id: str
    count: int


class Members(msgspec.Struct, frozen=True):
    """Members, the id to go on after (None at the end), and who looks."""

    members: list[MemberRow]
    next_after_id: str | None
    viewer: Access


def list_members(tx: Transaction, caller: Caller, page: MembersPage) -> Members:
    """A page of the members of a group, in the order of their ids."""
    access = access_group(tx, caller, page.group_id)
    rows = select_members(tx, page.group_id, after_id=page.after_id, row_count=page.count + 1)
    more = len(rows) > page.count
    rows = rows[: page.count]
    return Members(rows, rows[-1].user_id if more else None, access.caller)


class AddMembers(msgspec.Struct, frozen=True):
    """People to add to a group, by E.164 number."""

    group_id: str
    mobile_numbers: list[str]


def add_members(tx: Transaction, caller: Caller, request: AddMembers) -> int:
    """Add people as members; who is one already stays as they are. The number added.

    Raises:
        TooManyMembers, NotFound, Forbidden.
    """
    access = access_group(tx, caller, request.group_id)
    if len(request.mobile_numbers) > ADDED_AT_ONCE_MAX:
        raise TooManyMembers(limit=ADDED_AT_ONCE_MAX)
    known = ensure_people(tx, request.mobile_numbers, actor_id=access.caller.user_id)
    people = dict.fromkeys(known[number] for number in request.mobile_numbers)
    return join(tx, request.group_id, dict.fromkeys(people, MEMBER), actor_id=access.caller.user_id)


def join(
    tx: Transaction, group_id: str, roles: dict[Person, str], *, actor_id: str, unwelcomed: frozenset[str] = frozenset()
) -> int:
    """Make people members, and show them the group's welcome message. The number who were not members before.

    Inside tx. Whoever is a member stays as they are; a subscriber becomes a member. `unwelcomed` are ids of people who
    need no welcome: whoever makes the group.
    """
    there = select_roles(tx, group_id, [person.user_id for person in roles])
    rising = {
        person: SUBSCRIBER
        for person, role in roles.items()
        if there.get(person.user_id) == SUBSCRIBER and role != SUBSCRIBER
    }
    if rising:
        end_memberships(tx, group_id, rising, actor_id=actor_id)
    new = {person: role for person, role in roles.items() if person.user_id not in there or person in rising}
    if not new:
        return 0
    positions = []
    for person, role in new.items():
        position = tx.append(member_added(group_id, person.user_id, role=role, actor_id=actor_id))
        positions.append((position, tx.last_at_us))
    audience = ""
    welcome = welcome_of(tx, group_id)
    if welcome and any(person.user_id not in unwelcomed for person in new):
        audience = append_welcome(tx, group_id, sender_id=actor_id, text=welcome, position=positions[-1][0])
    rows = [
        MembershipRow(
            user_id=person.user_id,
            from_position=position,
            from_at_us=at_us,
            until_at_us=None,
            role=role,
            welcome_audience="" if person.user_id in unwelcomed else audience,
        )
        for (person, role), (position, at_us) in zip(new.items(), positions, strict=True)
    ]
    insert_memberships(tx, group_id, rows)
    change_counts(tx, group_id, counts_of(new))
    return len(new)


class MemberOf(msgspec.Struct, frozen=True):
    """One member of a group."""

    group_id: str
    user_id: str


def remove_member(tx: Transaction, caller: Caller, request: MemberOf) -> None:
    """Take a member out.

    Raises:
        NotFound: no such group or member.
        LastAdmin.
    """
    access = access_group(tx, caller, request.group_id)
    if find_role(tx, request.group_id, request.user_id) == SUBSCRIBER:
        raise NotFound("member", user_id=request.user_id)
    _end_membership(tx, access, request.user_id)


def leave_group(tx: Transaction, caller: Caller, group_id: str) -> None:
    """The caller leaves.

    Raises:
        NotFound: no such group, or the caller is not a member of it.
        LastAdmin.
    """
    access = access_group(tx, caller, group_id)
    _end_membership(tx, access, access.caller.user_id)


def _end_membership(tx: Transaction, access: GroupAccess, user_id: str) -> None:
    role = find_role(tx, access.group_id, user_id)
    person = find_person(tx, user_id)
    if role is None or person is None:
        raise NotFound("member", user_id=user_id)
    end_memberships(tx, access.group_id, {person: role}, actor_id=access.caller.user_id)


def end_memberships(tx: Transaction, group_id: str, roles: dict[Person, str], *, actor_id: str) -> None:
    """Close the memberships that people hold in the group with these roles. Inside tx.

    Raises:
        LastAdmin.
    """
    gone_admins = sum(role == ADMIN for role in roles.values())
    if gone_admins and admin_count(tx, group_id) <= gone_admins:
        raise LastAdmin
    for person, role in roles.items():
        position = tx.append(member_removed(group_id, person.user_id, role=role, actor_id=actor_id))
        close_membership(tx, group_id, person.user_id, position=position, at_us=tx.last_at_us)
    change_counts(tx, group_id, counts_of(roles).negated())


def counts_of(roles: dict[Person, str]) -> MemberDelta:
    """What these memberships add to a group's counts."""
    subscribers = sum(role == SUBSCRIBER for role in roles.values())
    return MemberDelta(
        members=len(roles) - subscribers,
        admins=sum(role == ADMIN for role in roles.values()),
        unprovisioned=sum(not person.is_provisioned for person in roles),
        subscribers=subscribers,
    )


def end_memberships_of_bot(tx: Transaction, user_id: str, *, actor_id: str) -> None:
    """Take a bot out of all of its groups, however many, in a few statements. Inside tx.

    The rows share the last event's place: of these groups nothing else happens in between.
    """
    roles = select_roles_of_person(tx, user_id)
    position = 0
    for group_id, role in roles.items():
        position = tx.append(member_removed(group_id, user_id, role=role, actor_id=actor_id))
    if not roles:
        return
    note_bot_gone(tx, user_id)
    close_memberships_of(tx, user_id, position=position, at_us=tx.last_at_us)


class RoleChange(msgspec.Struct, frozen=True):
    """A member's new role."""

    group_id: str
    user_id: str
    role: str


def change_role(tx: Transaction, caller: Caller, request: RoleChange) -> None:
    """Give a member another role; the same role changes nothing.

    Raises:
        InvalidParameters, NotFound, LastAdmin, BotAsAdmin.
    """
    access = access_group(tx, caller, request.group_id)
    new_role = {ADMIN.lower(): ADMIN, MEMBER.lower(): MEMBER}.get(request.role.strip().lower())
    if new_role is None:
        raise InvalidParameters(field="role", value=request.role, rule=f"must be {ADMIN} or {MEMBER}")
    role = find_role(tx, request.group_id, request.user_id)
    if role is None or role == SUBSCRIBER:
        raise NotFound("member", user_id=request.user_id)
    if role == new_role:
        return
    if role == ADMIN and admin_count(tx, request.group_id) == 1:
        raise LastAdmin
    if new_role == ADMIN and find_bot_person(tx, request.user_id) is not None:
        raise BotAsAdmin
    update_role(tx, request.group_id, request.user_id, new_role)
    change_counts(tx, request.group_id, MemberDelta(admins=1 if new_role == ADMIN else -1))
    event = member_role_changed(request.group_id, request.user_id, role=new_role, actor_id=access.caller.user_id)
    tx.append(event)


def find_subscribers(tx: Transaction, group_id: str, mobile_numbers: list[str]) -> dict[str, str]:
    """The user ids of those among the numbers that are subscribers of the group, by number."""
    known = find_people_by_number(tx, mobile_numbers)
    roles = select_roles(tx, group_id, [person.user_id for person in known.values()])
    return {number: person.user_id for number, person in known.items() if roles.get(person.user_id) == SUBSCRIBER}


def page_of_subscribers(tx: Transaction, group_id: str, *, after_id: str, row_count: int) -> list[MemberRow]:
    """At most `row_count` subscribers after an id, in the order of their ids. The caller has checked access."""
    return select_subscribers(tx, group_id, after_id=after_id, row_count=row_count)


def find_admins(tx: Transaction, group_id: str) -> list[str]:
    """The ids of a group's admins, in order."""
    return select_admins(tx, group_id)


def find_roles(tx: Transaction, group_id: str, user_ids: list[str]) -> dict[str, str]:
    """The roles of those among the people who are members or subscribers of a group, by id."""
    return select_roles(tx, group_id, user_ids)


def find_role(tx: Transaction, group_id: str, user_id: str) -> str | None:
    """A person's role in a group, or None where they are no member."""
    return select_roles(tx, group_id, [user_id]).get(user_id)


def groups_of_person(tx: Transaction, user_id: str) -> dict[str, bool]:
    """The groups that a person is a member or subscriber of, with whether each is or was below another one, so that it
    hears what is sent there; deleted groups are left out."""
    return select_groups_of_person(tx, user_id)


class VisibleTime(msgspec.Struct, frozen=True):
    """A stretch of a group's past that a person sees, and the welcome message in it. Until is exclusive."""

    from_us: int
    until_us: int
    welcome_audience: str


def visible_times(tx: Transaction, access: GroupAccess) -> list[VisibleTime]:
    """What a caller sees of a group's past, newest first; stretches do not overlap.

    A stretch for each membership that the person has had, or everything where the policy shows history.
    """
    rows = select_memberships(tx, access.group_id, access.caller.user_id)
    if access.sees_all_history:
        return [VisibleTime(0, FOREVER_US, rows[0].welcome_audience if rows else "")]
    return [
        VisibleTime(row.from_at_us, FOREVER_US if row.until_at_us is None else row.until_at_us, row.welcome_audience)
        for row in rows
    ]
