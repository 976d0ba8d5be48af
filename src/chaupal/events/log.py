"""Reading a tenant's event log in order, and forgetting its oldest part.

Positions have no gaps and follow the order of commits, so a reader that goes on from the last position it has seen
misses nothing. The log has a horizon: a reader that stayed away longer is told so and starts from a snapshot. So is one
that has read further than a backup from which the database was restored: a place remembers which event stands there,
and after a restore another one does. Must not decide who may see an event; that is the reader's rule. Source:
architecture, "The log has a horizon".
"""

from __future__ import annotations

import hashlib

import msgspec

from chaupal.auth.caller import Operator
from chaupal.errors import ChaupalError
from chaupal.events.queries import EventRow, delete_events, select_ends, select_events, select_last
from chaupal.store.transaction import Transaction

TRIM_ROWS = 1_000
"""At most so many events are deleted in one transaction: other writers wait for it."""

MARK_BYTES = 8

_decode_facts = msgspec.json.Decoder(dict[str, str | int | bool]).decode


class CursorExpired(ChaupalError):
    """The log has no events right after this cursor any more, or is not the one that it was given of; a snapshot is
    needed."""

    status = 410
    code = "CursorExpired"
    category = "ResourceException"
    template = (
        "The event log does not reach back to this cursor, or was restored from a backup that is older; start again "
        "from a snapshot."
    )


class Place(msgspec.Struct, frozen=True):
    """Right after an event of the log; position 0 is before the first.

    `mark` tells that event from any other that may come to stand at its position, where the database was put back to an
    earlier time by whatever means and has gone on from there. b"" where it is not known.
    """

    position: int
    mark: bytes = b""


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

    @property
    def place(self) -> Place:
        """The place right after it."""
        return Place(self.position, _mark_of(self))


def read_after(tx: Transaction, position: int, limit: int, *, mark: bytes = b"") -> list[StoredEvent]:
    """The events after a position, in order, at most `limit`. 0 is before the first event. `mark`: see `Place`.

    Raises:
        CursorExpired: events after the position are forgotten; or the database was restored from a backup older than
            the position, which lies beyond the log's end, or where another event stands than the mark says.
    """
    # The event at the position itself is read along: where it is there, nothing after it can be missing.
    rows = select_events(tx, from_position=position, limit=limit + 1)
    if mark and not (rows and rows[0].position == position and _mark_of(rows[0]) == mark):
        raise CursorExpired
    if not rows:
        if position > 0:
            raise CursorExpired
    elif rows[0].position == position:
        rows = rows[1:]
    elif rows[0].position > position + 1:
        raise CursorExpired
    return [_stored(row) for row in rows[:limit]]


def log_end(tx: Transaction) -> Place:
    """The place after the last event."""
    last = select_last(tx)
    return Place(last.position, _mark_of(last)) if last is not None else Place(0)


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


def _mark_of(event: EventRow | StoredEvent) -> bytes:
    # The ids beside the time: a clock that stands behind the log gives the same times again after a restore.
    text = f"{event.at_us} {event.event_type} {event.group_id} {event.object_id} {event.actor_id}"
    return hashlib.blake2b(text.encode(), digest_size=MARK_BYTES).digest()


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
