"""The statements on properties of package instances."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from chaupal.actions.tables import action_properties
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction


class PropertyRow(NamedTuple):
    """One property; `place` is its order among those of its action."""

    action_id: str
    name: str
    place: int
    property_type: str
    value: str


_HERE = action_properties.c.tenant_id == bindparam("tenant_id")
_SELECT = statement(
    select(*(action_properties.c[name] for name in PropertyRow._fields)).where(
        _HERE, in_list(action_properties.c.action_id, "action_ids")
    )
)
_INSERT = statement(insert(action_properties))
_UPDATE = statement(
    update(action_properties)
    .where(
        _HERE, action_properties.c.action_id == bindparam("which_id"), action_properties.c.name == bindparam("which")
    )
    .values(property_type=bindparam("new_type"), value=bindparam("new_value"))
)
_DELETE = statement(delete(action_properties).where(_HERE, action_properties.c.action_id == bindparam("which_id")))


def select_properties(tx: Transaction, action_ids: list[str]) -> dict[str, list[PropertyRow]]:
    """The properties of each of the actions that has any, in their order."""
    found: dict[str, list[PropertyRow]] = {}
    for row in sorted((PropertyRow(*row) for row in tx.all(_SELECT, action_ids=action_ids)), key=lambda row: row.place):
        found.setdefault(row.action_id, []).append(row)
    return found


def append_properties(tx: Transaction, rows: list[PropertyRow]) -> None:
    """Written with the batch, like the action itself."""
    for row in rows:
        tx.append_row(_INSERT, **row._asdict())


def insert_properties(tx: Transaction, rows: list[PropertyRow]) -> None:
    """Inside tx."""
    tx.run_many(_INSERT, [row._asdict() for row in rows])


def update_property(tx: Transaction, row: PropertyRow) -> None:
    """Inside tx."""
    tx.run(_UPDATE, which_id=row.action_id, which=row.name, new_type=row.property_type, new_value=row.value)


def delete_properties(tx: Transaction, action_id: str) -> None:
    """Inside tx."""
    tx.run(_DELETE, which_id=action_id)
