"""Lists of people and groups: who is in which group, who there is at all, which group lies below which.

Their headers were never documented, so they are recognised as such lists are called, or named in the map file. Source:
product, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chaupal.importing.reading.columns import Columns, Field
from chaupal.importing.reading.findings import EXCERPT_CHARS, Finding, Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.rows import RowForm, Stray, read_rows
from chaupal.importing.reading.texts import Unreadable, find_number, read_kept_id, storable
from chaupal.importing.records import MemberRecord, PersonRecord, PersonReference, Record, SubgroupRecord

_ROLES = {
    "admin": "Admin",
    "administrator": "Admin",
    "groupadmin": "Admin",
    "yes": "Admin",
    "member": "Member",
    "user": "Member",
    "participant": "Member",
    "no": "Member",
    "subscriber": "Subscriber",
    "": "Member",
}


def is_parent_list(columns: Columns) -> bool:
    """Whether a file with these columns says which group lies below which."""
    return columns.has(Field.PARENT, Field.CHILD)


def is_people_list(columns: Columns) -> bool:
    """Whether a file with these columns lists people, with or without their groups."""
    return columns.has(Field.NUMBER) and not columns.has(Field.TIME)


class PeopleList:
    """One list. `read` is called once, with the lines below the header."""

    def __init__(self, columns: Columns, mapping: Mapping, people: KnownPeople) -> None:
        self._columns = columns
        self._mapping = mapping
        self._people = people

    def read(self, lines: Iterable[str], *, first_line: int) -> Iterator[Finding]:
        """What the list holds, in its order."""
        form = RowForm(self._columns.delimiter, self._fit, len(self._columns.headers) - 1)
        for row in read_rows(lines, form, first_line=first_line):
            if isinstance(row, Stray):
                yield Problem(row.line, "more cells than the header has", row.text[:EXCERPT_CHARS])
                continue
            try:
                for record in self._records_of(row.cells):
                    yield Found(record, row.line)
            except Unreadable as error:
                yield Problem(row.line, str(error), self._columns.delimiter.join(row.cells)[:EXCERPT_CHARS])

    def _fit(self, cells: list[str]) -> list[str] | None:
        width = len(self._columns.headers)
        if len(cells) > width and any(each.strip() for each in cells[width:]):
            return None
        return [*cells, *[""] * (width - len(cells))][:width] if any(each.strip() for each in cells) else None

    def _records_of(self, cells: list[str]) -> Iterator[Record]:
        def cell(field: Field) -> str:
            return storable(self._columns.cell(cells, field))

        if is_parent_list(self._columns):
            if not (cell(Field.PARENT) and cell(Field.CHILD)):
                raise Unreadable("a group's name is missing")
            parent, child = self._mapping.group(cell(Field.PARENT)), self._mapping.group(cell(Field.CHILD))
            yield SubgroupRecord(parent=parent, child=child)
            return
        number = find_number(cell(Field.NUMBER), self._mapping.country)
        if number is None:
            raise Unreadable(f"'{cell(Field.NUMBER)[:60]}' is no mobile number in international form")
        person = PersonReference(mobile_number=number)
        name = cell(Field.NAME)
        self._people.add(name, person)
        yield PersonRecord(mobile_number=number, name=name)
        group_name, group_id = cell(Field.GROUP), read_kept_id(cell(Field.GROUP_ID))
        if group_name or group_id:
            role = _ROLES.get("".join(filter(str.isalpha, cell(Field.ROLE).casefold())))
            if role is None:
                raise Unreadable(f"'{cell(Field.ROLE)[:60]}' is no user type: Admin, Member or Subscriber")
            yield MemberRecord(group=self._mapping.group(group_name, group_id), person=person, role=role)
