"""How the databases would run each statement: by an index that narrows down further than to the tenant."""

from __future__ import annotations

import itertools
import re
from typing import Any

import psycopg
import pytest

from chaupal.messages import queries as messages
from chaupal.store.statements import Statement
from chaupal.timelines.merging import TimelineStatements
from chaupal.webhooks.delivering import queries as deliveries
from tests.store.test_statements import MODULES
from tests.stores import Database, ask_sqlite

# What reads or counts all rows of one kind of a tenant, or of the installation, by its purpose.
WHOLE_TENANT = {
    "auth.queries._SELECT_SIGNING_KEYS": "the keys of the installation, at its start",
    "auth.queries._SELECT_PAST_SIGNING_KEYS": "the keys of an installation, one for each renewal",
    "auth.queries._RETIRE_SIGNING_KEYS": "the few keys of the installation, when one is renewed",
    "bots.queries._SELECT_ALL": "the list of bots",
    "bots.queries._COUNT_ALL": "a limit, when a bot is made",
    "cells.queries._SELECT": "the cells, a few dozen rows",
    "cells.queries._SELECT_KEYS": "the cells' keys, a few dozen rows",
    "cells.queries._SELECT_REMOVED": "the keys of cells that were taken out, a few dozen rows",
    "connectors.queries._SELECT_ALL": "the list of connectors",
    "directory.place_queries._COUNT_BY_CELL": "the operator's list of cells",
    "directory.place_queries._DELETE_APPLICATIONS": "the application ids of a tenant that lives elsewhere",
    "directory.place_queries._DELETE_ORIGINS": "the few cells that a tenant has lived in",
    "directory.place_queries._DELETE_PLACE": "the one row of a tenant that lives elsewhere",
    "directory.place_queries._DELETE_UNTOLD": "the one row of a tenant that the root has not been told of",
    "directory.place_queries._FORGET_UNTOLD": "the one row of a tenant that the root has not been told of",
    "directory.place_queries._SELECT_ALL_ORIGINS": "kept in memory: a row for each tenant that came lately",
    "directory.place_queries._SELECT_APPLICATIONS": "the application ids of a tenant that lives elsewhere",
    "directory.place_queries._SELECT_BY_APPLICATION": "the one row of the tenant that the application id leads to",
    "directory.place_queries._SELECT_PLACE": "the one row of a tenant that lives elsewhere",
    "directory.queries._SELECT_ALL": "the list of tenants",
    "directory.queries._SELECT_UNTOLD": "a hundred of the tenants that the root has not been told of",
    "groups.queries._COUNT_ALL": "the operator's list of tenants, with counts",
    "events.queries._SELECT_FIRST": "the first event: one step into the index",
    "events.queries._SELECT_LAST": "the last event: one step into the index",
    "groups.queries._FIND_BY_NAME": "a search for a part of a name, a page of it",
    "messages.queries._COUNT_ALL": "the operator's list of tenants, with counts",
    "moving.queries._COUNT_CHANGES": "the last recorded change: one step into the index",
    "moving.queries._DELETE_CHANGES": "after a move, at most a thousand rows",
    "moving.queries._FORGET_WAITING": "before a tenant is taken in, and after, at most a thousand rows",
    "moving.queries._SELECT_RUNNING": "a row for each tenant that has ever moved",
    "people.queries._COUNT_ALL": "the operator's list of tenants, with counts",
    "people.queries._COUNT_TENANT_ADMINS": "before the operator takes an admin's role away",
    "responses.queries._SELECT_ERASURE": "the sweep, one of the retracted actions that are left",
    "responses.queries._SELECT_OVER": "the sweep: a key for each anonymous action that was answered and is not over",
    "tokens.queries._DELETE_OLD_PINS": "the sweep, at most a thousand rows",
    "tokens.queries._DELETE_OLD_TRIES": "the sweep, at most a thousand rows",
    "webhooks.delivering.queries._RELEASE_ALL": "once, when a tenant has arrived from elsewhere",
    "webhooks.delivering.queries._SELECT_ON_THE_WAY": "once, when a tenant has arrived from elsewhere",
    "webhooks.queries._COUNT": "a limit, when a webhook is registered",
    "webhooks.queries._SELECT_CURSOR": "the one row of a tenant that has webhooks",
    "webhooks.queries._DELETE_CURSOR": "the one row of a tenant that has webhooks",
    "webhooks.delivering.queries._MOVE_CURSOR": "the one row of a tenant that has webhooks",
    "webhooks.delivering.queries._SELECT_BEHIND": "one row for each tenant that has webhooks",
    "webhooks.delivering.queries._SELECT_CURSORS": "one row for each tenant that has webhooks",
    "webhooks.delivering.worker_queries._END_LEASES": "one row for each process that delivers",
    "webhooks.delivering.worker_queries._SELECT_LEASES": "one row for each process that delivers",
}


def statements() -> list[Any]:
    found = []
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, Statement) and not value.is_insert:
                found.append(pytest.param(value, id=f"{module.__name__.removeprefix('chaupal.')}.{name}"))
    return found


ONE_A_TENANT = {"arrivals", "moves", "tenants", "tenant_keys"}


def timelines() -> list[tuple[str, TimelineStatements]]:
    return [
        (f"{module.__name__}.{name}", value)
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, TimelineStatements)
    ]


