"""Reading the event log in order and forgetting its oldest part, on both databases."""

from __future__ import annotations

import pytest

from chaupal.auth.caller import Operator
from chaupal.events import log as log_module
from chaupal.events.catalogue import Event, EventType
from chaupal.events.log import CursorExpired, StoredEvent, read_after, trim_log
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from tests.store.houses import DAY_MS, START_MS, FakeClock
from tests.store.rules import append_event
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio


async def append_many(store: Store, caller: Operator, count: int) -> None:
    for number in range(count):
        await store.write(append_event, caller, f"m{number}")


async def read(store: Store, caller: Operator, position: int, limit: int = 100) -> list[StoredEvent]:
    def rule(tx: Transaction, _caller: Operator, _request: None) -> list[StoredEvent]:
        return read_after(tx, position, limit)

    return await store.read(rule, caller, None)


async def positions_after(store: Store, caller: Operator, position: int, limit: int = 100) -> list[int]:
    return [event.position for event in await read(store, caller, position, limit)]


async def trim(store: Store, caller: Operator, before_ms: int) -> int:
    return (await store.write(trim_log, caller, before_ms * 1000)).result


class TestReadAfter:
    async def test_gives_an_event_as_it_was_appended(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)

        def append(tx: Transaction, _caller: Operator, _request: None) -> None:
            tx.append(
                Event(
                    event_type=EventType.MEMBER_ADDED,
                    object_id="person",
                    group_id="group",
                    actor_id="actor",
                    facts={"role": "Member", "count": 3, "isNew": True},
                )
            )

        await store.write(append, caller, None)
        assert await read(store, caller, 1) == [
            StoredEvent(
                position=2,
                at_us=START_MS * 1000 + 1,
                event_type="MemberAdded",
                object_id="person",
                group_id="group",
                actor_id="actor",
                facts={"role": "Member", "count": 3, "isNew": True},
            )
        ]

    async def test_goes_through_the_whole_log_in_order(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        await append_many(store, caller, 6)
        seen: list[int] = []
        while page := await positions_after(store, caller, seen[-1] if seen else 0, limit=3):
            assert len(page) <= 3
            seen += page
        assert seen == [1, 2, 3, 4, 5, 6, 7]

    async def test_shows_nothing_of_another_tenant(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller, other = await add_tenant(store), await add_tenant(store)
        await append_many(store, other, 3)
        assert await positions_after(store, caller, 0) == [1]

    async def test_a_reader_at_the_end_gets_nothing(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        assert await positions_after(store, await add_tenant(store), 1) == []

    async def test_a_log_where_nothing_happened_is_empty(self, database: Database, store_on: OpenStore) -> None:
        assert await positions_after(store_on(database), Operator("nobody"), 0) == []

    async def test_a_cursor_beyond_the_end_is_expired(self, database: Database, store_on: OpenStore) -> None:
        store = store_on(database, clock=FakeClock())
        caller = await add_tenant(store)
        with pytest.raises(CursorExpired) as raised:
            await read(store, caller, 2)
        assert (raised.value.status, raised.value.code, raised.value.category) == (
            410,
            "CursorExpired",
            "ResourceException",
        )


class TestTrimLog:
    async def test_forgets_what_is_older_and_tells_readers_that_need_it(
        self, database: Database, store_on: OpenStore
    ) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        await append_many(store, caller, 3)
        clock.move_ms(DAY_MS)
        await append_many(store, caller, 2)
        assert await trim(store, caller, clock.now_ms) == 4
        for expired in (0, 1, 3):
            with pytest.raises(CursorExpired):
                await read(store, caller, expired)
        assert await positions_after(store, caller, 4) == [5, 6]
        assert await positions_after(store, caller, 5) == [6]

    async def test_the_last_event_always_stays(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        await append_many(store, caller, 3)
        assert await trim(store, caller, clock.now_ms + DAY_MS) == 3
        assert await trim(store, caller, clock.now_ms + DAY_MS) == 0
        assert await positions_after(store, caller, 4) == []
        assert await positions_after(store, caller, 3) == [4]
        with pytest.raises(CursorExpired):
            await read(store, caller, 2)

    async def test_takes_a_few_at_a_time_and_the_oldest_first(
        self, database: Database, store_on: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log_module, "TRIM_ROWS", 2)
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        await append_many(store, caller, 4)
        left = []
        for _ in range(3):
            await trim(store, caller, clock.now_ms + DAY_MS)
            left.append([position for position, _, _ in database.events_of(caller.tenant_id)])
        assert left == [[3, 4, 5], [5], [5]]

    async def test_touches_no_other_tenant(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller, other = await add_tenant(store), await add_tenant(store)
        await append_many(store, other, 2)
        await append_many(store, caller, 2)
        await trim(store, caller, clock.now_ms + DAY_MS)
        assert await positions_after(store, other, 0) == [1, 2, 3]

    async def test_positions_go_on_after_a_trim(self, database: Database, store_on: OpenStore) -> None:
        clock = FakeClock()
        store = store_on(database, clock=clock)
        caller = await add_tenant(store)
        await append_many(store, caller, 2)
        await trim(store, caller, clock.now_ms + DAY_MS)
        await append_many(store, caller, 1)
        assert await positions_after(store, caller, 3) == [4]

    async def test_a_tenant_without_events_is_left_in_peace(self, database: Database, store_on: OpenStore) -> None:
        assert await trim(store_on(database), Operator("nobody"), 10**12) == 0
