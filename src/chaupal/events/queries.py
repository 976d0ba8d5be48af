"""The statements on the event log. The table is the store's, which writes it; this slice reads and trims it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, select

from chaupal.store.statements import statement
from chaupal.store.tables import events
from chaupal.store.transaction import Transaction


class EventRow(NamedTuple):
    """One event as it stands in the log."""

    position: int
    at_us: int
    event_type: str
    group_id: str
    object_id: str
    actor_id: str
    facts: str | None


_HERE = events.c.tenant_id == bindparam("tenant_id")

_SELECT_FROM = statement(
    select(*(events.c[name] for name in EventRow._fields))
    .where(_HERE, events.c.position >= bindparam("from_position"))
    .order_by(events.c.position)
    .limit(bindparam("row_limit", type_=Integer()))
)
# Two statements and ORDER BY instead of min() and max() in one: each then reads one end of the key and stops.
_SELECT_FIRST = statement(select(events.c.position).where(_HERE).order_by(events.c.position).limit(1))
_SELECT_LAST = statement(
    select(*(events.c[name] for name in EventRow._fields)).where(_HERE).order_by(events.c.position.desc()).limit(1)
)
# A range of the key, never a search by age: `at_us` has no index, and grows with the position.
_DELETE_OLD = statement(
    delete(events).where(
        _HERE, events.c.position < bindparam("before_position"), events.c.at_us < bindparam("before_us")
    )
)


def select_events(tx: Transaction, *, from_position: int, limit: int) -> list[EventRow]:
    """The events from this position on, in order, at most `limit`."""
    return [EventRow(*row) for row in tx.all(_SELECT_FROM, from_position=from_position, row_limit=limit)]


def select_last(tx: Transaction) -> EventRow | None:
    """The last event, or None where nothing ever happened."""
    last = tx.one_or_none(_SELECT_LAST)
    return EventRow(*last) if last else None


def select_ends(tx: Transaction) -> tuple[int, int] | None:
    """(first position, last position), or None where nothing ever happened."""
    first = tx.one_or_none(_SELECT_FIRST)
    last = tx.one_or_none(_SELECT_LAST)
    return (first[0], last[0]) if first and last else None


def delete_events(tx: Transaction, *, before_position: int, before_us: int) -> int:
    """Inside tx; the number deleted."""
    return tx.run(_DELETE_OLD, before_position=before_position, before_us=before_us)
