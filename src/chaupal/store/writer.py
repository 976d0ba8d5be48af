"""The writer: one thread with one connection, which takes everything queued and commits it at once (group commit).

A caller is woken only after the commit, so an answer of success means that the change is on disk. What becomes of a
rule when something goes wrong:

- it raises: nothing of it stays, its neighbours are not touched;
- the database refuses a statement: the batch is run again, one rule a transaction, so only the bad one fails;
- the disk is full or the database gone: every rule of the batch gets 503, nothing was committed;
- COMMIT gives no answer: a new connection finds out what happened; the batch is never run twice blindly.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence, Set
from typing import TypeVar

import structlog

from chaupal.errors import Unavailable
from chaupal.store.batch import Batch, ForceNeeded, Outcome, Work, find_outcome, run_batch
from chaupal.store.clock import Clock
from chaupal.store.connection import Connection, DatabaseGone, DatabaseRefused, PlaceMoved, StorageFull
from chaupal.store.pace import Pace
from chaupal.store.transaction import Memory

_OUTCOME_TRIES = 5
_OUTCOME_PAUSE_S = 1.0
_RECONNECT_PAUSE_S = 0.5
"""After a failed connect, work within this time is refused at once: nobody queues behind a dead server."""

BatchT = TypeVar("BatchT")

log = structlog.get_logger("store.writer")


class QueueFull(Unavailable):
    """More writes wait than can be answered in good time."""

    def __init__(self) -> None:
        super().__init__(reason="The server is overloaded.", retry_after_s=2)


class OutcomeUnknown(Unavailable):
    """The connection broke inside COMMIT and the database could not be asked since."""

    def __init__(self) -> None:
        super().__init__(
            reason="The database was lost while saving; the change may or may not be there.", retry_after_s=5
        )


class WriteRefused(Exception):
    """The database refused a rule's statement, run on its own: a defect, answered as such."""


_LOOK = Work(lambda *_: None, None, None)
"""Stands in the queue for a piece of patient work, which waits beside it."""


