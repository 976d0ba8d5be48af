"""People who are known from an organization's past elsewhere.

Who has a number is a person like any other who has not signed in yet. Who is known by name alone is a person of the
past: nobody can become them by signing in, they are in no list, and what they sent shows their name.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chaupal.auth.access import MEMBER
from chaupal.errors import InvalidParameters
from chaupal.people.events import person_added, person_changed, person_removed
from chaupal.people.queries import (
    PersonRow,
    insert_past_people,
    insert_people,
    select_past_people,
    select_person_by_number,
    update_person,
)
from chaupal.people.rules import NAME_MAX_CHARS, check_role
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction


class ImportedPerson(msgspec.Struct, frozen=True):
    """A person with a number. `user_id` "" for a new id, `role` "" for a member of the tenant."""

    user_id: str
    mobile_number: str
    name: str
    role: str


def keep_person(tx: Transaction, wanted: ImportedPerson) -> tuple[PersonRow, bool]:
    """The person with this number, and whether anything was changed. Who is there stays who they are, and is given a
    name where they have none. Inside tx. Idempotent.

    Raises:
        InvalidParameters: the id is someone else's.
    """
    role = wanted.role.strip().capitalize() or MEMBER
    check_role(role)
    name = wanted.name[:NAME_MAX_CHARS]
    known = select_person_by_number(tx, wanted.mobile_number)
    if known is None:
        if wanted.user_id and select_past_people(tx, [wanted.user_id]):
            raise InvalidParameters(field="id", value=wanted.user_id, rule="is somebody else's with another number")
        person = PersonRow(wanted.user_id or new_id(), wanted.mobile_number, name, "", role, is_provisioned=False)
        insert_people(tx, [person])
        tx.append(person_added(person.user_id, actor_id=""))
        return person, True
    if known.name or not name:
        return known, False
    named = known._replace(name=name)
    update_person(tx, named)
    tx.append(person_changed(named.user_id, actor_id=""))
    return named, True


def ensure_past_people(tx: Transaction, names: Mapping[str, str]) -> set[str]:
    """Make people of the past with these names, by id; the ids of those who were not there. Inside tx. Idempotent."""
    known = select_past_people(tx, list(names))
    missing = {user_id: name[:NAME_MAX_CHARS] for user_id, name in names.items() if user_id not in known}
    rows = [PersonRow(user_id, "", name, "", MEMBER, is_provisioned=False) for user_id, name in missing.items()]
    insert_past_people(tx, rows)
    for user_id in missing:
        tx.append(person_added(user_id, actor_id=""))
        tx.append(person_removed(user_id, actor_id=""))
    return set(missing)
