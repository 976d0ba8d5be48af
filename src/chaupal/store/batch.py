"""One batch: rules run one after another in one transaction, what they appended written in bulk, one commit.

Source: architecture, "A rule" and "Appends". A batch either commits whole or leaves nothing; a rule that fails leaves
nothing and does not hurt its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from copy import copy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from chaupal.events.catalogue import Event
from chaupal.store.clock import Clock, new_id
from chaupal.store.connection import Assumed, Connection, DatabaseGone, DatabaseRefused, PlaceMoved, StorageFull
from chaupal.store.gates import check_gate
from chaupal.store.statements import CompiledStatement, Statement, in_list, statement
from chaupal.store.tables import events, tenants
from chaupal.store.transaction import Memory, PendingRows, TenantState, Transaction

_PLACE = (
    tenants.c.tenant_id,
    tenants.c.last_position,
    tenants.c.last_at_us,
    tenants.c.last_batch_id,
    tenants.c.rows_version,
    tenants.c.gate,
)

_LOCK_TENANTS = {
    "sqlite": statement(
        select(*_PLACE).where(in_list(tenants.c.tenant_id, "tenant_ids")),
        across_tenants="a batch holds rules of several tenants and reads the row of each",
    ),
    # Locked in id order before any check: two writers that met in another order would wait for each other for ever.
    "postgresql": statement(
        select(*_PLACE)
        .where(in_list(tenants.c.tenant_id, "tenant_ids"))
        .order_by(tenants.c.tenant_id)
        .with_for_update(),
        across_tenants="a batch holds rules of several tenants and locks the row of each",
    ),
}

_MOVE = (
    update(tenants)
    .where(tenants.c.tenant_id == bindparam("tenant_id"))
    .values(
        last_position=bindparam("new_position"),
        last_at_us=bindparam("new_at_us"),
        last_batch_id=bindparam("batch_id"),
        rows_version=bindparam("new_version"),
    )
)
_MOVE_TENANT = statement(_MOVE)
# Every batch that changes anything gives the row a new batch id, so an equal one means that nothing has happened since.
_MOVE_ASSUMED_TENANT = statement(_MOVE.where(tenants.c.last_batch_id == bindparam("assumed_batch_id")))

INSERT_EVENT = statement(
    insert(events).values(
        tenant_id=bindparam("tenant_id"),
        position=bindparam("position"),
        at_us=bindparam("at_us"),
        event_type=bindparam("event_type"),
        group_id=bindparam("group_id"),
        object_id=bindparam("object_id"),
        actor_id=bindparam("actor_id"),
        facts=bindparam("facts"),
    )
)

_BATCH_OF_TENANT = statement(
    select(tenants.c.last_batch_id).where(tenants.c.tenant_id == bindparam("tenant_id")).with_for_update()
)

_EVENT_AT = statement(
    select(events.c.object_id, events.c.at_us, events.c.event_type).where(
        events.c.tenant_id == bindparam("tenant_id"), events.c.position == bindparam("position")
    )
)

_encode_facts = msgspec.json.Encoder(order="deterministic").encode


@dataclass(slots=True)
class Work:
    """One rule waiting for, or finished by, a thread of the store."""

    rule: Callable[[Transaction, Any, Any], Any]
    caller: Any
    request: Any
    is_patient: bool = False
    """It waits while others have work that is not, and what it writes may be lost with the machine's power, since it
    would be done again. Never where somebody is told of success, or an event is appended."""
    result: Any = None
    position: int = 0
    error: BaseException | None = None
    trace: Any = None
    """What a tracer knows the caller's work by; None where nothing is traced."""


