"""The statements on people."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from chaupal.people.tables import people
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction


class PersonRow(NamedTuple):
    """A person or bot that has not been removed. A bot has no number and counts as signed in."""

    user_id: str
    mobile_number: str
    name: str
    profile_pic: str
    role: str
    is_provisioned: bool
    is_bot: bool = False


_COLUMNS = (
    people.c.user_id,
    people.c.mobile_number,
    people.c.name,
    people.c.profile_pic,
    people.c.role,
    people.c.is_provisioned,
    people.c.is_bot,
)
_HERE = (people.c.tenant_id == bindparam("tenant_id"), people.c.removed_at_ms.is_(None))

_SELECT_BY_ID = statement(select(*_COLUMNS).where(*_HERE, people.c.user_id == bindparam("user_id")))
# The index of numbers leaves bots out, and serves only a query that says the same.
_WITH_NUMBER = (*_HERE, people.c.is_bot.is_(False))
_SELECT_BY_NUMBER = statement(
    select(*_COLUMNS).where(*_WITH_NUMBER, people.c.mobile_number == bindparam("mobile_number"))
)
_SELECT_BY_NUMBERS = statement(
    select(*_COLUMNS).where(*_WITH_NUMBER, in_list(people.c.mobile_number, "mobile_numbers"))
)
_SELECT_BY_IDS = statement(select(*_COLUMNS).where(*_HERE, in_list(people.c.user_id, "user_ids")))
_SELECT_PAST_BY_IDS = statement(
    select(*_COLUMNS).where(people.c.tenant_id == bindparam("tenant_id"), in_list(people.c.user_id, "user_ids"))
)
_SELECT_ALL = statement(
    select(*_COLUMNS)
    .where(*_HERE, people.c.user_id > bindparam("after_id"))
    .order_by(people.c.user_id)
    .limit(bindparam("row_count"))
)
_COUNT_TENANT_ADMINS = statement(select(func.count()).where(*_HERE, people.c.role == "Admin"))
_COUNT_ALL = statement(select(func.count()).where(*_WITH_NUMBER))
_INSERT = statement(insert(people))
_UPDATE = statement(
    update(people)
    .where(*_HERE, people.c.user_id == bindparam("person_id"))
    .values(name=bindparam("new_name"), profile_pic=bindparam("new_pic"), role=bindparam("new_role"))
)
_MARK_PROVISIONED = statement(
    update(people).where(*_HERE, people.c.user_id == bindparam("person_id")).values(is_provisioned=True)
)
_REMOVE = statement(
    update(people).where(*_HERE, people.c.user_id == bindparam("person_id")).values(removed_at_ms=bindparam("at_ms"))
)


def select_person(tx: Transaction, user_id: str) -> PersonRow | None:
    """By id."""
    row = tx.one_or_none(_SELECT_BY_ID, user_id=user_id)
    return PersonRow(*row) if row else None


def select_person_by_number(tx: Transaction, mobile_number: str) -> PersonRow | None:
    """By E.164 number."""
    row = tx.one_or_none(_SELECT_BY_NUMBER, mobile_number=mobile_number)
    return PersonRow(*row) if row else None


def select_people_by_number(tx: Transaction, mobile_numbers: list[str]) -> dict[str, PersonRow]:
    """Those who are known, by number."""
    rows = tx.all(_SELECT_BY_NUMBERS, mobile_numbers=mobile_numbers)
    return {row[1]: PersonRow(*row) for row in rows}


def select_people(tx: Transaction, user_ids: list[str]) -> dict[str, PersonRow]:
    """Those who are known, by id."""
    return {row[0]: PersonRow(*row) for row in tx.all(_SELECT_BY_IDS, user_ids=user_ids)}


def select_past_people(tx: Transaction, user_ids: list[str]) -> dict[str, PersonRow]:
    """Those who are or were known, by id."""
    return {row[0]: PersonRow(*row) for row in tx.all(_SELECT_PAST_BY_IDS, user_ids=user_ids)}


def select_all_people(tx: Transaction, *, after_id: str, row_count: int) -> list[PersonRow]:
    """At most `row_count`, in the order of their ids."""
    return [PersonRow(*row) for row in tx.all(_SELECT_ALL, after_id=after_id, row_count=row_count)]


def count_tenant_admins(tx: Transaction) -> int:
    """How many admins the tenant has."""
    rows = tx.all(_COUNT_TENANT_ADMINS)
    return int(rows[0][0])


def count_people(tx: Transaction) -> int:
    """How many people the tenant has, bots aside."""
    rows = tx.all(_COUNT_ALL)
    return int(rows[0][0])


def insert_people(tx: Transaction, rows: list[PersonRow]) -> None:
    """Inside tx; at once, because a later rule of the same batch may look them up."""
    tx.run_many(_INSERT, [{**row._asdict(), "created_at_ms": tx.now_ms, "removed_at_ms": None} for row in rows])


def insert_past_people(tx: Transaction, rows: list[PersonRow]) -> None:
    """People who are known, and are not found: they have left already. Inside tx, at once."""
    tx.run_many(_INSERT, [{**row._asdict(), "created_at_ms": tx.now_ms, "removed_at_ms": tx.now_ms} for row in rows])


def update_person(tx: Transaction, person: PersonRow) -> None:
    """Write name, picture and role. Inside tx."""
    tx.run(
        _UPDATE,
        person_id=person.user_id,
        new_name=person.name,
        new_pic=person.profile_pic,
        new_role=person.role,
    )


def mark_provisioned(tx: Transaction, user_id: str) -> None:
    """Inside tx. Idempotent."""
    tx.run(_MARK_PROVISIONED, person_id=user_id)


def remove_person_row(tx: Transaction, user_id: str) -> None:
    """Close the row: the person is no longer found. Inside tx."""
    tx.run(_REMOVE, person_id=user_id, at_ms=tx.now_ms)
