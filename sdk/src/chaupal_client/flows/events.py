"""What happens: live, or what has happened since a cursor."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chaupal_client._errors import ApiError, ConnectionFailed
from chaupal_client._event_lines import EventLines
from chaupal_client._operations import Operation, build_outgoing, write_query
from chaupal_client._retrying import RETRIED_STATUSES, Patience
from chaupal_client._session import Session
from chaupal_client._steps import Close, Deliver, Failure, Flow, ItemFlow, Place, Read, Wait
from chaupal_client.events import Event, read_event
from chaupal_client.models import SyncAnswer


class _RawSyncAnswer(msgspec.Struct, rename="camel"):
    events: list[msgspec.Raw]
    cursor: str
    has_more: bool


SYNC: Operation[SyncAnswer] = Operation("GET", "/sync", SyncAnswer)
_SYNC_RAW: Operation[_RawSyncAnswer] = Operation("GET", "/sync", _RawSyncAnswer)
FOLLOW: Operation[None] = Operation("GET", "/events", type(None))
SILENCE_S = 60.0
"""A sign of life comes every 20 seconds."""
PAGE_EVENTS = 100


def page(
    session: Session,
    *,
    cursor: str | None = None,
    limit: int | None = None,
    group_id: Sequence[str] | None = None,
) -> Flow[SyncAnswer]:
    """One page of what has happened since a cursor; without one, a cursor for now.

    Needs: permission **Outgoing Webhooks**.

    Raises CursorExpired: read what there is now, and begin without a cursor.
    """
    return (yield from session.call(SYNC, query={"cursor": cursor, "limit": limit, "groupId": group_id}))


def since(
    session: Session, place: Place, *, cursor: str | None = None, group_id: Sequence[str] | None = None
) -> ItemFlow[Event]:
    """Each event since a cursor, up to now, and then the end; without a cursor none.

    `.cursor` of what is iterated says where to go on, when it has come to its end.

    Raises CursorExpired: read what there is now, and begin without a cursor.
    """
    place.cursor = cursor or ""
    while True:
        query = {"cursor": place.cursor or None, "limit": PAGE_EVENTS, "groupId": group_id}
        answer = yield from session.call(_SYNC_RAW, query=query)
        for raw in answer.events:
            yield Deliver(read_event(raw))
        place.cursor = answer.cursor
        if not answer.has_more:
            return


def follow(
    session: Session, place: Place, *, cursor: str | None = None, group_id: Sequence[str] | None = None
) -> ItemFlow[Event]:
    """Each event as it happens, from a cursor or from now on, without an end.

    When the connection breaks or the server stops it comes back, for as long as it takes, and goes on where it was:
    nothing is skipped, and nothing comes twice. Only a first connection is given up like any other call.

    `.cursor` of what is iterated is the place after the event that was given out last; keep it together with what you
    make of the event. Needs: permission **Outgoing Webhooks**.

    Raises CursorExpired where it was away for too long, InvalidToken where the token has stopped, and NotFound where
    none of the groups is visible any more.
    """
    place.cursor = cursor or ""
    patience, was_there = Patience(session.retrying.without_end), False
    while True:
        failed: ApiError | ConnectionFailed
        try:
            lines, stream = EventLines(), (yield from _open(session, place, group_id))
        except (ConnectionFailed, ApiError) as error:
            if not was_there or (isinstance(error, ApiError) and error.status not in RETRIED_STATUSES):
                raise
            failed = error
        else:
            was_there = True
            while isinstance(piece := (yield Read(stream)), bytes):
                for sent in lines.feed(piece):
                    patience.begin_anew()
                    place.cursor = sent.id or place.cursor
                    if sent.data:
                        yield Deliver(read_event(sent.data.encode()))
            yield Close(stream)
            failed = ConnectionFailed(piece.reason if isinstance(piece, Failure) else "the stream has ended")
        wait_s = patience.wait_after(failed, is_repeatable=True)
        if wait_s is None:
            raise failed
        yield Wait(wait_s)


def _open(session: Session, place: Place, group_id: Sequence[str] | None) -> Flow[object]:
    """The driver's handle of an open stream."""
    headers = {"accept": "text/event-stream", "accept-encoding": "identity", "cache-control": "no-store"}
    if place.cursor:
        headers["last-event-id"] = place.cursor
    outgoing = build_outgoing(FOLLOW)
    outgoing = msgspec.structs.replace(
        outgoing,
        target=outgoing.target + write_query({"groupId": group_id}),
        headers=headers,
        is_streamed=True,
        read_timeout_s=SILENCE_S,
    )
    reply = yield from session.exchange(outgoing)
    return reply.stream
