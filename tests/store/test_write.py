"""`store.write` on both databases: what a rule's caller is told, and what then stands in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.errors import Conflict
from chaupal.store.store import Written
from chaupal.store.transaction import Transaction
from chaupal.store.writer import WriteRefused
from tests.store.rules import (
    Counted,
    Failed,
    Gate,
    add_whole_person,
    append_event,
    append_person,
    count_people,
    insert_person,
    names_of,
    queue_all,
    send_message,
    write_in_one_batch,
)
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio

NEIGHBOURS = 64


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


@pytest.fixture
def store_on(store_on: OpenStore) -> OpenStore:
    """What waits for a writer becomes one batch, however slow the machine is."""
    return partial(store_on, batch_max_s=600.0)


class TestWrite:
    async def test_answers_with_the_result_and_the_position(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        caller = await add_tenant(store)

        def append_three(tx: Transaction, caller: Operator, request: str) -> str:
            for number in range(3):
                append_event(tx, caller, f"{request}-{number}")
            return request.upper()

        assert await store.write(append_three, caller, "a") == Written("A", 4)
        assert await store.write(append_three, caller, "b") == Written("B", 7)
        assert database.place_of(caller.tenant_id)[0] == 7

    async def test_a_rule_that_appends_nothing_gets_the_last_position(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        await store.write(append_event, caller, "a")
        assert await store.write(count_people, caller, None) == Written(0, 2)
        assert database.place_of(caller.tenant_id)[0] == 2

    async def test_positions_have_no_gaps_and_are_the_ones_answered(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database)
        callers = [await add_tenant(store) for _ in range(3)]
        asked = [(caller, f"{number}") for number in range(100) for caller in callers]
        written = await asyncio.gather(*(store.write(append_event, caller, name) for caller, name in asked))
        for caller in callers:
            answered = {
                answer.position: name for (whose, name), answer in zip(asked, written, strict=True) if whose is caller
            }
            log = database.events_of(caller.tenant_id)
            assert [position for position, _, _ in log] == list(range(1, 102))
            assert {position: name for position, _, name in log[1:]} == answered
            assert database.place_of(caller.tenant_id) == log[-1][:2]
        assert all(answer.result == answer.position for answer in written)

    async def test_times_increase_though_the_clock_stands_still_or_goes_back(
        self, database: Database, store_on: OpenStore
    ) -> None:
        times = iter([5_000_000, 5_000_000, 5_000_000, 4_000_000, 3_000_000, 9_000_000, 9_000_000])
        store = store_on(database, clock=lambda: next(times))
        caller = await add_tenant(store)
        for number in range(6):
            await store.write(append_event, caller, f"{number}")
        assert [at_us - 5_000_000 for _, at_us, _ in database.events_of(caller.tenant_id)] == [
            *range(5),
            4_000_000,
            4_000_001,
        ]

    async def test_a_rule_knows_its_event_s_place(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        caller = await add_tenant(store)

        def append_two(tx: Transaction, caller: Operator, _request: None) -> list[tuple[int, int]]:
            return [(append_event(tx, caller, "a"), tx.last_at_us), (append_event(tx, caller, "b"), tx.last_at_us)]

        answers = await write_in_one_batch(store, [(append_two, caller, None)] * 5)
        told = [place for answer in answers for place in answer.result]
        assert told == [(position, at_us) for position, at_us, _ in database.events_of(caller.tenant_id)[1:]]

    async def test_a_batch_is_one_commit(self, database: Database, store_on: OpenStore) -> None:
        commits: list[int] = []
        store = store_on(database, store_writers=1, before_commit=lambda: commits.append(1))
        caller = await add_tenant(store)
        commits.clear()
        await write_in_one_batch(store, [(send_message, caller, f"{number}") for number in range(NEIGHBOURS)])
        assert len(commits) == 2  # the rule that held the writer, and the batch
        assert len(names_of(database, caller.tenant_id)) == NEIGHBOURS

    async def test_a_later_rule_of_the_batch_sees_rows_that_an_earlier_one_changed(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database, store_writers=1)
        caller, other = await add_tenant(store), await add_tenant(store)
        answers = await write_in_one_batch(
            store,
            [
                (count_people, caller, None),
                (insert_person, caller, "a"),
                (count_people, caller, None),
                (count_people, other, None),
            ],
        )
        assert [answer.result for answer in answers] == [0, None, 1, 0]


def fail_at_once(tx: Transaction, caller: Operator, request: str) -> None:
    raise Failed(request)


def fail_after_event(tx: Transaction, caller: Operator, request: str) -> None:
    append_event(tx, caller, request)
    raise Failed(request)


def fail_after_row(tx: Transaction, caller: Operator, request: str) -> None:
    insert_person(tx, caller, request)
    append_event(tx, caller, request)
    raise Failed(request)


def fail_after_late_row(tx: Transaction, caller: Operator, request: str) -> None:
    append_person(tx, caller, request)
    append_event(tx, caller, request)
    raise Failed(request)


def stop_iterating(tx: Transaction, caller: Operator, request: str) -> None:
    insert_person(tx, caller, request)
    next(iter([]))


FAILING = [fail_at_once, fail_after_event, fail_after_row, fail_after_late_row]


class TestFailingRule:
    @pytest.mark.parametrize("failing", FAILING)
    @pytest.mark.parametrize("good", [send_message, add_whole_person])
    async def test_leaves_nothing_and_does_not_hurt_its_neighbours(
        self, database: Database, store_on: OpenStore, failing: Callable[..., None], good: Callable[..., int]
    ) -> None:
        store = store_on(database, store_writers=1)
        caller = await add_tenant(store)
        counted = Counted(good)
        asked: list[Any] = [(counted, caller, f"{number:02}") for number in range(NEIGHBOURS)]
        asked.insert(NEIGHBOURS // 2, (failing, caller, "bad"))
        answers = await write_in_one_batch(store, asked)

        failure = answers.pop(NEIGHBOURS // 2)
        assert isinstance(failure, Failed)
        assert [answer.position for answer in answers] == list(range(2, NEIGHBOURS + 2))
        assert [name for _, _, name in database.events_of(caller.tenant_id)[1:]] == [
            name for _, _, name in asked if name != "bad"
        ]
        assert names_of(database, caller.tenant_id) == [f"{number:02}" for number in range(NEIGHBOURS)]
        assert counted.run_count == NEIGHBOURS  # its own error is no reason to run the batch again

    @pytest.mark.parametrize("failing", FAILING)
    async def test_leaves_nothing_alone(
        self, database: Database, store_on: OpenStore, failing: Callable[..., None]
    ) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        place = database.place_of(caller.tenant_id)
        with pytest.raises(Failed, match="bad"):
            await store.write(failing, caller, "bad")
        assert database.place_of(caller.tenant_id) == place
        assert names_of(database, caller.tenant_id) == []
        assert (await store.write(add_whole_person, caller, "good")).position == 2

    async def test_may_raise_what_a_future_refuses(self, database: Database, store_on: OpenStore) -> None:
        """A future takes no StopIteration; those who wait beside it must be woken all the same."""
        store = store_on(database, store_writers=1)
        caller = await add_tenant(store)
        answers = await write_in_one_batch(store, [(stop_iterating, caller, "bad"), (add_whole_person, caller, "good")])
        assert isinstance(answers[0], Exception)
        assert answers[1].position == 2
        assert names_of(database, caller.tenant_id) == ["good"]

    async def test_the_product_s_own_refusal_reaches_the_caller_as_it_is(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        refusal = Conflict(reason="Not now.")

        def refuse(tx: Transaction, caller: Operator, _request: None) -> None:
            insert_person(tx, caller, "a")
            raise refusal

        with pytest.raises(Conflict) as raised:
            await store.write(refuse, caller, None)
        assert raised.value is refusal


BAD_TEXTS = {"nul": "a\0b", "surrogate": "a\ud83db"}


class TestRefusedRow:
    @pytest.mark.parametrize("write_row", [insert_person, append_person])
    @pytest.mark.parametrize("bad", BAD_TEXTS)
    async def test_of_text_that_no_database_holds_hurts_only_its_own_rule(
        self, database: Database, store_on: OpenStore, write_row: Callable[..., None], bad: str
    ) -> None:
        # SQLite does hold NUL; the contract refuses it at the door, for the sake of the other database.
        is_refused = database.is_postgres or bad != "nul"

        def write_both(tx: Transaction, caller: Operator, name: str) -> None:
            append_event(tx, caller, "event")
            write_row(tx, caller, "bad", name=name)

        caller, answers = await self._write_around(database, store_on, (write_both, BAD_TEXTS[bad]))
        assert isinstance(answers, WriteRefused) is is_refused
        assert len(names_of(database, caller.tenant_id)) == NEIGHBOURS + (not is_refused)

    @pytest.mark.parametrize("bad", BAD_TEXTS)
    async def test_of_an_event_hurts_only_its_own_rule(self, database: Database, store_on: OpenStore, bad: str) -> None:
        is_refused = database.is_postgres or bad != "nul"
        _, answer = await self._write_around(database, store_on, (append_event, BAD_TEXTS[bad]))
        assert isinstance(answer, WriteRefused) is is_refused

    @pytest.mark.parametrize("write_row", [insert_person, append_person])
    async def test_that_breaks_a_constraint_hurts_only_its_own_rule(
        self, database: Database, store_on: OpenStore, write_row: Callable[..., None]
    ) -> None:
        def write_twin(tx: Transaction, caller: Operator, name: str) -> None:
            append_event(tx, caller, name)
            write_row(tx, caller, name, mobile_number="00")

        caller, answer = await self._write_around(database, store_on, (write_twin, "twin"))
        assert isinstance(answer, WriteRefused)
        assert "twin" not in names_of(database, caller.tenant_id)

    @pytest.mark.parametrize("write_row", [insert_person, append_person])
    @pytest.mark.parametrize("wrong", [{"name": object()}, {"created_at_ms": 2**70}, {"created_at_ms": "noon"}])
    async def test_of_a_wrong_type_hurts_only_its_own_rule(
        self, database: Database, store_on: OpenStore, write_row: Callable[..., None], wrong: dict[str, Any]
    ) -> None:
        def write_wrong(tx: Transaction, caller: Operator, name: str) -> None:
            append_event(tx, caller, name)
            write_row(tx, caller, name, **wrong)

        caller, answer = await self._write_around(database, store_on, (write_wrong, "wrong"))
        assert isinstance(answer, WriteRefused)
        assert len(names_of(database, caller.tenant_id)) == NEIGHBOURS

    async def _write_around(
        self, database: Database, store_on: OpenStore, bad: tuple[Callable[..., Any], Any]
    ) -> tuple[Operator, Any]:
        """One bad rule among 64 good ones in one batch; whose they are, and what the bad one's caller was told."""
        store = store_on(database, store_writers=1)
        caller = await add_tenant(store)
        good: list[Any] = [
            (send_message if number % 2 else add_whole_person, caller, f"{number:02}") for number in range(NEIGHBOURS)
        ]
        half = NEIGHBOURS // 2
        answers = await write_in_one_batch(store, [*good[:half], (bad[0], caller, bad[1]), *good[half:]])
        answer = answers.pop(half)

        log = database.events_of(caller.tenant_id)
        assert [position for position, _, _ in log] == list(range(1, len(log) + 1))
        standing = {name: position for position, _, name in log}
        assert {name: standing[name] for _, _, name in good} == {
            name: written.position for (_, _, name), written in zip(good, answers, strict=True)
        }
        assert {name for _, _, name in good} <= set(names_of(database, caller.tenant_id))
        assert len([1 for _, _, name in log[1:] if name in {name for _, _, name in good}]) == NEIGHBOURS
        return caller, answer


class TestCancelledCaller:
    async def test_waiting_in_the_queue_changes_nothing_for_its_rule(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store = store_on(database, store_writers=1)
        caller = await add_tenant(store)
        gate = Gate()
        holding = asyncio.create_task(store.write(gate.hold, caller, None))
        await gate.entered()
        tasks = await queue_all(
            store,
            [(add_whole_person, caller, "a"), (fail_after_row, caller, "b"), (send_message, caller, "c")],
        )
        tasks[0].cancel()
        tasks[1].cancel()
        gate.open()
        await holding
        assert (await tasks[2]).position == 3
        assert all(task.cancelled() for task in tasks[:2])
        assert names_of(database, caller.tenant_id) == ["a", "c"]

    async def test_while_its_rule_runs_changes_nothing_for_it(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        gate = Gate()

        def insert_slowly(tx: Transaction, caller: Operator, name: str) -> None:
            add_whole_person(tx, caller, name)
            gate.hold(tx, caller, name)

        task = asyncio.create_task(store.write(insert_slowly, caller, "a"))
        await gate.entered()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.open()
        assert (await store.write(append_event, caller, "next")).position == 3
        assert names_of(database, caller.tenant_id) == ["a"]
