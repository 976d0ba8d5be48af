"""One live stream: what waits to be sent to its client, and no more than that."""

from __future__ import annotations

import asyncio
from collections import deque

from chaupal.happenings.sights import View, Watch

QUEUE_MAX_BYTES = 262_144
"""Whoever is so far behind is cut off, and reads on from its last event: nothing is held for slow readers."""

_VIEWS_MAX = 2_000
"""Views are cheap to load again; only the organization's admins look into so many groups."""


class Stream:
    """Its feed puts in, its answer takes out, both in the event loop. `position`: what comes after it is to be sent."""

    __slots__ = (
        "_pieces",
        "_size_bytes",
        "_views",
        "_waiter",
        "is_over",
        "position",
        "watch",
        "works_until_s",
    )

    def __init__(self, watch: Watch, position: int, *, works_until_s: int) -> None:
        self.watch = watch
        self.position = position
        self.works_until_s = works_until_s
        self.is_over = False
        self._views: dict[str, View] | None = None
        self._pieces: deque[bytes] | None = None
        self._size_bytes = 0
        self._waiter: asyncio.Future[None] | None = None

    def view_of(self, group_id: str) -> View | None:
        """What was last loaded of a group, or None."""
        return self._views.get(group_id) if self._views is not None else None

    def keep_view(self, group_id: str, view: View) -> None:
        """Remember what is seen of a group."""
        if self._views is None or len(self._views) >= _VIEWS_MAX:
            self._views = {}
        self._views[group_id] = view

    @property
    def looks_at_admins(self) -> bool:
        """Whether something of what was loaded depends on who is an admin."""
        views = self._views.values() if self._views is not None else ()
        return any(angle.watcher.user_ids is not None for view in views for angle in view.angles)

    def forget_views(self) -> None:
        """What was loaded may no longer hold."""
        self._views = None

    def put(self, piece: bytes) -> bool:
        """Send next. Ends the stream and is False where too much waits already."""
        if self.is_over:
            return True
        if self._size_bytes + len(piece) > QUEUE_MAX_BYTES:
            self.end()
            return False
        if self._pieces is None:
            self._pieces = deque()
        self._pieces.append(piece)
        self._size_bytes += len(piece)
        self._wake()
        return True

    def finish(self) -> None:
        """End once what waits is sent."""
        self.is_over = True
        self._wake()

    def end(self) -> None:
        """Send nothing more, also of what waits. Harmless when repeated."""
        self.is_over = True
        self._pieces = None
        self._size_bytes = 0
        self._wake()

    async def take(self) -> bytes:
        """What is to be sent next, joined; b"" at the end."""
        while self._pieces is None and not self.is_over:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._pieces is None:
            return b""
        taken = self._pieces.popleft() if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = None
        self._size_bytes = 0
        return taken

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
