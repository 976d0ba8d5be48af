"""Reading a tenant's event log in order, and forgetting its oldest part.

Positions have no gaps and follow the order of commits, so a reader that goes on from the last position it has seen
misses nothing. The log has a horizon: a reader that stayed away longer is told so and starts from a snapshot. Must not
decide who may see an event; that is the reader's rule. Source: architecture, "The log has a horizon".
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.errors import ChaupalError
from chaupal.events.queries import EventRow, delete_events, select_ends, select_events
from chaupal.store.transaction import Transaction

TRIM_ROWS = 1_000
"""At most so many events are deleted in one transaction: other writers wait for it."""

_decode_facts = msgspec.json.Decoder(dict[str, str | int | bool]).decode


class CursorExpired(ChaupalError):
    """The log has no events right after this cursor any more, or does not know it; a snapshot is needed."""

    status = 410
    code = "CursorExpired"
    category = "ResourceException"
    template = "The event log does not reach back to this cursor; start again from a snapshot."


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the log.

    `event_type` is text, not `EventType`: a newer node may have written a type that this one does not know yet.
    """

    position: int
    at_us: int
    event_type: str
    object_id: str
    group_id: str
    actor_id: str
    facts: dict[str, str | int | bool]


def read_after(tx: Transaction, position: int, limit: int) -> list[StoredEvent]:
    """The events after a position, in order, at most `limit`. 0 is before the first event.

    Raises:
        CursorExpired: events after the position are forgotten, or the position lies beyond the log's end (the database
            was restored from a backup older than the cursor).
    """
    # The event at the position itself is read along: where it is there, nothing after it can be missing.
    rows = select_events(tx, from_position=position, limit=limit + 1)
    if not rows:
        if position > 0:
            raise CursorExpired
    elif rows[0].position == position:
        rows = rows[1:]
    elif rows[0].position > position + 1:
        raise CursorExpired
    return [_stored(row) for row in rows[:limit]]


def log_end(tx: Transaction) -> int:
    """The position of the last event; 0 where nothing ever happened."""
    ends = select_ends(tx)
    return ends[1] if ends is not None else 0


def trim_log(tx: Transaction, _caller: Operator, before_us: int) -> int:
    """Forget the oldest events that happened before, at most 1,000; how many. Repeat while it answers 1,000.

    The last event always stays, so that the log's end is known.
    """
    return trim_events(tx, before_us=before_us, limit=TRIM_ROWS)


def trim_events(tx: Transaction, *, before_us: int, limit: int, needed_from: int | None = None) -> int:
    """Forget the oldest events that happened before, at most `limit`; how many. Inside tx.

    The event at `needed_from` and all after it stay, however old they are: somebody has yet to read on from there.
    """
    ends = select_ends(tx)
    if ends is None:
        return 0
    first, last = ends
    kept_from = last if needed_from is None else min(last, needed_from)
    return delete_events(tx, before_position=min(first + limit, kept_from), before_us=before_us)


def _stored(row: EventRow) -> StoredEvent:
    return StoredEvent(
        position=row.position,
        at_us=row.at_us,
        event_type=row.event_type,
        object_id=row.object_id,
        group_id=row.group_id,
        actor_id=row.actor_id,
        facts=_decode_facts(row.facts) if row.facts else {},
    )
