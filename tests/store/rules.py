"""Rules for the store's tests, made of the few things that a rule can do, and ways to bring rules into one batch.

A person's row stands for any row: it has a key, and its mobile number is unique within the tenant.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, bindparam, func, insert, select

from chaupal.auth.caller import Operator
from chaupal.events.catalogue import Event, EventType
from chaupal.people.tables import people
from chaupal.store.statements import Statement
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from tests.stores import Database

WAIT_S = 60.0
"""How long a test waits for what must happen; far longer than it ever takes."""

_GIVEN = ("tenant_id", "user_id", "mobile_number", "name", "created_at_ms")


def _unused(column: Any) -> Any:
    """A value for a column that these tests do not care for."""
    if column.nullable:
        return None
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, (BigInteger, Integer)):
        return 0
    return b"" if isinstance(column.type, LargeBinary) else ""


# Made directly, so that they are not among the program's own statements, which other tests look at.
INSERT_PERSON = Statement(
    insert(people).values(
        {column.name: bindparam(column.name) if column.name in _GIVEN else _unused(column) for column in people.c}
    )
)
COUNT_PEOPLE = Statement(select(func.count()).select_from(people).where(people.c.tenant_id == bindparam("tenant_id")))
SELECT_NAMES = Statement(select(people.c.name).where(people.c.tenant_id == bindparam("tenant_id")).order_by("name"))


def _person(user_id: str) -> dict[str, Any]:
    return {"user_id": user_id, "mobile_number": user_id, "name": user_id, "created_at_ms": 0}


class Failed(Exception):
    """What a rule raises on purpose."""


def append_event(tx: Transaction, _caller: object, object_id: str) -> int:
    """Append one event; its position."""
    return tx.append(Event(event_type=EventType.TEXT_MESSAGE_CREATED, object_id=object_id))


def insert_person(tx: Transaction, _caller: object, user_id: str, **columns: Any) -> None:
    """Insert a row at once; its columns are the id unless given."""
    tx.run(INSERT_PERSON, **{**_person(user_id), **columns})


def append_person(tx: Transaction, _caller: object, user_id: str, **columns: Any) -> None:
    """Insert a row at the end of the batch; its columns are the id unless given."""
    tx.append_row(INSERT_PERSON, **{**_person(user_id), **columns})


def add_whole_person(tx: Transaction, caller: object, name: str) -> int:
    """A row and its event, as a rule of the product would."""
    insert_person(tx, caller, name)
    return append_event(tx, caller, name)


def send_message(tx: Transaction, caller: object, name: str) -> int:
    """A row at the batch's end and its event, as posting a message does."""
    append_person(tx, caller, name)
    return append_event(tx, caller, name)


def count_people(tx: Transaction, _caller: object, _request: object) -> int:
    """How many rows the rule sees."""
    [(number,)] = tx.all(COUNT_PEOPLE)
    return int(number)


def names_of(database: Database, tenant_id: str) -> list[str]:
    """The rows that are in the database, in order."""
    return sorted(name for (name,) in database.ask("SELECT name FROM people WHERE tenant_id = %s", tenant_id))


class Gate:
    """A rule that holds its thread until the test opens it."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._opened = threading.Event()

    def hold(self, _tx: Transaction, _caller: object, _request: object) -> None:
        self._entered.set()
        assert self._opened.wait(WAIT_S), "nobody opened the gate"

    async def entered(self) -> None:
        """Returns once the thread stands in the rule."""
        assert await asyncio.to_thread(self._entered.wait, WAIT_S), "the rule was not run"

    def open(self) -> None:
        self._opened.set()


class Counted:
    """A rule that counts how often it is run."""

    def __init__(self, rule: Callable[[Transaction, Any, Any], Any]) -> None:
        self.run_count = 0
        self._rule = rule

    def __call__(self, tx: Transaction, caller: Any, request: Any) -> Any:
        self.run_count += 1
        return self._rule(tx, caller, request)


Asked = tuple[Callable[[Transaction, Any, Any], Any], Operator, Any]


async def queue_all(store: Store, asked: Sequence[Asked]) -> list[asyncio.Task[Any]]:
    """Submit writes in order; returns when all wait for their writer, which something else must be holding."""
    tasks = [asyncio.create_task(store.write(*one)) for one in asked]
    async with asyncio.timeout(WAIT_S):
        while store.waiting_writes < len(asked):  # noqa: ASYNC110 - a turn of the loop lets the tasks submit
            await asyncio.sleep(0)
    return tasks


async def write_in_one_batch(store: Store, asked: Sequence[Asked]) -> list[Any]:
    """Run rules in one batch of a store with one writer; `Written`, or the error, of each."""
    gate = Gate()
    holding = asyncio.create_task(store.write(gate.hold, asked[0][1], None))
    await gate.entered()
    tasks = await queue_all(store, asked)
    gate.open()
    async with asyncio.timeout(WAIT_S):
        await holding
        return await asyncio.gather(*tasks, return_exceptions=True)
