"""What the operations on cells do. Joining is loaded where it is wanted: most installations stay alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaupal import __version__
from chaupal.auth.caller import INSTALLATION
from chaupal.auth.keys import Renewal
from chaupal.cells.rules import INVITATION_LIFE_MS, Cell, drain_cell, read_known
from chaupal.cells.watching import read_all, take_over, wanted_by
from chaupal.control import cell_calls as calls
from chaupal.control.call import Nothing
from chaupal.control.rules import instant_of
from chaupal.directory.places import CellPage, count_by_cell, list_of_cell
from chaupal.directory.rules import list_tenants

if TYPE_CHECKING:
    from chaupal.serving.house import House

_TENANTS_SHOWN = 100


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
    cell = (await house.store.write(drain_cell, INSTALLATION, arguments.name)).result
    house.tell_cells()
    if cell.is_self:
        ids = [tenant_id for tenant_id, _ in await house.store.read(list_tenants, INSTALLATION, None)]
        return calls.CellDrained(name=cell.cell_name, tenant_count=len(ids), tenant_ids=ids[:_TENANTS_SHOWN])
    counts = await house.store.read(count_by_cell, INSTALLATION, None)
    page = CellPage(cell.cell_name, "", _TENANTS_SHOWN)
    return calls.CellDrained(
        name=cell.cell_name,
        tenant_count=counts.get(cell.cell_name, 0),
        tenant_ids=await house.store.read(list_of_cell, INSTALLATION, page),
    )


async def cell_rotate_key(house: House, _arguments: Nothing) -> calls.KeyRenewed:
    from chaupal.cells.renewing import renew_key

    renewal = Renewal(house.secret_key, house.settings.access_token_life_s)
    key, waits_for = (await house.store.write(renew_key, INSTALLATION, renewal)).result
    house.tell_cells()
    return calls.KeyRenewed(key_id=key.key_id, signs_from=instant_of(key.signs_from_ms), waits_for=waits_for)


CELL_OPERATIONS = (cell_add, cell_join, cell_list, cell_drain, cell_rotate_key)
