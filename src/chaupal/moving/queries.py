"""The statements on arrivals, and on the rows that wait for the tenant to have arrived."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, func, insert, select, update
from sqlalchemy import tuple_ as row_of

from chaupal.moving.tables import arrivals, arriving_rows, moves, row_changes
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction

_HERE = arrivals.c.tenant_id == bindparam("tenant_id")
_WAITS_HERE = arriving_rows.c.tenant_id == bindparam("tenant_id")
_OF_TABLE = (_WAITS_HERE, arriving_rows.c.table_name == bindparam("which_table"))
_LIMIT = bindparam("row_limit", type_=Integer())

# Locked: whoever takes the arrival over may not overtake one who is still putting rows in.
_SELECT = statement(
    select(arrivals.c.arrival_id, arrivals.c.sealed_key, arrivals.c.finished_at_ms).where(_HERE).with_for_update()
)
_FINISH = statement(update(arrivals).where(_HERE).values(finished_at_ms=bindparam("new_finished_at_ms")))
_INSERT = statement(insert(arrivals))
_DELETE = statement(delete(arrivals).where(_HERE))

_INSERT_WAITING = statement(insert(arriving_rows))
_SELECT_WAITING = statement(
    select(arriving_rows.c.row_key, arriving_rows.c.packed_row)
    .where(*_OF_TABLE, arriving_rows.c.row_key > bindparam("after_key"))
    .order_by(arriving_rows.c.row_key)
    .limit(_LIMIT)
)
_SELECT_ONE_WAITING = statement(
    select(arriving_rows.c.packed_row).where(*_OF_TABLE, arriving_rows.c.row_key == bindparam("which_key"))
)
_DELETE_WAITING = statement(delete(arriving_rows).where(*_OF_TABLE, arriving_rows.c.row_key == bindparam("which_key")))
_FORGET_WAITING = statement(
    delete(arriving_rows).where(
        _WAITS_HERE,
        row_of(arriving_rows.c.table_name, arriving_rows.c.row_key).in_(
            select(arriving_rows.c.table_name, arriving_rows.c.row_key)
            .where(arriving_rows.c.tenant_id == bindparam("tenant_id"))
            .limit(_LIMIT)
        ),
    )
)


class ArrivalRow(NamedTuple):
    """A tenant that is on its way in. `sealed_key` is its key as this installation keeps it."""

    arrival_id: str
    sealed_key: bytes
    finished_at_ms: int | None = None


class WaitingRow(NamedTuple):
    """A row that waits. `row_key` is its key as text, `packed_row` its values."""

    row_key: str
    packed_row: bytes


def select_arrival(tx: Transaction) -> ArrivalRow | None:
    """How the transaction's own tenant is arriving; nobody else changes it before the transaction ends."""
    row = tx.one_or_none(_SELECT)
    return ArrivalRow(row[0], bytes(row[1]), row[2]) if row else None


def insert_arrival(tx: Transaction, arrival: ArrivalRow) -> None:
    """Inside tx."""
    tx.run(_INSERT, **arrival._asdict(), begun_at_ms=tx.now_ms)


def end_arrival(tx: Transaction) -> None:
    """Note that the tenant has arrived. Inside tx."""
    tx.run(_FINISH, new_finished_at_ms=tx.now_ms)


def delete_arrival(tx: Transaction) -> None:
    """Inside tx."""
    tx.run(_DELETE)


def insert_waiting(tx: Transaction, table_name: str, rows: list[WaitingRow]) -> None:
    """Inside tx."""
    tx.run_many(_INSERT_WAITING, [{"table_name": table_name, **row._asdict()} for row in rows])


def select_waiting(tx: Transaction, table_name: str, *, after_key: str, limit: int) -> list[WaitingRow]:
    """A page of those of one table, in the order of their keys."""
    rows = tx.all(_SELECT_WAITING, which_table=table_name, after_key=after_key, row_limit=limit)
    return [WaitingRow(row[0], bytes(row[1])) for row in rows]


def select_one_waiting(tx: Transaction, table_name: str, row_key: str) -> bytes | None:
    """The one with this key."""
    row = tx.one_or_none(_SELECT_ONE_WAITING, which_table=table_name, which_key=row_key)
    return bytes(row[0]) if row else None


def delete_waiting(tx: Transaction, table_name: str, row_key: str) -> int:
    """How many there were. Inside tx."""
    return tx.run(_DELETE_WAITING, which_table=table_name, which_key=row_key)


def forget_waiting(tx: Transaction, *, limit: int) -> int:
    """Delete some of all tables; how many. Inside tx."""
    return tx.run(_FORGET_WAITING, row_limit=limit)


class MoveRow(NamedTuple):
    """A tenant that goes to another cell. `ended_at_ms` None: it is under way."""

    tenant_id: str
    move_id: str
    arrival_id: str
    to_cell: str
    phase: str
    row_count: int
    failure: str
    begun_at_ms: int
    ended_at_ms: int | None


_MOVE = tuple(moves.c[name] for name in MoveRow._fields)
_MOVE_HERE = moves.c.tenant_id == bindparam("tenant_id")
_SELECT_MOVE = statement(select(*_MOVE).where(_MOVE_HERE))
_SELECT_RUNNING = statement(
    select(*_MOVE).where(moves.c.ended_at_ms.is_(None), moves.c.tenant_id != "").order_by(moves.c.begun_at_ms),
    across_tenants="one process moves whoever is on the way out",
)
_INSERT_MOVE = statement(insert(moves))
_DELETE_MOVE = statement(delete(moves).where(_MOVE_HERE))
_CHANGES_HERE = row_changes.c.tenant_id == bindparam("tenant_id")
_COUNT_CHANGES = statement(select(func.max(row_changes.c.number)).where(_CHANGES_HERE))
_DELETE_CHANGES = statement(
    delete(row_changes).where(
        _CHANGES_HERE,
        row_changes.c.number.in_(
            select(row_changes.c.number).where(row_changes.c.tenant_id == bindparam("tenant_id")).limit(_LIMIT)
        ),
    )
)


def select_move(tx: Transaction) -> MoveRow | None:
    """The last move of the transaction's own tenant."""
    row = tx.one_or_none(_SELECT_MOVE)
    return MoveRow(*row) if row else None


def select_running_moves(tx: Transaction) -> list[MoveRow]:
    """Those of all tenants, oldest first."""
    return [MoveRow(*row) for row in tx.all(_SELECT_RUNNING)]


def replace_move(tx: Transaction, move: MoveRow) -> None:
    """Inside tx."""
    tx.run(_DELETE_MOVE)
    tx.run(_INSERT_MOVE, **move._asdict())


def select_last_change(tx: Transaction) -> int:
    """The number of the newest change that is recorded; 0 where there is none."""
    row = tx.one_or_none(_COUNT_CHANGES)
    return row[0] or 0 if row else 0


def forget_changes(tx: Transaction, *, limit: int) -> int:
    """Delete some; how many. Inside tx."""
    return tx.run(_DELETE_CHANGES, row_limit=limit)
