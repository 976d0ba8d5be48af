"""Reading what has happened, in order, as far as a caller sees it. Source: the tables in `docs/api/events.md`.

A cursor names a place in the tenant's log and nothing else: who may see what comes after it is asked anew each time.
It is sealed, so that it tells nothing of how much happens in groups that its bearer does not see. One that was
given out after a backup is refused once that was restored, however far the log has gone on since (`events.log.Place`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

import msgspec
import structlog

from chaupal.auth.access import access_group
from chaupal.auth.caller import Caller, Operator
from chaupal.auth.sealing import SealBroken, SecretKey
from chaupal.errors import ChaupalError, Forbidden, InvalidParameters, InvalidToken, NotFound
from chaupal.events.catalogue import EventType
from chaupal.events.log import MARK_BYTES, Place, StoredEvent, log_end, read_after
from chaupal.happenings.ahead import TOLD_AT_ONCE, look_ahead
from chaupal.happenings.known import Known
from chaupal.happenings.rules import TELLERS, Happening, Imprint, Told, find_told
from chaupal.happenings.sights import NO_VIEW, View, Watch, load_view, needs_view, open_watch, show
from chaupal.store.connection import DatabaseRefused
from chaupal.store.transaction import Transaction

_LOOKED_AT_MAX = 20_000
"""Events that one read passes over, nearly all of groups that are not the caller's: a hundred milliseconds. So many
that where a page ends does not tell how much happens elsewhere."""
_CONCERNED_MAX = 1_000
"""Events of the caller's own groups that one read looks into, shown or not."""

_READ_AT_ONCE = 500
_CURSOR_MAX_CHARS = 100
_POSITION_BYTES = 8

ToldT = TypeVar("ToldT")

log = structlog.get_logger("streams")


def write_cursor(secret_key: SecretKey, tenant_id: str, place: Place) -> str:
    """A cursor for a place in a tenant's log. Each is another, even for the same place."""
    sealed = secret_key.seal(_purpose(tenant_id), place.position.to_bytes(_POSITION_BYTES, "big") + place.mark)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read_cursor(secret_key: SecretKey, tenant_id: str, cursor: str) -> Place:
    """The place that a cursor names. Those of the first versions have no mark.

    Raises:
        InvalidParameters: it was not made here, or for another tenant.
    """
    try:
        if len(cursor) > _CURSOR_MAX_CHARS:
            raise ValueError
        sealed = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        packed = secret_key.unseal(_purpose(tenant_id), sealed)
        position, mark = packed[:_POSITION_BYTES], packed[_POSITION_BYTES:]
        if len(mark) not in (0, MARK_BYTES):
            raise ValueError  # of a later version, before this server was taken back
        return Place(int.from_bytes(position, "big"), mark)
    except (ValueError, binascii.Error, SealBroken):
        raise InvalidParameters(field="cursor", value=cursor, rule="must be a cursor that this call gave") from None


def _purpose(tenant_id: str) -> str:
    return f"event cursor of {tenant_id}"


class PageOf(msgspec.Struct, frozen=True):
    """What to read: at most `limit` happenings after a place, None for none but the place where the log ends now.

    `only`: the groups through which the caller looks; empty for all that are visible.
    """

    after: Place | None
    limit: int
    only: frozenset[str]
    imprint: Imprint


class Seen(msgspec.Struct, frozen=True):
    """What the caller sees of an event, and the place after it."""

    happening: Happening
    place: Place


class SeenPage(msgspec.Struct, frozen=True):
    """What the caller sees, in order; the place to go on after; whether there may be more; and who looks."""

    seen: list[Seen]
    place: Place
    has_more: bool
    watch: Watch


