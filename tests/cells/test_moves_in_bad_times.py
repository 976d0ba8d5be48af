"""A move to a cell whose disk is full, whose database is away, or that is of another version: it goes on once it can,
or says why not and leaves everything as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.moving import bringing, cell_routes, driving
from chaupal.moving.moves import begin_move
from chaupal.moving.rules import page_arrived, page_rows
from chaupal.serving.house import House
from chaupal.store.connection import DatabaseGone, StorageFull
from chaupal.store.schema import SCHEMA_VERSION
from tests.cells.test_interrupted_moves import KEYS, Source, house_of, how_it_ended, is_as_before, settle
from tests.store.houses import make_house
from tests.store.test_tenant_rows import by_key, read_all
from tests.stores import OpenStore

pytestmark = pytest.mark.anyio

FULL, GONE = StorageFull("no room"), DatabaseGone("no connection")


class Failing:
    """The other cell's writes of one rule fail, so many times."""

    def __init__(self, target: House, rule: str, error: Exception, times: int) -> None:
        self.left = times
        write = target.store.write

        async def failing(given: Any, caller: Any, request: Any, **options: Any) -> Any:
            if given.__name__ == rule and self.left:
                self.left -= 1
                raise error
            return await write(given, caller, request, **options)

        target.store.write = failing  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    monkeypatch.setattr(driving, "take_over", lambda *_found: None)


@pytest.mark.parametrize("error", [FULL, GONE])
@pytest.mark.parametrize("rule", ["begin_arrival", "put_rows", "apply_changes"])
async def test_it_goes_on_when_the_other_cell_can_write_again(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, rule: str, error: Exception
) -> None:
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target, home = make_house(there, store_on(there), KEYS[1]), house_of(here, store, KEYS[0], None)
    before = await read_all(home, tenant_id, page_rows)
    failing = Failing(target, rule, error, times=3)
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await driving.run_move(house_of(here, store, KEYS[0], Source(target, "", "")), move)
    assert (await how_it_ended(store, tenant_id), failing.left) == (("done", ""), 0)
    found = await read_all(target, tenant_id, page_rows)
    found.pop("tenants"), before.pop("tenants")
    assert by_key(found) == by_key(before)


@pytest.mark.parametrize(("error", "says"), [(FULL, "storage is full"), (GONE, "database cannot be reached")])
async def test_it_fails_with_the_reason_where_that_lasts(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, error: Exception, says: str
) -> None:
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target, home = make_house(there, store_on(there), KEYS[1]), house_of(here, store, KEYS[0], None)
    before = await read_all(home, tenant_id, page_rows)
    failing = Failing(target, "put_rows", error, times=driving._TRIES * 10)
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await driving.run_move(house_of(here, store, KEYS[0], Source(target, "", "")), move)
    phase, failure = await how_it_ended(store, tenant_id)
    assert phase == "failed"
    assert failure.startswith("The cell 'north' answered: ")
    assert says in failure
    assert failing.left
    assert not any((await read_all(target, tenant_id, page_arrived)).values())
    await is_as_before(store, home, tenant_id, before)


@pytest.mark.parametrize("error", [FULL, GONE])
async def test_once_the_other_cell_decides_it_is_asked_until_it_can(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, error: Exception
) -> None:
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target = make_house(there, store_on(there), KEYS[1])
    Failing(target, "finish_arrival", error, times=1)
    driven = house_of(here, store, KEYS[0], Source(target, "", ""))
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    with pytest.raises(type(error).__mro__[1]):
        await driving.run_move(driven, move)
    assert await how_it_ended(store, tenant_id) == ("switching", "")
    move = await store.read(driving.find_move, Operator(tenant_id), None)
    await driving.run_move(driven, move)
    assert await how_it_ended(store, tenant_id) == ("done", "")


@pytest.mark.parametrize(("here_is", "there_is"), [("9999", SCHEMA_VERSION), (SCHEMA_VERSION, "9999")])
async def test_to_a_cell_of_another_version_nothing_goes(
    sqlite_template: Path,
    tmp_path: Path,
    store_on: OpenStore,
    monkeypatch: pytest.MonkeyPatch,
    here_is: str,
    there_is: str,
) -> None:
    monkeypatch.setattr(bringing, "SCHEMA_VERSION", here_is)
    monkeypatch.setattr(cell_routes, "SCHEMA_VERSION", there_is)
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target, home = make_house(there, store_on(there), KEYS[1]), house_of(here, store, KEYS[0], None)
    before = await read_all(home, tenant_id, page_rows)
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await driving.run_move(house_of(here, store, KEYS[0], Source(target, "", "")), move)
    assert await how_it_ended(store, tenant_id) == (
        "failed",
        f"The cells are of different versions (schema {there_is} and {here_is}): bring both to the same one, then move"
        " again.",
    )
    await is_as_before(store, home, tenant_id, before)
