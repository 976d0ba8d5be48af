"""The store's face: `await store.write(rule, caller, request)` and `await store.read(rule, caller, request)`.

Rules are plain synchronous functions `rule(tx, caller, request)`. Writes of one tenant go to one writer and run one
after another; reads run beside them on a snapshot.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from chaupal.store.batch import Work
from chaupal.store.clock import Clock, wall_clock
from chaupal.store.connection import Connection
from chaupal.store.gates import TenantHeld
from chaupal.store.readers import Readers
from chaupal.store.transaction import Transaction
from chaupal.store.writer import Writer

HELD_PATIENCE_S = 2.0
"""How long a write waits for the end of its tenant's move, which nearly always takes a part of it."""
_HELD_PAUSE_S = 0.02

WORK_WAITS = "work waits"
"""Stands among the ids that listeners are told, which look otherwise, for: look for work of any tenant."""


class OfTenant(Protocol):
    """Whoever asks: the store needs to know only the tenant."""

    @property
    def tenant_id(self) -> str:
        """The tenant whose rows the rule may touch."""


class Signals(Protocol):
    """How processes on one database wake each other; losing a signal costs whoever waits a poll."""

    @property
    def has_listeners(self) -> bool:
        """Whether other processes listen, as far as is known."""

    @property
    def is_connected(self) -> bool:
        """Whether this process can be woken by the others now."""

    def start(self) -> None:
        """Listen from now on. Returns at once."""

    def stop(self) -> None:
        """End. Harmless when repeated."""

    def tell(self, tenant_ids: Set[str]) -> None:
        """Something has happened in these tenants. Never waits."""


class BatchTracing(Protocol):
    """Whoever makes traces of batches."""

    def current(self) -> object | None:
        """What the caller is doing; None where that is not traced."""

    def note_batch(self, works: Sequence[Work], began_ns: int) -> None:
        """A batch is over. In the writer's thread: it must be quick, and may not raise."""


if TYPE_CHECKING:
    from chaupal.store.turns import Turn

CallerT = TypeVar("CallerT", bound=OfTenant)
RequestT = TypeVar("RequestT")
ResultT = TypeVar("ResultT")

Rule = Callable[[Transaction, CallerT, RequestT], ResultT]


class Written(msgspec.Struct, Generic[ResultT], frozen=True):
    """What a rule returned, and the tenant's last position in the log right after it."""

    result: ResultT
    position: int


