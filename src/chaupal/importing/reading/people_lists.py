"""Lists of people and groups: who is in which group, who there is at all, which group lies below which.

Their headers were never documented, so they are recognised as such lists are called, or named in the map file. Source:
product, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chaupal.importing.reading.columns import Columns, Field, passed_over
from chaupal.importing.reading.findings import EXCERPT_CHARS, Finding, Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.rows import RowForm, Stray, read_rows
from chaupal.importing.reading.texts import Unreadable, find_number, read_kept_id, storable, tidied
from chaupal.importing.records import (
    GroupRecord,
    MemberRecord,
    PersonRecord,
    PersonReference,
    Record,
    SubgroupRecord,
)

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


def is_group_list(columns: Columns) -> bool:
    """Whether a file with these columns lists groups alone."""
    says_more = columns.has(Field.GROUP_ID) or columns.has(Field.GROUP_TYPE) or len(columns.headers) == 1
    others = (Field.TIME, Field.SENDER, Field.RESPONDER, Field.NUMBER)
    return columns.has(Field.GROUP) and says_more and not any(columns.has(each) for each in others)


def numbers_alone(first_line: str, delimiter: str, country: str) -> Columns | None:
    """The columns of a file without a header, in which each line is a number and nothing else."""
    cells = [cell.strip().strip('"') for cell in first_line.strip("\r\n").split(delimiter)]
    is_alone = find_number(cells[0], country) is not None and not any(cells[1:])
    return Columns(("",) * len(cells), {Field.NUMBER: 0}, delimiter) if is_alone else None


class PeopleList:
    """One list. `read` is called once, with the lines below the header."""

    def __init__(self, columns: Columns, mapping: Mapping, people: KnownPeople) -> None:
        self._columns = columns
        self._mapping = mapping
        self._people = people

    def read(self, lines: Iterable[str], *, first_line: int) -> Iterator[Finding]:
        """What the list holds, in its order."""
        yield from passed_over(self._columns, self._columns.unknown)
        form = RowForm(self._columns.delimiter, self._fit, None)
        for row in read_rows(lines, form, first_line=first_line):
            if isinstance(row, Stray):
                if any(map(str.isalnum, row.text)):  # else it is delimiters alone
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
        group_name, group_id = cell(Field.GROUP), read_kept_id(cell(Field.GROUP_ID))
        if not cell(Field.NUMBER) and (group_name or group_id):
            group = self._mapping.group(group_name, group_id)
            yield GroupRecord(group=group, group_type=cell(Field.GROUP_TYPE).replace(" ", ""))
            return
        number = find_number(cell(Field.NUMBER), self._mapping.country)
        if number is None:
            raise Unreadable(f"'{cell(Field.NUMBER)[:60]}' is no mobile number in international form")
        person = PersonReference(mobile_number=number)
        name = " ".join(tidied(f"{cell(Field.NAME)} {cell(Field.LAST_NAME)}").split())
        self._people.add(name, person)
        yield PersonRecord(mobile_number=number, name=name)
        if group_name or group_id:
            role = _ROLES.get("".join(filter(str.isalpha, cell(Field.ROLE).casefold())))
            if role is None:
                raise Unreadable(f"'{cell(Field.ROLE)[:60]}' is no user type: Admin, Member or Subscriber")
            yield MemberRecord(group=self._mapping.group(group_name, group_id), person=person, role=role)
