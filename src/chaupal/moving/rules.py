"""The rules of taking a tenant in: its rows come piece by piece, and it is there at once and whole, or not at all.

Until `finish_arrival` commits, the tenant has no row, so that nobody can sign in to it and no work is done for it;
what was put in may be taken out again by anybody who begins anew.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from chaupal.archive.contents import RowDigest, encode_row
from chaupal.auth.caller import Operator
from chaupal.auth.tenant_keys import store_tenant_key
from chaupal.connectors.rules import ApplicationIdTaken, find_connector
from chaupal.directory.places import Arrival, arrive, lives_here, return_home
from chaupal.errors import Conflict, InvalidParameters
from chaupal.moving.carried import ACTING, carried_table, carried_tables, is_copied
from chaupal.moving.queries import (
    ArrivalRow,
    WaitingRow,
    delete_arrival,
    delete_waiting,
    end_arrival,
    forget_waiting,
    insert_arrival,
    insert_waiting,
    select_arrival,
    select_one_waiting,
    select_waiting,
)
from chaupal.store.tenant_rows import Key, TenantTable, tenant_table
from chaupal.store.transaction import Transaction
from chaupal.store.whole_database import Row

ROWS_AT_ONCE = 1_000
"""Put in by one transaction, some 10 ms of work: other writers wait for it."""

_TENANTS = "tenants"

_encode_key = msgspec.json.Encoder().encode


class TenantIsHere(Conflict):
    """A tenant of this id is here already. Fields: `tenant_id`."""

    template = "The tenant {tenant_id} is here already, or has moved from here to another cell; nothing was changed."


class SchemaDiffers(Conflict):
    """The cells are of different versions, whose tables may differ. Fields: `here`, `there`: schemas."""

    template = (
        "The cells are of different versions (schema {here} and {there}): bring both to the same one, then move again."
    )


class ArrivalOver(Conflict):
    """The arrival is finished, or somebody has begun it anew."""

    template = "This arrival is over: the tenant has arrived, or somebody has begun to take it in anew."


class ArrivalFinished(Conflict):
    """The tenant has arrived; nothing can be taken back."""

    template = "The tenant has arrived already."


class RowsDiffer(Conflict):
    """What is here is not what was sent. Fields: `table`, `expected`, `found`."""

    template = "The table {table} has {found} rows, or others, instead of {expected}; the tenant was not taken in."


class NewArrival(msgspec.Struct, frozen=True):
    """Who takes the tenant in, and its key, as this installation keeps it (`auth.tenant_keys.seal_tenant_key`)."""

    arrival_id: str
    sealed_key: bytes
    is_move: bool = False
    """It comes from another cell, perhaps back; an archive may not take the place of what lives in another cell."""


class RowsOf(msgspec.Struct, frozen=True):
    """Rows of one table, in the order of its columns."""

    arrival_id: str
    table: str
    rows: list[Any]


class Changes(msgspec.Struct, frozen=True):
    """Rows that are to be taken out, as (table, key), and then rows to be put in, by table."""

    arrival_id: str
    removed: list[tuple[str, list[Any]]] = []
    rows: dict[str, list[Any]] = {}


class Finish(msgspec.Struct, frozen=True):
    """The end of an arrival; `arrival` None is from an archive."""

    arrival_id: str
    arrival: Arrival | None = None


class TablePlace(msgspec.Struct, frozen=True):
    """A place in one table, from which on its rows are read."""

    table: str
    after: list[Any] | None = None
    limit: int = ROWS_AT_ONCE


def begin_arrival(tx: Transaction, caller: Operator, arrival: NewArrival) -> None:
    """Begin to take the caller's tenant in, in place of whoever has begun before. Then `clear_arrival` until it
    answers 0.

    Raises:
        TenantIsHere.
    """
    if lives_here(tx) or (tenant_table(_TENANTS).find(tx, ()) is not None and not arrival.is_move):
        raise TenantIsHere(tenant_id=caller.tenant_id)
    if select_arrival(tx) is not None:
        delete_arrival(tx)
    insert_arrival(tx, ArrivalRow(arrival.arrival_id, arrival.sealed_key))


def clear_arrival(tx: Transaction, _caller: Operator, arrival_id: str) -> int:
    """Delete some of the rows that an earlier try has left; how many. Nothing is left where it answers 0.

    Raises:
        ArrivalOver.
    """
    _check_running(tx, arrival_id)
    deleted = forget_waiting(tx, limit=ROWS_AT_ONCE)
    for table in carried_tables():
        if deleted >= ROWS_AT_ONCE:
            break
        if table.name != _TENANTS:  # what it was before it left tells callers where it is until it comes back
            deleted += table.remove_some(tx, ROWS_AT_ONCE - deleted)
    return deleted


def give_up_arrival(tx: Transaction, _caller: Operator, arrival_id: str) -> None:
    """Forget an arrival, which can never be finished from this commit on. Harmless when repeated.

    Raises:
        ArrivalFinished: it is too late.
    """
    arrival = select_arrival(tx)
    if arrival is None or arrival.arrival_id != arrival_id:
        return
    if arrival.finished_at_ms is not None:
        raise ArrivalFinished
    delete_arrival(tx)


def put_rows(tx: Transaction, caller: Operator, given: RowsOf) -> int:
    """Put rows in that are not there; how many.

    Raises:
        ArrivalOver, InvalidParameters.
    """
    _check_running(tx, given.arrival_id)
    table = carried_table(given.table)
    rows = [_checked(table, caller.tenant_id, row) for row in given.rows]
    if table.name in ACTING:
        insert_waiting(tx, table.name, [WaitingRow(_key_text(table, row), _packed(row)) for row in rows])
    else:
        table.put(tx, rows)
    return len(rows)


class CopiedRows(msgspec.Struct, frozen=True):
    """Rows of one table as PostgreSQL's COPY has given them, with these columns."""

    arrival_id: str
    table: str
    columns: list[str]
    data: bytes


