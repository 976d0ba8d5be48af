"""From PostgreSQL to PostgreSQL rows go as COPY gives them; they are counted and summed as all others are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.errors import InvalidParameters
from chaupal.moving import arrivals, bringing, driving
from chaupal.moving.moves import begin_move
from chaupal.moving.rules import CopiedRows, Finish, TablePlace, page_arrived, page_rows
from chaupal.serving.house import House
from chaupal.store.clock import new_id
from chaupal.store.tenant_rows import tenant_table
from chaupal.store.whole_database import ColumnShape, TableShape, declared_tables, read_database
from tests.cells.test_interrupted_moves import KEYS, Source, house_of, how_it_ended
from tests.parts.postgres import PostgresServer
from tests.store.houses import make_house
from tests.store.test_tenant_rows import arrive, by_key, read_all, rows_of, sample
from tests.stores import Database, OpenStore, make_postgres_database

pytestmark = pytest.mark.anyio

MakeDatabase = Callable[[str], Database]


@pytest.fixture
def make_database(
    postgres_server: PostgresServer, new_postgres_database: Callable[..., str], tmp_path: Path
) -> MakeDatabase:
    """Call it for one more database on PostgreSQL."""
    return lambda name: make_postgres_database(postgres_server, new_postgres_database, tmp_path / name)


class Watched(Source):
    """Notes which steps were called."""

    def __init__(self, there: House) -> None:
        super().__init__(there, "", "")
        self.steps: set[str] = set()

    def _come_to(self, step: str, when: str) -> None:
        self.steps.add(step)
        super()._come_to(step, when)


def shape_of(table: str) -> TableShape:
    return next(shape for shape in declared_tables() if shape.name == table)


def copied(database: Database, table: str, tenant_id: str) -> bytes:
    with read_database(database.settings) as whole:
        return b"".join(data for data, _ in whole.copied(shape_of(table), tenant_id, size_bytes=1_000))


@pytest.mark.parametrize("is_spoilt", [False, True])
@pytest.mark.parametrize("sums_alike", [True, False])
async def test_rows_go_as_copy_gives_them_where_both_sum_alike_and_one_that_differs_ends_the_move(
    make_database: MakeDatabase,
    store_on: OpenStore,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_spoilt: bool,
    sums_alike: bool,
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    monkeypatch.setattr(driving, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(driving, "take_over", lambda *_found: None)
    monkeypatch.setattr(bringing, "_SUMMED_AT_ONCE", 2)  # five rows are summed in three parts
    if not sums_alike:  # as of a PostgreSQL that hashes a row in another way
        monkeypatch.setattr(bringing, "hash_of_sample", lambda _tx, _caller, _request: "-1")
    here, there = make_database("here"), make_database("there")
    target = make_house(there, store_on(there), KEYS[1])
    store, tenant_id = store_on(here), new_id()
    home = house_of(here, store, KEYS[0], None)
    await arrivals.finish(home, tenant_id, Finish(await arrive(home, tenant_id, sample(tenant_id))))
    before = await read_all(home, tenant_id, page_rows)
    source = Watched(target)

    async def spoil() -> None:
        there.ask("UPDATE messages SET text = text || ' ' WHERE position = 0 RETURNING 1")

    if is_spoilt:
        source.on_call["call sum"] = spoil
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await driving.run_move(house_of(here, store, KEYS[0], source), move)
    if is_spoilt:
        failure = "the table messages has other rows there than here"
        assert await how_it_ended(store, tenant_id) == ("failed", failure)
        after = await read_all(home, tenant_id, page_rows)
        after.pop("tenants"), before.pop("tenants")
        assert by_key(after) == by_key(before)
        return
    assert await how_it_ended(store, tenant_id) == ("done", "")
    assert ("call copied" in source.steps) == sums_alike
    assert "call rows" in source.steps
    found = await read_all(target, tenant_id, page_rows)
    found.pop("tenants"), before.pop("tenants")
    assert by_key(found) == by_key(before)


async def test_rows_of_others_and_of_other_columns_are_not_taken(
    make_database: MakeDatabase, store_on: OpenStore
) -> None:
    here, there = make_database("here"), make_database("there")
    home, target = make_house(here, store_on(here)), make_house(there, store_on(there))
    tenant_id, other = new_id(), new_id()
    await arrivals.finish(home, other, Finish(await arrive(home, other, sample(other))))
    data = copied(here, "messages", other)
    assert data
    arrival_id = await arrive(target, tenant_id, {"messages": rows_of(tenant_table("messages"), tenant_id)})
    columns = tenant_table("messages").columns
    await arrivals.put_copied(target, tenant_id, CopiedRows(arrival_id, "messages", columns, data))
    place = TablePlace("messages")
    assert not await target.store.read(page_arrived, Operator(other), place)
    assert len(await target.store.read(page_arrived, Operator(tenant_id), place)) == 5
    refused: list[tuple[str, Any]] = [("messages", columns[1:]), ("webhooks", tenant_table("webhooks").columns)]
    for table, its_columns in refused:  # the rows of webhooks would act before the tenant has arrived
        with pytest.raises(InvalidParameters):
            await arrivals.put_copied(target, tenant_id, CopiedRows(arrival_id, table, its_columns, b""))


async def test_for_sqlite_postgresql_gives_rows_in_the_order_of_their_keys(
    make_database: MakeDatabase, store_on: OpenStore
) -> None:
    here = make_database("here")
    home, tenant_id, table = make_house(here, store_on(here)), new_id(), tenant_table("messages")
    rows = rows_of(table, tenant_id)[::-1]
    assert [table.key_of(row) for row in rows] != sorted(table.key_of(row) for row in rows)
    await arrive(home, tenant_id, {"messages": rows})
    with read_database(here.settings) as whole:
        found = list(whole.rows_by_key(shape_of("messages"), tenant_id, table.key_columns))
        [alone] = whole.rows_by_key(shape_of("tenants"), "", ())
    assert found == sorted(rows, key=table.key_of)
    assert alone[shape_of("tenants").columns.index(ColumnShape("tenant_id", "text"))] == ""


async def test_rows_of_others_are_not_put_in(database: Database, store_on: OpenStore) -> None:
    store, tenant_id, other, table = store_on(database), new_id(), new_id(), tenant_table("messages")
    rows = [*rows_of(table, tenant_id), *rows_of(table, other)]
    mover = Operator(tenant_id, passes_gate=True)
    await store.write(lambda tx, _caller, _request: table.put(tx, rows), mover, None)
    assert {tenant for (tenant,) in database.ask("SELECT tenant_id FROM messages")} == {tenant_id}
    assert database.ask("SELECT count(*) FROM messages") == [(5,)]
