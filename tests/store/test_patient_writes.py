"""Patient work: bookkeeping that waits for the calls of users, has its turn all the same, and is not forced to disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.store import early_writing
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from tests.store.rules import WAIT_S, Failed, Gate, add_whole_person, append_person, names_of
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


OPEN_FILES = Path("/proc/self/fd")


def path_of(file: Path) -> str:
    """What an open file is, "" where it is not open any more."""
    try:
        return str(file.readlink())
    except OSError:
        return ""


def open_paths() -> set[str]:
    return {path_of(file) for file in OPEN_FILES.iterdir()}


class Order:
    """Notes in which order rules are run."""

    def __init__(self) -> None:
        self.run: list[str] = []

    def note(self, _tx: Transaction, _caller: object, name: str) -> None:
        self.run.append(name)


async def wait_for(store: Store, *asked: tuple[Callable[..., Any], Operator, Any, bool]) -> list[Any]:
    """Have all of these, each with whether it is patient, wait for the writer; then what became of each."""
    gate = Gate()
    holding = asyncio.create_task(store.write(gate.hold, asked[0][1], None))
    await gate.entered()
    tasks = [asyncio.create_task(store.write(*call, is_patient=is_patient)) for *call, is_patient in asked]
    async with asyncio.timeout(WAIT_S):
        while store.waiting_writes < len(asked):  # noqa: ASYNC110 - a turn of the loop lets the tasks submit
            await asyncio.sleep(0)
        gate.open()
        await holding
        return await asyncio.gather(*tasks, return_exceptions=True)


def note_forced(store: Store) -> list[bool]:
    """Of each transaction that the store begins from now on, whether it is forced to disk. It must have written."""
    seen: list[bool] = []
    connections: list[Any] = [writer._connection for writer in store._writers if writer._connection is not None]
    for connection in connections:

        def begin_write(
            assumed: Any = None, *, is_forced: bool = True, plain: Callable[..., None] = connection.begin_write
        ) -> None:
            seen.append(is_forced)
            plain(assumed, is_forced=is_forced)

        connection.begin_write = begin_write
    return seen


class TestOrder:
    async def test_what_came_first_waits_for_what_is_not_patient(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, long_batch_s=600.0)
        caller = await add_tenant(store)
        order = Order()
        await wait_for(
            store,
            *((order.note, caller, name, name.islower()) for name in ("a", "b", "A", "B")),
            (order.note, caller, "C", False),
        )
        assert order.run == ["A", "B", "C", "a", "b"]

    async def test_it_has_its_turn_however_many_others_keep_coming(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database, batch_max_rules=1, long_batch_s=600.0)
        caller = await add_tenant(store)
        order = Order()
        names = ["patient", *(f"{number}" for number in range(6))]
        await wait_for(store, *((order.note, caller, name, name == "patient") for name in names))
        assert order.run == ["0", "1", "patient", "2", "3", "4", "5"]

    @pytest.mark.parametrize(
        ("turns_max", "order"), [(8, "a b c 0 1 2"), (2, "a 0 b 1 c 2")], ids=["as many as it took", "but not too many"]
    )
    async def test_after_calls_that_took_long_it_has_several_turns(
        self, database: Database, store_on: OpenStore, turns_max: int, order: str
    ) -> None:
        store = store_on(database, batch_max_rules=1, long_batch_s=1e-9, turns_max=turns_max)
        caller = await add_tenant(store)
        run = Order()
        await wait_for(store, *((run.note, caller, name, name.isalpha()) for name in "abc012"))
        assert " ".join(run.run) == order

    @pytest.mark.parametrize(("calm_s", "begun"), [(1_000.0, [False] * 4), (-1.0, [False])])
    async def test_among_calls_it_goes_piece_by_piece_and_else_together(
        self,
        database: Database,
        store_on: OpenStore,
        calm_s: float,
        begun: list[bool],
    ) -> None:
        store = store_on(database, calm_s=calm_s)
        caller = await add_tenant(store)
        forced = note_forced(store)
        await wait_for(store, *((append_person, caller, name, True) for name in "abcd"))
        assert forced == [True, *begun]
        assert names_of(database, caller.tenant_id) == ["a", "b", "c", "d"]

    @pytest.mark.parametrize("left", ["answers_s", "glance_s"])
    async def test_among_calls_the_interpreter_is_left_to_those_who_read_and_answer_them_before_it_is_begun(
        self, database: Database, store_on: OpenStore, left: str
    ) -> None:
        store = store_on(database, **{"answers_s": 0.0, "calm_s": 600.0, left: 600.0})
        caller = await add_tenant(store)
        order = Order()
        await store.write(order.note, caller, "A")
        patient = asyncio.create_task(store.write(order.note, caller, "patient", is_patient=True))
        await asyncio.sleep(0)
        await store.write(order.note, caller, "B")
        assert order.run == ["A", "B"]
        await asyncio.to_thread(store.stop)
        await patient
        assert order.run == ["A", "B", "patient"]

    async def test_at_a_stop_it_is_finished_too(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        gate = Gate()
        holding = asyncio.create_task(store.write(gate.hold, caller, None))
        await gate.entered()
        tasks = [
            asyncio.create_task(store.write(append_person, caller, f"{number}", is_patient=True)) for number in range(9)
        ]
        async with asyncio.timeout(WAIT_S):
            while store.waiting_writes < len(tasks):  # noqa: ASYNC110 - a turn of the loop lets the tasks submit
                await asyncio.sleep(0)
            stopping = asyncio.create_task(asyncio.to_thread(store.stop))
            gate.open()
            await asyncio.gather(holding, stopping, *tasks)
        assert names_of(database, caller.tenant_id) == [f"{number}" for number in range(9)]


class TestForce:
    async def test_alone_it_is_not_forced_and_the_next_is(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        forced = note_forced(store)
        await store.write(append_person, caller, "a", is_patient=True)
        await store.write(append_person, caller, "b")
        assert forced == [False, True]
        assert names_of(database, caller.tenant_id) == ["a", "b"]

    async def test_what_it_leaves_in_the_log_is_on_its_way_to_the_disk_at_once(
        self, store_on: OpenStore, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The call behind it would else have to wait for that."""
        noted: list[str] = []
        monkeypatch.setattr(
            early_writing, "_writing", lambda: lambda file: noted.append(path_of(OPEN_FILES / str(file)))
        )
        log = f"{sqlite_database.settings.sqlite_path}-wal"
        store = store_on(sqlite_database)
        caller = await add_tenant(store)
        assert noted.count(log) == 0
        await store.write(append_person, caller, "a", is_patient=True)
        await store.write(append_person, caller, "b")
        assert noted.count(log) == 1
        await asyncio.to_thread(store.stop)
        assert log not in open_paths(), "it is closed"

    def test_the_system_does_it(self, tmp_path: Path) -> None:
        path = tmp_path / "log"
        path.write_bytes(b"x" * 100_000)
        write = early_writing._writing()
        assert write is not None
        with path.open("rb") as file:
            assert write(file.fileno()) == 0

    async def test_the_database_is_told(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        caller = await add_tenant(store)

        def ask(tx: Transaction, caller: object, name: str) -> object:
            append_person(tx, caller, name)
            connection: Any = tx._connection
            if database.is_postgres:
                connection._execute("SELECT 1")
                return connection._connection.execute("SHOW synchronous_commit").fetchone()[0]
            return connection._connection.pragma("synchronous")

        strict, lax = ("on", "off") if database.is_postgres else (2, 1)
        assert (await store.write(ask, caller, "a", is_patient=True)).result == lax
        assert (await store.write(ask, caller, "b")).result == strict

    async def test_where_it_appends_an_event_it_is_run_again_and_forced(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        forced = note_forced(store)
        written = await store.write(add_whole_person, caller, "a", is_patient=True)
        assert written.position == 2
        assert forced == [False, True]
        assert names_of(database, caller.tenant_id) == ["a"]

    async def test_one_that_appends_events_hurts_none_beside_it(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        asked = [(append_person, caller, "a", True), (add_whole_person, caller, "b", True), (fail, caller, "c", True)]
        written = await wait_for(store, *asked)
        assert [type(each).__name__ for each in written] == ["Written", "Written", "Failed"]
        assert names_of(database, caller.tenant_id) == ["a", "b"]
        assert database.place_of(caller.tenant_id)[0] == 2


def fail(_tx: Transaction, _caller: object, _name: str) -> None:
    raise Failed
