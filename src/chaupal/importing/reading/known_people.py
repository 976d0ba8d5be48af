"""Who is meant by a name, a number or an old id in the files. Its memory grows with the people, not the messages."""

from __future__ import annotations

from collections.abc import Mapping as ReadMapping

from chaupal.importing.reading.mapping import folded_name
from chaupal.importing.reading.texts import find_number, tidied
from chaupal.importing.records import PersonReference
from chaupal.wire.ids import without_unit

_FOUND_KEPT = 10_000


class KnownPeople:
    """The people of the tenant and of the lists read so far.

    A name that is one person's alone means that person; one that several have means nobody of them, so that nothing is
    put into the wrong mouth: then it is a person of the past, known by name.
    """

    def __init__(self, senders: ReadMapping[str, PersonReference], country: str) -> None:
        self._mapped = senders
        self._country = country
        self._by_name: dict[str, PersonReference | None] = {}
        self._by_id: dict[str, PersonReference] = {}
        self._found: dict[str, PersonReference] = {}

    def add(self, name: str, person: PersonReference, *, old_id: str = "") -> None:
        """Someone is known now. Harmless when repeated."""
        if old_id:
            self._by_id[without_unit(old_id)] = person
        folded = folded_name(name)
        if folded:
            known = self._by_name.get(folded, person)
            self._by_name[folded] = person if known == person else None
            self._found.clear()

    def meant_by(self, text: str) -> PersonReference:
        """Who a cell names."""
        found = self._found.get(text)
        if found is None:
            if len(self._found) >= _FOUND_KEPT:
                self._found.clear()
            found = self._found[text] = self._find(text)
        return found

    def _find(self, text: str) -> PersonReference:
        mapped = self._mapped.get(folded_name(text))
        if mapped is not None:
            return mapped
        number = find_number(text, self._country)
        if number is not None:
            return PersonReference(mobile_number=number)
        return self._by_name.get(folded_name(text)) or PersonReference(name=" ".join(tidied(text).split()))

    def with_id(self, user_id: str) -> PersonReference:
        """Who an old id means: who was listed with it, or who has it in the tenant."""
        return self._by_id.get(without_unit(user_id)) or PersonReference(user_id=user_id)
