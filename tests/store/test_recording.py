"""Which rows of a tenant change is recorded, whoever writes and however; other tenants pay nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.moving.carried import carried_tables
from chaupal.moving.moves import record_table, stop_recording_table
from chaupal.moving.rules import ROWS_AT_ONCE
from chaupal.serving.house import House
from chaupal.store.tenant_rows import TenantTable
from chaupal.store.transaction import Transaction
from tests.store.houses import make_house
from tests.store.test_tenant_rows import rows_of
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio


async def recorded(house: House, database: Database, tenant_id: str) -> list[tuple[str, list[Any]]]:
    """(table, key), in the order of the changes."""
    found = database.ask("SELECT table_name, row_key FROM row_changes WHERE tenant_id = %s ORDER BY number", tenant_id)
    return [(table, json.loads(key)) for table, key in found]


async def begin(house: House, caller: Operator) -> None:
    for table in carried_tables():
        await house.store.write(record_table, caller, table.name)


def _put(tx: Transaction, _caller: Operator, request: tuple[TenantTable, list[Any]]) -> None:
    request[0].put(tx, request[1])


def _remove(tx: Transaction, _caller: Operator, request: tuple[TenantTable, Any]) -> int:
    return request[0].remove_some(tx, ROWS_AT_ONCE)


@pytest.mark.parametrize("name", [table.name for table in carried_tables() if table.name != "tenants"])
async def test_every_row_that_comes_and_goes_is_noted_by_its_key(
    database: Database, store_on: OpenStore, name: str
) -> None:
    house = make_house(database, store_on(database))
    caller, other = await add_tenant(house.store), await add_tenant(house.store)
    await begin(house, caller)
    [table] = [each for each in carried_tables() if each.name == name]
    count = 3 if table.key_columns else 1
    rows = rows_of(table, caller.tenant_id, count)
    await house.store.write(_put, caller, (table, rows))
    await house.store.write(_put, other, (table, rows_of(table, other.tenant_id, count)))
    expected = [(name, list(table.key_of(row))) for row in rows]
    assert sorted(await recorded(house, database, caller.tenant_id), key=repr) == sorted(expected, key=repr)
    await house.store.write(_remove, caller, (table, None))
    found = [each for each in await recorded(house, database, caller.tenant_id) if each in expected]
    assert sorted(found, key=repr) == sorted(expected + expected, key=repr)
    assert await recorded(house, database, other.tenant_id) == []


async def test_events_and_messages_that_are_appended_with_the_commit_are_noted(
    database: Database, store_on: OpenStore
) -> None:
    from chaupal.directory.events import tenant_created

    house = make_house(database, store_on(database))
    caller = await add_tenant(house.store)
    await begin(house, caller)
    positions = [
        (await house.store.write(lambda tx, each, _: tx.append(tenant_created(each.tenant_id)), caller, None)).result
        for _ in range(5)  # on PostgreSQL the later ones are one statement that inserts and commits
    ]
    assert await recorded(house, database, caller.tenant_id) == [("events", [each]) for each in positions]


async def test_nothing_is_noted_any_more_after_the_end(database: Database, store_on: OpenStore) -> None:
    house = make_house(database, store_on(database))
    caller = await add_tenant(house.store)
    await begin(house, caller)
    await begin(house, caller)  # as a second try does
    for table in carried_tables():
        await house.store.write(stop_recording_table, caller, table.name)
    [table] = [each for each in carried_tables() if each.name == "messages"]
    await house.store.write(_put, caller, (table, rows_of(table, caller.tenant_id)))
    assert await recorded(house, database, caller.tenant_id) == []
    if not database.is_postgres:
        assert database.ask("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == [(0,)]
    else:
        assert database.ask("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == [(0,)]
