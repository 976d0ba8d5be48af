"""An upgrade from the first schema that had webhooks, in the middle of delivering: what waited, what was being sent and
what was to be tried again all arrives."""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import psycopg
from psycopg import sql

from chaupal.auth.sealing import load_secret_key
from chaupal.settings import load_settings
from chaupal.store.migrating import current_version, migrate
from chaupal.store.schema import SCHEMA_VERSION
from tests.api.hooks import HookReceiver
from tests.crash.posting import Place, settle
from tests.crash.test_webhooks_killed import post_all, register
from tests.installations import Installation
from tests.outbound.receivers import Received

FIRST_WITH_WEBHOOKS = "0013"
PATIENCE_S = 120.0

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]
"""Of each table: the names of its columns, and its rows."""


class OldDatabase:
    """An installation's database, looked at and changed while no server runs."""

    def __init__(self, installation: Installation) -> None:
        self.settings = load_settings(installation.environment)
        if not self.settings.data.is_absolute():
            self.settings = replace(self.settings, data=installation.cwd / self.settings.data)

    def connect(self) -> Any:
        if self.settings.is_postgres:
            return psycopg.connect(self.settings.database, autocommit=True)
        return apsw.Connection(str(self.settings.sqlite_path))

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            cursor = connection.execute(question)
            return list(cursor) if not self.settings.is_postgres or cursor.description else []
        finally:
            connection.close()

    def tables(self) -> list[str]:
        listing = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        if not self.settings.is_postgres:
            listing = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return sorted(name for (name,) in self.ask(listing) if name != "alembic_version")

    def columns(self, table: str) -> list[str]:
        listing = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"  # noqa: S608
        if not self.settings.is_postgres:
            listing = f"SELECT name FROM pragma_table_info('{table}')"  # noqa: S608 - the table's own name
        return [name for (name,) in self.ask(listing)]

    def put_back_to(self, version: str) -> None:
        """As if a program of that time had written it: made by the migrations up to it, with the rows that fit."""
        kept: Rows = {}
        for table in self.tables():
            columns = self.columns(table)
            kept[table] = columns, self.ask(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - own names
        self._put_bodies_back(kept)
        self._empty()
        migrate(self.settings, target=version)
        for table in self.tables():
            self.ask(f"DELETE FROM {table}")  # noqa: S608 - a migration may have put something there
            self._fill(table, *kept[table])

    def _put_bodies_back(self, kept: Rows) -> None:
        """They lay in the rows of deliveries once."""
        columns, rows = kept["webhook_deliveries"]
        bodies = dict(self.ask("SELECT delivery_id, body FROM webhook_bodies"))
        at = columns.index("delivery_id")
        kept["webhook_deliveries"] = [*columns, "body"], [(*row, bodies[row[at]]) for row in rows]

    def give_one_key_to_all(self, tenant_id: str) -> None:
        """As there was before tenants had keys of their own: what is sealed for the tenant, is with the
        installation's. The installation makes signing keys anew, which nobody's token outlives."""
        path = self.settings.secret_key_path
        key = load_secret_key(path).derive(f"tenant:{tenant_id}")
        path.write_bytes(base64.b64encode(key.exported()))
        self.ask("DELETE FROM signing_keys")

    def _empty(self) -> None:
        if self.settings.is_postgres:
            self.ask("DROP SCHEMA public CASCADE")
            self.ask("CREATE SCHEMA public")
            return
        for end in ("", "-wal", "-shm"):
            Path(f"{self.settings.sqlite_path}{end}").unlink(missing_ok=True)

    def _fill(self, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        there = [name for name in self.columns(table) if name in columns]
        values = [tuple(row[columns.index(name)] for name in there) for row in rows]
        connection = self.connect()
        try:
            if self.settings.is_postgres:
                names = map(sql.Identifier, there)
                text = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(names),
                    sql.SQL(", ").join([sql.Placeholder()] * len(there)),
                )
                connection.cursor().executemany(text, values)
            else:
                marks = ", ".join("?" * len(there))
                connection.executemany(f"INSERT INTO {table} ({', '.join(there)}) VALUES ({marks})", values)  # noqa: S608
        finally:
            connection.close()


def leave_unfinished(place: Place, receiver: HookReceiver) -> list[str]:
    """Kill the server with deliveries in every state that is no end; the ids of all that was sent."""
    receiver.answer_with = lambda _: 503
    sent = post_all(place, ["fails", "fails, too"])
    wait_for(receiver, 2)
    reached, let_go = threading.Event(), threading.Event()

    def hold(_: Received) -> int:
        reached.set()
        let_go.wait(PATIENCE_S)
        return 500

    receiver.answer_with = hold
    sent += post_all(place, ["is being sent"])
    assert reached.wait(PATIENCE_S)
    sent += post_all(place, [f"waits {number}" for number in range(5)])
    wait_until_matched(place, len(sent))
    place.installation.kill()
    let_go.set()
    return sent


def wait_for(receiver: HookReceiver, count: int) -> None:
    with receiver.came:
        assert receiver.came.wait_for(lambda: len(receiver.deliveries) >= count, timeout=PATIENCE_S)


def wait_until_matched(place: Place, count: int) -> None:
    """Until the delivery log shows so many, and those that failed are to be tried again."""
    _, answer = place.installation.call("GET", f"/v1/webhook?objectId={place.group_id}&objectType=Group", place.headers)
    [webhook] = answer["webhooks"]
    give_up_s = time.monotonic() + PATIENCE_S
    shown: list[str] = []
    while len(shown) < count or shown.count("retrying") < 2:
        assert time.monotonic() < give_up_s, shown
        _, log = place.installation.call("GET", f"/v1/webhook/{webhook['id']}/deliveries?count=100", place.headers)
        shown = [str(each["status"]).lower() for each in log["deliveries"]]


def test_everything_arrives_after_the_upgrade(installation: Installation) -> None:
    installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    place = settle(installation)
    with HookReceiver() as receiver:
        register(place, receiver, place.group_id)
        sent = leave_unfinished(place, receiver)
        old = OldDatabase(installation)
        states = "SELECT state FROM webhook_deliveries"
        assert Counter(state for (state,) in old.ask(states)) == {"retrying": 2, "sending": 1, "waiting": 5}
        old.put_back_to(FIRST_WITH_WEBHOOKS)
        old.give_one_key_to_all(place.installed["tenantId"])
        old.ask("UPDATE webhook_deliveries SET due_at_ms = 1")
        old.ask("UPDATE webhooks SET next_due_ms = 1, failing_since_ms = NULL")
        if installation.is_postgres:
            old.ask("UPDATE webhook_workers SET lease_until_ms = 1")  # as long after the kill
        assert current_version(old.settings) == FIRST_WITH_WEBHOOKS
        assert Counter(state for (state,) in old.ask(states)) == {"retrying": 2, "sending": 1, "waiting": 5}

        receiver.answer_with = lambda _: 200
        before = len(receiver.deliveries)
        installation.start()
        wait_for(receiver, before + len(sent))
        installation.stop()
        assert current_version(old.settings) == SCHEMA_VERSION
        assert Counter(str(body["eventId"]) for body in receiver.bodies[before:]) == Counter(sent)
        assert {state for (state,) in old.ask(states)} == {"delivered"}
