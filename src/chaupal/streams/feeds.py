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
from chaupal.auth.signing import AccessToken
from chaupal.errors import Unavailable
from chaupal.events.catalogue import EventType
from chaupal.events.log import CursorExpired, Place, StoredEvent
from chaupal.happenings.rules import Imprint, Told
from chaupal.happenings.sights import Share, Watch, shaped, share_of
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
_SENT_AT_ONCE_BYTES = 65_536
"""After so many to one stream, all have a turn to send them: however much happens at once, only readers who do not take
it are cut off. An event is smaller than the rest of `streams.stream.QUEUE_MAX_BYTES`."""
_PAUSE_S = 1.0
_FAILURES_MOST = 5

_OF_MEMBERS = frozenset({EventType.MEMBER_ADDED, EventType.MEMBER_REMOVED, EventType.MEMBER_ROLE_CHANGED})
_OF_LINKS = frozenset({EventType.SUBGROUP_ADDED, EventType.SUBGROUP_REMOVED})
_OF_GROUPS = frozenset({EventType.GROUP_CHANGED, EventType.GROUP_REMOVED, EventType.PAST_MEMBERS_ADDED})
_OF_PEOPLE = frozenset(
    {
        EventType.PERSON_CHANGED,
        EventType.PERSON_REMOVED,
        EventType.BOT_CHANGED,
        EventType.BOT_DELETED,
    }
)
_OF_TOKENS = frozenset({EventType.TOKEN_REVOKED, EventType.CONNECTOR_CHANGED, EventType.CONNECTOR_DELETED})

ItemT = TypeVar("ItemT")

log = structlog.get_logger("streams")


