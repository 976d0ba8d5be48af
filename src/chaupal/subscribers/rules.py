"""The rules about subscribers. Source: contract, section 5 (subscribers).

A subscriber is a membership with a role of its own; the rows are kept by the slice `members`.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.access import CONNECT_GROUP, SUBSCRIBER, Access, GroupAccess, access_group
from chaupal.auth.caller import Caller
from chaupal.errors import InvalidParameters, PayloadTooLarge
from chaupal.members.rules import Member, end_memberships, find_roles, join, page_of_subscribers
from chaupal.people.rules import ensure_people, find_people_by_number
from chaupal.store.transaction import Transaction

CHANGED_AT_ONCE_MAX = 1_000
PAGE_MAX = 50
READ_AT_ONCE_MAX = 1_000


class TooManySubscribers(PayloadTooLarge):
    """More numbers than one call takes."""

    category = "ValidationException"
    template = "At most {limit} subscribers can be added or removed in one call."


class SubscriberChange(msgspec.Struct, frozen=True):
    """Numbers to add or remove, E.164, each once."""

    group_id: str
    mobile_numbers: list[str]


def add_subscribers(tx: Transaction, caller: Caller, change: SubscriberChange) -> dict[str, str]:
    """Make people subscribers; why some were not, by number. Who is one already stays one.

    Raises:
        InvalidParameters: not a public group.
        TooManySubscribers, NotFound, Forbidden.
    """
    access = _access_public(tx, caller, change)
    known = ensure_people(tx, change.mobile_numbers, actor_id=access.caller.user_id)
    roles = find_roles(tx, access.group_id, [person.user_id for person in known.values()])
    wanted = {}
    refused = {}
    for number in change.mobile_numbers:
        role = roles.get(known[number].user_id, SUBSCRIBER)
        if role == SUBSCRIBER:
            wanted[known[number]] = SUBSCRIBER
        else:
            refused[number] = "Is a member of this group already."
    join(tx, access.group_id, wanted, actor_id=access.caller.user_id)
    return refused


def remove_subscribers(tx: Transaction, caller: Caller, change: SubscriberChange) -> dict[str, str]:
    """End subscriptions; why some were not, by number.

    Raises:
        InvalidParameters: not a public group.
        TooManySubscribers, NotFound, Forbidden.
    """
    access = _access_public(tx, caller, change)
    known = find_people_by_number(tx, change.mobile_numbers)
    roles = find_roles(tx, access.group_id, [person.user_id for person in known.values()])
    leaving = {person: SUBSCRIBER for person in known.values() if roles.get(person.user_id) == SUBSCRIBER}
    if leaving:
        end_memberships(tx, access.group_id, leaving, actor_id=access.caller.user_id)
    gone = {person.mobile_number for person in leaving}
    return {number: "Not a subscriber of this group." for number in change.mobile_numbers if number not in gone}


class SubscribersPage(msgspec.Struct, frozen=True):
    """Which subscribers to read: at most `count` after an id."""

    group_id: str
    after_id: str
    count: int


class Subscribers(msgspec.Struct, frozen=True):
    """Subscribers, the id to go on after (None at the end), and who looks."""

    subscribers: list[Member]
    next_after_id: str | None
    viewer: Access


def list_subscribers(tx: Transaction, caller: Caller, page: SubscribersPage) -> Subscribers:
    """A page of the subscribers of a public group, in the order of their ids. For its admins.

    Raises:
        InvalidParameters: not a public group.
        NotFound, Forbidden.
    """
    access = access_group(tx, caller, page.group_id)
    _check_public(access)
    rows = page_of_subscribers(tx, page.group_id, after_id=page.after_id, row_count=page.count + 1)
    more = len(rows) > page.count
    rows = rows[: page.count]
    return Subscribers(rows, rows[-1].user_id if more else None, access.caller)


def _access_public(tx: Transaction, caller: Caller, change: SubscriberChange) -> GroupAccess:
    access = access_group(tx, caller, change.group_id)
    _check_public(access)
    if len(change.mobile_numbers) > CHANGED_AT_ONCE_MAX:
        raise TooManySubscribers(limit=CHANGED_AT_ONCE_MAX)
    return access


def _check_public(access: GroupAccess) -> None:
    if access.group_type != CONNECT_GROUP:
        raise InvalidParameters(field="groupId", value=access.group_id, rule=f"must be a {CONNECT_GROUP}")
