"""The statements on reactions and their counts."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, case, func, insert, select, update

from chaupal.reactions.tables import reaction_counts, reactions
from chaupal.store.statements import Statement, in_list, statement
from chaupal.store.transaction import Transaction


class ReactionRow(NamedTuple):
    """One like or comment."""

    reaction_id: str
    item_id: str
    group_id: str
    via_group_id: str
    user_id: str
    reaction_type: str
    comment: str
    is_by_subscriber: bool
    is_removed: bool
    changed_at_us: int


class CountRow(NamedTuple):
    """The likes and comments of one item, with what decides who sees the item, and when they last changed."""

    item_id: str
    group_id: str
    audience: str
    sent_at_us: int
    like_count: int
    comment_count: int
    changed_at_us: int


class CountChange(NamedTuple):
    """By how much an item's counts change."""

    likes: int
    comments: int
    is_by_subscriber: bool


_HERE = reactions.c.tenant_id == bindparam("tenant_id")
_COUNTED_HERE = reaction_counts.c.tenant_id == bindparam("tenant_id")
_COLUMNS = tuple(reactions.c[name] for name in ReactionRow._fields)
_ITEM = (
    reaction_counts.c.item_id,
    reaction_counts.c.group_id,
    reaction_counts.c.audience,
    reaction_counts.c.sent_at_us,
)
_ALL = (reaction_counts.c.like_count, reaction_counts.c.comment_count, reaction_counts.c.changed_at_us)
_INNER = (
    reaction_counts.c.inner_like_count,
    reaction_counts.c.inner_comment_count,
    reaction_counts.c.inner_changed_at_us,
)
_BY_THESE = in_list(reactions.c.user_id, "user_ids")
_PAGE: BindParameter[int] = bindparam("row_count")

_SELECT_LIKE = statement(
    select(reactions.c.reaction_id).where(
        _HERE,
        reactions.c.item_id == bindparam("which_item"),
        reactions.c.user_id == bindparam("user_id"),
        reactions.c.reaction_type == "Like",
        reactions.c.is_removed.is_(False),
    )
)
_SELECT_ONE = statement(select(*_COLUMNS).where(_HERE, reactions.c.reaction_id == bindparam("which_id")))
_SELECT_SEVERAL = statement(select(*_COLUMNS).where(_HERE, in_list(reactions.c.reaction_id, "reaction_ids")))


def _details(*conditions: ColumnElement[bool]) -> Statement:
    """The reactions to an item that changed after an instant, in the order of their changes."""
    return statement(
        select(*_COLUMNS)
        .where(
            _HERE,
            reactions.c.item_id == bindparam("which_item"),
            reactions.c.changed_at_us > bindparam("after_us"),
            *conditions,
        )
        .order_by(reactions.c.changed_at_us)
        .limit(_PAGE)
    )


_SELECT_DETAILS = _details()
_SELECT_DETAILS_INNER = _details(reactions.c.is_by_subscriber.is_(False))
_SELECT_DETAILS_BY = _details(_BY_THESE)


def _changed(columns: tuple[ColumnElement[int], ...]) -> Statement:
    """The counts of a group's items that changed after an instant, in the order of their changes."""
    changed_at_us = columns[2]
    return statement(
        select(*_ITEM, *columns)
        .where(
            _COUNTED_HERE,
            reaction_counts.c.group_id == bindparam("which_group"),
            changed_at_us > bindparam("after_us"),
        )
        .order_by(changed_at_us)
        .limit(_PAGE)
    )


_SELECT_CHANGED = _changed(_ALL)
_SELECT_CHANGED_INNER = _changed(_INNER)
_SELECT_COUNTS = statement(
    select(*_ITEM, *_ALL).where(_COUNTED_HERE, reaction_counts.c.item_id == bindparam("which_item"))
)
_SELECT_COUNTS_INNER = statement(
    select(*_ITEM, *_INNER).where(_COUNTED_HERE, reaction_counts.c.item_id == bindparam("which_item"))
)


def _counted_by_hand() -> Select[tuple[object, ...]]:
    """The counts of what some people did, for a subscriber, who sees no others; so they are few."""
    live = reactions.c.is_removed.is_(False)
    return (
        select(
            *_ITEM,
            func.coalesce(func.sum(case((and_(live, reactions.c.reaction_type == "Like"), 1), else_=0)), 0),
            func.coalesce(func.sum(case((and_(live, reactions.c.reaction_type == "Comment"), 1), else_=0)), 0),
            func.max(reactions.c.changed_at_us).label("changed_at_us"),
        )
        .select_from(reactions)
        .join(reaction_counts, and_(_COUNTED_HERE, reaction_counts.c.item_id == reactions.c.item_id))
        .where(_HERE, reactions.c.group_id == bindparam("which_group"), _BY_THESE)
        .group_by(*_ITEM)
    )