class Feed:
    """The streams of one tenant. `place` is right after the last event that was passed on to them."""

    def __init__(self, store: Store, tenant_id: str, imprint: Imprint, *, place: Place) -> None:
        self.place = place
        self.counts: Counter[str] = Counter()
        self.is_over = False
        self._store = store
        self._operator = Operator(tenant_id)
        self._imprint = imprint
        self._streams: set[Stream] = set()
        self._by_group: dict[str, set[Stream]] = defaultdict(set)
        self._by_person: dict[str, set[Stream]] = defaultdict(set)
        self._everywhere: set[Stream] = set()
        self._before: dict[Stream, Watch] = {}
        """What streams could look into before the stretch that is passed on now has changed it."""
        self._lost: set[Stream] = set()
        """Those that can look into nothing any more."""
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
        """Pass on what happens, until no stream is left; or until it fails again and again, where one of them may be at
        fault: their clients come back, and each reads by itself first."""
        failures = 0
        try:
            while not self.is_idle and failures < _FAILURES_MOST:
                self._woken.clear()
                self._let_in()
                try:
                    if not await self._pass_on_more():
                        await self._wait()
                    failures = 0
                except CursorExpired:
                    # The log was restored, or the reader was away for too long: each client is told so when it returns.
                    return
                except Unavailable as error:
                    log.warning("feed waits", tenant_id=self._operator.tenant_id, cause=str(error))
                    await asyncio.sleep(_PAUSE_S)
                except Exception:  # this loop must live: the streams would wait for ever
                    self.counts[FAILED] += 1
                    failures += 1
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

    def _cursor(self, place: Place) -> str:
        return write_cursor(self._imprint.keys.of(self._operator.tenant_id), self._operator.tenant_id, place)

    def beat(self, now_s: int) -> None:
        """Send each stream a sign of life with its place, so that it need not look far back when it resumes."""
        piece = write_place(self._cursor(self.place))
        for stream in self.streams:
            if stream.works_until_s <= now_s:
                self._end(stream)
            elif stream.position <= self.place.position:
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
            is_up_to_date = stream.position >= self.place.position
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
        stretch = Stretch(self.place, _READ_AT_ONCE, self._imprint)
        heard = await self._store.read(read_stretch, self._operator, stretch)
        await self._renew_for(heard)
        await self._pass_on(heard)
        for stream in self._lost:
            stream.finish()  # once what waits is sent
            self.leave(stream)
        self._before, self._lost = {}, set()
        return bool(heard)

    async def _renew_for(self, heard: Sequence[Heard]) -> None:
        """Look anew into what streams may see, where an event of a stretch has changed it.

        Once for the whole stretch, before any of it is sent: what is read now is what holds at its end or later. Who
        has lost everything is told that, and nothing else; see `_is_farewell`.
        """
        changed = self._changed_by(each.event for each in heard)
        if changed:
            before = {stream: stream.watch for stream in changed}
            self._lost.update(await self._renew(changed))
            self._before = before | self._before

    def _changed_by(self, events: Iterable[StoredEvent]) -> set[Stream]:
        """The streams for which events change what they may see."""
        changed: set[Stream] = set()
        seen_groups: set[str] = set()
        for event in events:
            kind, which = event.event_type, event.object_id
            if kind in _OF_LINKS:
                return set(self._streams)
            if kind in _OF_MEMBERS and event.group_id not in seen_groups:
                # A subscriber sees the reactions of the group's admins, whoever they are.
                seen_groups.add(event.group_id)
                changed |= {each for each in self._by_group.get(event.group_id, ()) if each.looks_at_admins}
            if kind in _OF_MEMBERS or kind in _OF_PEOPLE:
                changed |= self._by_person.get(which, set())
            if kind in _OF_GROUPS:
                changed |= self._by_group.get(event.group_id, set()) | self._everywhere
            if kind in _OF_PEOPLE or kind in _OF_TOKENS:
                changed |= {each for each in self._streams if _rests_on(each.watch.caller.token, kind, which)}
        return changed

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
        count, size_bytes = 0, 0
        for each in heard:
            if each.told is not None:
                looked_at, largest_bytes = self._send(each.event, each.told)
                count, size_bytes = count + looked_at, size_bytes + largest_bytes
            self.place = each.event.place
            if count >= _SENT_AT_ONCE or size_bytes >= _SENT_AT_ONCE_BYTES:
                count, size_bytes = 0, 0
                await asyncio.sleep(0)

    def _concerned(self, event: StoredEvent, told: Told) -> set[Stream]:
        """The streams that may be told of an event; who sees how much of it is looked at for each."""
        found = self._by_group.get(event.group_id, set())
        by_person = self._by_person.get(told.person_id, set()) if told.person_id and told.item is None else set()
        if by_person or self._everywhere:
            found = found | self._everywhere | by_person
        if event.event_type == EventType.GROUP_REMOVED and self._before:
            had = {stream for stream, watch in self._before.items() if event.group_id in watch.own}
            found = found | (had & self._streams)
        if self._lost:
            found = {stream for stream in found if stream not in self._lost or _is_farewell(event, stream)}
        return found

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

    def _send(self, event: StoredEvent, told: Told) -> tuple[int, int]:
        """(streams that there were to look at, bytes that one of them was given at most)."""
        pieces: dict[tuple[Share, bool], bytes] = {}
        has_failed = False
        concerned = list(self._concerned(event, told))
        for stream in concerned:
            if stream.position >= event.position:
                continue
            try:
                piece = self._piece_for(stream, event, told, pieces)
            except Exception:  # a defect: the others are told, each once, and so is what comes after it
                if not has_failed:
                    self.counts[FAILED] += 1
                    log.exception("event not told", position=event.position, event_type=event.event_type)
                has_failed = True
                continue
            if piece is not None:
                self._put(stream, piece)
        return len(concerned), max(map(len, pieces.values()), default=0)

    def _piece_for(
        self, stream: Stream, event: StoredEvent, told: Told, pieces: dict[tuple[Share, bool], bytes]
    ) -> bytes | None:
        """What a stream is sent of an event, or None. `pieces` are those that were made already."""
        view = stream.view_of(event.group_id)
        assert view is not None, "those that were missing have just been loaded"
        watch = self._before.get(stream, stream.watch) if _is_farewell(event, stream) else stream.watch
        share = share_of(watch, view, told)
        if share is Share.NOTHING:
            return None
        key = (share, stream.watch.access.sees_numbers)
        piece = pieces.get(key)
        if piece is None:
            happening = shaped(told.happening, share, sees_numbers=key[1])
            assert happening is not None, "something is told"
            piece = pieces[key] = write_event(happening, self._cursor(event.place))
        return piece

    def _put(self, stream: Stream, piece: bytes) -> None:
        if not stream.put(piece):
            self.counts[CUT_OFF] += 1
            self.leave(stream)


def _is_farewell(event: StoredEvent, stream: Stream) -> bool:
    """Whether an event may say that the stream's own person, or its group, is there no more."""
    if event.event_type == EventType.GROUP_REMOVED:
        return True
    is_of_person = stream.watch.caller.token.kind is not TokenKind.GROUP
    return is_of_person and event.event_type in _OF_MEMBERS and event.object_id == stream.watch.access.user_id


def _rests_on(token: AccessToken, kind: str, which: str) -> bool:
    """Whether an event of this kind about this object may have ended a token. A bot's rests on its maker, too."""
    if kind == EventType.TOKEN_REVOKED:
        return token.grant_id == which
    return token.kind is TokenKind.BOT if kind in _OF_PEOPLE else token.connector_id == which


def _drop(index: dict[str, set[Stream]], key: str, stream: Stream) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(stream)
        if not found:
            del index[key]


def _in_parts(items: list[ItemT], size: int) -> Iterable[list[ItemT]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
