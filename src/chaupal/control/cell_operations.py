"""What the operations on cells do. Joining is loaded where it is wanted: most installations stay alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chaupal import __version__
from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.auth.keys import Renewal
from chaupal.cells.calls import read_reason
from chaupal.cells.rules import INVITATION_LIFE_MS, Cell, read_known
from chaupal.cells.watching import read_all, take_over, wanted_by
from chaupal.control import cell_calls as calls
from chaupal.control.call import Nothing
from chaupal.control.rules import instant_of
from chaupal.directory.places import CellPage, count_by_cell, give_up_place, list_of_cell
from chaupal.directory.rules import list_tenants
from chaupal.errors import Conflict

if TYPE_CHECKING:
    from chaupal.moving.beginning import Emptied, Goal
    from chaupal.serving.house import House

_TENANTS_SHOWN = 100
_SUCCESS = 200


async def cell_add(house: House, arguments: calls.CellAdd) -> calls.CellAdded:
    from chaupal.cells.joining import invite

    cell, code = await invite(house, arguments.name, arguments.url)
    return calls.CellAdded(
        name=cell.cell_name,
        url=cell.endpoint_url,
        join_code=code,
        valid_until=instant_of(cell.added_at_ms + INVITATION_LIFE_MS),
    )


async def cell_join(house: House, arguments: calls.CellJoin) -> calls.CellJoined:
    from chaupal.cells.joining import join, read_code
    from chaupal.cells.root_link import RootLink

    name = await join(house, arguments.code)
    take_over(house, await house.store.read(read_all, INSTALLATION, wanted_by(house)))
    await RootLink(house).beat()  # what cannot be told now is told by the server
    return calls.CellJoined(name=name, root_url=read_code(arguments.code).root_url)


async def cell_list(house: House, _arguments: Nothing) -> calls.Cells:
    known = await house.store.read(read_known, INSTALLATION, None)
    counts = await house.store.read(count_by_cell, INSTALLATION, None)
    here = len(await house.store.read(list_tenants, INSTALLATION, None))
    is_root = any(cell.is_self and cell.is_root for cell in known.cells)
    return calls.Cells(
        cells=[
            _shown(cell, here if cell.is_self else counts.get(cell.cell_name, 0) if is_root else cell.tenant_count)
            for cell in known.cells
        ]
    )


def _shown(cell: Cell, tenant_count: int) -> calls.CellShown:
    return calls.CellShown(
        name=cell.cell_name,
        url=cell.endpoint_url,
        is_self=cell.is_self,
        is_root=cell.is_root,
        state=cell.state,
        tenant_count=tenant_count,
        version=__version__ if cell.is_self else cell.version,
        seen_at=None if cell.seen_at_ms is None else instant_of(cell.seen_at_ms),
        failure=cell.failure,
    )


async def cell_drain(house: House, arguments: calls.CellDrain) -> calls.CellDrained:
    from chaupal.cells.removing import EmptiedIntoItself, drain_cell
    from chaupal.moving.beginning import Goal, check_goal

    goal = Goal(arguments.to_cell, arguments.with_installation_key)
    if goal.to_cell and goal.to_cell == arguments.name.strip().lower():
        raise EmptiedIntoItself(name=goal.to_cell)
    if goal.to_cell and goal.to_cell != house.roster.own_name:
        check_goal(house, goal)  # before anything is changed
    cell = (await house.store.write(drain_cell, INSTALLATION, arguments.name)).result
    house.tell_cells()
    count, ids = await _tenants_of(house, cell)
    if not arguments.to_cell:
        return calls.CellDrained(name=cell.cell_name, tenant_count=count, tenant_ids=ids)
    emptied = await _empty(house, cell, goal)
    kept = [calls.TenantKept(tenant_id=each.tenant_id, reason=each.reason) for each in emptied.kept]
    return calls.CellDrained(name=cell.cell_name, tenant_count=count, tenant_ids=ids, begun=emptied.begun, kept=kept)


async def cell_reopen(house: House, arguments: calls.CellReopen) -> calls.CellReopened:
    from chaupal.cells.removing import reopen_cell

    cell = (await house.store.write(reopen_cell, INSTALLATION, arguments.name)).result
    house.tell_cells()
    return calls.CellReopened(name=cell.cell_name, state=cell.state)


async def _tenants_of(house: House, cell: Cell) -> tuple[int, list[str]]:
    """How many live in the cell, and the first of them."""
    if cell.is_self:
        ids = [tenant_id for tenant_id, _ in await house.store.read(list_tenants, INSTALLATION, None)]
        return len(ids), ids[:_TENANTS_SHOWN]
    counts = await house.store.read(count_by_cell, INSTALLATION, None)
    page = CellPage(cell.cell_name, "", _TENANTS_SHOWN)
    return counts.get(cell.cell_name, 0), await house.store.read(list_of_cell, INSTALLATION, page)


async def _empty(house: House, cell: Cell, goal: Goal) -> Emptied:
    """Have all tenants of the cell begin to move."""
    from chaupal.cells.routes import EMPTY_PATH
    from chaupal.cells.shapes import EmptyRequest
    from chaupal.moving.beginning import Emptied, begin_all

    if cell.is_self:
        return await begin_all(house, goal)
    body = msgspec.json.encode(EmptyRequest(goal.to_cell, goal.with_installation_key))
    answer = await house.cell_calls.call(cell.cell_name, "POST", EMPTY_PATH, body)
    if answer.status != _SUCCESS:
        raise Conflict(reason=f"The cell '{cell.cell_name}' answered: {read_reason(answer)}")
    return msgspec.json.decode(answer.body, type=Emptied)


async def cell_remove(house: House, arguments: calls.CellRemove) -> calls.CellRemoved:
    from chaupal.cells.removing import Removal, forget_cell, shut_cell_out

    removal = Removal(arguments.name, arguments.with_tenants)
    cell = (await house.store.write(shut_cell_out, INSTALLATION, removal)).result
    house.tell_cells()
    count, after = 0, ""
    while ids := await house.store.read(list_of_cell, INSTALLATION, CellPage(cell.cell_name, after, _TENANTS_SHOWN)):
        for tenant_id in ids:
            await house.store.write(give_up_place, Operator(tenant_id, passes_gate=True), cell.cell_name)
        count, after = count + len(ids), ids[-1]
    await house.store.write(forget_cell, INSTALLATION, cell.cell_name)
    house.tell_cells()
    return calls.CellRemoved(name=cell.cell_name, tenants_given_up=count)


async def cell_rotate_key(house: House, _arguments: Nothing) -> calls.KeyRenewed:
    from chaupal.cells.renewing import renew_key

    renewal = Renewal(house.secret_key, house.settings.access_token_life_s)
    key, waits_for = (await house.store.write(renew_key, INSTALLATION, renewal)).result
    house.tell_cells()
    return calls.KeyRenewed(key_id=key.key_id, signs_from=instant_of(key.signs_from_ms), waits_for=waits_for)


CELL_OPERATIONS = (cell_add, cell_join, cell_list, cell_drain, cell_reopen, cell_remove, cell_rotate_key)