def put_copied_rows(tx: Transaction, _caller: Operator, given: CopiedRows) -> int:
    """The same from one PostgreSQL to another; how many. Rows of other tenants are passed over.

    Raises:
        ArrivalOver, InvalidParameters.
    """
    _check_running(tx, given.arrival_id)
    table = carried_table(given.table)
    if given.columns != table.columns or not is_copied(table.name):
        rule = "must have the columns that it has here: bring both cells to the same version"
        raise InvalidParameters(field="table", value=given.table, rule=rule)
    return table.put_copied(tx, given.data)


def apply_changes(tx: Transaction, caller: Operator, changes: Changes) -> str:
    """Do to the rows that were put in what was done to them elsewhere; the digest of the new ones as read back.

    Raises:
        ArrivalOver, InvalidParameters.
    """
    _check_running(tx, changes.arrival_id)
    for name, key in changes.removed:
        _remove(tx, carried_table(name), tuple(key))
    digest = RowDigest()
    for name, rows in changes.rows.items():
        table = carried_table(name)
        put_rows(tx, caller, RowsOf(changes.arrival_id, name, rows))
        for row in rows:
            found = _find(tx, table, table.key_of(row))
            digest.add(b"" if found is None else encode_row(found))
    return digest.hex


def _remove(tx: Transaction, table: TenantTable, key: Key) -> None:
    if table.name in ACTING:
        delete_waiting(tx, table.name, _encode_key(key).decode())
    else:
        table.remove(tx, key)


def _find(tx: Transaction, table: TenantTable, key: Key) -> Row | None:
    if table.name not in ACTING:
        return table.find(tx, key)
    packed = select_one_waiting(tx, table.name, _encode_key(key).decode())
    return None if packed is None else _unpacked(packed)


def page_rows(tx: Transaction, _caller: Operator, place: TablePlace) -> list[Row]:
    """The next rows of the caller's tenant in a table."""
    after = None if place.after is None else tuple(place.after)
    return carried_table(place.table).page(tx, after, place.limit)


