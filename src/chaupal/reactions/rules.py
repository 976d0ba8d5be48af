"""The rules of likes and comments. Source: contract, section 9.

Whoever sees an item may react to it, also through a group below the one it was sent to. Who sees a reaction: everyone
who sees the item; but in a public group what a subscriber does is seen by the admins alone, and a subscriber sees only
the admins' reactions and the own.
"""

from __future__ import annotations

import msgspec

from chaupal.actions.rules import find_action_item
from chaupal.auth.access import CONNECT_GROUP, SUBSCRIBER, GroupAccess, RoleLacking, access_group
from chaupal.auth.caller import Caller
from chaupal.errors import Conflict, InvalidParameters, NotFound
from chaupal.members.rules import find_admins
from chaupal.messages.rules import find_message_item
from chaupal.reactions.events import reaction_created, reaction_removed
from chaupal.reactions.queries import (
    CountChange,
    CountRow,
    ReactionRow,
    Watcher,
    add_to_counts,
    ensure_counts,
    insert_reaction,
    remove_reaction_row,
    select_changed_counts,
    select_counts,
    select_details,
    select_like,
    select_reaction,
    select_reactions,
)
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.timelines.rules import Item, is_visible, sight_of, visible_items

Reaction = ReactionRow
"""A like or comment as other slices see it."""

ReactionWatcher = Watcher
"""Whose reactions someone sees, as other slices see it."""

LIKE = "Like"
COMMENT = "Comment"
COMMENT_MAX_CHARS = 4_000
PAGE_MAX = 1_000
"""Items of a summary, and reactions of a list of details, in one answer; the cursor leads on."""


class ItemRetracted(Conflict):
    """There is nothing left to react to."""

    template = "It was retracted; nobody can react to it any more."


class ReactionDraft(msgspec.Struct, frozen=True):
    """A like, or a comment with its text, on an item that was sent to `source_group_id`, seen through `group_id`."""

    group_id: str
    source_group_id: str
    item_id: str
    reaction_type: str
    comment: str


def react(tx: Transaction, caller: Caller, draft: ReactionDraft) -> str:
    """Like or comment; the reaction's id. A second like by the same person is the first.

    Raises:
        InvalidParameters, NotFound, Forbidden, ItemRetracted.
    """
    access = access_group(tx, caller, draft.group_id)
    check_comment(draft)
    item, is_retracted = _access_item(tx, access, draft.source_group_id, draft.item_id)
    if is_retracted:
        raise ItemRetracted
    user_id = access.caller.user_id
    if draft.reaction_type == LIKE:
        liked = select_like(tx, item_id=item.item_id, user_id=user_id)
        if liked is not None:
            return liked
    reaction_id = new_id()
    event = reaction_created(
        item.group_id, reaction_id, item_id=item.item_id, reaction_type=draft.reaction_type, actor_id=user_id
    )
    tx.append(event)
    reaction = ReactionRow(
        reaction_id=reaction_id,
        item_id=item.item_id,
        group_id=item.group_id,
        via_group_id=draft.group_id,
        user_id=user_id,
        reaction_type=draft.reaction_type,
        comment=draft.comment if draft.reaction_type == COMMENT else "",
        is_by_subscriber=access.role == SUBSCRIBER,
        is_removed=False,
        changed_at_us=tx.last_at_us,
    )
    insert_reaction(tx, reaction)
    ensure_counts(tx, CountRow(item.item_id, item.group_id, item.audience, item.sent_at_us, 0, 0, 0))
    _count(tx, reaction, 1)
    return reaction_id


def check_comment(draft: ReactionDraft) -> None:
    """Raise InvalidParameters for another type than Like and Comment, and for a comment without text or too long."""
    if draft.reaction_type not in (LIKE, COMMENT):
        raise InvalidParameters(field="reactionType", value=draft.reaction_type, rule=f"must be {LIKE} or {COMMENT}")
    if draft.reaction_type == LIKE:
        return
    if not draft.comment.strip():
        raise InvalidParameters(field="comment", value=draft.comment, rule="must not be empty for a Comment")
    if len(draft.comment) > COMMENT_MAX_CHARS:
        rule = f"must be at most {COMMENT_MAX_CHARS} characters, not {len(draft.comment)}"
        raise InvalidParameters(field="comment", value=draft.comment, rule=rule)


def _count(tx: Transaction, reaction: ReactionRow, by: int) -> None:
    is_like = reaction.reaction_type == LIKE
    change = CountChange(by if is_like else 0, 0 if is_like else by, reaction.is_by_subscriber)
    add_to_counts(tx, reaction.item_id, change, at_us=tx.last_at_us)


class ReactionOf(msgspec.Struct, frozen=True):
    """One reaction, seen through a group."""

    group_id: str
    reaction_id: str


def remove_reaction(tx: Transaction, caller: Caller, which: ReactionOf) -> None:
    """Take a like or comment back: the comment is erased. Idempotent.

    Raises:
        NotFound: no such reaction, or not visible through this group.
        RoleLacking: the caller is neither its author nor an admin of the group it was made to or through.
    """
    access = access_group(tx, caller, which.group_id)
    reaction = select_reaction(tx, which.reaction_id)
    item = find_item(tx, reaction.item_id if reaction is not None else "")
    is_seen = is_visible(tx, access, item[0] if item is not None else None)
    watcher = watcher_of(tx, access)
    if (
        reaction is None
        or not is_seen
        or not sees_reactions_of(watcher, reaction.user_id, is_by_subscriber=reaction.is_by_subscriber)
    ):
        raise NotFound("reaction", reaction_id=which.reaction_id)
    is_admin_there = access.is_admin and which.group_id in (reaction.group_id, reaction.via_group_id)
    if reaction.user_id != access.caller.user_id and not is_admin_there:
        raise RoleLacking(role="author of the reaction, or Admin")
    if reaction.is_removed:
        return
    actor_id = access.caller.user_id
    tx.append(reaction_removed(reaction.group_id, reaction.reaction_id, item_id=reaction.item_id, actor_id=actor_id))
    remove_reaction_row(tx, reaction.reaction_id, at_us=tx.last_at_us)
    _count(tx, reaction, -1)


