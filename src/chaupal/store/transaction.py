"""What a rule is given: the transaction of its tenant, in which it reads, writes and appends events.

A rule may be run more than once (after another rule of its batch met an error), so it must touch nothing but its
transaction and its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from chaupal.events.catalogue import Event
from chaupal.store.beside_lock import beside_lock_of
from chaupal.store.connection import Connection
from chaupal.store.statements import CompiledStatement, Dialect, Statement


class TenantState(msgspec.Struct):
    """The tenant's place in its log, as this batch has moved it so far."""

    last_position: int = 0
    last_at_us: int = 0
    last_batch_id: str | None = None
    rows_version: int = 0
    gate: str = ""
    """Who may write, as `store.gates` has it."""
    is_changed: bool = False
    """A rule of this batch has changed rows: nothing may be remembered until the batch is committed."""


class PendingRows(msgspec.Struct):
    """Rows that wait for the end of the batch, by the statement that will insert them."""

    rows: dict[Statement, list[dict[str, Any]]] = {}

    def add(self, statement: Statement, row: dict[str, Any]) -> None:
        """Add one row."""
        waiting = self.rows.get(statement)
        if waiting is None:
            waiting = self.rows[statement] = []
        waiting.append(row)

    def take_over(self, other: PendingRows) -> None:
        """Add everything that another one holds."""
        for statement, rows in other.rows.items():
            mine = self.rows.get(statement)
            if mine is None:
                self.rows[statement] = rows
            else:
                mine.extend(rows)


_REMEMBERED_MAX = 10_000


class Memory:
    """What one writer remembers: rows that change seldom, and the places in which it left the tenants.

    Rows stay for as long as the tenant's `rows_version`. Sound because the version is read under the tenant's lock, or
    assumed and then found so by the commit, and every change through the store moves it.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], tuple[int, list[tuple[Any, ...]]]] = {}
        self._places: dict[str, tuple[TenantState, bool]] = {}

    def leave(self, tenant_id: str, place: TenantState, *, was_met: bool) -> None:
        """This writer has just committed the tenant's place. `was_met`: it had met the tenant where it last left it."""
        if place.last_batch_id is None:
            return
        if len(self._places) >= _REMEMBERED_MAX:
            self._places.clear()
        self._places[tenant_id] = (place, was_met)

    def has_left(self, tenant_id: str, place: TenantState) -> bool:
        """Whether nobody else has moved the tenant since this writer did."""
        left = self._places.get(tenant_id)
        return left is not None and left[0].last_batch_id == place.last_batch_id

    def likely_place(self, tenant_id: str) -> TenantState | None:
        """Where the tenant probably still is; None where other writers move it too, as far as is known."""
        left = self._places.get(tenant_id)
        return left[0] if left is not None and left[1] else None

    def forget_places(self) -> None:
        """After any failure: the next batch of each tenant locks and looks."""
        self._places.clear()

    def forget(self) -> None:
        """After the connection was lost. What answers at its address next may be a standby that lacks the last commits,
        or a backup: it comes to the same versions with other rows."""
        self._rows.clear()
        self._places.clear()

    def find(self, key: tuple[Any, ...], version: int) -> list[tuple[Any, ...]] | None:
        """The rows remembered for this version, or None."""
        found = self._rows.get(key)
        return found[1] if found is not None and found[0] == version else None

    def keep(self, key: tuple[Any, ...], version: int, rows: list[tuple[Any, ...]]) -> None:
        """Remember rows; everything is forgotten when too much is remembered."""
        if len(self._rows) >= _REMEMBERED_MAX:
            self._rows.clear()
        self._rows[key] = (version, rows)