_SELECT_CHANGED_BY = statement(
    _counted_by_hand()
    .having(func.max(reactions.c.changed_at_us) > bindparam("after_us"))
    .order_by(func.max(reactions.c.changed_at_us))
    .limit(_PAGE)
)
_SELECT_COUNTS_BY = statement(_counted_by_hand().where(reactions.c.item_id == bindparam("which_item")))
_INSERT = statement(insert(reactions))
_REMOVE = statement(
    update(reactions)
    .where(_HERE, reactions.c.reaction_id == bindparam("which_id"))
    .values(is_removed=True, comment="", changed_at_us=bindparam("at_us"))
)
_INSERT_COUNTS = statement(insert(reaction_counts))
_OF_ITEM = (_COUNTED_HERE, reaction_counts.c.item_id == bindparam("which_item"))
_OUTER_CHANGES = {
    "like_count": reaction_counts.c.like_count + bindparam("likes"),
    "comment_count": reaction_counts.c.comment_count + bindparam("comments"),
    "changed_at_us": bindparam("at_us"),
}
_INNER_CHANGES = {
    "inner_like_count": reaction_counts.c.inner_like_count + bindparam("likes"),
    "inner_comment_count": reaction_counts.c.inner_comment_count + bindparam("comments"),
    "inner_changed_at_us": bindparam("at_us"),
}
_ADD_TO_COUNTS = statement(update(reaction_counts).where(*_OF_ITEM).values(**_OUTER_CHANGES))
_ADD_TO_ALL_COUNTS = statement(update(reaction_counts).where(*_OF_ITEM).values(**_OUTER_CHANGES, **_INNER_CHANGES))


class Watcher(NamedTuple):
    """Whose reactions someone sees: everyone's; those of members (`is_inner`); or, where it is not None, those of
    `user_ids` alone."""

    is_inner: bool = False
    user_ids: list[str] | None = None


def select_like(tx: Transaction, *, item_id: str, user_id: str) -> str | None:
    """The id of a person's like of an item that has not been removed."""
    row = tx.one_or_none(_SELECT_LIKE, which_item=item_id, user_id=user_id)
    return row[0] if row else None


def select_reaction(tx: Transaction, reaction_id: str) -> ReactionRow | None:
    """By id."""
    row = tx.one_or_none(_SELECT_ONE, which_id=reaction_id)
    return ReactionRow(*row) if row else None


def select_reactions(tx: Transaction, reaction_ids: list[str]) -> list[ReactionRow]:
    """Those of the ids that there are."""
    return [ReactionRow(*row) for row in tx.all(_SELECT_SEVERAL, reaction_ids=reaction_ids)]


def select_details(
    tx: Transaction, watcher: Watcher, *, item_id: str, after_us: int, row_count: int
) -> list[ReactionRow]:
    """At most `row_count` reactions to an item that changed after an instant, in the order of their changes."""
    bound = {"which_item": item_id, "after_us": after_us, "row_count": row_count}
    if watcher.user_ids is not None:
        rows = tx.all(_SELECT_DETAILS_BY, **bound, user_ids=watcher.user_ids)
    else:
        rows = tx.all(_SELECT_DETAILS_INNER if watcher.is_inner else _SELECT_DETAILS, **bound)
    return [ReactionRow(*row) for row in rows]


def select_changed_counts(
    tx: Transaction, watcher: Watcher, *, group_id: str, after_us: int, row_count: int
) -> list[CountRow]:
    """At most `row_count` of a group's items whose counts changed after an instant, in the order of their changes."""
    bound = {"which_group": group_id, "after_us": after_us, "row_count": row_count}
    if watcher.user_ids is not None:
        rows = tx.all(_SELECT_CHANGED_BY, **bound, user_ids=watcher.user_ids)
    else:
        rows = tx.all(_SELECT_CHANGED_INNER if watcher.is_inner else _SELECT_CHANGED, **bound)
    return [CountRow(*row) for row in rows]


def select_counts(tx: Transaction, watcher: Watcher, *, group_id: str, item_id: str) -> CountRow | None:
    """The counts of one item; None where nobody whom the watcher sees has ever reacted."""
    if watcher.user_ids is not None:
        row = tx.one_or_none(_SELECT_COUNTS_BY, which_group=group_id, which_item=item_id, user_ids=watcher.user_ids)
    else:
        row = tx.one_or_none(_SELECT_COUNTS_INNER if watcher.is_inner else _SELECT_COUNTS, which_item=item_id)
    return CountRow(*row) if row else None


def insert_reaction(tx: Transaction, reaction: ReactionRow) -> None:
    """Inside tx; at once, because a later rule of the same batch may meet it."""
    tx.run(_INSERT, **reaction._asdict())


def remove_reaction_row(tx: Transaction, reaction_id: str, *, at_us: int) -> None:
    """Erase the comment and mark as removed. Inside tx."""
    tx.run(_REMOVE, which_id=reaction_id, at_us=at_us)


def ensure_counts(tx: Transaction, count: CountRow) -> None:
    """Begin to count an item's reactions; no change where they are counted already. Inside tx."""
    if tx.one_or_none(_SELECT_COUNTS, which_item=count.item_id) is None:
        inner = {"inner_like_count": 0, "inner_comment_count": 0, "inner_changed_at_us": 0}
        tx.run(_INSERT_COUNTS, **count._asdict(), **inner)


def add_to_counts(tx: Transaction, item_id: str, change: CountChange, *, at_us: int) -> None:
    """Inside tx."""
    made = _ADD_TO_COUNTS if change.is_by_subscriber else _ADD_TO_ALL_COUNTS
    tx.run(made, which_item=item_id, likes=change.likes, comments=change.comments, at_us=at_us)