class Store:
    """Readers and writers over one database. Made by `store.opening.open_store`."""

    def __init__(
        self,
        *,
        connect_writer: Callable[[], Connection],
        connect_reader: Callable[[], Connection],
        writers: Sequence[type[Writer]],
        reader_count: int,
        queue_max: int,
        clock: Clock = wall_clock,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self.clock = clock
        self.find_neighbours: Callable[[Callable[[Set[str]], None]], Signals] | None = None
        self.make_turn: Callable[[str], Turn] | None = None
        self._neighbours: Signals | None = None
        self._tracing: BatchTracing | None = None
        self._listeners: list[Callable[[Set[str]], None]] = []
        self._writers = [
            kind(
                connect_writer,
                clock=clock,
                queue_max=queue_max,
                deliver_all=_deliver_all,
                before_commit=before_commit,
                on_commit=self._note_commit,
            )
            for kind in writers
        ]
        self._readers = Readers(
            connect_reader, clock=clock, thread_count=reader_count, queue_max=queue_max, deliver_all=_deliver_all
        )
        self._is_running = False

    def start(self) -> None:
        """Start the threads. The schema must be in place."""
        for writer in self._writers:
            writer.start()
        self._readers.start()
        self._is_running = True

    def stop(self) -> None:
        """Finish what is queued and end the threads; blocks meanwhile. Harmless when repeated."""
        if not self._is_running:
            return
        self._is_running = False
        if self._neighbours is not None:
            self._neighbours.stop()
        # The writers last: on SQLite the connection that closes last must be able to empty the write-ahead log.
        self._readers.stop()
        for writer in self._writers:
            writer.stop()

    def listen(self, listener: Callable[[Set[str]], None]) -> None:
        """From now on call this after each commit of this process that appended events, with the ids of the tenants
        that the batch changed.

        In the writer's thread, before the callers are woken: it must be quick, and may not raise. Of other processes'
        commits it is told, after `meet_neighbours`, in another thread and most of the time, so whoever listens looks
        from time to time as well.
        """
        self._listeners.append(listener)

    def trace_with(self, tracing: BatchTracing) -> None:
        """Tell of each batch from now on."""
        self._tracing = tracing
        for writer in self._writers:
            writer.on_batch = tracing.note_batch

    @property
    def writes_beside(self) -> bool:
        """Whether it writes beside the calls of users (`store.beside`), which then do not wait for what it writes."""
        return any(writer.is_beside for writer in self._writers)

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write to the database."""
        return self.find_neighbours is not None

    def meet_neighbours(self) -> None:
        """Wake, and be woken by, other processes on the same database. On SQLite there are none."""
        if self.find_neighbours is not None and self._neighbours is None:
            self._neighbours = self.find_neighbours(self._tell_listeners)
            self._neighbours.start()

    def turn(self, name: str) -> Turn | None:
        """The right to do what one process at a time should do; None on SQLite, where there is one process."""
        return self.make_turn(name) if self.make_turn is not None else None

    @property
    def has_neighbours(self) -> bool:
        """Whether other processes on the database listened when this one last looked."""
        return self._neighbours is not None and self._neighbours.has_listeners

    @property
    def hears_neighbours(self) -> bool:
        """Whether other processes' commits are heard of at once; yes where there can be none."""
        return not self.is_shared or (self._neighbours is not None and self._neighbours.is_connected)

    def wake_workers(self) -> None:
        """Wake those processes on the database that work in the background; they hear `WORK_WAITS` instead of ids."""
        if self._neighbours is not None:
            self._neighbours.tell(frozenset({WORK_WAITS}))

    def tell_all(self, ids: Set[str]) -> None:
        """Tell this process's listeners, and other processes' on the database, of something that is no event."""
        self._tell_listeners(ids)
        if self._neighbours is not None:
            self._neighbours.tell(ids)

    def _note_commit(self, tenant_ids: Set[str]) -> None:
        self._tell_listeners(tenant_ids)
        if self._neighbours is not None:
            self._neighbours.tell(tenant_ids)

    def _tell_listeners(self, tenant_ids: Set[str]) -> None:
        for listener in self._listeners:
            listener(tenant_ids)

    @property
    def waiting_writes(self) -> int:
        """Rules that wait for a writer."""
        return sum(writer.waiting_count for writer in self._writers)

    async def write(
        self, rule: Rule[CallerT, RequestT, ResultT], caller: CallerT, request: RequestT, *, is_patient: bool = False
    ) -> Written[ResultT]:
        """Run a rule in the tenant's next batch; returns after its commit.

        A cancelled caller's rule still commits or leaves nothing, as a whole. `is_patient` is for bookkeeping that
        would be done again: it waits for the others, and is on disk with the next write that is not patient.

        Raises:
            ChaupalError: the rule's own, or Unavailable (queue full, disk full, database gone, outcome unknown).
        """
        writer = self._writers[zlib.crc32(caller.tenant_id.encode()) % len(self._writers)]
        give_up_at = 0.0
        while True:
            work = _work(rule, caller, request, is_patient=is_patient)
            if self._tracing is not None:
                work.trace = self._tracing.current()
            writer.submit(work)
            try:
                await work.future
            except TenantHeld:
                # For the last moments of a move; nothing was done. Only then is the time looked at.
                give_up_at = give_up_at or time.monotonic() + HELD_PATIENCE_S
                if time.monotonic() >= give_up_at:
                    raise
                await asyncio.sleep(_HELD_PAUSE_S)
            else:
                return Written(work.result, work.position)

    async def read(self, rule: Rule[CallerT, RequestT, ResultT], caller: CallerT, request: RequestT) -> ResultT:
        """Run a reading rule on a snapshot.

        Raises:
            ChaupalError: the rule's own, or Unavailable (queue full, too long, database gone).
        """
        work = _work(rule, caller, request)
        self._readers.submit(work)
        await work.future
        result: ResultT = work.result
        return result


class _Awaited(Work):
    """Work with the future of whoever waits for it."""

    __slots__ = ("future", "loop")

    future: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop


def _work(rule: Callable[..., Any], caller: OfTenant, request: object, *, is_patient: bool = False) -> _Awaited:
    work = _Awaited(rule, caller, request, is_patient)
    work.loop = asyncio.get_running_loop()
    work.future = work.loop.create_future()
    return work


def _deliver_all(works: Sequence[Work]) -> None:
    """Wake the callers of a batch, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Awaited]] = {}
    for work in works:
        assert isinstance(work, _Awaited)
        by_loop.setdefault(work.loop, []).append(work)
    for loop, awaited in by_loop.items():
        try:
            loop.call_soon_threadsafe(_wake, awaited)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _wake(works: list[_Awaited]) -> None:
    for work in works:
        if work.future.done():
            continue
        if work.error is None:
            work.future.set_result(None)
        elif isinstance(work.error, StopIteration):
            # A future takes none; raised here it would leave the rest of the batch waiting for ever.
            work.future.set_exception(RuntimeError("a rule raised StopIteration"))
        else:
            work.future.set_exception(work.error)
