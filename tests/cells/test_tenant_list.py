"""What the operator is told of tenants: where each lives, and how much it has."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.control.calls import TenantList
from chaupal.control.operations import tenant_list
from chaupal.errors import Unavailable
from chaupal.messages.rules import count_all_messages
from chaupal.moving import arrivals
from chaupal.moving.rules import Finish
from chaupal.store.clock import new_id
from chaupal.store.tenant_rows import tenant_table
from tests.installations import Installation
from tests.store.houses import make_house
from tests.store.test_tenant_rows import arrive, sample
from tests.stores import Database, OpenStore

pytestmark = pytest.mark.anyio


def count_where(rows: dict[str, list[Any]], table: str, **wanted: Any) -> int:
    columns = tenant_table(table).columns
    return sum(all(row[columns.index(name)] == value for name, value in wanted.items()) for row in rows[table])


async def test_it_counts_what_each_has(database: Database, store_on: OpenStore) -> None:
    house, tenant_id = make_house(database, store_on(database)), new_id()
    rows = sample(tenant_id)
    columns = tenant_table("media_objects").columns
    states = ("kept", "loose", "doomed", "pending", "kept")
    rows["media_objects"] = [
        tuple(
            {"state": state, "size_bytes": 10**number}.get(name, value)
            for name, value in zip(columns, row, strict=True)
        )
        for number, (state, row) in enumerate(zip(states, rows["media_objects"], strict=True))
    ]
    await arrivals.finish(house, tenant_id, Finish(await arrive(house, tenant_id, rows)))
    other = new_id()
    await arrivals.finish(house, other, Finish(await arrive(house, other, {"tenants": sample(other)["tenants"]})))
    found = await tenant_list(house, TenantList(with_counts=True))
    counts = {each.tenant_id: each.counts for each in found.tenants}
    ours, theirs = counts[tenant_id], counts[other]
    assert ours is not None
    assert theirs is not None
    assert (ours.messages, ours.media_bytes) == (5, 1 + 10 + 10**4)
    assert ours.people == count_where(rows, "people", removed_at_ms=None, is_bot=False)
    assert ours.groups == count_where(rows, "groups", deleted_at_ms=None)
    assert 0 < ours.people < 5
    assert 0 < ours.groups <= 5
    assert (theirs.people, theirs.groups, theirs.messages, theirs.media_bytes) == (0, 0, 0, 0)
    assert {each.counts for each in (await tenant_list(house, TenantList())).tenants} == {None}


async def test_what_takes_too_long_is_not_counted(
    sqlite_database: Database, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, tenant_id = store_on(sqlite_database), new_id()
    house = make_house(sqlite_database, store)
    await arrivals.finish(house, tenant_id, Finish(await arrive(house, tenant_id, sample(tenant_id))))
    read = store.read

    async def cut_off(rule: Any, caller: Any, request: Any) -> Any:
        if rule is count_all_messages:
            raise Unavailable(reason="too long")
        return await read(rule, caller, request)

    monkeypatch.setattr(store, "read", cut_off)
    [counts] = [each.counts for each in (await tenant_list(house, TenantList(with_counts=True))).tenants]
    assert counts is not None
    assert counts.messages is None
    assert counts.people is not None


def test_the_command_shows_cells_and_counts(sqlite_installation: Installation) -> None:
    tenant_id = sqlite_installation.init("Acme")["tenantId"]
    alone = sqlite_installation.command("tenant", "list").out.splitlines()
    assert [line.split() for line in alone if "-" not in line or tenant_id in line] == [
        ["id", "name"],
        [tenant_id, "Acme"],
    ]
    counted = sqlite_installation.command("tenant", "list", "--counts").out.splitlines()
    assert counted[0].split() == ["id", "name", "people", "groups", "messages", "media", "bytes"]
    assert counted[-1].split() == [tenant_id, "Acme", "1", "0", "0", "0"]
    sqlite_installation.result("cell", "add", "north", "--url", "https://north.example.org")
    [shown] = sqlite_installation.result("tenant", "list")["tenants"]
    assert shown == {"tenantId": tenant_id, "name": "Acme", "cell": "root"}