def page_arrived(tx: Transaction, _caller: Operator, place: TablePlace) -> list[Row]:
    """The same of a tenant that is on its way in, with the rows that wait."""
    table = carried_table(place.table)
    if table.name not in ACTING:
        return table.page(tx, None if place.after is None else tuple(place.after), place.limit)
    after = "" if place.after is None else _encode_key(tuple(place.after)).decode()
    return [_unpacked(row.packed_row) for row in select_waiting(tx, table.name, after_key=after, limit=place.limit)]


def finish_arrival(tx: Transaction, caller: Operator, finish: Finish) -> None:
    """The tenant lives here from this commit on: what has waited comes into its place, its row last.

    Harmless when repeated.

    Raises:
        ArrivalOver, ApplicationIdTaken.
        RowsDiffer: the tenant's own row did not come.
    """
    arrival = select_arrival(tx)
    if arrival is None or arrival.arrival_id != finish.arrival_id:
        raise ArrivalOver
    if arrival.finished_at_ms is not None:
        return
    tenant_table(_TENANTS).remove(tx, ())
    for name in ACTING:
        table, after = tenant_table(name), ""
        while waiting := select_waiting(tx, name, after_key=after, limit=ROWS_AT_ONCE):
            rows = [_unpacked(each.packed_row) for each in waiting]
            if name == "connectors":
                _check_free(tx, table, rows)
            table.put(tx, rows)
            after = waiting[-1].row_key
    _take_place(tx)
    if finish.arrival is None:
        return_home(tx, caller, None)
    else:
        arrive(tx, caller, finish.arrival)
    _release_deliveries(tx)
    store_tenant_key(tx, caller, arrival.sealed_key)
    while forget_waiting(tx, limit=ROWS_AT_ONCE):
        continue
    end_arrival(tx)


def _check_free(tx: Transaction, table: TenantTable, connectors: list[Row]) -> None:
    """Raise ApplicationIdTaken where a connector of another tenant has the application id of one of these."""
    for row in connectors:
        connector = dict(zip(table.columns, row, strict=True))
        if connector["deleted_at_ms"] is None and find_connector(tx, connector["shown_id"]) is not None:
            raise ApplicationIdTaken(application_id=connector["shown_id"])


def _take_place(tx: Transaction) -> None:
    """The tenant's place in its log is where it was elsewhere."""
    table = tenant_table(_TENANTS)
    row = table.find(tx, ())
    if row is None:
        raise RowsDiffer(table=_TENANTS, expected=1, found=0)
    place = dict(zip(table.columns, row, strict=True))
    tx.state.last_position = place["last_position"]
    tx.state.last_at_us = place["last_at_us"]
    tx.state.rows_version = place["rows_version"]


def _release_deliveries(tx: Transaction) -> None:
    from chaupal.webhooks.delivering.claiming import release_deliveries

    release_deliveries(tx)


def _check_running(tx: Transaction, arrival_id: str) -> ArrivalRow:
    arrival = select_arrival(tx)
    if arrival is None or arrival.arrival_id != arrival_id or arrival.finished_at_ms is not None:
        raise ArrivalOver
    return arrival


def _checked(table: TenantTable, tenant_id: str, row: Any) -> Row:
    if not isinstance(row, list | tuple) or len(row) != len(table.columns):
        raise InvalidParameters(field=table.name, value="a row", rule=f"must have {len(table.columns)} values")
    values = list(row)
    for at in table.bytes_at:
        if isinstance(values[at], str):
            values[at] = base64.b64decode(values[at], validate=True)
    if values[table.columns.index("tenant_id")] != tenant_id:
        raise InvalidParameters(field=table.name, value="a row", rule="must be of the tenant that arrives")
    return tuple(values)


def _key_text(table: TenantTable, row: Row) -> str:
    return _encode_key(table.key_of(row)).decode()


def _packed(row: Row) -> bytes:
    return msgspec.msgpack.encode(row)


def _unpacked(packed: bytes) -> Row:
    return tuple(msgspec.msgpack.decode(packed))
