"""Which group and which person a record means, and making those that are not there yet. One for each batch."""

from __future__ import annotations

from uuid import UUID, uuid5

from chaupal.actions.imported import known_actions
from chaupal.errors import Conflict, NotFound
from chaupal.groups.imported import (
    ImportedGroup,
    add_imported_group,
    find_group_or_deleted,
    find_groups_named,
)
from chaupal.groups.rules import Group
from chaupal.importing.records import GroupRecord, GroupReference, PersonReference
from chaupal.messages.imported import known_messages
from chaupal.people.imported import ensure_past_people
from chaupal.people.rules import Person, ensure_people, find_past_people, find_people_by_number
from chaupal.responses.imported import known_responses
from chaupal.store.transaction import Transaction


class NameShared(Conflict):
    """Several groups have the name. Fields: `name`."""

    template = "Several groups are called '{name}'; say in the map file, under [groups], which one is meant."


class GroupGone(Conflict):
    """The group was deleted here. Fields: `name`."""

    template = "The group '{name}' was deleted here since."


def derived_id(tenant_id: str, kind: str, text: str) -> str:
    """The id of what has none where it comes from: the same each time."""
    return str(uuid5(UUID(tenant_id), f"{kind}:{text}"))


def are_there(tx: Transaction, ids: list[str]) -> set[str]:
    """Those of the ids that somebody or something has already."""
    groups = {each for each in ids if find_group_or_deleted(tx, each) is not None}
    people, messages = find_past_people(tx, ids), known_messages(tx, ids)
    return groups | people.keys() | messages.keys() | known_actions(tx, ids) | known_responses(tx, ids)


class Places:
    """The groups and people that one batch has met."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._groups: dict[GroupReference, Group] = {}
        self._people: dict[PersonReference, Person] = {}
        self.made_groups: list[str] = []
        self.made_people: list[str] = []

    def group(self, reference: GroupReference, wanted: GroupRecord | None = None) -> Group:
        """The group that is meant; made where it is not there.

        Raises:
            NotFound: by an id alone that nobody has.
            NameShared, GroupGone, InvalidParameters.
        """
        found = self._groups.get(reference)
        if found is None:
            found = self._groups[reference] = self._find_group(reference) or self._make_group(reference, wanted)
        return found

    def _find_group(self, reference: GroupReference) -> Group | None:
        group_id = reference.group_id or self._id_of_name(reference.name)
        found = find_group_or_deleted(self._tx, group_id)
        if found is not None:
            group, is_there = found
            if not is_there:
                raise GroupGone(name=group.name)
            return group
        if reference.group_id:
            return None
        named = find_groups_named(self._tx, reference.name)
        if len(named) > 1:
            raise NameShared(name=reference.name)
        found = find_group_or_deleted(self._tx, named[0]) if named else None
        return found[0] if found is not None else None

    def _make_group(self, reference: GroupReference, wanted: GroupRecord | None) -> Group:
        if not reference.name:
            raise NotFound("group", group_id=reference.group_id)
        draft = ImportedGroup(reference.group_id or self._id_of_name(reference.name), reference.name)
        if wanted is not None:
            draft = ImportedGroup(
                draft.group_id,
                draft.name,
                group_type=wanted.group_type,
                welcome_message=wanted.welcome_message,
                short_description=wanted.short_description,
                shows_history=wanted.shows_history,
            )
        group = add_imported_group(self._tx, draft)
        self.made_groups.append(group.group_id)
        return group

    def _id_of_name(self, name: str) -> str:
        return derived_id(self._tx.tenant_id, "group", name.strip().casefold())

    def know_numbers(self, numbers: list[str]) -> None:
        """Look up, or add, everyone who is meant by a number, with a statement or two however many."""
        if not numbers:
            return
        known = find_people_by_number(self._tx, numbers)
        everyone = ensure_people(self._tx, [each for each in numbers if each not in known], actor_id="")
        self.made_people += [person.user_id for person in everyone.values()]
        for number, person in (known | everyone).items():
            self._people[PersonReference(mobile_number=number)] = person

    def know_names(self, names: list[str]) -> None:
        """Make people of the past of those who are known by name alone."""
        ids = {name: derived_id(self._tx.tenant_id, "person", " ".join(name.split()).casefold()) for name in names}
        if not ids:
            return
        self.made_people += sorted(ensure_past_people(self._tx, {ids[name]: name for name in reversed(names)}))
        found = find_past_people(self._tx, list(set(ids.values())))
        for name, user_id in ids.items():
            self._people[PersonReference(name=name)] = found[user_id]

    def person(self, reference: PersonReference) -> Person:
        """Who is meant.

        Raises:
            NotFound: by an id that nobody has.
        """
        found = self._people.get(reference)
        if found is None:
            if reference.user_id:
                known = find_past_people(self._tx, [reference.user_id])
                if reference.user_id not in known:
                    raise NotFound("person", user_id=reference.user_id)
                self._people[reference] = known[reference.user_id]
            elif reference.mobile_number:
                self.know_numbers([reference.mobile_number])
            else:
                self.know_names([reference.name])
            found = self._people[reference]
        return found