class Transaction:
    """One rule's view of the database. Not kept beyond the rule."""

    __slots__ = (
        "_connection",
        "_has_beside_lock",
        "_has_savepoint",
        "_memory",
        "_needs_savepoint",
        "_now_us",
        "changed_rows",
        "events",
        "pending",
        "state",
        "tenant_id",
        "wrote",
    )

    def __init__(
        self,
        connection: Connection,
        *,
        tenant_id: str,
        now_us: int,
        state: TenantState | None = None,
        memory: Memory | None = None,
        needs_savepoint: bool = False,
    ) -> None:
        self._connection = connection
        self._now_us = now_us
        self._needs_savepoint = needs_savepoint
        self._has_savepoint = False
        self._has_beside_lock = False
        self.tenant_id = tenant_id
        self.state = state or TenantState()
        self._memory = memory
        self.pending = PendingRows()
        self.events: list[tuple[int, int, Event]] = []
        self.wrote = False
        self.changed_rows = False

    @property
    def dialect(self) -> Dialect:
        """The database this runs on, for the few statements that need one text each."""
        return self._connection.dialect

    @property
    def now_ms(self) -> int:
        """The batch's time, milliseconds since 1970 UTC."""
        return self._now_us // 1000

    @property
    def last_at_us(self) -> int:
        """The time given to the last appended event; that event's own time right after `append`."""
        return self.state.last_at_us

    def all(self, statement: Statement, /, **params: Any) -> list[tuple[Any, ...]]:
        """Every row of a SELECT, or of a statement that returns rows."""
        compiled = statement.compiled(self._connection.dialect)
        if not statement.is_select:
            self._before_write(statement)
        params["tenant_id"] = self.tenant_id
        return self._connection.all(compiled, compiled.arguments(params))

    def one_or_none(self, statement: Statement, /, **params: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.all(statement, **params)
        return rows[0] if rows else None

    def remembered(self, statement: Statement, /, **params: Any) -> list[tuple[Any, ...]]:
        """Like `all` for a SELECT of rows that rules change by `run`, never by `append_row`.

        In a writing rule the rows may come from memory, if no row of the tenant was changed since they were read.
        """
        memory, state = self._memory, self.state
        if memory is None or self.wrote or state.is_changed:
            return self.all(statement, **params)
        key = (statement, self.tenant_id, *params.values())
        rows = memory.find(key, state.rows_version)
        if rows is None:
            rows = self.all(statement, **params)
            memory.keep(key, state.rows_version, rows)
        return rows

    def run(self, statement: Statement, /, **params: Any) -> int:
        """Change rows at once; the number of rows changed. A later failure of the rule undoes it."""
        self._before_write(statement)
        compiled = statement.compiled(self._connection.dialect)
        params["tenant_id"] = self.tenant_id
        return self._connection.run(compiled, compiled.arguments(params))

    def define(self, sql: str) -> None:
        """Execute a definition, such as a trigger's, at once. A later failure of the rule undoes it."""
        self._begin_change()
        self._connection.run(CompiledStatement(sql, (), {}, (), str, (), "", ""), ())

    def run_many(self, statement: Statement, rows: list[dict[str, Any]]) -> None:
        """Insert rows at once and in bulk, for rows that later rules of the same batch may meet on."""
        if not rows:
            return
        self._before_write(statement)
        compiled = statement.compiled(self._connection.dialect)
        tenant_id = self.tenant_id
        self._connection.insert_many(compiled, [compiled.arguments({**row, "tenant_id": tenant_id}) for row in rows])

    def run_rows(self, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> None:
        """`run_many` of whole rows, which have their tenant in them and lie in the order of the statement's values: a
        third of the work, where they come by the thousand."""
        if not rows:
            return
        self._before_write(statement)
        self._connection.insert_many(statement.compiled(self._connection.dialect), rows)

    def copy_in(self, text: str, data: bytes) -> int:
        """Insert rows at once from what another PostgreSQL's COPY has given, by a COPY that takes no other tenant's;
        how many. On PostgreSQL alone."""
        self._begin_change()
        self.changed_rows = True
        return self._connection.copy_in(text, data)

    def append_row(self, statement: Statement, /, **params: Any) -> None:
        """Insert a row at the batch's end. Only for rows that nobody can refer to before this rule is answered."""
        self.append_values(statement, params)

    def append_values(self, statement: Statement, values: dict[str, Any]) -> None:
        """`append_row` of values that are given away, for rows that come by the hundred."""
        values["tenant_id"] = self.tenant_id
        self.pending.add(statement, values)

    def append(self, event: Event) -> int:
        """Append an event to the tenant's log; its position. Positions have no gaps and follow the order of commits."""
        state = self.state
        state.last_position += 1
        state.last_at_us = max(self._now_us, state.last_at_us + 1)
        self.events.append((state.last_position, state.last_at_us, event))
        return state.last_position

    def lock_beside(self) -> None:
        """Have those wait who write beside the tenant's calls, until this transaction ends, and see what they have
        written. Taken by itself before rows of theirs are changed; for a rule that reads them first. On SQLite nobody
        writes beside."""
        if self._has_beside_lock or self._connection.dialect != "postgresql":
            return
        self._begin_change()  # a lock that is taken after a savepoint ends with it
        self._has_beside_lock = True
        self._connection.all(*beside_lock_of(self.tenant_id))

    def _begin_change(self) -> None:
        if self._needs_savepoint and not self._has_savepoint:
            self._connection.savepoint()
            self._has_savepoint = True
        self.wrote = True

    def _before_write(self, statement: Statement) -> None:
        self._begin_change()
        if statement.is_beside:
            self.lock_beside()
        self.changed_rows = self.changed_rows or not statement.is_aside

    def keep(self) -> None:
        """The rule has returned: what it wrote stays in the batch."""
        if self._has_savepoint:
            self._connection.release_savepoint()
            self._has_savepoint = False

    def undo(self) -> None:
        """The rule has failed: nothing of it stays.

        Inside a batch of one rule the caller rolls the whole transaction back instead.
        """
        if self._has_savepoint:
            self._connection.rollback_to_savepoint()
            self._has_savepoint = False