def read_page(tx: Transaction, caller: Caller, page: PageOf) -> SeenPage:
    """What has happened since, as far as the caller sees it now.

    Raises:
        InvalidToken, Forbidden, NotFound, CursorExpired.
    """
    watch = open_watch(tx, caller, page.only)
    if page.after is None:
        return SeenPage([], log_end(tx), has_more=False, watch=watch)
    views: dict[str, View] = {}
    known = Known(tx, page.imprint)
    found: list[Seen] = []
    place, concerned_count = page.after, 0
    for _ in range(_LOOKED_AT_MAX // _READ_AT_ONCE):
        events = read_after(tx, place.position, _READ_AT_ONCE, mark=place.mark)
        ahead = [event for event in events if _may_concern(watch, event)]
        for event in events:
            if _may_concern(watch, event):
                if ahead and event is ahead[0]:
                    known = look_ahead(tx, page.imprint, ahead[:TOLD_AT_ONCE])
                    ahead = ahead[TOLD_AT_ONCE:]
                concerned_count += 1
                happening = _seen(tx, watch, views, event, known)
                if concerned_count > _CONCERNED_MAX or (happening is not None and len(found) == page.limit):
                    return SeenPage(found, place, has_more=True, watch=watch)
                if happening is not None:
                    found.append(Seen(happening, event.place))
            place = event.place
        if len(events) < _READ_AT_ONCE:
            return SeenPage(found, place, has_more=False, watch=watch)
    return SeenPage(found, place, has_more=True, watch=watch)


def _may_concern(watch: Watch, event: StoredEvent) -> bool:
    """Whether the caller may be told of an event, as far as that is known without reading anything."""
    # Whoever was taken out, or whose group was deleted, has it no more among those that concern them, and is told.
    is_end = event.object_id == watch.access.user_id or event.event_type == EventType.GROUP_REMOVED
    return event.event_type in TELLERS and (is_end or watch.may_concern(event.group_id))


def _seen(tx: Transaction, watch: Watch, views: dict[str, View], event: StoredEvent, known: Known) -> Happening | None:
    told = _told_if_possible(known, event)
    if told is None:
        return None
    if not needs_view(watch, told):
        return _if_possible(event, show, watch, NO_VIEW, told)
    view = views.get(event.group_id)
    if view is None:
        view = views[event.group_id] = load_view(tx, watch, event.group_id)
    return _if_possible(event, show, watch, view, told)


def _told_if_possible(known: Known, event: StoredEvent) -> Told | None:
    return _if_possible(event, find_told, known, event)


def _if_possible(event: StoredEvent, tell: Callable[..., ToldT | None], *parts: object) -> ToldT | None:
    """What is told of an event; None, and a line in the log, where that cannot be: nothing after it waits for ever.

    That is a defect, or something that a newer server on the same database has written.
    """
    try:
        return tell(*parts)
    except (ChaupalError, DatabaseRefused):
        raise
    except Exception:
        log.exception("event not told", position=event.position, event_type=event.event_type)
        return None


class Stretch(msgspec.Struct, frozen=True):
    """What to read for all streams of a tenant: at most `limit` events after a place."""

    after: Place
    limit: int
    imprint: Imprint


class Heard(msgspec.Struct, frozen=True):
    """An event, and what it says; None where nobody is told of it."""

    event: StoredEvent
    told: Told | None


def read_stretch(tx: Transaction, _caller: Operator, stretch: Stretch) -> list[Heard]:
    """The events after a place, in order, whoever may see them.

    Raises:
        CursorExpired.
    """
    events = read_after(tx, stretch.after.position, stretch.limit, mark=stretch.after.mark)
    known = look_ahead(tx, stretch.imprint, events)
    return [Heard(event, _told_if_possible(known, event)) for event in events]


def renew_watches(tx: Transaction, _caller: Operator, watches: list[Watch]) -> list[Watch | None]:
    """What each caller may look into now; None for whom that is nothing any more."""
    return [_renewed(tx, watch) for watch in watches]


def load_views(tx: Transaction, _caller: Operator, wanted: list[tuple[Watch, str]]) -> list[View | None]:
    """What each caller sees of a group's happenings now; None where its token has stopped."""
    return [_view_of(tx, watch, group_id) for watch, group_id in wanted]


def _renewed(tx: Transaction, watch: Watch) -> Watch | None:
    only = frozenset(group_id for group_id in watch.only if _is_visible(tx, watch.caller, group_id))
    if watch.only and not only:
        return None
    try:
        return open_watch(tx, watch.caller, only)
    except (InvalidToken, Forbidden, NotFound):
        return None


def _is_visible(tx: Transaction, caller: Caller, group_id: str) -> bool:
    try:
        access_group(tx, caller, group_id)
    except (InvalidToken, Forbidden, NotFound):
        return False
    return True


def _view_of(tx: Transaction, watch: Watch, group_id: str) -> View | None:
    try:
        return load_view(tx, watch, group_id)
    except InvalidToken:
        return None
