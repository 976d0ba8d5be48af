"""The statements on bots."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Select, and_, bindparam, func, insert, select, update

from chaupal.bots.tables import bots
from chaupal.people.tables import people
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction


class BotRow(NamedTuple):
    """A bot that has not been deleted, with whoever made it, who may have been removed meanwhile."""

    user_id: str
    name: str
    profile_pic: str
    profile_media: str
    creator_id: str
    creator_number: str | None
    creator_name: str | None
    creator_profile_pic: str | None


_CREATORS = people.alias("creators")
_HERE = bots.c.tenant_id == bindparam("tenant_id")
_LIVES = bots.c.deleted_at_ms.is_(None)


def _bots() -> Select[tuple[object, ...]]:
    return (
        select(
            bots.c.user_id,
            people.c.name,
            people.c.profile_pic,
            bots.c.profile_media,
            bots.c.creator_id,
            _CREATORS.c.mobile_number,
            _CREATORS.c.name,
            _CREATORS.c.profile_pic,
        )
        .select_from(bots)
        .join(people, and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == bots.c.user_id))
        .outerjoin(
            _CREATORS,
            and_(_CREATORS.c.tenant_id == bindparam("tenant_id"), _CREATORS.c.user_id == bots.c.creator_id),
        )
        .where(_HERE, _LIVES)
        .order_by(bots.c.user_id)
    )


_OF_CREATOR = bots.c.creator_id == bindparam("creator_id")
_SELECT_ONE = statement(_bots().where(bots.c.user_id == bindparam("user_id")))
_SELECT_ALL = statement(_bots())
_SELECT_OF_CREATOR = statement(_bots().where(_OF_CREATOR))
_COUNT_ALL = statement(select(func.count()).select_from(bots).where(_HERE, _LIVES))
_COUNT_OF_CREATOR = statement(select(func.count()).select_from(bots).where(_HERE, _LIVES, _OF_CREATOR))
_INSERT = statement(insert(bots))
_THIS = (_HERE, bots.c.user_id == bindparam("which_id"))
_UPDATE = statement(update(bots).where(*_THIS).values(profile_media=bindparam("new_media")))
_CLOSE = statement(update(bots).where(*_THIS).values(deleted_at_ms=bindparam("at_ms")))


def select_bot(tx: Transaction, user_id: str) -> BotRow | None:
    """By id."""
    row = tx.one_or_none(_SELECT_ONE, user_id=user_id)
    return BotRow(*row) if row else None


def select_bots(tx: Transaction, *, creator_id: str | None) -> list[BotRow]:
    """The bots that someone made, or, with None, all of the tenant; in the order of their ids, oldest first."""
    if creator_id is None:
        return [BotRow(*row) for row in tx.all(_SELECT_ALL)]
    return [BotRow(*row) for row in tx.all(_SELECT_OF_CREATOR, creator_id=creator_id)]


def count_bots(tx: Transaction, *, creator_id: str | None) -> int:
    """How many bots someone made, or, with None, the tenant has."""
    rows = tx.all(_COUNT_ALL) if creator_id is None else tx.all(_COUNT_OF_CREATOR, creator_id=creator_id)
    return int(rows[0][0])


def insert_bot(tx: Transaction, user_id: str, *, creator_id: str, profile_media: str) -> None:
    """Inside tx."""
    tx.run(
        _INSERT,
        user_id=user_id,
        creator_id=creator_id,
        profile_media=profile_media,
        created_at_ms=tx.now_ms,
        deleted_at_ms=None,
    )


def update_profile_media(tx: Transaction, user_id: str, profile_media: str) -> None:
    """Inside tx."""
    tx.run(_UPDATE, which_id=user_id, new_media=profile_media)


def close_bot(tx: Transaction, user_id: str) -> None:
    """Mark as deleted. Inside tx."""
    tx.run(_CLOSE, which_id=user_id, at_ms=tx.now_ms)
