"""A move whose source dies at any of its steps goes on when it is back: the tenant lives in one cell, whole."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.auth.sealing import SecretKey
from chaupal.cells.calls import CellAnswer
from chaupal.cells.door import CellRequest, CellRoute
from chaupal.cells.roster import Peer, Roster
from chaupal.directory.events import tenant_created
from chaupal.errors import ChaupalError
from chaupal.moving import arrivals, driving
from chaupal.moving.cell_routes import MOVE_ROUTES
from chaupal.moving.moves import begin_move, find_move, list_running
from chaupal.moving.rules import Finish, TenantIsHere, page_rows
from chaupal.serving.house import House
from chaupal.store.clock import new_id
from chaupal.store.store import Store
from chaupal.store.tenant_rows import tenant_table
from chaupal.store.transaction import Transaction
from chaupal.wire.errors import write_error
from chaupal.wire.paths import PathTable
from tests.store.houses import make_house
from tests.store.test_tenant_rows import arrive, by_key, read_all, sample
from tests.stores import Database, OpenStore, make_sqlite_database

pytestmark = pytest.mark.anyio

KEYS = (SecretKey(bytes(range(32))), SecretKey(bytes(range(5, 37))))

STEPS = [
    "call begin",
    "call rows",
    "call sum",
    "write record_table",
    "write hold_writes",
    "call changes",
    "write begin_switch",
    "call finish",
    "write note_left",
    "write clean_some",
    "write end_move",
]


class Killed(BaseException):
    """The process is gone."""


class Source:
    """A server that dies before or after the first of some steps, and does nothing any more from then on."""

    def __init__(self, there: House, step: str, when: str) -> None:
        self.there, self.step, self.when = there, step, when
        self.is_dead = False
        self.on_call: dict[str, Any] = {}
        self._paths: PathTable[CellRoute] = PathTable()
        for route in MOVE_ROUTES:
            self._paths.add(route.method, route.path, route)

    def _come_to(self, step: str, when: str) -> None:
        if self.is_dead or (step, when) == (self.step, self.when):
            self.is_dead = True
            raise Killed

    async def call(
        self, _cell: str, method: str, path: str, body: bytes | AsyncIterator[bytes] = b"", **_options: Any
    ) -> CellAnswer:
        step = f"call {path.rpartition('/')[2]}"
        self._come_to(step, "before")
        with contextlib.suppress(KeyError):
            await self.on_call.pop(step)()
        matched = self._paths.find(method, path)
        assert matched is not None and matched.target is not None, path
        proof: Any = SimpleNamespace(peer=SimpleNamespace(name="root"))
        stream: Any = SimpleNamespace(pieces=lambda: body)
        request = CellRequest(self.there, matched.parameters, stream, proof, body if isinstance(body, bytes) else b"")
        try:
            answer = await matched.target.handler(request)
            status, sent = 200, answer if isinstance(answer, bytes) else b""
        except ChaupalError as error:
            status, sent, _ = write_error(error, "test")
        self._come_to(step, "after")
        return CellAnswer(status, sent)

    def watch(self, store: Store) -> None:
        write = store.write

        async def watched(rule: Any, caller: Any, request: Any, **options: Any) -> Any:
            step = f"write {rule.__name__}"
            self._come_to(step, "before")
            written = await write(rule, caller, request, **options)
            self._come_to(step, "after")
            return written

        store.write = watched  # type: ignore[method-assign]


def house_of(database: Database, store: Store, key: SecretKey, source: Source | None) -> House:
    house = make_house(database, store, key)
    house.roster = Roster(
        own_name="root", is_root=True, peers={"north": Peer("north", "https://north.example.org/", False, "joined", {})}
    )
    if source is not None:
        source.watch(store)
        house.cell_calls.call = source.call  # type: ignore[method-assign]
    return house


def _live(tx: Transaction, caller: Operator, _request: None) -> None:
    """What people do meanwhile: something is appended, something goes, and a row changes its place."""
    tx.append(tenant_created(caller.tenant_id))
    messages, people = tenant_table("messages"), tenant_table("people")
    gone, changed = messages.page(tx, None, 2)
    messages.remove(tx, messages.key_of(gone))
    messages.remove(tx, messages.key_of(changed))
    edited = list(changed)
    edited[messages.columns.index("text")] = "edited"
    messages.put(tx, [tuple(edited)])
    first, second = people.page(tx, None, 2)
    place = people.columns.index("mobile_number")
    for each in (first, second):
        people.remove(tx, people.key_of(each))
    one, other = list(first), list(second)
    one[place], other[place] = second[place], first[place]  # numbers are unique, and go round
    people.put(tx, [tuple(one), tuple(other)])


async def settle(sqlite_template: Path, tmp_path: Path, store_on: OpenStore) -> tuple[Database, Database, Store, str]:
    """(the cell in which a tenant lives, one that is empty, the store of the first, the tenant)."""
    here, there = (make_sqlite_database(sqlite_template, tmp_path / name) for name in ("here", "there"))
    store, tenant_id = store_on(here), new_id()
    home = house_of(here, store, KEYS[0], None)
    await arrivals.finish(home, tenant_id, Finish(await arrive(home, tenant_id, sample(tenant_id))))
    return here, there, store, tenant_id


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_it_goes_on_and_nothing_is_lost(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    monkeypatch.setattr(driving, "take_over", lambda *_found: None)
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target, home = make_house(there, store_on(there), KEYS[1]), house_of(here, store, KEYS[0], None)
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    expected: dict[str, Any] = {}

    async def live() -> None:
        await Store.write(store, _live, Operator(tenant_id), None)
        expected.update(await read_all(home, tenant_id, page_rows))

    source = Source(target, step, when)
    source.on_call["call sum"] = live
    with pytest.raises(Killed):
        await driving.run_move(house_of(here, store, KEYS[0], source), move)
    assert source.is_dead
    store.stop()

    again = Source(target, "", "")
    again.on_call["call sum"] = live if not expected else _nothing
    store = store_on(here)
    home = house_of(here, store, KEYS[0], None)
    back = house_of(here, store, KEYS[0], again)
    for each in await store.read(list_running, INSTALLATION, None):
        await driving.run_move(back, each)

    assert await how_it_ended(store, tenant_id) == ("done", "")
    found = await read_all(target, tenant_id, page_rows)
    [ours], [theirs] = found.pop("tenants"), expected.pop("tenants")
    assert by_key(found) == by_key(expected)
    columns = tenant_table("tenants").columns
    place = dict(zip(columns, ours, strict=True))
    assert (place["last_position"], place["gate"]) == (theirs[columns.index("last_position")], "")
    left = await read_all(home, tenant_id, page_rows)
    assert dict(zip(columns, left.pop("tenants")[0], strict=True))["gate"] == "left"
    assert not any(left.values())
    with pytest.raises(TenantIsHere):  # an archive of before would make a second one of it
        await arrivals.begin(home, tenant_id, new_id(), KEYS[0].exported())
    assert here.ask("SELECT count(*) FROM row_changes") == [(0,)]
    assert here.ask("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == [(0,)]
    assert (await target.key_of(tenant_id)).exported() == (await home.key_of(tenant_id)).exported()


async def how_it_ended(store: Store, tenant_id: str) -> tuple[str, str]:
    """(phase, failure)."""
    move = await store.read(find_move, Operator(tenant_id), None)
    assert move is not None
    return move.phase, move.failure


async def is_as_before(store: Store, home: House, tenant_id: str, before: dict[str, Any]) -> None:
    """Nothing of the tenant is different, and it is written to."""
    after = await read_all(home, tenant_id, page_rows)
    after.pop("tenants"), before.pop("tenants")
    assert after == before
    written = await store.write(
        lambda tx, each, _: tx.append(tenant_created(each.tenant_id)), Operator(tenant_id), None
    )
    assert written.result == 78


async def _nothing() -> None:
    return


async def test_a_cell_that_refuses_leaves_the_tenant_as_it_was(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    here, there = (make_sqlite_database(sqlite_template, tmp_path / name) for name in ("here", "there"))
    target = make_house(there, store_on(there), KEYS[1])
    store, tenant_id = store_on(here), new_id()
    home = house_of(here, store, KEYS[0], Source(target, "", ""))
    await arrivals.finish(home, tenant_id, Finish(await arrive(home, tenant_id, sample(tenant_id))))
    before = await read_all(home, tenant_id, page_rows)
    # One of the application ids is taken there.
    other, ids = new_id(), tenant_table("connectors").columns
    theirs = sample(other)
    [first, *_] = theirs["connectors"]
    taken = next(each for each in before["connectors"] if each[ids.index("deleted_at_ms")] is None)
    row = list(first)
    for name in ("application_id", "shown_id"):
        row[ids.index(name)] = taken[ids.index("shown_id")].lower()
    row[ids.index("deleted_at_ms")] = None
    theirs["connectors"] = [tuple(row)]
    await arrivals.finish(target, other, Finish(await arrive(target, other, theirs)))
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await driving.run_move(home, move)
    phase, failure = await how_it_ended(store, tenant_id)
    assert phase == "failed"
    assert "application id" in failure
    await is_as_before(store, home, tenant_id, before)
    assert here.ask("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == [(0,)]