def choices() -> list[tuple[str, TimelineStatements, str]]:
    """Each timeline as a whole, and by each column that it can be read by."""
    return [(name, timeline, chosen) for name, timeline in timelines() for chosen in ("", *timeline._choices)]


def plan_on_sqlite(database: Database, statement: Statement) -> list[str]:
    compiled = statement.compiled("sqlite")
    bound = ["[]" if name in compiled.list_names else None for name in compiled.names]
    rows = ask_sqlite(database.settings.sqlite_path, "EXPLAIN QUERY PLAN " + compiled.sql, *bound)
    return [row[3] for row in rows]


@pytest.mark.parametrize("statement", statements())
def test_sqlite_finds_rows_by_more_than_their_tenant(
    sqlite_database: Database, statement: Statement, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    tables = set(re.findall(r"(?:FROM|JOIN|UPDATE) (\w+)", statement.compiled("sqlite").sql))
    plan = plan_on_sqlite(sqlite_database, statement)
    # The rows of a recursion, as far as it has come, and of a list that was bound.
    walks = {"above", "below", "around", "walked", "json_each", "trees"}
    walks |= {"above_mine", "below_mine", "around_person"}
    wide = [
        step
        for step in plan
        if ("(tenant_id=?)" in step and not ONE_A_TENANT & set(step.split()))
        or (step.startswith("SCAN ") and step.split()[1] in tables - walks)
    ]
    if name in WHOLE_TENANT:
        assert wide, "it does better than it has to: take it off the list"
    else:
        assert not wide, plan


@pytest.mark.parametrize("is_older", [True, False])
@pytest.mark.parametrize("has_recipient", [True, False])
@pytest.mark.parametrize("arm_count", [1, 3, 16])
def test_sqlite_reads_no_more_of_a_timeline_than_the_page(
    sqlite_database: Database, arm_count: int, has_recipient: bool, is_older: bool
) -> None:
    for name, timeline, chosen in choices():
        made = timeline._made_for(arm_count, is_older=is_older, has_recipient=has_recipient, chosen=chosen)
        plan = plan_on_sqlite(sqlite_database, made)
        assert not [step for step in plan if "TEMP B-TREE" in step or "SCAN" in step], (name, plan)
        # What is chosen is found by an index of its own, next to the audience.
        chosen_column = r"audience=\? AND \w+=\? AND" if chosen else r"audience=\?"
        assert sum(re.search(chosen_column, step) is not None for step in plan) >= arm_count, (name, chosen, plan)


def plan_on_postgres(connection: psycopg.Connection[Any], statement: Statement) -> str:
    numbers = itertools.count(1)
    text = re.sub(r"%[sb]", lambda _: f"${next(numbers)}", statement.compiled("postgresql").sql)
    rows = connection.execute(f"EXPLAIN (GENERIC_PLAN) {text}".encode()).fetchall()
    return "\n".join(row[0] for row in rows)


def test_postgresql_has_an_index_for_each(postgres_database: Database) -> None:
    """The tables are empty, so it is told to scan none if it can."""
    without = []
    made = [
        timeline._made_for(0, is_older=is_older, has_recipient=has_recipient, chosen=chosen)
        for _, timeline, chosen in choices()
        for is_older in (True, False)
        for has_recipient in (True, False)
    ]
    made += [
        timeline._made_for(1, is_older=is_older, has_recipient=False, chosen=chosen)
        for _, timeline, chosen in choices()
        for is_older in (True, False)
    ]
    with psycopg.connect(postgres_database.settings.database) as connection:
        connection.execute("SET enable_seqscan = off")
        for statement in [*(param.values[0] for param in statements() if param.id not in WHOLE_TENANT), *made]:
            plan = plan_on_postgres(connection, statement)
            if "Seq Scan on" in plan:
                without.append(plan)
    assert not without, "\n\n".join(without)


@pytest.mark.parametrize("name", ["_CLAIM", "_RECORD_DELIVERED", "_RECORD_FAILED", "_RELEASE"])
def test_postgresql_finds_deliveries_whose_ids_are_known_by_no_index_on_their_state(
    postgres_database: Database, name: str
) -> None:
    """Such an index is full of what has left that state, until the next vacuum."""
    statement: Statement = getattr(deliveries, name)
    with psycopg.connect(postgres_database.settings.database) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = plan_on_postgres(connection, statement)
    states = ("waiting", "retrying", "sending", "skipped")
    assert not [state for state in states if f"webhook_deliveries_{state}" in plan], plan


@pytest.mark.parametrize("has_recipient", [True, False])
def test_postgresql_looks_senders_up_only_for_the_page(has_recipient: bool) -> None:
    """It reads a page of each branch: with ten groups above, eleven times as many rows as it gives."""
    for name, timeline, chosen in choices():
        made = timeline._made_for(0, is_older=True, has_recipient=has_recipient, chosen=chosen)
        cut, joined = made.compiled("postgresql").sql.split(") AS page ")
        assert "LIMIT" in cut, name
        assert "OUTER JOIN" not in cut, name
        assert "LEFT OUTER JOIN people" in joined, name


def test_there_are_timelines_to_look_at() -> None:
    assert messages._TIMELINE in [timeline for _, timeline in timelines()]
