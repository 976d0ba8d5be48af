"""Which part of what is sent to groups a caller sees. Source: contract, sections 5 and 6.

Everything that shows something sent to a group (messages, actions, responses, reactions) asks here.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from chaupal.auth.access import ADMIN, CONNECT_GROUP, SUBSCRIBER, GroupAccess, RoleLacking
from chaupal.errors import InvalidParameters
from chaupal.members.rules import find_subscribers, visible_times
from chaupal.store.transaction import Transaction
from chaupal.subgroups.ancestry import times_below
from chaupal.timelines.intervals import Interval, common, united
from chaupal.timelines.merging import ADMINS, EVERYONE, LISTED, MEMBERS, Branch, Place, Reading
from chaupal.timelines.queries import append_recipients, select_is_recipient, select_received, select_recipients


class Sight(msgspec.Struct, frozen=True):
    """What a caller sees in one group: the branches of its timeline, and, if `recipient_id` is not "", what was sent
    to that person alone."""

    group_id: str
    branches: list[Branch]
    recipient_id: str

    def reading(self, *, place: Place, is_older: bool, row_count: int, chosen: str = "", wanted: str = "") -> Reading:
        """Which rows of a timeline to read of what is seen; see `Reading`."""
        return Reading(
            branches=self.branches,
            group_id=self.group_id,
            recipient_id=self.recipient_id,
            place=place,
            is_older=is_older,
            row_count=row_count,
            chosen=chosen,
            wanted=wanted,
        )


def sight_of(tx: Transaction, access: GroupAccess) -> Sight:
    """What the caller sees through this group: of the group itself, and of the groups above it since it was linked."""
    branches: list[Branch] = []
    held: list[Interval] = []
    audiences = _audiences_of(access)
    for time in visible_times(tx, access):
        own = (*audiences, time.welcome_audience) if time.welcome_audience else audiences
        branches.extend(Branch(access.group_id, audience, time.from_us, time.until_us) for audience in own)
        held.append((time.from_us, time.until_us))
    if access.was_linked:
        mine = united(held)
        for ancestor_id, times in times_below(tx, access.group_id).items():
            branches.extend(Branch(ancestor_id, EVERYONE, *stretch) for stretch in common(times, mine))
    # An admin's branches hold what was sent to them by name while they were a subscriber, too: it would be there twice.
    is_named = access.group_type == CONNECT_GROUP and not access.is_admin
    recipient_id = access.caller.user_id if is_named else ""
    return Sight(access.group_id, branches, recipient_id)


def _audiences_of(access: GroupAccess) -> tuple[str, ...]:
    if access.group_type != CONNECT_GROUP or access.role == SUBSCRIBER:
        return (EVERYONE,)
    return (EVERYONE, MEMBERS, ADMINS, LISTED) if access.is_admin else (EVERYONE, MEMBERS)


class Item(msgspec.Struct, frozen=True):
    """Something that was sent to a group."""

    item_id: str
    group_id: str
    audience: str
    sent_at_us: int


def is_visible(tx: Transaction, access: GroupAccess, item: Item | None) -> bool:
    """Whether the caller sees the item through this group. The same statements run where there is no such item."""
    sight = sight_of(tx, access)
    item_id = item.item_id if item is not None else ""
    received = bool(sight.recipient_id) and select_is_recipient(tx, item_id=item_id, user_id=sight.recipient_id)
    if item is None:
        return False
    return (received and item.group_id == access.group_id) or lies_in(sight.branches, item)


def visible_items(tx: Transaction, sight: Sight, items: list[Item]) -> set[str]:
    """The ids of those among the items that lie in a caller's sight, by the same statement for any number of them."""
    received: set[str] = set()
    if sight.recipient_id:
        received = select_received(tx, user_id=sight.recipient_id, item_ids=[item.item_id for item in items])
    return {
        item.item_id
        for item in items
        if (item.item_id in received and item.group_id == sight.group_id) or lies_in(sight.branches, item)
    }