@dataclass(slots=True)
class Batch:
    """What a batch has gathered before its commit."""

    connection: Connection
    memory: Memory
    batch_id: str = field(default_factory=new_id)
    now_us: int = 0
    states: dict[str, TenantState] = field(default_factory=dict)
    pending: PendingRows = field(default_factory=PendingRows)
    event_rows: list[dict[str, Any]] = field(default_factory=list)
    changed_tenants: set[str] = field(default_factory=set)
    met_tenants: set[str] = field(default_factory=set)
    """Those found where this writer had left them."""

    def begin(self, tenant_ids: set[str], *, is_forced: bool = True) -> None:
        """Begin the transaction and learn the tenants' places: read and on PostgreSQL locked, or else assumed.

        A place is assumed for a batch of one tenant that nobody else writes to, as far as this writer has seen. Most
        such batches then need no statement but the one that commits them, if the tenant is where it was assumed to be.
        """
        if len(tenant_ids) == 1 and self.connection.can_assume:
            (tenant_id,) = tenant_ids
            place = self.memory.likely_place(tenant_id)
            if place is not None:
                self._begin_assuming(tenant_id, place, is_forced=is_forced)
                return
        self.connection.begin_write(is_forced=is_forced)
        compiled, arguments = self._locking(tenant_ids)
        for tenant_id, *place_read in self.connection.all(compiled, arguments):
            state = self.states[tenant_id] = TenantState(*place_read)
            if self.memory.has_left(tenant_id, state):
                self.met_tenants.add(tenant_id)
        for tenant_id in tenant_ids - self.states.keys():
            self.states[tenant_id] = TenantState()

    def _begin_assuming(self, tenant_id: str, place: TenantState, *, is_forced: bool) -> None:
        row = (
            tenant_id,
            place.last_position,
            place.last_at_us,
            place.last_batch_id,
            place.rows_version,
            place.gate,
        )
        self.connection.begin_write(Assumed(*self._locking({tenant_id}), [row]), is_forced=is_forced)
        self.states[tenant_id] = place
        self.met_tenants.add(tenant_id)

    def _locking(self, tenant_ids: set[str]) -> tuple[CompiledStatement, tuple[Any, ...]]:
        compiled = _LOCK_TENANTS[self.connection.dialect].compiled(self.connection.dialect)
        return compiled, compiled.arguments({"tenant_ids": sorted(tenant_ids)})

    def run(self, work: Work, *, alone: bool) -> None:
        """Run one rule; its result or its own error is kept in `work`.

        Raises:
            DatabaseRefused, DatabaseGone, StorageFull, PlaceMoved: the transaction is spoilt for the whole batch.
        """
        before = self.states[work.caller.tenant_id]
        state = copy(before)
        tx = self._transaction(work, state, needs_savepoint=not alone)
        work.error = None
        try:
            if before.gate:
                check_gate(before.gate, work.caller)
            work.result = work.rule(tx, work.caller, work.request)
        except (DatabaseRefused, DatabaseGone, StorageFull, PlaceMoved):
            raise
        except Exception as error:
            work.error = error
            tx.undo()
            if alone and tx.wrote:
                raise _RuleFailed from error
            return
        tx.keep()
        self._gather(tx)
        work.position = state.last_position

    def _transaction(self, work: Work, state: TenantState, *, needs_savepoint: bool) -> Transaction:
        return Transaction(
            self.connection,
            tenant_id=work.caller.tenant_id,
            now_us=self.now_us,
            state=state,
            memory=self.memory,
            needs_savepoint=needs_savepoint,
        )

    def _gather(self, tx: Transaction) -> None:
        if not (tx.wrote or tx.events or tx.pending.rows):
            return
        self.states[tx.tenant_id] = tx.state
        if tx.changed_rows:
            tx.state.rows_version += 1
            tx.state.is_changed = True
        self.changed_tenants.add(tx.tenant_id)
        self.pending.take_over(tx.pending)
        for position, at_us, event in tx.events:
            self.event_rows.append(_event_row(tx.tenant_id, position, at_us, event))

    def flush(self) -> None:
        """Hand over everything that waited for the batch's end, and move the tenants' places in the log."""
        for waiting, rows in self.pending.rows.items():
            self._insert(waiting, rows)
        if self.event_rows:
            self._insert(INSERT_EVENT, self.event_rows)
        if not self.changed_tenants:
            self.connection.check_assumed()  # what the rules have refused, they may have refused on old grounds
        move = _MOVE_ASSUMED_TENANT if self.connection.is_assuming else _MOVE_TENANT
        compiled = move.compiled(self.connection.dialect)
        for tenant_id in sorted(self.changed_tenants):
            state = self.states[tenant_id]
            arguments = {
                "tenant_id": tenant_id,
                "new_position": state.last_position,
                "new_at_us": state.last_at_us,
                "batch_id": self.batch_id,
                "new_version": state.rows_version,
                "assumed_batch_id": state.last_batch_id,
            }
            self.connection.defer_run(compiled, compiled.arguments(arguments))

    def leave(self) -> None:
        """After the commit: remember where the tenants were left."""
        for tenant_id, state in self.states.items():
            if tenant_id in self.changed_tenants:
                state.last_batch_id = self.batch_id
                state.is_changed = False
            self.memory.leave(tenant_id, state, was_met=tenant_id in self.met_tenants)

    def _insert(self, waiting: Statement, rows: list[dict[str, Any]]) -> None:
        compiled = waiting.compiled(self.connection.dialect)
        self.connection.defer_insert(compiled, [compiled.arguments(row) for row in rows])


