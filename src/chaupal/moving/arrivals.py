"""Taking a tenant in at a running installation: the steps, each of them short, for whoever brings it.

begin, clear until nothing is left of an earlier try, put all rows, compare each table's sum, finish. Whoever brings it
may be gone at any moment: nothing of what was put in counts before the last step.
"""

from __future__ import annotations

import asyncio
from typing import Any

from chaupal.archive.contents import RowDigest, digest_of_sum, encode_row
from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.auth.tenant_keys import seal_tenant_key
from chaupal.cells.watching import read_all, take_over, wanted_by
from chaupal.moving.carried import carried_table
from chaupal.moving.rules import (
    ROWS_AT_ONCE,
    Changes,
    CopiedRows,
    Finish,
    NewArrival,
    RowsOf,
    TablePlace,
    apply_changes,
    begin_arrival,
    clear_arrival,
    finish_arrival,
    give_up_arrival,
    page_arrived,
    put_copied_rows,
    put_rows,
)
from chaupal.moving.shapes import PartSum, SumOf
from chaupal.serving.house import House
from chaupal.settings import Settings
from chaupal.store.tenant_rows import tenant_table
from chaupal.store.whole_database import Part, read_database

_CLEARED_AT_ONCE = 20
_SUMMED_AT_ONCE = 20
"""Pages of a thousand rows: half a second's work."""


def _mover(tenant_id: str) -> Operator:
    """Whoever takes a tenant in that has left, and now returns, passes the gate that it has left behind."""
    return Operator(tenant_id, passes_gate=True)


async def begin(house: House, tenant_id: str, arrival_id: str, key: bytes, *, is_move: bool = False) -> None:
    """Begin, in place of whoever has begun before. `key` is the tenant's.

    Raises:
        TenantIsHere.
    """
    arrival = NewArrival(arrival_id, seal_tenant_key(house.tenant_keys, key), is_move)
    await house.store.write(begin_arrival, _mover(tenant_id), arrival)


async def clear(house: House, tenant_id: str, arrival_id: str) -> bool:
    """Delete some of what an earlier try has left; whether there may be more.

    Raises:
        ArrivalOver.
    """
    for _ in range(_CLEARED_AT_ONCE):
        if not (await house.store.write(clear_arrival, _mover(tenant_id), arrival_id)).result:
            return False
    return True


async def put(house: House, tenant_id: str, rows: RowsOf) -> None:
    """Put rows in.

    Raises:
        ArrivalOver, InvalidParameters.
    """
    await house.store.write(put_rows, _mover(tenant_id), rows)


async def put_copied(house: House, tenant_id: str, rows: CopiedRows) -> None:
    """The same as another PostgreSQL has given them.

    Raises:
        ArrivalOver, InvalidParameters.
    """
    await house.store.write(put_copied_rows, _mover(tenant_id), rows)


async def sum_up_all(house: House, tenant_id: str, tables: list[SumOf]) -> list[PartSum]:
    """The sum of each table, or of a part of it, as it is read back."""
    copied = [asked for asked in tables if asked.is_copied]
    found: dict[str, PartSum] = {}
    if copied:
        sums = await asyncio.to_thread(_sum_copied, house.settings, tenant_id, copied)
        found = {asked.table: part for asked, part in zip(copied, sums, strict=True)}
    for asked in tables:
        if not asked.is_copied:
            found[asked.table] = await sum_up(house, tenant_id, asked.table, asked.after)
    return [found[asked.table] for asked in tables]


def _sum_copied(settings: Settings, tenant_id: str, tables: list[SumOf]) -> list[PartSum]:
    """By PostgreSQL's own hashes, on a connection of its own: it may take longer than reads of callers may.

    Raises:
        InvalidParameters.
    """
    sums = []
    with read_database(settings) as database:
        for asked in tables:
            table = carried_table(asked.table)
            after = None if asked.after is None else tuple(asked.after)
            part = Part(table.key_columns, after, asked.row_limit)
            row_count, total, last = database.sum_part(table.shape, tenant_id, part)
            sums.append(PartSum(row_count, digest_of_sum(total), None if last is None else list(last)))
    return sums


async def sum_up(house: House, tenant_id: str, table: str, after: list[Any] | None) -> PartSum:
    """The sum of a part of a table of the arriving tenant, as it is read back."""
    digest = RowDigest()
    key_of = tenant_table(table).key_of
    for _ in range(_SUMMED_AT_ONCE):
        rows = await house.store.read(page_arrived, _mover(tenant_id), TablePlace(table, after))
        for row in rows:
            digest.add(encode_row(row))
        if len(rows) < ROWS_AT_ONCE:
            return PartSum(digest.row_count, digest.hex, None)
        after = list(key_of(rows[-1]))
    return PartSum(digest.row_count, digest.hex, after)


async def change(house: House, tenant_id: str, changes: Changes) -> str:
    """Do what was done elsewhere; the digest of the new rows as they are read back.

    Raises:
        ArrivalOver, InvalidParameters.
    """
    return (await house.store.write(apply_changes, _mover(tenant_id), changes)).result


async def finish(house: House, tenant_id: str, finish: Finish) -> None:
    """The tenant is here from now on.

    Raises:
        ArrivalOver, ApplicationIdTaken.
    """
    await house.store.write(finish_arrival, _mover(tenant_id), finish)
    # One that comes back lives here before this is answered: else its callers would be sent to and fro.
    take_over(house, await house.store.read(read_all, INSTALLATION, wanted_by(house)))
    house.tell_cells()
    house.wake_jobs()
    house.wake_webhooks()


async def give_up(house: House, tenant_id: str, arrival_id: str) -> None:
    """End an arrival for good. What was put in counts for nothing, and is removed by whoever begins anew.

    Raises:
        ArrivalFinished.
    """
    await house.store.write(give_up_arrival, _mover(tenant_id), arrival_id)