def has_recipients(item: Item) -> bool:
    """Whether an item may be seen by someone because it was sent to them by name, or is their own; else an audience
    alone decides it."""
    return item.audience in (ADMINS, LISTED)


def find_recipients(tx: Transaction, item_ids: list[str]) -> dict[str, frozenset[str]]:
    """The ids of those who see each of some items because it was sent to them by name, or is their own."""
    return {item_id: frozenset(user_ids) for item_id, user_ids in select_recipients(tx, item_ids).items()}


def lies_in(branches: Iterable[Branch], item: Item) -> bool:
    """Whether an item is part of one of the branches of a timeline."""
    return any(
        branch.group_id == item.group_id
        and branch.audience == item.audience
        and branch.from_us <= item.sent_at_us < branch.until_us
        for branch in branches
    )


class Addressees(msgspec.Struct, frozen=True):
    """Whom the sender of something names: `subscribers` None where no list was given. E.164 numbers."""

    subscribers: tuple[str, ...] | None = None
    to_all_subscribers: bool = False


class Addressed(msgspec.Struct, frozen=True):
    """Whom something goes to: an audience, the ids of those named, and the numbers that are no subscribers."""

    audience: str
    user_ids: tuple[str, ...] = ()
    unknown_numbers: tuple[str, ...] = ()


NAMED_AT_ONCE_MAX = 1_000
"""Subscribers that one message or action may name."""


def address(tx: Transaction, access: GroupAccess, addressees: Addressees) -> Addressed:
    """Decide who will see what the caller sends. A list wins over `to_all_subscribers`: an audience is never widened.

    What a subscriber sends goes to the admins; what a public group's members send without naming subscribers goes to
    its members; only its admins may name subscribers.

    Raises:
        InvalidParameters: the group is no public group, or nobody named is a subscriber.
        RoleLacking: only an admin names subscribers.
    """
    numbers = addressees.subscribers
    if access.group_type != CONNECT_GROUP:
        if numbers or addressees.to_all_subscribers:
            raise _not_here(numbers)
        return Addressed(EVERYONE)
    if (numbers is not None or addressees.to_all_subscribers) and not access.is_admin:
        raise RoleLacking(role=ADMIN)
    if access.role == SUBSCRIBER:
        return Addressed(ADMINS, (access.caller.user_id,))
    if numbers is None:
        return Addressed(EVERYONE if addressees.to_all_subscribers else MEMBERS)
    wanted = tuple(dict.fromkeys(numbers))
    if not wanted:
        raise InvalidParameters(field="subscribers", value=[], rule="must name at least one subscriber")
    if len(wanted) > NAMED_AT_ONCE_MAX:
        raise InvalidParameters(
            field="subscribers", value=len(wanted), rule=f"must name at most {NAMED_AT_ONCE_MAX} subscribers"
        )
    known = find_subscribers(tx, access.group_id, list(wanted))
    if not known:
        raise InvalidParameters(field="subscribers", value=list(wanted), rule="must name subscribers of the group")
    unknown = tuple(number for number in wanted if number not in known)
    return Addressed(LISTED, tuple(known[number] for number in wanted if number in known), unknown)


def _not_here(numbers: tuple[str, ...] | None) -> InvalidParameters:
    rule = "is only for a ConnectGroup"
    if numbers is None:
        return InvalidParameters(field="sendToAllSubscribers", value=True, rule=rule)
    return InvalidParameters(field="subscribers", value=list(numbers), rule=rule)


def append_addressed(tx: Transaction, item: Item, addressed: Addressed) -> None:
    """Note whom an item goes to by name. Inside tx, in the rule that appends the item."""
    append_recipients(
        tx,
        group_id=item.group_id,
        audience=item.audience,
        sent_at_us=item.sent_at_us,
        item_id=item.item_id,
        user_ids=list(addressed.user_ids),
    )
