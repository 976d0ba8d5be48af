"""The statements on where tenants live."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, func, insert, select

from chaupal.directory.tables import application_places, tenant_origins, tenant_places, untold_tenants
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction

_PLACE_HERE = tenant_places.c.tenant_id == bindparam("tenant_id")


class PlaceRow(NamedTuple):
    """Where a tenant lives that is not here. `left_at_ms` None: it never was, or came back and left no trace."""

    tenant_id: str
    cell_name: str
    endpoint_url: str
    move_count: int
    left_at_ms: int | None


_PLACE = tuple(tenant_places.c[name] for name in PlaceRow._fields)
_SELECT_PLACE = statement(select(*_PLACE).where(_PLACE_HERE))
_INSERT_PLACE = statement(insert(tenant_places))
_DELETE_PLACE = statement(delete(tenant_places).where(_PLACE_HERE))
_SELECT_LEFT = statement(
    select(*_PLACE)
    .where(tenant_places.c.left_at_ms >= bindparam("since_ms"))
    .order_by(tenant_places.c.left_at_ms, tenant_places.c.tenant_id),
    across_tenants="every process keeps in memory where the tenants are that have left",
)
_SELECT_BY_APPLICATION = statement(
    select(*_PLACE)
    .select_from(application_places)
    .join(tenant_places, tenant_places.c.tenant_id == application_places.c.tenant_id)
    .where(application_places.c.application_id == bindparam("application_id"))
    .order_by(tenant_places.c.move_count.desc())
    .limit(1),
    across_tenants="an application id is all that a client names when it signs in; the row says where its tenant is",
)
_COUNT_BY_CELL = statement(
    select(tenant_places.c.cell_name, func.count())
    .where(tenant_places.c.tenant_id != "")
    .group_by(tenant_places.c.cell_name),
    across_tenants="the operator's list of all cells, with the number of tenants in each",
)
_SELECT_OF_CELL = statement(
    select(tenant_places.c.tenant_id)
    .where(tenant_places.c.tenant_id > bindparam("after_id"), tenant_places.c.cell_name == bindparam("which_cell"))
    .order_by(tenant_places.c.tenant_id)
    .limit(bindparam("row_limit", type_=Integer())),
    across_tenants="the operator is told which tenants are left in a cell that is to be emptied",
)
_APPLICATIONS_HERE = application_places.c.tenant_id == bindparam("tenant_id")
_INSERT_APPLICATION = statement(insert(application_places))
_DELETE_APPLICATIONS = statement(delete(application_places).where(_APPLICATIONS_HERE))
_SELECT_APPLICATIONS = statement(select(application_places.c.application_id).where(_APPLICATIONS_HERE))

_ORIGINS_HERE = tenant_origins.c.tenant_id == bindparam("tenant_id")
_INSERT_ORIGIN = statement(insert(tenant_origins))
_DELETE_ORIGINS = statement(delete(tenant_origins).where(_ORIGINS_HERE))
_SELECT_ORIGINS = statement(
    select(tenant_origins.c.cell_name, tenant_origins.c.until_ms)
    .where(_ORIGINS_HERE, tenant_origins.c.cell_name > "")
    .order_by(tenant_origins.c.cell_name)
)
_SELECT_ALL_ORIGINS = statement(
    select(tenant_origins.c.tenant_id, tenant_origins.c.cell_name, tenant_origins.c.until_ms).where(
        tenant_origins.c.tenant_id != ""
    ),
    across_tenants="every process keeps in memory whose access tokens work here",
)

_DELETE_UNTOLD = statement(delete(untold_tenants).where(untold_tenants.c.tenant_id == bindparam("tenant_id")))
_FORGET_UNTOLD = statement(
    delete(untold_tenants).where(
        untold_tenants.c.tenant_id == bindparam("tenant_id"), untold_tenants.c.change_id == bindparam("which_change")
    ),
    is_aside=True,
)
_INSERT_UNTOLD = statement(insert(untold_tenants))


def select_place(tx: Transaction) -> PlaceRow | None:
    """Where the transaction's own tenant lives, if not here."""
    row = tx.one_or_none(_SELECT_PLACE)
    return PlaceRow(*row) if row else None


def replace_place(tx: Transaction, place: PlaceRow) -> None:
    """Write where the transaction's own tenant lives. Inside tx."""
    tx.run(_DELETE_PLACE)
    tx.run(_INSERT_PLACE, **place._asdict())


def delete_place(tx: Transaction) -> None:
    """Forget it, with the application ids. Inside tx."""
    tx.run(_DELETE_PLACE)
    tx.run(_DELETE_APPLICATIONS)


def select_left(tx: Transaction, *, since_ms: int) -> list[PlaceRow]:
    """The tenants that have left this cell since then, oldest first."""
    return [PlaceRow(*row) for row in tx.all(_SELECT_LEFT, since_ms=since_ms)]


def select_place_by_application(tx: Transaction, application_id: str) -> PlaceRow | None:
    """Where the tenant of this application id (folded) lives, if not here."""
    row = tx.one_or_none(_SELECT_BY_APPLICATION, application_id=application_id)
    return PlaceRow(*row) if row else None


def count_places(tx: Transaction) -> dict[str, int]:
    """The number of tenants known to live in each cell."""
    return {row[0]: row[1] for row in tx.all(_COUNT_BY_CELL)}


def select_tenants_of_cell(tx: Transaction, cell_name: str, *, after_id: str, limit: int) -> list[str]:
    """Their ids, a page of them."""
    rows = tx.all(_SELECT_OF_CELL, which_cell=cell_name, after_id=after_id, row_limit=limit)
    return [row[0] for row in rows]


def replace_applications(tx: Transaction, application_ids: list[str]) -> None:
    """Write which application ids lead to the transaction's own tenant. Inside tx."""
    tx.run(_DELETE_APPLICATIONS)
    tx.run_many(_INSERT_APPLICATION, [{"application_id": each} for each in application_ids])


def select_application_places(tx: Transaction) -> set[str]:
    """Which application ids lead to the transaction's own tenant, where that is not here."""
    return {row[0] for row in tx.all(_SELECT_APPLICATIONS)}


def replace_origins(tx: Transaction, origins: dict[str, int]) -> None:
    """Write whose tokens work, each until a time. Inside tx."""
    tx.run(_DELETE_ORIGINS)
    tx.run_many(_INSERT_ORIGIN, [{"cell_name": name, "until_ms": until_ms} for name, until_ms in origins.items()])


def select_origins(tx: Transaction) -> dict[str, int]:
    """The cells whose tokens of this tenant work, each with its end."""
    return {row[0]: row[1] for row in tx.all(_SELECT_ORIGINS)}


def select_all_origins(tx: Transaction) -> list[tuple[str, str, int]]:
    """(tenant id, cell name, end) of all tenants."""
    return [(row[0], row[1], row[2]) for row in tx.all(_SELECT_ALL_ORIGINS)]


def note_untold(tx: Transaction, change_id: str) -> None:
    """The root has to be told of the transaction's own tenant. Inside tx."""
    tx.run(_DELETE_UNTOLD)
    tx.run(_INSERT_UNTOLD, change_id=change_id)


def forget_untold(tx: Transaction, change_id: str) -> None:
    """The root was told, unless something has changed since. Inside tx."""
    tx.run(_FORGET_UNTOLD, which_change=change_id)
