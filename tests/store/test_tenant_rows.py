"""No table of a tenant is forgotten when it goes elsewhere, and no value of it changes on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.moving import arrivals
from chaupal.moving.carried import ACTING, LEFT_BEHIND, carried_tables
from chaupal.moving.rules import ArrivalOver, Finish, RowsOf, TablePlace, TenantIsHere, page_arrived, page_rows
from chaupal.serving.house import House
from chaupal.store.clock import new_id
from chaupal.store.schema import metadata
from chaupal.store.tenant_rows import TenantTable
from chaupal.store.transaction import Transaction
from chaupal.store.whole_database import Row
from tests.store.houses import make_house
from tests.stores import Database, OpenStore

pytestmark = pytest.mark.anyio

TEXTS = ("", "नमस्ते 🙏", "a'b\"c\\d\n\t", "\x01\x7f", "x" * 5_000)
NUMBERS = (0, 1, 2**31 - 1)
WIDE = (0, 2**53 + 1, 2**63 - 1)
KEY = SecretKey(bytes(range(1, 33)))

CONSTRAINED: dict[str, dict[str, Any]] = {
    "webhook_deliveries": {"state": "waiting", "worker_id": "", "finished_at_ms": None},
}
"""What the database's own rules demand of some tables."""


def rows_of(table: TenantTable, tenant_id: str, count: int = 5) -> list[Row]:
    """Rows with every kind of value that each column takes, NULL among them."""
    return [tuple(_value(table, column, tenant_id, number) for column in table.columns) for number in range(count)]


def _value(table: TenantTable, name: str, tenant_id: str, number: int) -> Any:
    column = metadata.tables[table.name].c[name]
    fixed = CONSTRAINED.get(table.name, {})
    if name == "tenant_id":
        return tenant_id
    if name in fixed:
        return fixed[name]
    if column.nullable and number == 1:
        return None
    if isinstance(column.type, sqlalchemy.Boolean):
        return number % 2 == 0
    if isinstance(column.type, sqlalchemy.LargeBinary):
        return bytes(range(256)) * number
    if isinstance(column.type, sqlalchemy.BigInteger):
        return WIDE[number % 3] - (number if number > 2 else 0) if not column.primary_key else 2**40 + number
    if isinstance(column.type, sqlalchemy.Integer):
        return NUMBERS[number % 3]
    unique = f"{new_id()}{number}"
    return unique if column.primary_key or name in UNIQUE else TEXTS[number]


UNIQUE = {"mobile_number", "application_id", "child_id", "user_id", "shown_id"}


def tenant_row(table: TenantTable, tenant_id: str) -> Row:
    values = {"name": "Org", "created_at_ms": 5, "last_position": 77, "last_at_us": 88, "rows_version": 9}
    return tuple(
        {"tenant_id": tenant_id, "last_batch_id": "b", **values}.get(name, _default(name)) for name in table.columns
    )


def _default(name: str) -> Any:
    return "" if isinstance(metadata.tables["tenants"].c[name].type, sqlalchemy.Text) else 0


def sample(tenant_id: str) -> dict[str, list[Row]]:
    return {
        table.name: [tenant_row(table, tenant_id)]
        if table.name == "tenants"
        else rows_of(table, tenant_id, 5 if len(metadata.tables[table.name].primary_key) > 1 else 1)
        for table in carried_tables()
    }


async def arrive(house: House, tenant_id: str, rows: dict[str, list[Row]]) -> str:
    arrival_id = new_id()
    await arrivals.begin(house, tenant_id, arrival_id, KEY.exported())
    while await arrivals.clear(house, tenant_id, arrival_id):
        continue
    for table, some in rows.items():
        await arrivals.put(house, tenant_id, RowsOf(arrival_id, table, [list(row) for row in some]))
    return arrival_id


async def read_all(house: House, tenant_id: str, page: Any) -> dict[str, list[Row]]:
    """Every table, three rows at a time."""
    found: dict[str, list[Row]] = {}
    for table in carried_tables():
        after, rows = None, []
        while part := await house.store.read(page, Operator(tenant_id), TablePlace(table.name, after, 3)):
            rows += part
            after = list(table.key_of(part[-1]))
        found[table.name] = rows
    return found


def count_of(database: Database, table: str, tenant_id: str) -> int:
    """Rows of the tenant, past the store; of all tenants where none is named."""
    question = f"SELECT count(*) FROM {table} WHERE tenant_id = %s OR %s = ''"  # noqa: S608 - names of tables
    [(count,)] = database.ask(question, tenant_id, tenant_id)
    return int(count)


