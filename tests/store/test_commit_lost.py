"""A connection that is cut inside COMMIT: the outcome is found out, and the rule never runs twice."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest

from chaupal.auth.caller import Operator
from chaupal.people.rules import NewPerson, Person, add_person
from chaupal.store.connection import DatabaseGone
from chaupal.store.postgres import PostgresConnection
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.store.writer import OutcomeUnknown, Writer
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio
NUMBER = "+919876543210"


class CutConnection(PostgresConnection):
    """Cuts its socket at the next commit: before the server hears of it, or when only the answer is missing."""

    cut: str = ""
    then: Callable[[], None] = staticmethod(lambda: None)

    def commit(self) -> None:
        cut, CutConnection.cut = CutConnection.cut, ""
        if cut == "before":
            with socket.socket(fileno=os.dup(self._connection.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)
        super().commit()
        if cut == "after":
            self.close()
            CutConnection.then()
            raise DatabaseGone("the answer to COMMIT was lost")


def store_over(database: Database) -> Store:
    url = database.settings.database
    store = Store(
        connect_writer=lambda: CutConnection(url),
        connect_reader=lambda: PostgresConnection(url, read_limit_ms=1_000),
        writers=[Writer],
        reader_count=1,
        queue_max=100,
    )
    store.start()
    return store


class CountedRule:
    def __init__(self) -> None:
        self.run_count = 0

    def __call__(self, tx: Transaction, caller: Operator, draft: NewPerson) -> Person:
        self.run_count += 1
        return add_person(tx, caller, draft)


@pytest.fixture(autouse=True)
def uncut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for those that use such connections elsewhere: what a test has put there is gone after it."""
    monkeypatch.setattr(CutConnection, "cut", "")
    monkeypatch.setattr(CutConnection, "then", staticmethod(lambda: None))


def people_of(database: Database, caller: Operator) -> int:
    return int(database.ask("SELECT count(*) FROM people WHERE tenant_id = %s", caller.tenant_id)[0][0])


class TestCommitWithoutAnswer:
    async def test_that_happened_is_answered_as_success_and_not_run_again(self, postgres_database: Database) -> None:
        store, rule = store_over(postgres_database), CountedRule()
        caller = await add_tenant(store)
        CutConnection.cut = "after"
        written = await store.write(rule, caller, NewPerson(NUMBER))
        assert (written.position, rule.run_count, people_of(postgres_database, caller)) == (2, 1, 1)
        store.stop()

    async def test_that_did_not_happen_is_a_503_and_leaves_nothing(self, postgres_database: Database) -> None:
        store, rule = store_over(postgres_database), CountedRule()
        caller = await add_tenant(store)
        CutConnection.cut = "before"
        with pytest.raises(DatabaseGone) as raised:
            await store.write(rule, caller, NewPerson(NUMBER))
        assert raised.value.status == 503
        assert (rule.run_count, people_of(postgres_database, caller)) == (1, 0)
        again = await store.write(rule, caller, NewPerson(NUMBER))
        assert again.position == 2
        store.stop()

    async def test_is_found_out_though_another_node_has_written_since(
        self, postgres_database: Database, store_on: OpenStore
    ) -> None:
        import asyncio

        store, other, rule = store_over(postgres_database), store_on(postgres_database), CountedRule()
        caller = await add_tenant(store)

        def write_elsewhere() -> None:
            asyncio.run(other.write(add_person, caller, NewPerson("+14155550100")))

        CutConnection.then = staticmethod(write_elsewhere)
        CutConnection.cut = "after"
        written = await store.write(rule, caller, NewPerson(NUMBER))
        assert (written.position, rule.run_count, people_of(postgres_database, caller)) == (2, 1, 2)
        store.stop()

    async def test_that_nobody_can_be_asked_about_says_so(
        self, postgres_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chaupal.store.writer._OUTCOME_PAUSE_S", 0.0)
        store, rule = store_over(postgres_database), CountedRule()
        caller = await add_tenant(store)

        def refuse(_self: CutConnection, _url: str) -> None:
            raise DatabaseGone("gone for good")

        CutConnection.then = staticmethod(lambda: monkeypatch.setattr(CutConnection, "__init__", refuse))
        CutConnection.cut = "after"
        with pytest.raises(OutcomeUnknown) as raised:
            await store.write(rule, caller, NewPerson(NUMBER))
        assert raised.value.status == 503
        assert rule.run_count == 1
        store.stop()