def sees_reactions_of(watcher: Watcher, user_id: str, *, is_by_subscriber: bool) -> bool:
    """Whether someone sees what a person does, who does it as a subscriber or not."""
    if watcher.user_ids is not None:
        return user_id in watcher.user_ids
    return not (watcher.is_inner and is_by_subscriber)


class SummaryOf(msgspec.Struct, frozen=True):
    """The counts of one item, seen through `group_id`."""

    group_id: str
    source_group_id: str
    item_id: str


class Counted(msgspec.Struct, frozen=True):
    """How many reactions of each type an item has, as the caller sees it."""

    item_id: str
    like_count: int
    comment_count: int


def read_summary(tx: Transaction, caller: Caller, which: SummaryOf) -> Counted:
    """The counts of one item.

    Raises:
        NotFound.
    """
    access = access_group(tx, caller, which.group_id)
    item, _ = _access_item(tx, access, which.source_group_id, which.item_id)
    counted = select_counts(tx, watcher_of(tx, access), group_id=item.group_id, item_id=item.item_id)
    if counted is None:
        return Counted(item.item_id, 0, 0)
    return Counted(item.item_id, counted.like_count, counted.comment_count)


class ChangesOf(msgspec.Struct, frozen=True):
    """What has changed after an instant of the items of `source_group_id`, seen through `group_id`."""

    group_id: str
    source_group_id: str
    after_us: int


class Changes(msgspec.Struct, frozen=True):
    """Counts in the order of their changes, and the instant of the last one: the next cursor."""

    counted: list[Counted]
    last_us: int


def read_changes(tx: Transaction, caller: Caller, which: ChangesOf) -> Changes:
    """The items of a group whose counts have changed since, at most 1,000.

    The cursor moves only by what the caller sees, so it tells nothing of anything else.
    """
    access = access_group(tx, caller, which.group_id)
    watcher = watcher_of(tx, access)
    sight = sight_of(tx, access)
    counted: list[Counted] = []
    last_us = after_us = which.after_us
    while len(counted) < PAGE_MAX:
        rows = select_changed_counts(tx, watcher, group_id=which.source_group_id, after_us=after_us, row_count=PAGE_MAX)
        seen = visible_items(tx, sight, [Item(*row[:4]) for row in rows])
        for row in rows:
            if row.item_id in seen and len(counted) < PAGE_MAX:
                counted.append(Counted(row.item_id, row.like_count, row.comment_count))
                last_us = row.changed_at_us
        if len(rows) < PAGE_MAX:
            break
        after_us = rows[-1].changed_at_us
    return Changes(counted, last_us)


class DetailsOf(msgspec.Struct, frozen=True):
    """What has changed after an instant of one item's reactions; `reaction_type` "" means both."""

    group_id: str
    source_group_id: str
    item_id: str
    reaction_type: str
    after_us: int


class Details(msgspec.Struct, frozen=True):
    """Reactions in the order of their changes, and the instant of the last one: the next cursor."""

    reactions: list[ReactionRow]
    last_us: int


def read_details(tx: Transaction, caller: Caller, which: DetailsOf) -> Details:
    """The reactions to an item that have changed since, at most 1,000; removed ones only where a cursor was given.

    Raises:
        NotFound, InvalidParameters.
    """
    access = access_group(tx, caller, which.group_id)
    if which.reaction_type not in ("", LIKE, COMMENT):
        raise InvalidParameters(field="reactionType", value=which.reaction_type, rule=f"must be {LIKE} or {COMMENT}")
    item, _ = _access_item(tx, access, which.source_group_id, which.item_id)
    rows = select_details(tx, watcher_of(tx, access), item_id=item.item_id, after_us=which.after_us, row_count=PAGE_MAX)
    shown = [
        row
        for row in rows
        if which.reaction_type in ("", row.reaction_type) and (which.after_us > 0 or not row.is_removed)
    ]
    return Details(shown, rows[-1].changed_at_us if rows else which.after_us)


def find_reactions(tx: Transaction, reaction_ids: list[str]) -> dict[str, Reaction]:
    """Those of the likes and comments that there are, removed ones too, by id. Who may see them is the caller's
    question."""
    return {reaction.reaction_id: reaction for reaction in select_reactions(tx, reaction_ids)}


def find_item(tx: Transaction, item_id: str) -> tuple[Item, bool] | None:
    """What a reference id stands for, and whether it was retracted."""
    message, action = find_message_item(tx, item_id), find_action_item(tx, item_id)
    return message or action


def _access_item(tx: Transaction, access: GroupAccess, source_group_id: str, item_id: str) -> tuple[Item, bool]:
    found = find_item(tx, item_id)
    is_seen = is_visible(tx, access, found[0] if found is not None else None)
    if found is None or not is_seen or found[0].group_id != source_group_id:
        raise NotFound("message or action", reference_id=item_id)
    return found


def watcher_of(tx: Transaction, access: GroupAccess) -> Watcher:
    """Whose reactions the caller sees through the group."""
    if access.group_type != CONNECT_GROUP or access.is_admin:
        return Watcher()
    if access.role != SUBSCRIBER:
        return Watcher(is_inner=True)
    return Watcher(user_ids=[*find_admins(tx, access.group_id), access.caller.user_id])
