"""The rules about people: finding, adding, changing, removing them. People of a group are in `members`."""

from __future__ import annotations

import msgspec

from chaupal.auth.access import ADMIN, MEMBER, Access, access_caller
from chaupal.auth.caller import Caller, Operator
from chaupal.errors import Conflict, InvalidParameters, NotFound
from chaupal.people.events import person_added, person_changed, person_signed_in
from chaupal.people.queries import (
    PersonRow,
    count_people,
    count_tenant_admins,
    insert_people,
    mark_provisioned,
    remove_person_row,
    select_all_people,
    select_past_people,
    select_people,
    select_people_by_number,
    select_person,
    select_person_by_number,
    update_person,
)
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

Person = PersonRow
"""A person as other slices see them."""

NAME_MAX_CHARS = 200


class LastTenantAdmin(Conflict):
    """A tenant without an admin could not be run by anyone."""

    template = "The organization's last admin cannot be removed or made a member."


class NumberTaken(Conflict):
    """The number belongs to someone already. Fields: `mobile_number`."""

    template = "{mobile_number} belongs to a person of this organization already."


def read_current_user(tx: Transaction, caller: Caller, _request: None) -> Access:
    """The person that the token acts for."""
    return access_caller(tx, caller)


def count_all_people(tx: Transaction, _caller: Operator, _request: None) -> int:
    """How many people the tenant has, bots aside."""
    return count_people(tx)


def find_person_by_number(tx: Transaction, mobile_number: str) -> PersonRow | None:
    """A person of the tenant, or None."""
    return select_person_by_number(tx, mobile_number)


def find_people_by_number(tx: Transaction, mobile_numbers: list[str]) -> dict[str, PersonRow]:
    """Those of the tenant, by number."""
    return select_people_by_number(tx, mobile_numbers)


def find_person(tx: Transaction, user_id: str) -> PersonRow | None:
    """A person of the tenant, or None."""
    return select_person(tx, user_id)


def find_bot_person(tx: Transaction, user_id: str) -> PersonRow | None:
    """A bot of the tenant, or None where there is none or it is a person."""
    person = select_person(tx, user_id)
    return person if person is not None and person.is_bot else None


def find_people(tx: Transaction, user_ids: list[str]) -> dict[str, PersonRow]:
    """Those of the tenant, by id."""
    return select_people(tx, user_ids)


def find_past_people(tx: Transaction, user_ids: list[str]) -> dict[str, PersonRow]:
    """Those who are or were of the tenant, by id: whoever has done something is named even after having left."""
    return select_past_people(tx, user_ids)


def ensure_people(tx: Transaction, mobile_numbers: list[str], *, actor_id: str) -> dict[str, PersonRow]:
    """The people with these numbers, by number; whoever is not known yet is added. Inside tx. Idempotent."""
    known = select_people_by_number(tx, mobile_numbers)
    missing = [number for number in dict.fromkeys(mobile_numbers) if number not in known]
    added = [
        PersonRow(new_id(), number, name="", profile_pic="", role=MEMBER, is_provisioned=False) for number in missing
    ]
    insert_people(tx, added)
    for person in added:
        tx.append(person_added(person.user_id, actor_id=actor_id))
        known[person.mobile_number] = person
    return known


class NewPerson(msgspec.Struct, frozen=True):
    """A person to add by hand."""

    mobile_number: str
    name: str = ""
    role: str = MEMBER


def add_person(tx: Transaction, _caller: Operator, draft: NewPerson) -> PersonRow:
    """Add one person.

    Raises:
        NumberTaken, InvalidParameters.
    """
    check_role(draft.role)
    check_name(draft.name)
    if select_person_by_number(tx, draft.mobile_number) is not None:
        raise NumberTaken(mobile_number=draft.mobile_number)
    person = PersonRow(new_id(), draft.mobile_number, draft.name, "", draft.role, is_provisioned=False)
    insert_people(tx, [person])
    tx.append(person_added(person.user_id, actor_id=""))
    return person


class PersonChange(msgspec.Struct, frozen=True):
    """What to change; None leaves it."""

    mobile_number: str
    name: str | None = None
    role: str | None = None


def change_person(tx: Transaction, _caller: Operator, change: PersonChange) -> PersonRow:
    """Change a person's name or role in the tenant.

    Raises:
        NotFound, LastTenantAdmin, InvalidParameters.
    """
    person = select_person_by_number(tx, change.mobile_number)
    if person is None:
        raise NotFound("person")
    if change.name is not None:
        check_name(change.name)
        person = person._replace(name=change.name)
    if change.role is not None:
        check_role(change.role)
        check_admin_remains(tx, person, change.role)
        person = person._replace(role=change.role)
    update_person(tx, person)
    tx.append(person_changed(person.user_id, actor_id=""))
    return person


def add_bot_person(tx: Transaction, name: str, profile_pic: str) -> PersonRow:
    """Give a bot its place among the people, so that it can be a member and a sender. Inside tx.

    It never signs in, so it counts as having done so. The slice `bots` appends the event.
    """
    bot = PersonRow(new_id(), "", name, profile_pic, MEMBER, is_provisioned=True, is_bot=True)
    insert_people(tx, [bot])
    return bot


def change_bot_person(tx: Transaction, bot: PersonRow) -> None:
    """Write a bot's name and picture. Inside tx; the slice `bots` appends the event."""
    update_person(tx, bot)


def remove_bot_person(tx: Transaction, user_id: str) -> None:
    """A bot is no longer found; its messages keep its name. Inside tx; the slice `bots` appends the event."""
    remove_person_row(tx, user_id)


def list_people(tx: Transaction, _caller: Operator, after_id: str) -> list[PersonRow]:
    """At most 1,000 people and bots of the tenant after an id, in the order of their ids."""
    return select_all_people(tx, after_id=after_id, row_count=1_000)


def note_sign_in(tx: Transaction, person: PersonRow) -> bool:
    """Remember that the person has signed in; whether it was the first time. Inside tx."""
    if person.is_provisioned:
        return False
    mark_provisioned(tx, person.user_id)
    tx.append(person_signed_in(person.user_id))
    return True


def check_admin_remains(tx: Transaction, person: PersonRow, new_role: str) -> None:
    """Raise LastTenantAdmin where the change would leave the tenant without an admin."""
    if person.role == ADMIN and new_role != ADMIN and count_tenant_admins(tx) == 1:
        raise LastTenantAdmin


def check_name(name: str) -> None:
    """Raise InvalidParameters where a name is too long."""
    if len(name) > NAME_MAX_CHARS:
        raise InvalidParameters(field="name", value=name, rule=f"must be at most {NAME_MAX_CHARS} characters")


def check_role(role: str) -> None:
    """Raise InvalidParameters where a role is none."""
    if role not in (ADMIN, MEMBER):
        raise InvalidParameters(field="role", value=role, rule=f"must be {ADMIN} or {MEMBER}")


def shown_number(viewer: Access, mobile_number: str) -> str:
    """A person's number as this viewer may see it: "" where it is hidden."""
    return mobile_number if viewer.sees_numbers else ""
