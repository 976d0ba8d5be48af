"""All live streams of one server process: how many there may be, which feed serves them, and how they end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Set
from itertools import takewhile

import msgspec
import structlog

from chaupal.auth.caller import Caller
from chaupal.auth.signing import GRACE_S
from chaupal.errors import TooManyRequests
from chaupal.events.log import Place
from chaupal.happenings.rules import Imprint
from chaupal.serving.house import House
from chaupal.streams.feeds import FAILED, Feed
from chaupal.streams.rules import PageOf, SeenPage, read_page, write_cursor
from chaupal.streams.shapes import PAGE_MAX
from chaupal.streams.stream import Stream
from chaupal.streams.writing import write_beginning, write_event, write_place

BEAT_S = 20.0
"""Proxies close what is silent for a minute, some after half a minute."""

_RETRY_AFTER_S = 30

log = structlog.get_logger("streams")


class TooManyStreams(TooManyRequests):
    """As many live streams are open as may be."""

    def __init__(self, whose: str, most: int) -> None:
        super().__init__(limit=f"{whose} may have at most {most} live streams.", retry_after_s=_RETRY_AFTER_S)


class Opening(msgspec.Struct, frozen=True, eq=False):
    """A stream that is opened: by whom, and after which place."""

    caller: Caller
    only: frozenset[str]
    begun: Place
    stream: Stream


def open_stream(caller: Caller, only: frozenset[str], after: Place | None, page: SeenPage) -> Opening:
    """A stream of a caller that begins after a place; with None where the log ended when the page was read."""
    begun = page.place if after is None else after
    stream = Stream(page.watch, begun.position, works_until_s=caller.token.expires_at_s + GRACE_S)
    return Opening(caller, only, begun, stream)


class LiveStreams:
    """Made in the event loop that serves the streams."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._imprint = Imprint(house.media_links, house.tenant_keys)
        self._feeds: dict[str, tuple[Feed, asyncio.Task[None]]] = {}
        self._counts: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._beating: asyncio.Task[None] | None = None
        self._catching_up: set[Stream] = set()
        self._counts_of_ended: Counter[str] = Counter()
        house.store.listen(self._note_commit)

    @property
    def open_count(self) -> int:
        """Streams that are open."""
        return self._counts[""]

    def take_counts(self) -> Counter[str]:
        """What the feeds have counted since this was last asked; see `streams.feeds`."""
        counts, self._counts_of_ended = self._counts_of_ended, Counter()
        for feed, _ in self._feeds.values():
            counts += feed.counts
            feed.counts.clear()
        return counts

    def enter(self, caller: Caller) -> None:
        """Count one more stream of a caller.

        Raises:
            TooManyStreams.
        """
        settings = self._house.settings
        for key, whose, most in (
            (_person_key(caller), "One person", settings.streams_per_person),
            (caller.tenant_id, "An organization", settings.streams_per_tenant),
            ("", "This server", settings.streams_max),
        ):
            if most and self._counts[key] >= most:
                raise TooManyStreams(whose, most)
        for key in _keys_of(caller):
            self._counts[key] += 1

    def exit(self, caller: Caller) -> None:
        """Count one stream less."""
        for key in _keys_of(caller):
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]

    async def pieces(self, opening: Opening, page: SeenPage) -> AsyncGenerator[bytes, None]:
        """What a stream sends: where it begins, what has happened since, of which a page was read already, then what
        happens. Ends by itself.

        Its caller was counted by `enter`, and is no more when it ends.
        """
        stream, missed = opening.stream, self._missed(opening, page)
        del page  # it would be held for as long as the stream lives
        self._start_to_beat()
        self._catching_up.add(stream)
        try:
            yield write_beginning(self._cursor(opening.caller, opening.begun))
            async for piece in missed:
                yield piece
            self._catching_up.discard(stream)
            del missed
            while piece := await stream.take():
                yield piece
                del piece  # an idle stream holds nothing of what it has sent
        finally:
            self._close(opening)

    async def _missed(self, opening: Opening, page: SeenPage) -> AsyncGenerator[bytes, None]:
        """What has happened up to where the stream joins the others of its tenant.

        Where much has happened of which the caller is told nothing, it says how far it has come: no proxy closes the
        connection meanwhile, and a client that comes back need not begin again where it was.

        While the server stops, it ends there: its client goes on with another server, or with this one's successor.
        """
        stream, caller = opening.stream, opening.caller
        while not stream.is_over:
            for each in takewhile(lambda _: not stream.is_over, page.seen):
                yield write_event(each.happening, self._cursor(caller, each.place))
            stream.position, stream.watch = page.place.position, page.watch
            if not page.has_more and self._house.is_stopping:
                stream.end()
            elif not page.has_more and await self._feed_of(caller.tenant_id, page.place).join(stream):
                return
            elif not page.seen:
                yield write_place(self._cursor(caller, page.place))
            further = PageOf(page.place, PAGE_MAX, opening.only, self._imprint)
            page = await self._house.store.read(read_page, caller, further)

    async def stop(self) -> None:
        """End all streams, and wait until their feeds have ended."""
        self.end_all()
        tasks = [task for _, task in self._feeds.values()]
        if self._beating is not None:
            self._beating.cancel()
            tasks.append(self._beating)
        await asyncio.gather(*tasks, return_exceptions=True)

    def end_soon(self) -> None:
        """End all streams in the event loop's next turn. From any thread, and from a signal's handler."""
        self._loop.call_soon_threadsafe(self.end_all)

    def end_all(self) -> None:
        """End all streams; their clients come back, here or to another server, and go on where they were."""
        for stream in self._catching_up:
            stream.end()
        for feed, _ in self._feeds.values():
            feed.end_all()

    def end_tenant(self, tenant_id: str) -> None:
        """End the streams of a tenant that has moved; their clients come back, and are told where it is."""
        if (found := self._feeds.get(tenant_id)) is not None:
            found[0].end_all()

    def beat(self) -> None:
        """Send signs of life, and end the streams whose tokens have expired."""
        for stream in self._catching_up:
            if stream.works_until_s <= self._house.now_s:
                stream.end()
        for feed, _ in self._feeds.values():
            feed.beat(self._house.now_s)

    def _note_commit(self, tenant_ids: Set[str]) -> None:
        """Wake the feeds of tenants of which something has happened. In a writer's thread."""
        for tenant_id in tenant_ids:
            if (found := self._feeds.get(tenant_id)) is not None:
                found[0].wake()

    def _cursor(self, caller: Caller, place: Place) -> str:
        return write_cursor(self._house.tenant_keys.of(caller.tenant_id), caller.tenant_id, place)

    def _start_to_beat(self) -> None:
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat_on())

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                self.beat()
            except Exception:  # this loop must live: streams whose tokens have expired would go on
                self._counts_of_ended[FAILED] += 1
                log.exception("beat failed")

    def _feed_of(self, tenant_id: str, place: Place) -> Feed:
        found = self._feeds.get(tenant_id)
        if found is None or found[0].is_over:
            feed = Feed(self._house.store, tenant_id, self._imprint, place=place)
            task = asyncio.create_task(feed.run())
            self._feeds[tenant_id] = found = (feed, task)
            task.add_done_callback(lambda _: self._drop(tenant_id, feed))
        return found[0]

    def _drop(self, tenant_id: str, feed: Feed) -> None:
        self._counts_of_ended += feed.counts
        feed.counts.clear()
        if tenant_id in self._feeds and self._feeds[tenant_id][0] is feed:
            del self._feeds[tenant_id]

    def _close(self, opening: Opening) -> None:
        stream = opening.stream
        stream.end()
        self._catching_up.discard(stream)
        found = self._feeds.get(opening.caller.tenant_id)
        if found is not None:
            found[0].leave(stream)
        self.exit(opening.caller)


def _person_key(caller: Caller) -> str:
    return f"{caller.tenant_id}:{caller.token.user_id}"


def _keys_of(caller: Caller) -> tuple[str, str, str]:
    return "", caller.tenant_id, _person_key(caller)
