"""What the operations do by which a tenant is taken in. What they need is imported where it is used: few servers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaupal.control import arrival_calls as calls

if TYPE_CHECKING:
    from chaupal.serving.house import House


async def arrival_begin(house: House, arguments: calls.ArrivalBegin) -> calls.Done:
    from chaupal.moving import arrivals

    await arrivals.begin(house, arguments.tenant_id, arguments.arrival_id, arguments.key)
    return calls.Done()


async def arrival_clear(house: House, arguments: calls.ArrivalPlace) -> calls.Done:
    from chaupal.moving import arrivals

    return calls.Done(has_more=await arrivals.clear(house, arguments.tenant_id, arguments.arrival_id))


async def arrival_put(house: House, arguments: calls.ArrivalRows) -> calls.Done:
    from chaupal.moving import arrivals
    from chaupal.moving.rules import RowsOf

    rows = RowsOf(arguments.arrival_id, arguments.table, arguments.rows)
    await arrivals.put(house, arguments.tenant_id, rows)
    return calls.Done()


async def arrival_sum(house: House, arguments: calls.ArrivalSumOf) -> calls.ArrivalSum:
    from chaupal.moving import arrivals

    part = await arrivals.sum_up(house, arguments.tenant_id, arguments.table, arguments.after)
    return calls.ArrivalSum(row_count=part.row_count, digest=part.digest, after=part.after)


async def arrival_finish(house: House, arguments: calls.ArrivalPlace) -> calls.Done:
    from chaupal.moving import arrivals

    await arrivals.finish(house, arguments.tenant_id, arguments.arrival_id)
    return calls.Done()


ARRIVAL_OPERATIONS = (arrival_begin, arrival_clear, arrival_put, arrival_sum, arrival_finish)