def by_key(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {table: sorted(some, key=repr) for table, some in rows.items()}


class TestCarriedTables:
    def test_every_table_goes_along_or_says_why_not(self) -> None:
        names = {table.name for table in carried_tables()}
        assert names | LEFT_BEHIND.keys() - {"alembic_version"} == set(metadata.tables)
        assert not names & LEFT_BEHIND.keys()
        assert set(ACTING) < names

    async def test_every_value_of_every_table_arrives(self, database: Database, store_on: OpenStore) -> None:
        house, tenant_id = make_house(database, store_on(database)), new_id()
        rows = sample(tenant_id)
        arrival_id = await arrive(house, tenant_id, rows)
        assert by_key(await read_all(house, tenant_id, page_arrived)) == by_key(rows)
        await arrivals.finish(house, tenant_id, Finish(arrival_id))
        found = await read_all(house, tenant_id, page_rows)
        [ours], [theirs] = found.pop("tenants"), rows.pop("tenants")
        assert by_key(found) == by_key(rows)
        assert ours[:5] == theirs[:5]
        assert database.place_of(tenant_id) == (77, 88)
        assert (await house.key_of(tenant_id)).exported() == KEY.exported()
        assert count_of(database, "arriving_rows", "") == 0


class TestArrival:
    async def test_nothing_acts_before_it_is_finished(self, database: Database, store_on: OpenStore) -> None:
        house, tenant_id = make_house(database, store_on(database)), new_id()
        await arrive(house, tenant_id, sample(tenant_id))
        for table in ACTING:
            assert count_of(database, table, tenant_id) == 0
        assert count_of(database, "messages", tenant_id) == 5

    async def test_a_new_try_takes_everything_out_and_ends_the_old_one(
        self, database: Database, store_on: OpenStore
    ) -> None:
        house, tenant_id = make_house(database, store_on(database)), new_id()
        old = await arrive(house, tenant_id, sample(tenant_id))
        new = await arrive(house, tenant_id, {})
        assert not any((await read_all(house, tenant_id, page_arrived)).values())
        with pytest.raises(ArrivalOver):
            await arrivals.put(house, tenant_id, RowsOf(old, "messages", []))
        with pytest.raises(ArrivalOver):
            await arrivals.finish(house, tenant_id, Finish(old))
        await arrivals.give_up(house, tenant_id, new)
        with pytest.raises(ArrivalOver):
            await arrivals.clear(house, tenant_id, new)

    async def test_a_tenant_that_is_here_is_not_touched(self, database: Database, store_on: OpenStore) -> None:
        house, tenant_id = make_house(database, store_on(database)), new_id()
        await arrivals.finish(house, tenant_id, Finish(await arrive(house, tenant_id, sample(tenant_id))))
        before = await read_all(house, tenant_id, page_rows)
        with pytest.raises(TenantIsHere):
            await arrivals.begin(house, tenant_id, new_id(), KEY.exported())
        assert await read_all(house, tenant_id, page_rows) == before

    async def test_another_tenants_rows_are_refused(self, database: Database, store_on: OpenStore) -> None:
        from chaupal.errors import InvalidParameters

        house, tenant_id = make_house(database, store_on(database)), new_id()
        arrival_id = await arrive(house, tenant_id, {})
        [messages] = [table for table in carried_tables() if table.name == "messages"]
        for row in (rows_of(messages, "other")[0], ("too", "short")):
            with pytest.raises(InvalidParameters):
                await arrivals.put(house, tenant_id, RowsOf(arrival_id, "messages", [list(row)]))
        with pytest.raises(InvalidParameters):
            await arrivals.put(house, tenant_id, RowsOf(arrival_id, "signing_keys", []))

    async def test_what_was_being_sent_is_sent_from_here(self, database: Database, store_on: OpenStore) -> None:
        house, tenant_id = make_house(database, store_on(database)), new_id()
        rows = sample(tenant_id)
        [table] = [each for each in carried_tables() if each.name == "webhook_deliveries"]
        state, worker = table.columns.index("state"), table.columns.index("worker_id")
        sending = [list(row) for row in rows["webhook_deliveries"]]
        for row in sending:
            row[state], row[worker] = "sending", "a process elsewhere"
        rows["webhook_deliveries"] = [tuple(row) for row in sending]
        await arrivals.finish(house, tenant_id, Finish(await arrive(house, tenant_id, rows)))
        found = database.ask("SELECT DISTINCT state, worker_id FROM webhook_deliveries ORDER BY state")
        assert found == [("retrying", ""), ("waiting", "")]

    async def test_writes_after_it_follow_the_log(self, database: Database, store_on: OpenStore) -> None:
        house, tenant_id = make_house(database, store_on(database)), new_id()
        await arrivals.finish(house, tenant_id, Finish(await arrive(house, tenant_id, sample(tenant_id))))
        written = await asyncio.gather(
            *(house.store.write(_append, Operator(tenant_id), None) for _ in range(3)), return_exceptions=False
        )
        assert sorted(each.result for each in written) == [78, 79, 80]


def _append(tx: Transaction, caller: Operator, _request: None) -> int:
    from chaupal.directory.events import tenant_created

    return tx.append(tenant_created(caller.tenant_id))
