"""What other slices may read and change of a group's row: its counts and its welcome message."""

from __future__ import annotations

import msgspec

from chaupal.groups.queries import (
    add_to_counts,
    add_to_link_counts,
    lessen_members,
    lessen_unprovisioned,
    mark_linked,
    select_admin_count,
    select_welcome,
)
from chaupal.store.transaction import Transaction


class MemberDelta(msgspec.Struct, frozen=True):
    """By how much a group's counts change."""

    members: int = 0
    admins: int = 0
    unprovisioned: int = 0
    subscribers: int = 0

    def negated(self) -> MemberDelta:
        """The change that takes this one back."""
        return MemberDelta(-self.members, -self.admins, -self.unprovisioned, -self.subscribers)


def change_counts(tx: Transaction, group_id: str, delta: MemberDelta) -> None:
    """Inside tx, in the transaction that changes the memberships."""
    add_to_counts(
        tx,
        group_id,
        members=delta.members,
        admins=delta.admins,
        unprovisioned=delta.unprovisioned,
        subscribers=delta.subscribers,
    )


def change_link_counts(tx: Transaction, group_id: str, *, subgroups: int = 0, parents: int = 0) -> None:
    """By how many the groups directly below and above one change. Inside tx, in the transaction that links them."""
    add_to_link_counts(tx, group_id, subgroups=subgroups, parents=parents)
    if parents > 0:
        mark_linked(tx, group_id)


def admin_count(tx: Transaction, group_id: str) -> int:
    """How many admins a group has."""
    return select_admin_count(tx, group_id)


def welcome_of(tx: Transaction, group_id: str) -> str:
    """The welcome message of a group, "" where it has none."""
    return select_welcome(tx, group_id)


def note_provisioned(tx: Transaction, user_id: str) -> None:
    """A person has signed in for the first time: each of their groups has one fewer who has not. Inside tx."""
    lessen_unprovisioned(tx, user_id)


def note_bot_gone(tx: Transaction, user_id: str) -> None:
    """A bot leaves all groups at once: each has one member fewer. Inside tx, before the memberships are closed.

    A bot is never an admin and counts as signed in, so that the other counts stay.
    """
    lessen_members(tx, user_id)
