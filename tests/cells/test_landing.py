"""Before a tenant leaves a cell, what is on its way to receivers is over, so that the next cell goes on in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.moving import driving
from chaupal.moving.moves import begin_move, land_deliveries, release_writes
from chaupal.store.gates import LANDING
from chaupal.store.store import Store
from chaupal.webhooks.delivering.claiming import (
    Claim,
    DueWanted,
    Room,
    begin_worker,
    claim_flights,
    find_due,
    is_sending,
)
from chaupal.webhooks.delivering.queries import ClaimedDelivery
from chaupal.webhooks.delivering.recording import FlightEnd, TriedDelivery, record_flights
from tests.cells.test_interrupted_moves import KEYS, Source, house_of, how_it_ended, settle
from tests.store.houses import make_house
from tests.stores import Database, OpenStore

pytestmark = pytest.mark.anyio

WORKER = "a worker of the old cell"
DUE = DueWanted(limit=10, full_hosts=[], takes_failing=True, but=[])


async def claim_one(database: Database, store: Store, tenant_id: str) -> list[ClaimedDelivery]:
    """What a worker has on its way of one lane, in which more waits."""
    [(webhook_id,), *_] = database.ask("SELECT webhook_id FROM webhooks ORDER BY webhook_id")
    database.ask(
        "UPDATE webhooks SET disabled_at_ms = NULL, deleted_at_ms = NULL, valid_until_ms = 9000000000000000,"
        " failing_since_ms = NULL, next_due_ms = 0 WHERE webhook_id = %s RETURNING 1",
        webhook_id,
    )
    database.ask(
        "UPDATE webhook_deliveries SET webhook_id = %s, lane = 'group', try_count = 0, body_bytes = 1 RETURNING 1",
        webhook_id,
    )
    database.ask(
        "INSERT INTO webhook_bodies (tenant_id, delivery_id, body)"
        " SELECT tenant_id, delivery_id, %s FROM webhook_deliveries RETURNING 1",
        b"sealed",
    )
    await store.write(begin_worker, INSTALLATION, WORKER)
    claim = Claim(WORKER, [Room(webhook_id, 1)])
    [flight] = (await store.write(claim_flights, Operator(tenant_id), claim)).result
    return flight.deliveries


def end_of(deliveries: list[ClaimedDelivery]) -> FlightEnd:
    """All of them were taken."""
    tries = [
        TriedDelivery(delivery=each, tried_at_ms=0, duration_ms=1, status=200, error="", answer="", retry_after_s=None)
        for each in deliveries
    ]
    return FlightEnd(WORKER, deliveries[0].webhook_id, tries, [], deliveries[0].lane, wants=64)


def states_of(database: Database) -> list[tuple[Any, ...]]:
    return database.ask("SELECT state, count(*) FROM webhook_deliveries GROUP BY state ORDER BY state")


async def test_the_other_cell_takes_over_once_what_is_on_its_way_is_over(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    monkeypatch.setattr(driving, "_LANDING_PAUSE_S", 0.0)
    monkeypatch.setattr(driving, "_LANDING_MOST_S", 60.0)
    monkeypatch.setattr(driving, "take_over", lambda *_found: None)
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target = make_house(there, store_on(there), KEYS[1])
    deliveries = await claim_one(here, store, tenant_id)
    was_sending: list[bool] = []
    read = store.read

    async def watched(rule: Any, caller: Any, request: Any) -> Any:
        found = await read(rule, caller, request)
        if rule is is_sending:
            was_sending.append(found)
            if len(was_sending) == 3:
                await Store.write(store, record_flights, Operator(tenant_id), [end_of(deliveries)])
        return found

    monkeypatch.setattr(store, "read", watched)
    source = Source(target, "", "")

    async def look() -> None:
        assert was_sending == [True, True, True, False]

    source.on_call["call finish"] = look
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await driving.run_move(house_of(here, store, KEYS[0], source), move)
    assert await how_it_ended(store, tenant_id) == ("done", "")
    assert was_sending
    assert states_of(there) == [("delivered", 5)], "none comes twice"


async def test_what_has_not_landed_in_time_is_sent_again_by_the_other_cell(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "_PAUSE_S", 0.0)
    monkeypatch.setattr(driving, "_LANDING_MOST_S", 0.0)
    monkeypatch.setattr(driving, "take_over", lambda *_found: None)
    here, there, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    target = make_house(there, store_on(there), KEYS[1])
    deliveries = await claim_one(here, store, tenant_id)
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await driving.run_move(house_of(here, store, KEYS[0], Source(target, "", "")), move)
    assert await how_it_ended(store, tenant_id) == ("done", "")
    assert states_of(there) == [("waiting", 5)]
    await target.store.write(begin_worker, INSTALLATION, "a worker there")
    claim = Claim("a worker there", [Room(deliveries[0].webhook_id, 1)])
    [flight] = (await target.store.write(claim_flights, Operator(tenant_id), claim)).result
    assert [each.delivery_id for each in flight.deliveries] == [each.delivery_id for each in deliveries], "in order"


async def test_nothing_is_claimed_meanwhile_but_what_ends_is_recorded(
    sqlite_template: Path, tmp_path: Path, store_on: OpenStore
) -> None:
    here, _, store, tenant_id = await settle(sqlite_template, tmp_path, store_on)
    mover = Operator(tenant_id, passes_gate=True)
    first, *later = await claim_one(here, store, tenant_id)
    back = FlightEnd(WORKER, first.webhook_id, [], [each.delivery_id for each in later])
    await store.write(record_flights, Operator(tenant_id), [back])
    assert states_of(here) == [("sending", 1), ("waiting", 4)]
    move = (await store.write(begin_move, Operator(tenant_id), "north")).result
    await store.write(land_deliveries, mover, move)
    assert here.ask("SELECT gate FROM tenants WHERE tenant_id = %s", tenant_id) == [(LANDING,)]

    [recorded] = (await store.write(record_flights, Operator(tenant_id), [end_of([first])])).result
    assert (recorded.delivered, recorded.more) == (1, None)
    assert await store.read(find_due, INSTALLATION, DUE) == []
    claim = Claim(WORKER, [Room(first.webhook_id, 8)])
    assert (await store.write(claim_flights, Operator(tenant_id), claim)).result == []
    assert not await store.read(is_sending, Operator(tenant_id), None)

    await store.write(release_writes, mover, move)
    assert first.webhook_id in [each.webhook_id for each in await store.read(find_due, INSTALLATION, DUE)]
    [flight] = (await store.write(claim_flights, Operator(tenant_id), claim)).result
    assert len(flight.deliveries) == 4
