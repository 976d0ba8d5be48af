"""The statements on cells, their keys, and the calls between them. All of them in the installation."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from chaupal.cells.tables import cell_calls_heard, cell_keys, cells, removed_cell_keys
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction


class CellRow(NamedTuple):
    """A cell. `seen_at_ms` None: it has never been heard of since it was added."""

    cell_name: str
    endpoint_url: str
    is_self: bool
    is_root: bool
    state: str
    secret_hash: bytes
    added_at_ms: int
    version: str
    tenant_count: int
    seen_at_ms: int | None
    failure: str
    known_keys: str


class KeyRow(NamedTuple):
    """A public key of a cell. `valid_until_ms` None: as long as the cell has it."""

    cell_name: str
    key_id: str
    public_key: bytes
    valid_until_ms: int | None


class RemovedKeyRow(NamedTuple):
    """A public key of a cell that was taken out."""

    key_id: str
    cell_name: str
    public_key: bytes
    removed_at_ms: int


_HERE = cells.c.tenant_id == bindparam("tenant_id")
_SELECT = statement(select(*(cells.c[name] for name in CellRow._fields)).where(_HERE).order_by(cells.c.cell_name))
_INSERT = statement(insert(cells))
_UPDATE = statement(
    update(cells)
    .where(_HERE, cells.c.cell_name == bindparam("which_cell"))
    .values(**{name: bindparam(f"new_{name}") for name in CellRow._fields[1:]}),
    is_aside=True,
)
_DELETE = statement(delete(cells).where(_HERE, cells.c.cell_name == bindparam("which_cell")))
_KEYS_HERE = cell_keys.c.tenant_id == bindparam("tenant_id")
_SELECT_KEYS = statement(
    select(*(cell_keys.c[name] for name in KeyRow._fields))
    .where(_KEYS_HERE)
    .order_by(cell_keys.c.cell_name, cell_keys.c.key_id)
)
_DELETE_KEYS = statement(
    delete(cell_keys).where(_KEYS_HERE, cell_keys.c.cell_name == bindparam("which_cell")), is_aside=True
)
_INSERT_KEY = statement(insert(cell_keys), is_aside=True)
_REMOVED_HERE = removed_cell_keys.c.tenant_id == bindparam("tenant_id")
_SELECT_REMOVED = statement(
    select(*(removed_cell_keys.c[name] for name in RemovedKeyRow._fields))
    .where(_REMOVED_HERE)
    .order_by(removed_cell_keys.c.key_id)
)
_DELETE_REMOVED = statement(
    delete(removed_cell_keys).where(_REMOVED_HERE, removed_cell_keys.c.key_id == bindparam("which_key")), is_aside=True
)
_INSERT_REMOVED = statement(insert(removed_cell_keys), is_aside=True)
_CALL_HERE = cell_calls_heard.c.tenant_id == bindparam("tenant_id")
_SELECT_CALL = statement(
    select(cell_calls_heard.c.until_ms).where(_CALL_HERE, cell_calls_heard.c.call_id == bindparam("which_call"))
)
_INSERT_CALL = statement(insert(cell_calls_heard), is_aside=True)
_DELETE_CALLS = statement(
    delete(cell_calls_heard).where(_CALL_HERE, cell_calls_heard.c.until_ms < bindparam("before_ms")), is_aside=True
)


def select_cells(tx: Transaction) -> list[CellRow]:
    """All cells that are known, by name."""
    return [CellRow(*row) for row in tx.all(_SELECT)]


def insert_cell(tx: Transaction, cell: CellRow) -> None:
    """Inside tx."""
    tx.run(_INSERT, **cell._asdict())


def update_cell(tx: Transaction, cell: CellRow) -> None:
    """Write everything of it. Inside tx."""
    values = {f"new_{name}": value for name, value in cell._asdict().items() if name != "cell_name"}
    tx.run(_UPDATE, which_cell=cell.cell_name, **values)


def delete_cell(tx: Transaction, cell_name: str) -> None:
    """Inside tx."""
    tx.run(_DELETE, which_cell=cell_name)


def select_keys(tx: Transaction) -> list[KeyRow]:
    """The public keys of all other cells."""
    return [KeyRow(*row) for row in tx.all(_SELECT_KEYS)]


def replace_keys(tx: Transaction, cell_name: str, keys: list[KeyRow]) -> None:
    """Write the keys of one cell. Inside tx."""
    tx.run(_DELETE_KEYS, which_cell=cell_name)
    tx.run_many(_INSERT_KEY, [key._asdict() for key in keys])


def select_removed_keys(tx: Transaction) -> list[RemovedKeyRow]:
    """The public keys of all cells that were taken out."""
    return [RemovedKeyRow(*row) for row in tx.all(_SELECT_REMOVED)]


def insert_removed_keys(tx: Transaction, keys: list[KeyRow], *, removed_at_ms: int) -> None:
    """In place of what is kept under the same ids. Inside tx."""
    delete_removed_keys(tx, [key.key_id for key in keys])
    kept = [RemovedKeyRow(key.key_id, key.cell_name, key.public_key, removed_at_ms) for key in keys]
    tx.run_many(_INSERT_REMOVED, [row._asdict() for row in kept])


def delete_removed_keys(tx: Transaction, key_ids: list[str]) -> None:
    """Inside tx."""
    tx.run_many(_DELETE_REMOVED, [{"which_key": key_id} for key_id in key_ids])


def has_call(tx: Transaction, call_id: str) -> bool:
    """Whether a call of this id has been heard."""
    return tx.one_or_none(_SELECT_CALL, which_call=call_id) is not None


def insert_call(tx: Transaction, call_id: str, *, until_ms: int) -> None:
    """Inside tx."""
    tx.run(_INSERT_CALL, call_id=call_id, until_ms=until_ms)


def delete_calls(tx: Transaction, *, before_ms: int) -> int:
    """The number deleted. Inside tx."""
    return tx.run(_DELETE_CALLS, before_ms=before_ms)
