"""A move that is cancelled leaves everything as it was, also when its server is killed meanwhile; too late it is
refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.errors import NotFound
from chaupal.moving import driving
from chaupal.moving.moves import Cancelling, MoveTooFar, begin_move, cancel_move, list_running
from chaupal.moving.rules import page_arrived, page_rows
from chaupal.store.store import Store
from tests.cells.conftest import MakeCell, join
from tests.cells.hand_move import settings_of
from tests.cells.test_interrupted_moves import KEYS, Killed, Source, house_of, how_it_ended, is_as_before, settle
from tests.crash.test_media_uploads import wait_until
from tests.store.houses import make_house
from tests.store.test_tenant_rows import read_all
from tests.stores import OpenStore, ask_sqlite

pytestmark = pytest.mark.anyio

KNOWN = Cancelling(["north"])


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("", ""),
        ("write release_writes", "before"),
        ("call give-up", "before"),
        ("call give-up", "after"),
        ("write end_move", "before"),
        ("write end_move", "after"),
    ],
)
async def test_all_is_as_before(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target, home = make_house(there, store_on(there), KEYS[1]), house_of(here, store, KEYS[0], None)
    before = await read_all(home, tenant_id, page_rows)
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    source = Source(target, step, when)

    async def cancel() -> None:
        assert any((await read_all(target, tenant_id, page_arrived)).values())
        await Store.write(store, cancel_move, Operator(tenant_id, passes_gate=True), KNOWN)

    source.on_call["call sum"] = cancel
    driven = house_of(here, store, KEYS[0], source)
    if step:
        with pytest.raises(Killed):
            await driving.run_move(driven, move)
        store.stop()
        store = store_on(here)
        home = house_of(here, store, KEYS[0], None)
        driven = house_of(here, store, KEYS[0], Source(target, "", ""))
        for each in await store.read(list_running, INSTALLATION, None):
            await driving.run_move(driven, each)
    else:
        await driving.run_move(driven, move)

    assert await how_it_ended(store, tenant_id) == ("failed", "The move was cancelled.")
    assert not any((await read_all(target, tenant_id, page_arrived)).values())
    assert there.ask("SELECT count(*) FROM arrivals") == [(0,)]
    assert here.ask("SELECT count(*) FROM row_changes") == [(0,)]
    assert here.ask("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == [(0,)]
    await is_as_before(store, home, tenant_id, before)
    with pytest.raises(NotFound):  # nothing is under way any more
        await store.write(cancel_move, Operator(tenant_id), KNOWN)


@pytest.mark.parametrize("step", ["call finish", "write clean_some"])
async def test_it_is_refused_once_the_other_cell_may_have_taken_over(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    monkeypatch.setattr(driving, "take_over", lambda *_found: None)
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target = make_house(there, store_on(there), KEYS[1])
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    with pytest.raises(Killed):
        await driving.run_move(house_of(here, store, KEYS[0], Source(target, step, "before")), move)
    with pytest.raises(MoveTooFar, match="Move the tenant back instead"):
        await Store.write(store, cancel_move, Operator(tenant_id, passes_gate=True), KNOWN)


async def test_it_is_undone_even_then_once_the_other_cell_was_removed_for_good(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target, home = make_house(there, store_on(there), KEYS[1]), house_of(here, store, KEYS[0], None)
    before = await read_all(home, tenant_id, page_rows)
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    with pytest.raises(Killed):
        await driving.run_move(house_of(here, store, KEYS[0], Source(target, "call finish", "before")), move)
    store.stop()
    store = store_on(here)
    home = make_house(here, store, KEYS[0])  # which knows no other cell
    moved = (await store.write(cancel_move, Operator(tenant_id, passes_gate=True), Cancelling([]))).result
    await driving.run_move(home, moved)
    assert await how_it_ended(store, tenant_id) == ("failed", "The move was cancelled.")
    await is_as_before(store, home, tenant_id, before)


def test_the_command_cancels_it_and_a_server_undoes_it_without_the_other_cell(make_cell: MakeCell) -> None:
    here, there = make_cell(), make_cell()
    tenant_id = here.init()["tenantId"]
    here.start()
    there.start()
    join(here, there, "north")
    here.stop()
    there.stop()
    # As it is of tenants from the time before they had keys of their own.
    keyless = "INSERT INTO tenant_keys (tenant_id, sealed_key) VALUES (?, ?)"
    ask_sqlite(settings_of(here).sqlite_path, keyless, tenant_id, b"")
    assert "the cell 'north' would get the secret key of this" in here.refusal(
        "tenant", "move", tenant_id, "--to", "north"
    )
    begun = here.result("tenant", "move", tenant_id, "--to", "north", "--with-installation-key")
    assert begun["phase"] == "copying"
    assert here.result("tenant", "move", tenant_id, "--cancel")["phase"] == "cancelling"
    both = here.command("tenant", "move", tenant_id, "--cancel", "--to", "north", "--json")
    assert (both.code, "either --to CELL or --cancel" in both.json["message"]) == (2, True)
    here.start()
    wait_until(lambda: here.result("tenant", "moved", tenant_id)["isOver"])
    shown = here.result("tenant", "moved", tenant_id)
    assert (shown["phase"], shown["failure"]) == ("failed", "The move was cancelled.")
    assert "under way" in here.refusal("tenant", "move", tenant_id, "--cancel")
