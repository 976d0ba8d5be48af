"""Who listens to the store, and what bookkeeping beside the users' calls leaves alone. On both databases."""

from __future__ import annotations

from collections.abc import Set

import pytest
from sqlalchemy import Integer, bindparam, literal, select, update

from chaupal.auth.caller import Operator
from chaupal.people.tables import people
from chaupal.store.statements import Statement
from chaupal.store.transaction import Transaction
from tests.store.rules import Failed, append_event, insert_person
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio

_THIS = (people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == bindparam("which_id"))
RENAME = Statement(update(people).where(*_THIS).values(name=bindparam("new_name")))
RENAME_ASIDE = Statement(update(people).where(*_THIS).values(name=bindparam("new_name")), is_aside=True)
NAMED = Statement(select(people.c.name, literal(1, Integer)).where(*_THIS))


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


class TestListen:
    async def test_hears_of_each_commit_with_events_before_its_caller_does(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store, heard = store_on(database), []
        store.listen(lambda tenant_ids: heard.append(set(tenant_ids)))
        caller = await add_tenant(store)
        assert heard == [{caller.tenant_id}]
        await store.write(append_event, caller, "a")
        assert heard == [{caller.tenant_id}] * 2

    async def test_hears_nothing_of_rows_without_events_of_failures_and_of_reads(
        self, database: Database, store_on: OpenStore
    ) -> None:
        store, heard = store_on(database), list[Set[str]]()
        caller = await add_tenant(store)
        store.listen(heard.append)

        def fail(tx: Transaction, caller: Operator, request: str) -> None:
            append_event(tx, caller, request)
            raise Failed

        await store.write(insert_person, caller, "a")
        with pytest.raises(Failed):
            await store.write(fail, caller, "b")
        await store.read(lambda tx, _caller, name: tx.all(NAMED, which_id=name), caller, "a")
        assert heard == []


class TestAside:
    async def test_what_is_remembered_stays_while_rows_are_changed_aside(
        self, database: Database, store_on: OpenStore
    ) -> None:
        """Nobody may read by `remembered` what is changed so; this test does, to see that it is still remembered."""
        store = store_on(database)
        caller = await add_tenant(store)
        await store.write(insert_person, caller, "a")

        def rename(tx: Transaction, _caller: Operator, request: tuple[Statement, str]) -> None:
            statement, name = request
            tx.run(statement, which_id="a", new_name=name)

        def remembered(tx: Transaction, _caller: Operator, _request: None) -> str:
            return str(tx.remembered(NAMED, which_id="a")[0][0])

        assert (await store.write(remembered, caller, None)).result == "a"
        await store.write(rename, caller, (RENAME_ASIDE, "aside"))
        assert (await store.write(remembered, caller, None)).result == "a"
        await store.write(rename, caller, (RENAME, "other"))
        assert (await store.write(remembered, caller, None)).result == "other"
