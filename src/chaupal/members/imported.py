"""Memberships of an organization's past elsewhere.

Who was a member there sees what is brought along from there, and what is sent here from now on; not what was sent here
before they came. So they get a membership that ended when the group was made here, and one that begins now. Nobody is
welcomed: a welcome message would look new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from chaupal.auth.access import ADMIN, MEMBER, SUBSCRIBER
from chaupal.errors import InvalidParameters
from chaupal.groups.counts import change_counts
from chaupal.members.events import member_added, past_memberships_added
from chaupal.members.queries import (
    MembershipRow,
    insert_memberships,
    insert_past_memberships,
    select_roles,
    select_stretches,
)
from chaupal.members.rules import counts_of
from chaupal.people.rules import Person
from chaupal.store.transaction import Transaction
from chaupal.timelines.intervals import FOREVER_US, Interval

_ROLES = {role.lower(): role for role in (ADMIN, MEMBER, SUBSCRIBER)}


class Admission(msgspec.Struct, frozen=True):
    """Someone who is, or with `left_at_us` was, a member. `joined_at_us` 0: since the group's beginning."""

    person: Person
    role: str
    joined_at_us: int = 0
    left_at_us: int | None = None


def read_role(text: str) -> str:
    """A role in a group, in any letter case; a member where none is said.

    Raises:
        InvalidParameters.
    """
    role = _ROLES.get(text.strip().lower() or MEMBER.lower())
    if role is None:
        raise InvalidParameters(field="role", value=text, rule=f"must be {ADMIN}, {MEMBER} or {SUBSCRIBER}")
    return role


def admit(tx: Transaction, group_id: str, admissions: list[Admission], *, here_since_us: int) -> list[bool]:
    """Give people their memberships in a group that is here since then; of each whether it changed anything.

    Who is in the group already stays in it as what they are, and is given the past alone. Inside tx. Idempotent.
    """
    ids = list({each.person.user_id for each in admissions})
    there = select_roles(tx, group_id, ids)
    held: dict[str, list[Interval]] = defaultdict(list)
    for user_id, from_us, until_us in select_stretches(tx, group_id, ids):
        held[user_id].append((from_us, FOREVER_US if until_us is None else until_us))
    past: list[MembershipRow] = []
    joining: dict[Person, str] = {}
    changed = []
    for each in admissions:
        user_id = each.person.user_id
        until_us = min(here_since_us, here_since_us if each.left_at_us is None else each.left_at_us)
        free = list(_without((each.joined_at_us, until_us), held[user_id]))
        held[user_id] += free
        past += [_past_row(each, stretch) for stretch in free]
        is_joining = each.left_at_us is None and user_id not in there
        if is_joining:
            joining[each.person] = there[user_id] = each.role
        changed.append(bool(free) or is_joining)
    _write_past(tx, group_id, past)
    _write_joining(tx, group_id, joining)
    return changed


def _without(stretch: Interval, held: Iterable[Interval]) -> Iterable[Interval]:
    """What of a stretch no other one covers."""
    from_us, until_us = stretch
    for held_from_us, held_until_us in sorted(held):
        if held_from_us >= until_us:
            break
        if held_from_us > from_us:
            yield (from_us, held_from_us)
        from_us = max(from_us, held_until_us)
    if from_us < until_us:
        yield (from_us, until_us)


def _past_row(admission: Admission, stretch: Interval) -> MembershipRow:
    return MembershipRow(
        user_id=admission.person.user_id,
        from_position=0,
        from_at_us=stretch[0],
        until_at_us=stretch[1],
        role=admission.role,
        welcome_audience="",
    )


def _write_past(tx: Transaction, group_id: str, rows: list[MembershipRow]) -> None:
    """Each round has a position of its own, because the key of someone's memberships is where they began."""
    while rows:
        this_round = list({row.user_id: row for row in reversed(rows)}.values())
        position = tx.append(past_memberships_added(group_id, membership_count=len(this_round)))
        insert_past_memberships(tx, group_id, [row._replace(from_position=position) for row in this_round])
        written = {id(row) for row in this_round}
        rows = [row for row in rows if id(row) not in written]


def _write_joining(tx: Transaction, group_id: str, roles: dict[Person, str]) -> None:
    rows = []
    for person, role in roles.items():
        position = tx.append(member_added(group_id, person.user_id, role=role, actor_id=""))
        rows.append(
            MembershipRow(
                user_id=person.user_id,
                from_position=position,
                from_at_us=tx.last_at_us,
                until_at_us=None,
                role=role,
                welcome_audience="",
            )
        )
    insert_memberships(tx, group_id, rows)
    if roles:
        change_counts(tx, group_id, counts_of(roles))
