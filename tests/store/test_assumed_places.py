"""A writer on PostgreSQL that nobody disturbs commits with one statement, and notices when somebody did disturb it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.store.postgres import PostgresConnection
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.store.writer import Writer
from tests.store.rules import (
    COUNT_PEOPLE,
    INSERT_PERSON,
    Counted,
    Failed,
    Gate,
    add_whole_person,
    append_event,
    names_of,
    queue_all,
    send_message,
)
from tests.stores import Database, OpenStore, add_tenant

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("fresh_record")]


class WatchedConnection(PostgresConnection):
    """Notes how each write reached the database: locked first, or committed with one statement."""

    record: list[str] = []  # noqa: RUF012 - one for all connections, emptied for each test
    opened: list[WatchedConnection] = []  # noqa: RUF012

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.opened.append(self)

    def _begin(self, text: str = "", arguments: tuple[Any, ...] | None = None) -> None:
        self.record.append("locked")
        super()._begin(text, arguments)

    def _commit_assuming(self) -> None:
        self.record.append("one statement")
        super()._commit_assuming()


@pytest.fixture
def fresh_record() -> None:
    WatchedConnection.record.clear()
    WatchedConnection.opened.clear()


@pytest.fixture
def watched(postgres_database: Database) -> Iterator[Store]:
    url = postgres_database.settings.database
    store = Store(
        connect_writer=lambda: WatchedConnection(url),
        connect_reader=lambda: PostgresConnection(url, read_limit_ms=1_000),
        writers=[Writer],
        reader_count=1,
        queue_max=100,
    )
    store.start()
    yield store
    store.stop()


async def settled(store: Store) -> Operator:
    """A tenant whose place the writer has left twice, and will assume from now on."""
    caller = await add_tenant(store)
    await store.write(send_message, caller, "first")
    await store.write(send_message, caller, "second")
    WatchedConnection.record.clear()
    return caller


async def test_appending_is_one_statement_however_many_rows(watched: Store, postgres_database: Database) -> None:
    caller = await settled(watched)
    gate = Gate()
    held = asyncio.create_task(watched.write(gate.hold, caller, None))
    await gate.entered()
    tasks = await queue_all(watched, [(send_message, caller, f"row {number}") for number in range(10)])
    gate.open()
    assert [(await task).position for task in tasks] == list(range(4, 14))
    await held
    assert WatchedConnection.record == ["locked", "one statement"], "the gate changed nothing and was looked at"
    await watched.write(send_message, caller, "alone")
    assert WatchedConnection.record[2:] == ["one statement"]
    assert len(names_of(postgres_database, caller.tenant_id)) == 13
    positions = [position for position, _, _ in postgres_database.events_of(caller.tenant_id)]
    assert positions == list(range(1, 15))
    assert postgres_database.place_of(caller.tenant_id)[0] == 14


async def test_a_rule_that_asks_or_writes_locks_with_its_first_statement(watched: Store) -> None:
    caller, rule = await settled(watched), Counted(add_whole_person)
    assert (await watched.write(rule, caller, "written")).position == 4
    assert (WatchedConnection.record, rule.run_count) == (["locked"], 1)


class TestAnotherNodeHasWritten:
    async def test_an_appending_batch_is_run_again(
        self, watched: Store, postgres_database: Database, store_on: OpenStore
    ) -> None:
        caller, rule = await settled(watched), Counted(send_message)
        other = store_on(postgres_database)
        assert (await other.write(send_message, caller, "theirs")).position == 4
        assert (await watched.write(rule, caller, "ours")).position == 5
        assert (WatchedConnection.record, rule.run_count) == (["one statement", "locked"], 2)
        events = postgres_database.events_of(caller.tenant_id)
        assert [object_id for _, _, object_id in events][1:] == ["first", "second", "theirs", "ours"]
        assert names_of(postgres_database, caller.tenant_id) == ["first", "ours", "second", "theirs"]

    async def test_a_writing_rule_is_run_again_though_its_statement_was_refused(
        self, watched: Store, postgres_database: Database, store_on: OpenStore
    ) -> None:
        """The old row is in the writer's memory only: what it inserts now meets the other node's."""

        def insert_once(tx: Transaction, caller: Operator, name: str) -> None:
            [(number,)] = tx.remembered(COUNT_PEOPLE)
            if number == 2:
                add_whole_person(tx, caller, name)

        caller = await settled(watched)
        await watched.write(lambda tx, _caller, _request: tx.remembered(COUNT_PEOPLE), caller, None)
        await store_on(postgres_database).write(add_whole_person, caller, "same")
        await watched.write(insert_once, caller, "same")
        assert names_of(postgres_database, caller.tenant_id) == ["first", "same", "second"]

    async def test_a_refusal_on_old_grounds_is_reconsidered(
        self, watched: Store, postgres_database: Database, store_on: OpenStore
    ) -> None:
        def needs_three(tx: Transaction, _caller: Operator, _request: None) -> str:
            [(number,)] = tx.remembered(COUNT_PEOPLE)
            if number < 3:
                raise Failed
            return "there are three"

        caller = await settled(watched)
        with pytest.raises(Failed):
            await watched.write(needs_three, caller, None)
        await store_on(postgres_database).write(add_whole_person, caller, "third")
        assert (await watched.write(needs_three, caller, None)).result == "there are three"

    async def test_a_permission_taken_away_there_holds_here_at_once(
        self, watched: Store, postgres_database: Database, store_on: OpenStore
    ) -> None:
        def while_two(tx: Transaction, caller: Operator, name: str) -> int:
            [(number,)] = tx.remembered(COUNT_PEOPLE)
            if number != 2:
                raise Failed
            return append_event(tx, caller, name)

        caller = await settled(watched)
        await watched.write(while_two, caller, "allowed")
        await watched.write(while_two, caller, "allowed, from memory")
        assert WatchedConnection.record[-1] == "one statement"
        await store_on(postgres_database).write(add_whole_person, caller, "third")
        with pytest.raises(Failed):
            await watched.write(while_two, caller, "not allowed")
        assert [object_id for _, _, object_id in postgres_database.events_of(caller.tenant_id)][-1] == "third"

    async def test_nothing_is_assumed_while_both_go_on_writing(
        self, watched: Store, postgres_database: Database, store_on: OpenStore
    ) -> None:
        caller, other = await settled(watched), store_on(postgres_database)
        for number in range(3):
            await other.write(send_message, caller, f"theirs {number}")
            await watched.write(send_message, caller, f"ours {number}")
        assert WatchedConnection.record == ["one statement", "locked", "locked", "locked"]


async def test_a_row_that_is_refused_hurts_only_its_own_caller(watched: Store, postgres_database: Database) -> None:
    caller = await settled(watched)
    with pytest.raises(Exception, match="duplicate key"):
        await watched.write(send_message, caller, "first")
    assert (await watched.write(send_message, caller, "third")).position == 4
    assert names_of(postgres_database, caller.tenant_id) == ["first", "second", "third"]


def cut(connection: WatchedConnection) -> None:
    with socket.socket(fileno=os.dup(connection._connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def terminate(connection: WatchedConnection, ask: Callable[..., object]) -> None:
    ask("SELECT pg_terminate_backend(%s, 60000)", connection._connection.info.backend_pid)


@pytest.mark.parametrize("how", ["cut", "terminated"])
async def test_a_connection_that_died_while_idle_costs_no_call(
    how: str, watched: Store, postgres_database: Database
) -> None:
    caller = await settled(watched)
    connection = WatchedConnection.opened[-1]
    if how == "cut":
        cut(connection)
    else:
        terminate(connection, postgres_database.ask)
    assert (await watched.write(send_message, caller, "third")).position == 4
    assert WatchedConnection.record == ["locked", "locked"], "on the dead connection, and on a new one"
    assert len(WatchedConnection.opened) == 2


def test_rows_can_be_inserted_under_a_condition() -> None:
    compiled = INSERT_PERSON.compiled("postgresql")
    assert compiled.one_row_sql.count("%s::") == compiled.many_rows_sql.count("%b::") == len(compiled.names)
