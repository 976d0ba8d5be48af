"""A log that is put back to an earlier time and goes on from there, over and over, on both databases: whoever has read
further than that is told so, however long the log is by now, and all others get what comes next, whole and in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from chaupal.events.log import CursorExpired, Place, StoredEvent, log_end, read_after, trim_log
from chaupal.store.transaction import Transaction
from tests.store.houses import FakeClock
from tests.store.rules import SELECT_NAMES, add_whole_person, append_event
from tests.stores import Database, OpenStore, add_tenant

COUNTS = st.integers(1, 5)

READ_PLACE = "SELECT last_position, last_at_us, last_batch_id, rows_version FROM tenants WHERE tenant_id = %s"
WRITE_PLACE = (
    "UPDATE tenants SET last_position = %s, last_at_us = %s, last_batch_id = %s, rows_version = %s WHERE tenant_id = %s"
)
READ_EVENTS = (
    "SELECT position, at_us, event_type, group_id, object_id, actor_id, facts FROM events WHERE tenant_id = %s"
)
WRITE_EVENT = (
    "INSERT INTO events (tenant_id, position, at_us, event_type, group_id, object_id, actor_id, facts) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Backup:
    """All that the database has of a tenant's log, and what the model knows of it then."""

    tenant: Row
    events: list[Row]
    log: list[str]
    trimmed: int


@dataclass(frozen=True)
class Reader:
    """A place that was given out, and everything that had happened before it."""

    place: Place
    past: list[str]


def read_from(tx: Transaction, _caller: object, place: Place) -> list[StoredEvent]:
    return read_after(tx, place.position, 1_000, mark=place.mark)


def read_end(tx: Transaction, _caller: object, _request: None) -> Place:
    return log_end(tx)


class PutBackMachine(RuleBasedStateMachine):
    """The model is the log as a list of names, of which the first `trimmed` are forgotten."""

    readers = Bundle("readers")
    backups = Bundle("backups")

    def __init__(self, database: Database, store_on: OpenStore, *, has_clock_behind: bool) -> None:
        super().__init__()
        self.database, self.store_on = database, store_on
        self.runner = asyncio.Runner()
        # One that stands behind the log's last time gives the same times again to what happens after a restore.
        self.clock = FakeClock(step_ms=0 if has_clock_behind else 1)
        self.store = store_on(database, clock=self.clock)
        self.caller = self.runner.run(add_tenant(self.store))
        self.log = [name for _, _, name in database.events_of(self.caller.tenant_id)]
        self.trimmed = 0
        self.named = 0

    def teardown(self) -> None:
        self.store.stop()
        self.runner.close()

    @rule(count=COUNTS)
    def append(self, count: int) -> None:
        for _ in range(count):
            self.named += 1
            self.runner.run(self.store.write(append_event, self.caller, f"m{self.named}"))
            self.log.append(f"m{self.named}")

    @rule(target=readers)
    def begin_at_the_end(self) -> Reader:
        return Reader(self.runner.run(self.store.read(read_end, self.caller, None)), [*self.log])

    @rule(target=readers, reader=readers, count=COUNTS)
    def read_some(self, reader: Reader, count: int) -> Reader:
        events = self.what_comes_after(reader)
        if not events:
            return reader
        last = events[: count + 1][-1]
        return Reader(last.place, self.log[: last.position])

    @rule(reader=readers)
    def read_on(self, reader: Reader) -> None:
        self.what_comes_after(reader)

    def what_comes_after(self, reader: Reader) -> list[StoredEvent]:
        count = len(reader.past)
        try:
            events = self.runner.run(self.store.read(read_from, self.caller, reader.place))
        except CursorExpired:
            assert reader.past != self.log[:count] or self.trimmed >= count, "what comes next is there"
            return []
        assert reader.past == self.log[:count], "it has read what is no more, and would miss what is there instead"
        assert [event.object_id for event in events] == self.log[count:]
        return events

    @rule()
    def forget_the_oldest(self) -> None:
        half = (len(self.log) - self.trimmed) // 2
        times = {position: at_us for position, at_us, _ in self.database.events_of(self.caller.tenant_id)}
        before_us = times[self.trimmed + half + 1]
        assert self.runner.run(self.store.write(trim_log, self.caller, before_us)).result == half
        self.trimmed += half

    @rule(target=backups)
    def back_up(self) -> Backup:
        tenant_id = self.caller.tenant_id
        [tenant] = self.database.ask(READ_PLACE, tenant_id)
        return Backup(tenant, self.database.ask(READ_EVENTS, tenant_id), [*self.log], self.trimmed)

    @rule(backup=backups)
    def put_back(self, backup: Backup) -> None:
        self.store.stop()
        ask, tenant_id = self.database.ask, self.caller.tenant_id
        ask("DELETE FROM events WHERE tenant_id = %s", tenant_id)
        for row in backup.events:
            ask(WRITE_EVENT, tenant_id, *row)
        ask(WRITE_PLACE, *backup.tenant, tenant_id)
        self.log, self.trimmed = [*backup.log], backup.trimmed
        self.store = self.store_on(self.database, clock=self.clock)


@pytest.mark.anyio
async def test_a_writer_remembers_no_rows_of_a_database_that_has_gone(
    postgres_database: Database, store_on: OpenStore
) -> None:
    """A standby takes over that lacks the last commit; one more makes it as many as the writer had seen."""

    def names(tx: Transaction, _caller: object, _request: None) -> list[str]:
        return [name for (name,) in tx.remembered(SELECT_NAMES)]

    store, ask = store_on(postgres_database, store_writers=1), postgres_database.ask
    caller = await add_tenant(store)
    [place] = ask(READ_PLACE, caller.tenant_id)
    await store.write(add_whole_person, caller, "lost")
    assert (await store.write(names, caller, None)).result == ["lost"]

    ask(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    ask("DELETE FROM people WHERE tenant_id = %s", caller.tenant_id)
    ask("DELETE FROM events WHERE tenant_id = %s AND position > %s", caller.tenant_id, place[0])
    ask(WRITE_PLACE, *place, caller.tenant_id)

    assert (await store.write(add_whole_person, caller, "there")).position == place[0] + 1
    assert (await store.write(names, caller, None)).result == ["there"]


@pytest.mark.parametrize("has_clock_behind", [False, True], ids=["clock", "clock that is behind"])
def test_nobody_skips_what_has_happened_since_the_log_was_put_back(
    database: Database, store_on: OpenStore, *, has_clock_behind: bool
) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: PutBackMachine(database, store_on, has_clock_behind=has_clock_behind),
        settings=settings(
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            max_examples=10,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
