"""Group commit: one thread with one connection takes every row that waits, commits them together, then wakes all
callers at once. It owns the queue and the thread, and knows nothing of the database but the function that opens it.
Described in bench/README.md, "The floor".
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

BATCH_ROWS = 256
# A batch that keeps filling is committed anyway after this long, so that its first caller does not wait for its last.
BATCH_TIME_S = 0.050


class Row(NamedTuple):
    id: str
    text: str
    sent_at_ms: int


Insert = Callable[[list[Row]], None]
"""Inserts the rows and commits them in one transaction; returns when they are durable."""


class Waiting(NamedTuple):
    row: Row
    done: asyncio.Future[None]


class GroupCommit:
    def __init__(self, open_database: Callable[[], Insert]) -> None:
        self._open_database = open_database
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="floor-writer")
        self._loop: asyncio.AbstractEventLoop
        self._opened: asyncio.Future[None]

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._thread.start()
        await self._opened

    async def stop(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def insert(self, row: Row) -> asyncio.Future[None]:
        """The future is done when the row is durable."""
        done = self._loop.create_future()
        self._queue.put(Waiting(row, done))
        return done

    def _run(self) -> None:
        try:
            insert = self._open_database()
        except Exception as error:  # noqa: BLE001 (start() raises it)
            self._loop.call_soon_threadsafe(self._opened.set_exception, error)
            return
        self._loop.call_soon_threadsafe(self._opened.set_result, None)
        while batch := self._take():
            try:
                insert([waiting.row for waiting in batch])
            except Exception as error:  # noqa: BLE001 (the callers get it, the thread must live)
                self._loop.call_soon_threadsafe(_wake, batch, error)
            else:
                self._loop.call_soon_threadsafe(_wake, batch, None)

    def _take(self) -> list[Waiting]:
        """Everything queued, at most BATCH_ROWS or BATCH_TIME_S; an empty list means stop."""
        first = self._queue.get()
        if first is None:
            return []
        batch = [first]
        deadline = time.monotonic() + BATCH_TIME_S
        while len(batch) < BATCH_ROWS and time.monotonic() < deadline:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                self._queue.put(None)
                break
            batch.append(waiting)
        return batch


def _wake(batch: list[Waiting], error: Exception | None) -> None:
    for waiting in batch:
        if waiting.done.cancelled():
            continue
        if error is None:
            waiting.done.set_result(None)
        else:
            waiting.done.set_exception(error)
