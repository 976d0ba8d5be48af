"""A cell that is gone for good is taken out: nobody trusts it or waits for it, and what it had can be put back."""

from __future__ import annotations

import pytest

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.cells.calls import CellUnreachable
from chaupal.cells.removing import CellHasTenants, CellIsThis, EmptiedIntoItself
from chaupal.cells.rules import NotTheRoot
from chaupal.control import calls as tenant_calls
from chaupal.control.call import Nothing
from chaupal.control.cell_calls import CellDrain, CellRemove, CellRemoved, CellReopen, CellReopened
from chaupal.control.cell_operations import cell_drain, cell_list, cell_remove, cell_reopen
from chaupal.control.operations import tenant_list
from chaupal.directory.places import ToldPlace, ToldTenant, find_place, note_place
from chaupal.errors import NotFound
from tests.cells.neighbours import Neighbour, join_root
from tests.cells.test_renewed_keys import MakeThree, clock, three
from tests.stores import Database

__all__ = ["clock", "three"]

pytestmark = pytest.mark.anyio


async def tell(root: Neighbour, cell: Neighbour, name: str, tenant_id: str, *, move_count: int = 0) -> bool:
    """The root hears that a tenant lives in a cell."""
    told = ToldPlace(name, cell.url, ToldTenant(tenant_id, move_count, [f"{tenant_id}-app"]))
    return (await root.house.store.write(note_place, Operator(tenant_id, passes_gate=True), told)).result


async def states_of(cell: Neighbour) -> dict[str, str]:
    return {each.name: each.state for each in (await cell_list(cell.house, Nothing())).cells}


async def names_of(cell: Neighbour) -> list[str]:
    return [each.name for each in (await cell_list(cell.house, Nothing())).cells]


async def test_nobody_trusts_it_or_waits_for_it_any_more(database: Database, three: MakeThree) -> None:
    root, north, south = await three(database)
    await south.beat()
    assert await cell_remove(root.house, CellRemove(name="North")) == CellRemoved(name="north", tenants_given_up=0)
    await root.look()
    assert await names_of(root) == ["root", "south"]
    assert north.house.roster.root is not None
    await south.beat()
    assert south.house.roster.peers.keys() == {"root"}
    for cell, others in ((root, ["south"]), (south, ["root"])):
        _, waits_for = await cell.renew()
        assert waits_for == others
    with pytest.raises(NotFound):
        await cell_remove(root.house, CellRemove(name="north"))


async def test_its_name_is_free_and_it_may_join_again(sqlite_database: Database, three: MakeThree) -> None:
    root, north, _ = await three(sqlite_database)
    await cell_remove(root.house, CellRemove(name="north"))
    await root.look()
    await join_root(root, north, "north")
    assert root.house.roster.peers.keys() == {"north", "south"}
    assert root.knows("north") == {north.signing_key_id}


async def test_one_with_tenants_goes_only_with_them(database: Database, three: MakeThree) -> None:
    root, north, south = await three(database)
    for number in range(3):
        assert await tell(root, north, "north", f"t{number}", move_count=4)
    await tell(root, south, "south", "other")
    store = root.house.store
    with pytest.raises(CellHasTenants, match="in the cell 'north': 3"):
        await cell_remove(root.house, CellRemove(name="north"))
    assert await names_of(root) == ["north", "root", "south"]
    removed = await cell_remove(root.house, CellRemove(name="north", with_tenants=True))
    assert removed.tenants_given_up == 3
    listed = await tenant_list(root.house, tenant_calls.TenantList())
    assert [(each.tenant_id, each.cell, each.url) for each in listed.elsewhere] == [("other", "south", south.url)]
    assert await store.read(find_place, INSTALLATION, "t1-app") is None
    # Put back from a backup, in another cell, with fewer moves than it had had.
    assert await tell(root, south, "south", "t1", move_count=1)
    place = await store.read(find_place, INSTALLATION, "t1-app")
    assert place is not None
    assert place.cell_name == "south"


async def test_only_the_root_decides_and_not_over_itself(sqlite_database: Database, three: MakeThree) -> None:
    root, north, _ = await three(sqlite_database)
    with pytest.raises(CellIsThis):
        await cell_remove(root.house, CellRemove(name="root"))
    with pytest.raises(NotTheRoot):
        await cell_remove(north.house, CellRemove(name="south"))
    with pytest.raises(NotTheRoot):
        await cell_drain(north.house, CellDrain(name="south"))
    north.is_reachable = False
    with pytest.raises(CellUnreachable):
        await cell_drain(root.house, CellDrain(name="north", to_cell="south"))
    assert (await states_of(root))["north"] == "draining"


async def test_one_that_was_drained_takes_tenants_again_and_all_hear_of_it(
    sqlite_database: Database, three: MakeThree
) -> None:
    root, north, south = await three(sqlite_database)
    with pytest.raises(EmptiedIntoItself, match="'north' cannot be emptied into itself"):
        await cell_drain(root.house, CellDrain(name="North", to_cell="north"))
    assert (await states_of(root))["north"] == "joined"
    await cell_drain(root.house, CellDrain(name="north"))
    await root.look()
    await south.beat()
    assert (await states_of(south))["north"] == "draining"
    for _ in range(2):
        assert await cell_reopen(root.house, CellReopen(name="north")) == CellReopened(name="north", state="joined")
    await root.look()
    await south.beat()
    assert (await states_of(south))["north"] == "joined"
    with pytest.raises(NotTheRoot):
        await cell_reopen(north.house, CellReopen(name="south"))
