"""Writing beside the calls of users, on PostgreSQL, to the few tables that say so (`is_written_beside`).

Deliveries are bookkeeping that appends no event, so it need not stand in the queue of the tenant's calls. Whoever
writes to those tables holds a lock of the tenant's: these batches from their beginning, calls from their first change
of such a row. These batches take nothing else that calls hold, so neither waits for the other for ever. What they write
may be lost with the machine's power, as all that is patient (`store.batch.Work`).

A rule that wants more than that, such as an event, meets NotBeside, as does every rule of a tenant that is on its way
to another cell, where changes are numbered by those who write one after another. It is then run among the calls.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chaupal.store.batch import Batch, Outcome, Work
from chaupal.store.beside_lock import beside_lock_of
from chaupal.store.recording import names_of_recordings
from chaupal.store.schema import metadata
from chaupal.store.statements import CompiledStatement, Statement
from chaupal.store.transaction import TenantState, Transaction
from chaupal.store.writer import Writer

_LOOK = CompiledStatement(
    "SELECT last_position, gate,"
    " EXISTS (SELECT FROM pg_trigger WHERE tgrelid = ANY(%s::regclass[]) AND tgname = ANY(%s::name[]))"
    " FROM tenants WHERE tenant_id = %s",
    (),
    {},
    (),
    str,
    (),
    "",
    "",
)


class NotBeside(Exception):
    """The rule has to be run among the tenant's calls; nothing of it was written."""


class BesideTransaction(Transaction):
    """Changes rows of tables that are written beside, and nothing else."""

    __slots__ = ()

    def lock_beside(self) -> None:
        """The batch has it."""

    def append_row(self, statement: Statement, /, **params: Any) -> None:
        """As elsewhere.

        Raises:
            NotBeside: the table is another.
        """
        _check_beside(statement)
        super().append_row(statement, **params)

    def append(self, event: object) -> int:
        """Events are appended among calls.

        Raises:
            NotBeside: always.
        """
        raise NotBeside

    def _before_write(self, statement: Statement) -> None:
        _check_beside(statement)
        self._begin_change()


def _check_beside(statement: Statement) -> None:
    if not statement.is_beside:
        raise NotBeside


class BesideBatch(Batch):
    """Rules of one tenant. Leaves the tenant's place as it is."""

    _is_recorded: bool = False

    def begin(self, tenant_ids: set[str], *, is_forced: bool = True) -> None:
        """Begin, lock, and look whether the tenant may be written to."""
        (tenant_id,) = tenant_ids
        self.connection.begin_write(is_forced=is_forced)
        self.connection.all(*beside_lock_of(tenant_id))
        # A look of its own, after the lock: one state of the database is from before whatever it waits for.
        tables = _tables_beside()
        rows = self.connection.all(_LOOK, (tables, names_of_recordings(tenant_id, tables), tenant_id))
        self.states[tenant_id] = TenantState()
        if rows:
            ((position, gate, self._is_recorded),) = rows
            self.states[tenant_id] = TenantState(last_position=position, gate=gate)

    def run(self, work: Work, *, alone: bool) -> None:
        """As elsewhere, unless the tenant's changes are recorded."""
        if self._is_recorded:
            work.error = NotBeside()
            return
        super().run(work, alone=alone)

    def _transaction(self, work: Work, state: TenantState, *, needs_savepoint: bool) -> Transaction:
        return BesideTransaction(
            self.connection,
            tenant_id=work.caller.tenant_id,
            now_us=self.now_us,
            state=state,
            needs_savepoint=needs_savepoint,
        )

    def _gather(self, tx: Transaction) -> None:
        self.pending.take_over(tx.pending)

    def leave(self) -> None:
        """Nothing is remembered."""


class BesideWriter(Writer):
    """A caller whose rule has to be run among the calls hears NotBeside."""

    is_beside = True
    _batch_kind = BesideBatch

    def _run(self, works: list[Work]) -> None:
        of_tenant: dict[str, list[Work]] = {}
        for work in works:
            of_tenant.setdefault(work.caller.tenant_id, []).append(work)
        # One after another: whoever held the locks of two could meet another who wants them in the other order.
        for some in of_tenant.values():
            super()._run(some)

    def _is_forced(self, works: list[Work]) -> bool:
        return False

    def _outcome_of(self, batch: Batch) -> Outcome:
        return Outcome.UNKNOWN


@cache
def _tables_beside() -> list[str]:
    return sorted(table.name for table in metadata.tables.values() if table.info.get("is_written_beside"))
