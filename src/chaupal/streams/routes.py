"""The calls for events: a live stream, and a page at a time."""

from __future__ import annotations

import msgspec

from chaupal.errors import InvalidParameters, NotFound, TooManyRequests
from chaupal.events.log import CursorExpired, Place
from chaupal.serving.replies import StreamedReply, stream_events
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.streams.shapes import PAGE_MAX, EventsQuery, SyncAnswer, SyncQuery
from chaupal.wire.ids import read_id

EVENT_STREAM = "text/event-stream"

_GROUPS_MAX = 100


async def get_events(request: ApiRequest) -> StreamedReply:
    """Everything that the caller may see, as it happens, as Server-Sent Events. What has happened since a cursor, or
    since the event that the header `Last-Event-ID` names, comes first; the header wins."""
    from chaupal.happenings.rules import Imprint
    from chaupal.streams.live import LiveStreams, open_stream
    from chaupal.streams.rules import PageOf, read_page

    query = request.query(EventsQuery)
    house, caller = request.house, request.caller
    after = _place(request, request.header(b"last-event-id") or query.cursor)
    only = await request.as_kept(_groups(query.group_id))
    live = house.live_streams
    if live is None:
        live = house.live_streams = LiveStreams(house)
    live.enter(caller)
    try:
        imprint = Imprint(house.media_links, house.tenant_keys)
        page = await request.read(read_page, PageOf(after, PAGE_MAX, only, imprint))
    except BaseException:
        live.exit(caller)
        raise
    opening = open_stream(caller, only, after, page)
    return stream_events(live.pieces(opening, page), opening.stream.end)


async def get_sync(request: ApiRequest) -> msgspec.Struct:
    """What has happened since a cursor, as far as the caller may see it. Without a cursor: one for now, and nothing."""
    from chaupal.happenings.rules import Imprint
    from chaupal.happenings.shapes import show_happening
    from chaupal.streams.rules import PageOf, read_page, write_cursor

    query = request.query(SyncQuery)
    house, limit = request.house, PAGE_MAX if query.limit is None else query.limit
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidParameters(field="limit", value=limit, rule=f"must be from 1 to {PAGE_MAX}")
    wanted = PageOf(
        after=_place(request, query.cursor),
        limit=limit,
        only=await request.as_kept(_groups(query.group_id)),
        imprint=Imprint(house.media_links, house.tenant_keys),
    )
    page = await request.read(read_page, wanted)
    return SyncAnswer(
        events=[show_happening(each.happening) for each in page.seen],
        cursor=write_cursor(request.secret_key, request.caller.tenant_id, page.place),
        has_more=page.has_more,
    )


def _place(request: ApiRequest, cursor: str | None) -> Place | None:
    from chaupal.streams.rules import read_cursor

    return read_cursor(request.secret_key, request.caller.tenant_id, cursor) if cursor else None


def _groups(ids: list[str] | None) -> frozenset[str]:
    found = frozenset(read_id(each) for each in ids or ())
    if len(found) > _GROUPS_MAX:
        raise InvalidParameters(field="groupId", value=len(found), rule=f"must name at most {_GROUPS_MAX} groups")
    return found


ROUTES = [
    Route(
        "GET",
        "/events",
        get_events,
        call="streams.events",
        query=EventsQuery,
        gives=(EVENT_STREAM,),
        errors=(CursorExpired, NotFound, TooManyRequests),
    ),
    Route(
        "GET",
        "/sync",
        get_sync,
        call="streams.sync",
        query=SyncQuery,
        reply=SyncAnswer,
        errors=(CursorExpired, NotFound),
    ),
]
