"""What the operations do by which a tenant is taken in. What they need is imported where it is used: few servers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.control import arrival_calls as calls
from chaupal.control.rules import choose_tenant
from chaupal.errors import NotFound

if TYPE_CHECKING:
    from chaupal.moving.moves import Move
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
    from chaupal.moving.rules import Finish

    await arrivals.finish(house, arguments.tenant_id, Finish(arguments.arrival_id))
    return calls.Done()


async def move_begin(house: House, arguments: calls.MoveBegin) -> calls.MoveShown:
    from chaupal.moving.beginning import Goal, begin_one, check_goal

    goal = Goal(arguments.to_cell, arguments.with_installation_key)
    check_goal(house, goal)
    operator = await _mover(house, arguments.tenant)
    return _shown(await begin_one(house, operator.tenant_id, goal))


async def move_cancel(house: House, arguments: calls.MoveOf) -> calls.MoveShown:
    from chaupal.moving.moves import Cancelling, cancel_move

    mover = await _mover(house, arguments.tenant)
    cancelling = Cancelling(known_cells=[*house.roster.peers])
    move = (await house.store.write(cancel_move, mover, cancelling)).result
    house.wake_moves()
    house.store.wake_workers()
    return _shown(move)


async def move_show(house: House, arguments: calls.MoveOf) -> calls.MoveShown:
    from chaupal.moving.moves import find_move

    # By its id also after it has left, when no tenant of this name is here any more.
    move = await house.store.read(find_move, Operator(arguments.tenant), None)
    if move is None:
        move = await house.store.read(find_move, await _mover(house, arguments.tenant), None)
    if move is None:
        raise NotFound("move of this tenant")
    return _shown(move)


async def _mover(house: House, tenant: str) -> Operator:
    tenant_id = await house.store.read(choose_tenant, INSTALLATION, tenant)
    return Operator(tenant_id, passes_gate=True)


def _shown(move: Move) -> calls.MoveShown:
    return calls.MoveShown(
        tenant_id=move.tenant_id,
        to_cell=move.to_cell,
        phase=move.phase,
        rows=move.row_count,
        failure=move.failure,
        is_over=move.ended_at_ms is not None,
    )


ARRIVAL_OPERATIONS = (
    move_begin,
    move_cancel,
    move_show,
    arrival_begin,
    arrival_clear,
    arrival_put,
    arrival_sum,
    arrival_finish,
)
