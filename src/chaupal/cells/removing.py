"""Emptying a cell, and taking one that is gone for good out of the list: nobody waits for it or trusts its keys then.

Both are the root's to decide; the other cells hear of it from the root, and so does the cell itself, should it come
back.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.cells.queries import (
    delete_cell,
    insert_removed_keys,
    replace_keys,
    select_cells,
    select_keys,
    update_cell,
)
from chaupal.cells.rules import BELONGING, DRAINING, JOINED, LEFT, Cell, NotTheRoot
from chaupal.directory.places import count_by_cell
from chaupal.errors import Conflict, NotFound
from chaupal.store.transaction import Transaction


class CellHasTenants(Conflict):
    """The cell is not empty. Fields: `name`, `count`."""

    template = (
        "Organizations live in the cell '{name}': {count}. Move them to another cell (`chaupal cell drain`); "
        "if they are lost with it, add --with-tenants."
    )


class CellIsThis(Conflict):
    """The root cannot be taken out. Fields: `name`."""

    template = "The cell '{name}' is this installation, the root; only others can be removed."


class EmptiedIntoItself(Conflict):
    """A cell's tenants cannot go where they are. Fields: `name`."""

    template = "The cell '{name}' cannot be emptied into itself."


class Removal(msgspec.Struct, frozen=True):
    """A cell that is gone. `gives_up_tenants`: those that lived in it are lost."""

    name: str
    gives_up_tenants: bool = False


def find_at_root(tx: Transaction, name: str) -> Cell:
    """A cell of this root.

    Raises:
        NotFound, NotTheRoot.
    """
    known = {cell.cell_name: cell for cell in select_cells(tx)}
    if any(cell.is_self and not cell.is_root for cell in known.values()):
        raise NotTheRoot(root=next((cell.endpoint_url for cell in known.values() if cell.is_root), ""))
    found = known.get(name.strip().lower())
    if found is None:
        raise NotFound("cell")
    return found


def shut_cell_out(tx: Transaction, caller: Operator, removal: Removal) -> Cell:
    """Trust the cell no more: no call of its is heard, and its keys are kept only to tell it so. Idempotent.

    Raises:
        NotFound, NotTheRoot, CellIsThis, CellHasTenants.
    """
    cell = find_at_root(tx, removal.name)
    if cell.is_self:
        raise CellIsThis(name=cell.cell_name)
    count = count_by_cell(tx, caller, None).get(cell.cell_name, 0)
    if count and not removal.gives_up_tenants:
        raise CellHasTenants(name=cell.cell_name, count=count)
    keys = [key for key in select_keys(tx) if key.cell_name == cell.cell_name]
    insert_removed_keys(tx, keys, removed_at_ms=tx.now_ms)
    replace_keys(tx, cell.cell_name, [])
    update_cell(tx, cell._replace(state=LEFT, secret_hash=b"", known_keys=""))
    return cell


def forget_cell(tx: Transaction, _caller: Operator, name: str) -> None:
    """Nothing of a cell that was shut out is left, and its name is free. Idempotent."""
    if any(cell.cell_name == name and cell.state not in BELONGING for cell in select_cells(tx)):
        delete_cell(tx, name)


def note_own_removal(tx: Transaction, _caller: Operator, _request: None) -> None:
    """This installation is no cell any more: the root has said so. Holds until it joins again. Idempotent."""
    for cell in select_cells(tx):
        if cell.is_self and not cell.is_root and cell.state != LEFT:
            update_cell(tx, cell._replace(state=LEFT))


def is_taken_out(tx: Transaction) -> bool:
    """Whether this installation was a cell and is none any more."""
    return any(cell.is_self and cell.state == LEFT for cell in select_cells(tx))


def drain_cell(tx: Transaction, _caller: Operator, name: str) -> Cell:
    """Send no more tenants to the cell. Idempotent.

    Raises:
        NotFound, NotTheRoot.
        Conflict: it has not joined.
    """
    cell = find_at_root(tx, name)
    if cell.state not in BELONGING:
        raise Conflict(reason=f"The cell '{cell.cell_name}' has not joined.")
    after = cell._replace(state=DRAINING)
    update_cell(tx, after)
    return after


def reopen_cell(tx: Transaction, _caller: Operator, name: str) -> Cell:
    """Send tenants to a drained cell again. Those that are on their way elsewhere go on. Idempotent.

    Raises:
        NotFound, NotTheRoot.
    """
    cell = find_at_root(tx, name)
    after = cell._replace(state=JOINED) if cell.state == DRAINING else cell
    update_cell(tx, after)
    return after
