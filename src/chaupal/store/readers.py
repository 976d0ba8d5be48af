"""The readers: threads with a read connection each. A read sees one state of the database and is limited in time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from chaupal.errors import ChaupalError
from chaupal.store.batch import Work
from chaupal.store.clock import Clock
from chaupal.store.connection import Connection, DatabaseGone, DatabaseRefused, StorageFull
from chaupal.store.transaction import Transaction
from chaupal.store.writer import QueueFull

_RECONNECT_PAUSE_S = 0.5


class Readers:
    """A fixed number of reader threads on one queue."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        clock: Clock,
        thread_count: int,
        queue_max: int,
        deliver_all: Callable[[Sequence[Work]], None],
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._queue_max = queue_max
        self._deliver_all = deliver_all
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._is_stopping = False
        self._threads = [
            threading.Thread(target=self._loop, name=f"store-reader-{number}", daemon=True)
            for number in range(thread_count)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, work: Work) -> None:
        """Queue one read.

        Raises:
            QueueFull: too much waits already.
        """
        if self._is_stopping or self._queue.qsize() >= self._queue_max:
            raise QueueFull
        self._queue.put(work)

    def stop(self) -> None:
        """Finish what is queued, then end the threads. Harmless when repeated."""
        self._is_stopping = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _loop(self) -> None:
        held = _Held()
        while (work := self._queue.get()) is not None:
            was_open = held.connection is not None
            self._try(held, work)
            if was_open and isinstance(work.error, DatabaseGone):
                # The connection died while it was idle, with its server perhaps back since: a read may be run again.
                work.error = None
                self._try(held, work)
            self._deliver_all([work])
        held.close()

    def _try(self, held: _Held, work: Work) -> None:
        try:
            self._run(held.open(self._connect), work)
        except Exception as error:  # noqa: BLE001 - the thread must live: the caller hears of it
            work.error = error
            held.close()

    def _run(self, connection: Connection, work: Work) -> None:
        connection.begin_read()
        tx = Transaction(connection, tenant_id=work.caller.tenant_id, now_us=self._clock())
        try:
            work.result = work.rule(tx, work.caller, work.request)
        except (DatabaseRefused, StorageFull, ChaupalError) as error:
            if isinstance(error, DatabaseGone):
                raise
            work.error = error
        connection.rollback()


class _Held:
    """One thread's connection, opened when it is needed."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self._refuse_until = 0.0

    def open(self, connect: Callable[[], Connection]) -> Connection:
        """The connection; a new one where there is none.

        Raises:
            DatabaseGone: it cannot be made, or could not a moment ago.
        """
        if self.connection is None:
            if time.monotonic() < self._refuse_until:
                raise DatabaseGone("no connection since the last try")
            try:
                self.connection = connect()
            except DatabaseGone:
                self._refuse_until = time.monotonic() + _RECONNECT_PAUSE_S
                raise
        return self.connection

    def close(self) -> None:
        """Let the connection go; harmless when there is none."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
