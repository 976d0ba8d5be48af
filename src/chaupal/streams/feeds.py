"""One reader of a tenant's log for all of its live streams: each event is read and put into words once.

What each stream may see is remembered and forgotten by the log itself: every change of memberships, links and tokens is
an event in it, and is met here in its place, so nothing after it is sent by what held before it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

import structlog

from chaupal.auth.caller import Operator
from chaupal.auth.permissions import TokenKind
from chaupal.errors import Unavailable
from chaupal.events.catalogue import EventType
from chaupal.events.log import CursorExpired, StoredEvent
from chaupal.happenings.rules import Imprint, Told
from chaupal.happenings.sights import Share, shaped, share_of
from chaupal.store.store import Store
from chaupal.streams.rules import Heard, Stretch, load_views, read_stretch, renew_watches, write_cursor
from chaupal.streams.stream import Stream
from chaupal.streams.writing import write_event, write_place

FAILED, CUT_OFF = "failed", "cut off"
"""What a feed counts: failures that it has outlived, and readers that were too slow."""

POLL_S, POLL_ALONE_S = 2.0, 15.0
"""Commits are heard of at once, nearly always; what was not is looked for as often, seldom where no other process
writes."""

_READ_AT_ONCE = 200
_RENEWED_AT_ONCE = 50
_LOADED_AT_ONCE = 100
"""A hundred views take some ten milliseconds; one read must not take longer than `CHAUPAL_READ_TIMEOUT_MS`."""
_SENT_AT_ONCE = 1_000
"""After so many, other work of the event loop has its turn: some milliseconds."""
_PAUSE_S = 1.0

_OF_MEMBERS = frozenset({EventType.MEMBER_ADDED, EventType.MEMBER_REMOVED, EventType.MEMBER_ROLE_CHANGED})
_OF_LINKS = frozenset({EventType.SUBGROUP_ADDED, EventType.SUBGROUP_REMOVED})
_OF_GROUPS = frozenset({EventType.GROUP_CHANGED, EventType.GROUP_REMOVED})
_OF_PEOPLE = frozenset(
    {
        EventType.PERSON_CHANGED,
        EventType.PERSON_REMOVED,
        EventType.BOT_CHANGED,
        EventType.BOT_DELETED,
    }
)
_OF_CONNECTORS = frozenset({EventType.CONNECTOR_CHANGED, EventType.CONNECTOR_DELETED})

ItemT = TypeVar("ItemT")

log = structlog.get_logger("streams")


class Feed:
    """The streams of one tenant. `position` is the last event that was passed on to them."""

    def __init__(self, store: Store, tenant_id: str, imprint: Imprint, *, position: int) -> None:
        self.position = position
        self.counts: Counter[str] = Counter()
        self.is_over = False
        self._store = store
        self._operator = Operator(tenant_id)
        self._imprint = imprint
        self._streams: set[Stream] = set()
        self._by_group: dict[str, set[Stream]] = defaultdict(set)
        self._by_person: dict[str, set[Stream]] = defaultdict(set)
        self._everywhere: set[Stream] = set()
        self._to_renew: set[Stream] = set()
        self._joining: list[tuple[Stream, asyncio.Future[bool]]] = []
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    @property
    def is_idle(self) -> bool:
        """Whether it has no streams, and none that waits to be joined."""
        return not self._streams and not self._joining

    @property
    def streams(self) -> list[Stream]:
        """Those that have joined."""
        return list(self._streams)

    def wake(self) -> None:
        """Look into the log now. From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def join(self, stream: Stream) -> bool:
        """Take a stream that was sent everything up to its position; False where the feed is beyond that by now."""
        future: asyncio.Future[bool] = self._loop.create_future()
        self._joining.append((stream, future))
        self._woken.set()
        return await future

    def leave(self, stream: Stream) -> None:
        """Forget a stream. Harmless when repeated."""
        self._streams.discard(stream)
        self._forget(stream)
        self._joining = [each for each in self._joining if each[0] is not stream]
        self._woken.set()

    async def run(self) -> None:
        """Pass on what happens, until no stream is left."""
        try:
            while not self.is_idle:
                self._woken.clear()
                self._let_in()
                try:
                    if not await self._pass_on_more():
                        await self._wait()
                except CursorExpired:
                    # The log was restored, or the reader was away for too long: each client is told so when it returns.
                    return
                except Unavailable as error:
                    log.warning("feed waits", tenant_id=self._operator.tenant_id, cause=str(error))
                    await asyncio.sleep(_PAUSE_S)
                except Exception:  # this loop must live: the streams would wait for ever
                    self.counts[FAILED] += 1
                    log.exception("feed failed", tenant_id=self._operator.tenant_id)
                    await asyncio.sleep(_PAUSE_S)
        finally:
            self.is_over = True
            self.end_all()

    def end_all(self) -> None:
        """End every stream."""
        for stream in self.streams:
            self._end(stream)
        for stream, future in self._joining:
            stream.end()
            if not future.done():
                future.set_result(True)
        self._joining = []

    def _cursor(self, position: int) -> str:
        return write_cursor(self._imprint.secret_key, self._operator.tenant_id, position)

    def beat(self, now_s: int) -> None:
        """Send each stream a sign of life with its place, so that it need not look far back when it resumes."""
        piece = write_place(self._cursor(self.position))
        for stream in self.streams:
            if stream.works_until_s <= now_s:
                self._end(stream)
            elif stream.position <= self.position:
                self._put(stream, piece)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_S if self._store.is_shared else POLL_ALONE_S):
                await self._woken.wait()
        except TimeoutError:
            return

    def _let_in(self) -> None:
        joining, self._joining = self._joining, []
        for stream, future in joining:
            is_up_to_date = stream.position >= self.position
            if is_up_to_date and not stream.is_over:
                self._streams.add(stream)
                self._index(stream)
            if not future.done():
                future.set_result(is_up_to_date)

    def _index(self, stream: Stream) -> None:
        watch = stream.watch
        self._by_person[watch.access.user_id].add(stream)
        if watch.sees_all:
            self._everywhere.add(stream)
        for group_id in (*watch.own, *watch.ways):
            self._by_group[group_id].add(stream)

    def _forget(self, stream: Stream) -> None:
        watch = stream.watch
        self._everywhere.discard(stream)
        _drop(self._by_person, watch.access.user_id, stream)
        for group_id in (*watch.own, *watch.ways):
            _drop(self._by_group, group_id, stream)

    def _end(self, stream: Stream) -> None:
        stream.end()
        self.leave(stream)

    async def _pass_on_more(self) -> bool:
        """Whether there was anything."""
        await self._renew_owed()
        stretch = Stretch(self.position, _READ_AT_ONCE, self._imprint)
        heard = await self._store.read(read_stretch, self._operator, stretch)
        begun = 0
        for index, each in enumerate(heard):
            changed = self._changed_by(each.event)
            if not changed:
                continue
            await self._pass_on(heard[begun:index])
            await self._pass_on_change(each, changed)
            begun = index + 1
        await self._pass_on(heard[begun:])
        return bool(heard)

    def _changed_by(self, event: StoredEvent) -> set[Stream]:
        """The streams for which an event changes what they may see."""
        kind, which = event.event_type, event.object_id
        if kind in _OF_MEMBERS:
            # A subscriber sees the reactions of the group's admins, whoever they are.
            admins = {stream for stream in self._by_group.get(event.group_id, ()) if stream.looks_at_admins}
            return admins | self._by_person.get(which, set())
        if kind in _OF_LINKS:
            return set(self._streams)
        if kind in _OF_GROUPS:
            return self._by_group.get(event.group_id, set()) | self._everywhere
        if kind in _OF_PEOPLE:
            bots = {stream for stream in self._streams if stream.watch.caller.token.kind is TokenKind.BOT}
            return bots | self._by_person.get(which, set())
        if kind == EventType.TOKEN_REVOKED:
            return {stream for stream in self._streams if stream.watch.caller.token.grant_id == which}
        if kind in _OF_CONNECTORS:
            return {stream for stream in self._streams if stream.watch.caller.token.connector_id == which}
        return set()

    async def _pass_on_change(self, heard: Heard, changed: set[Stream]) -> None:
        """Send an event after which some streams may see other things: as they see it afterwards.

        Who has lost everything by it is told of it where it is about them, or about their group, and of nothing else.
        """
        event = heard.event
        if event.event_type in _OF_GROUPS:
            for stream in changed:
                stream.forget_views()  # a deleted group is shown anew, to those who belonged to it to the end
            self._to_renew = changed
            await self._pass_on([heard])
            await self._renew_owed()
            return
        lost = await self._renew(changed)
        for stream in lost:
            if not _is_about(event, stream):
                self._end(stream)
        await self._pass_on([heard])
        self._finish(lost)

    async def _renew_owed(self) -> None:
        """Renew those that had to be told of something first. What fails is tried again before anything is read."""
        if self._to_renew:
            self._finish(await self._renew(self._to_renew & self._streams))
            self._to_renew = set()

    def _finish(self, streams: Iterable[Stream]) -> None:
        """End streams once they have sent what waits."""
        for stream in streams:
            stream.finish()
            self.leave(stream)

    async def _renew(self, streams: set[Stream]) -> list[Stream]:
        """Read anew what streams may look into; those whose callers may not look into anything any more."""
        lost: list[Stream] = []
        for some in _in_parts(list(streams), _RENEWED_AT_ONCE):
            watches = await self._store.read(renew_watches, self._operator, [stream.watch for stream in some])
            for stream, watch in zip(some, watches, strict=True):
                if watch is None:
                    lost.append(stream)
                elif stream in self._streams:
                    self._forget(stream)
                    stream.watch = watch
                    stream.forget_views()
                    self._index(stream)
        return lost

    async def _pass_on(self, heard: Sequence[Heard]) -> None:
        """Send events to those who may be told of them."""
        if not heard:
            return
        while missing := self._missing_views(heard):
            for some in _in_parts(missing, _LOADED_AT_ONCE):
                wanted = [(stream.watch, group_id) for stream, group_id in some]
                views = await self._store.read(load_views, self._operator, wanted)
                for (stream, group_id), view in zip(some, views, strict=True):
                    if view is None:
                        self._end(stream)
                    else:
                        stream.keep_view(group_id, view)
        sent = 0
        for each in heard:
            if each.told is not None:
                sent += self._send(each.event, each.told)
            self.position = each.event.position
            if sent >= _SENT_AT_ONCE:
                sent = 0
                await asyncio.sleep(0)

    def _concerned(self, event: StoredEvent, told: Told) -> set[Stream]:
        by_group = self._by_group.get(event.group_id, set())
        by_person = self._by_person.get(told.person_id, set()) if told.person_id and told.item is None else set()
        return by_group | self._everywhere | by_person if by_person or self._everywhere else by_group

    def _missing_views(self, heard: Sequence[Heard]) -> list[tuple[Stream, str]]:
        missing: dict[tuple[Stream, str], None] = {}
        for each in heard:
            if each.told is None:
                continue
            group_id = each.event.group_id
            for stream in self._concerned(each.event, each.told):
                if stream.position < each.event.position and stream.view_of(group_id) is None:
                    missing[stream, group_id] = None
        return list(missing)

    def _send(self, event: StoredEvent, told: Told) -> int:
        """How many streams there were to look at."""
        pieces: dict[tuple[Share, bool], bytes] = {}
        cursor = ""
        concerned = list(self._concerned(event, told))
        for stream in concerned:
            if stream.position >= event.position:
                continue
            view = stream.view_of(event.group_id)
            assert view is not None, "those that were missing have just been loaded"
            share = share_of(stream.watch, view, told)
            if share is Share.NOTHING:
                continue
            key = (share, stream.watch.access.sees_numbers)
            piece = pieces.get(key)
            if piece is None:
                cursor = cursor or self._cursor(event.position)
                happening = shaped(told.happening, share, sees_numbers=key[1])
                assert happening is not None, "something is told"
                piece = pieces[key] = write_event(happening, cursor)
            self._put(stream, piece)
        return len(concerned)

    def _put(self, stream: Stream, piece: bytes) -> None:
        if not stream.put(piece):
            self.counts[CUT_OFF] += 1
            self.leave(stream)


def _is_about(event: StoredEvent, stream: Stream) -> bool:
    """Whether an event says that the stream's own person belongs to a group no more."""
    is_of_person = stream.watch.caller.token.kind is not TokenKind.GROUP
    return is_of_person and event.event_type in _OF_MEMBERS and event.object_id == stream.watch.access.user_id


def _drop(index: dict[str, set[Stream]], key: str, stream: Stream) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(stream)
        if not found:
            del index[key]


def _in_parts(items: list[ItemT], size: int) -> Iterable[list[ItemT]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