class ForceNeeded(Exception):
    """Patient work has appended an event, which others are told of: it is to be run again, and forced to disk."""


class _RuleFailed(Exception):
    """The only rule of a batch failed after it had written: all is rolled back, its error is in the work."""


def run_batch(
    batch: Batch,
    works: list[Work],
    *,
    clock: Clock,
    before_commit: Callable[[], None],
    is_forced: bool = True,
    join: Callable[[Set[str]], Sequence[Work]] = lambda _: (),
) -> Batch | None:
    """Run the rules of a new batch and write what they appended, up to but without the commit.

    None where the only rule failed after it had written: all is rolled back, its error is in its work. Inside the
    connection's transaction, which the caller ends. The time is read after the tenants' places are known, so that it
    never goes back from one writer to the next. While they were being locked others may have held them; what has come
    for the same tenants meanwhile is had from `join`, and added to `works`.

    Raises:
        PlaceMoved: another writer has been there; nothing may be committed, all is to be run again.
        ForceNeeded: it must be forced to disk; nothing may be committed, all is to be run again.
        DatabaseRefused: a statement was refused; nothing may be committed, the rules may be run again one by one.
        DatabaseGone, StorageFull: nothing was committed.
    """
    batch.begin({work.caller.tenant_id for work in works}, is_forced=is_forced)
    if not batch.connection.is_assuming:
        works += join(batch.states.keys())
    batch.now_us = clock()
    try:
        for work in works:
            batch.run(work, alone=len(works) == 1)
    except _RuleFailed:
        batch.connection.rollback()
        return None
    if batch.event_rows and not is_forced:
        raise ForceNeeded
    batch.flush()
    before_commit()
    return batch


class Outcome(Enum):
    """What became of a batch whose COMMIT gave no answer."""

    COMMITTED = "committed"
    NOT_COMMITTED = "not committed"
    UNKNOWN = "unknown"


def find_outcome(connection: Connection, batch: Batch) -> Outcome:
    """Ask on a new connection what became of a batch; never guesses.

    The row lock waits until the server has finished with the lost session. An event of ours at its position is proof
    either way; without events the batch id tells, unless another node has written since.
    """
    if not batch.changed_tenants:
        return Outcome.NOT_COMMITTED
    tenant_id = min(batch.changed_tenants)
    compiled = _BATCH_OF_TENANT.compiled(connection.dialect)
    connection.begin_write()
    rows = connection.all(compiled, compiled.arguments({"tenant_id": tenant_id}))
    last_batch_id = rows[0][0] if rows else None
    if last_batch_id == batch.batch_id:
        outcome = Outcome.COMMITTED
    elif batch.event_rows:
        outcome = _outcome_by_event(connection, batch.event_rows[0])
    elif last_batch_id == batch.states[tenant_id].last_batch_id:
        outcome = Outcome.NOT_COMMITTED
    else:
        outcome = Outcome.UNKNOWN
    connection.rollback()
    return outcome


def _outcome_by_event(connection: Connection, ours: dict[str, Any]) -> Outcome:
    compiled = _EVENT_AT.compiled(connection.dialect)
    rows = connection.all(compiled, compiled.arguments(ours))
    there = bool(rows) and rows[0] == (ours["object_id"], ours["at_us"], ours["event_type"])
    return Outcome.COMMITTED if there else Outcome.NOT_COMMITTED


def _event_row(tenant_id: str, position: int, at_us: int, event: Event) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "position": position,
        "at_us": at_us,
        "event_type": event.event_type.value,
        "group_id": event.group_id,
        "object_id": event.object_id,
        "actor_id": event.actor_id,
        "facts": _encode_facts(event.facts).decode() if event.facts else None,
    }