class Writer:
    """Start it, `submit` work from any thread, `stop` it; work submitted before the stop is finished."""

    is_beside = False
    _batch_kind: type[Batch] = Batch

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        clock: Clock,
        queue_max: int,
        deliver_all: Callable[[Sequence[Work]], None],
        before_commit: Callable[[], None] = lambda: None,
        on_commit: Callable[[Set[str]], None] = lambda _: None,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._queue_max = queue_max
        self._deliver_all = deliver_all
        self._before_commit = before_commit
        self._on_commit = on_commit
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._put_back: deque[Work] = deque()
        self._patient: deque[Work] = deque()
        self._pace = Pace()
        self._batches_before_patient = 0.0
        self._called_at_s = -math.inf
        self._answered_at_s = -math.inf
        self._is_ending = False
        self._connection: Connection | None = None
        self.on_batch: Callable[[Sequence[Work], int], None] | None = None
        """Told of each batch that is over, and when it began (ns), before its callers are woken; may not raise."""
        self._memory = Memory()
        self._refuse_until = 0.0
        self._is_stopping = False
        self._thread = threading.Thread(target=self._loop, name="store-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, work: Work) -> None:
        """Queue one rule.

        Raises:
            QueueFull: too much waits already.
        """
        if self._is_stopping or self.waiting_count >= self._queue_max:
            raise QueueFull
        if work.is_patient:
            self._patient.append(work)
            work = _LOOK
        self._queue.put(work)

    def stop(self) -> None:
        """Finish what is queued, then end the thread and close its connection. Harmless when repeated."""
        self._is_stopping = True
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    @property
    def waiting_count(self) -> int:
        """Rules that have not been run."""
        return self._queue.qsize() + len(self._put_back)

    def _loop(self) -> None:
        while (works := self._take()) is not None:
            began_s, began_ns = time.monotonic(), time.time_ns() if self.on_batch is not None else 0
            try:
                self._run(works)
            except Exception as error:  # the thread must live: an error here is a defect, and every caller hears of it
                log.exception("writer failed", rules=len(works))
                for work in works:
                    work.error = error
                self._drop_connection()
            if self.on_batch is not None:
                self.on_batch(works, began_ns)
            self._deliver_all(works)
            if self._is_forced(works):
                self._answered_at_s = time.monotonic()
                self._note_calls(works, self._answered_at_s - began_s)
        self._drop_connection()
        self._refuse_late_work()

    def _refuse_late_work(self) -> None:
        """Whoever submitted while the thread was ending hears of it instead of waiting for ever."""
        late = list(self._put_back)
        while not self._queue.empty():
            self._sort(self._queue.get(), late)
        late += self._patient
        for work in late:
            work.error = QueueFull()
        self._deliver_all(late)

    def _take(self) -> list[Work] | None:
        """What is to be run next, at least one; None at the end. Patient work goes a few pieces at a time, and only
        when nothing else waits, or has gone before it often enough."""
        while True:
            works = self._take_calls(waits=not (self._patient or self._is_ending))
            turns = self._turns_of_patient()
            if works and not turns:
                return works
            if self._patient:
                if not works and self._has_come_meanwhile():
                    continue
                if turns > 1:  # one by one: whoever waits for the first is not to wait for the last
                    self._put_back += works
                    works = []
                self._batches_before_patient = max(0, turns - 1) * self._pace.batches_before_patient
                works.append(self._patient.popleft())
                while self._patient and len(works) < self._patient_at_once():
                    works.append(self._patient.popleft())
                return works
            if self._is_ending:
                return None

    def _note_calls(self, works: list[Work], took_s: float) -> None:
        """Calls have gone before patient work, if any waits."""
        if not self._patient:
            self._batches_before_patient = 0.0
        elif not any(work.is_patient for work in works):
            self._batches_before_patient += max(1.0, took_s / self._pace.long_batch_s)

    def _turns_of_patient(self) -> int:
        """How many pieces of patient work have their turn, however many calls wait."""
        if not self._patient:
            return 0
        return min(int(self._batches_before_patient / self._pace.batches_before_patient), self._pace.turns_max)

    def _has_come_meanwhile(self) -> bool:
        """Whether anything was queued while the interpreter was left to those who read calls and tell what became of
        them: patient work would not leave it to them before it is over."""
        now_s = time.monotonic()
        if self._is_ending or now_s - self._called_at_s > self._pace.calm_s:
            return False
        came: list[Work] = []
        timeout_s = max(self._answered_at_s + self._pace.answers_s - now_s, self._pace.glance_s)
        try:
            self._sort(self._queue.get(timeout=timeout_s), came)
        except queue.Empty:
            return not self._queue.empty()
        self._put_back += came
        return True

    def _patient_at_once(self) -> int:
        return self._pace.patient_at_once if time.monotonic() - self._called_at_s > self._pace.calm_s else 1

    def _take_calls(self, *, waits: bool) -> list[Work]:
        """All that is no patient work."""
        works = list(self._put_back)
        self._put_back.clear()
        if waits and not works:
            self._sort(self._queue.get(), works)
        deadline = time.monotonic() + self._pace.batch_max_s
        while len(works) < self._pace.batch_max_rules and time.monotonic() < deadline:
            try:
                self._sort(self._queue.get_nowait(), works)
            except queue.Empty:
                break
        if works:
            self._called_at_s = time.monotonic()
        return works

    def _join(self, count: int, tenant_ids: Set[str]) -> list[Work]:
        """Calls of these tenants that have come since a batch of so many was taken, as far as there is room in it."""
        came: list[Work] = []
        while count + len(came) < self._pace.batch_max_rules:
            try:
                self._sort(self._queue.get_nowait(), came)
            except queue.Empty:
                break
        self._put_back += [work for work in came if work.caller.tenant_id not in tenant_ids]
        return [work for work in came if work.caller.tenant_id in tenant_ids]

    def _sort(self, work: Work | None, works: list[Work]) -> None:
        if work is None:
            self._is_ending = True
        elif work is not _LOOK:
            works.append(work)

    def _run(self, works: list[Work]) -> None:
        is_forced = self._is_forced(works)
        try:
            self._run_together(works, is_forced=is_forced, joins=is_forced)
        except (DatabaseRefused, ForceNeeded) as refused:
            self._roll_back()
            if len(works) == 1 and isinstance(refused, DatabaseRefused):
                works[0].error = WriteRefused(str(refused))
                return
            for work in works:
                self._run_apart(work, is_forced=not work.is_patient or len(works) == 1)

    def _is_forced(self, works: list[Work]) -> bool:
        return not all(work.is_patient for work in works)

    def _run_apart(self, work: Work, *, is_forced: bool) -> None:
        try:
            self._run_together([work], is_forced=is_forced)
        except ForceNeeded:
            self._roll_back()
            self._run_apart(work, is_forced=True)
        except DatabaseRefused as error:
            self._roll_back()
            work.error = WriteRefused(str(error))

    def _run_together(self, works: list[Work], *, is_forced: bool, joins: bool = False) -> None:
        """Where it `joins`, what has come while it waited for the tenants' places is added to `works`: one call that
        waits alone would else be committed alone, and those behind it would wait once more.

        Raises:
            DatabaseRefused, ForceNeeded: nothing of it is committed; the rules are to be run one by one.
        """
        try:
            self._decide(
                works,
                lambda connection: run_batch(
                    self._batch_kind(connection, self._memory),
                    works,
                    clock=self._clock,
                    before_commit=self._before_commit,
                    is_forced=is_forced,
                    join=lambda tenant_ids: self._join(len(works), tenant_ids) if joins else (),
                ),
            )
        except (DatabaseGone, StorageFull) as error:
            self._fail(works, error)

    def _decide(self, works: Sequence[Work], run: Callable[[Connection], Batch | None]) -> None:
        """Run and commit; once more, now locking first, where another writer has moved the tenant's place."""
        try:
            self._commit(self._begun(run), works)
        except PlaceMoved:
            self._roll_back()
            self._commit(self._begun(run), works)

    def _begun(self, run: Callable[[Connection], BatchT]) -> BatchT:
        """Run up to the commit; once more where the connection had died while it was idle, as nothing was committed."""
        was_open = self._connection is not None
        try:
            return run(self._open())
        except DatabaseGone:
            if not was_open:
                raise
            self._drop_connection()
            return run(self._open())

    def _commit(self, batch: Batch | None, works: Sequence[Work]) -> None:
        if batch is None:
            return
        try:
            batch.connection.commit()
            batch.leave()
            if batch.event_rows:
                self._on_commit(batch.changed_tenants)
        except DatabaseGone as lost:
            self._drop_connection()
            outcome = self._outcome_of(batch)
            log.warning("connection lost in commit", outcome=outcome.value, rules=len(works))
            if outcome is Outcome.COMMITTED:
                return
            error: Unavailable = lost if outcome is Outcome.NOT_COMMITTED else OutcomeUnknown()
            for work in works:
                work.error = work.error or error

    def _outcome_of(self, batch: Batch) -> Outcome:
        for attempt in range(_OUTCOME_TRIES):
            if attempt:
                time.sleep(_OUTCOME_PAUSE_S)
            try:
                self._connection = self._connect()
                return find_outcome(self._connection, batch)
            except (DatabaseGone, DatabaseRefused, StorageFull):
                self._drop_connection()
        return Outcome.UNKNOWN

    def _open(self) -> Connection:
        if self._connection is None:
            if time.monotonic() < self._refuse_until:
                raise DatabaseGone("no connection since the last try")
            try:
                self._connection = self._connect()
            except DatabaseGone:
                self._refuse_until = time.monotonic() + _RECONNECT_PAUSE_S
                raise
        return self._connection

    def _fail(self, works: Sequence[Work], error: DatabaseGone | StorageFull) -> None:
        log.warning("batch not committed", cause=str(error.cause), rules=len(works))
        for work in works:
            work.error = error
        if isinstance(error, DatabaseGone):
            self._drop_connection()
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        self._memory.forget_places()
        try:
            if self._connection is not None:
                self._connection.rollback()
        except (DatabaseGone, DatabaseRefused, StorageFull):
            self._drop_connection()

    def _drop_connection(self) -> None:
        self._memory.forget()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
