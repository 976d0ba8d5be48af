"""Which column of a file holds what: by its header in any letter case and order, or as the map file says."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from chaupal.importing.reading.findings import EXCERPT_CHARS, Problem


class Field(StrEnum):
    """What columns hold."""

    GROUP = "group name"
    GROUP_ID = "group id"
    GROUP_TYPE = "group type"
    MESSAGE_ID = "message id"
    SENDER = "sender"
    TYPE = "message type"
    TIME = "timestamp"
    STORED_AT = "attachment stored at"
    TEXT = "text"
    NUMBER = "phone number"
    NAME = "name"
    LAST_NAME = "last name"
    ROLE = "user type"
    PARENT = "parent group name"
    CHILD = "child group name"
    RESPONDER = "responder name"
    LATITUDE = "responder location latitude"
    LONGITUDE = "responder location longitude"
    PLACE = "responder location"
    RESPONDED_AT = "response time"
    RECEIVED_AT = "server receipt timestamp"


# Evidence: contract, section 14 ("Attachement" is spelled so there), and product, section 4, which knows no header
# text of the lists: those are what such lists are called.
_SPELLINGS: dict[Field, tuple[str, ...]] = {
    Field.GROUP: ("groupname", "group", "groups", "chatname"),
    Field.GROUP_ID: ("groupid",),
    Field.GROUP_TYPE: ("grouptype",),
    Field.MESSAGE_ID: ("messageid", "referenceid"),
    Field.SENDER: ("sender", "sendername", "senderphonenumber", "sendernumber", "from"),
    Field.TYPE: ("messagetype", "type"),
    Field.TIME: ("timestamp", "timestamputc", "time", "senttime", "sentat", "datetime"),
    Field.STORED_AT: ("attachementstoredat", "attachmentstoredat", "attachments", "attachment"),
    Field.TEXT: ("text", "message", "messagetext", "messagecontent", "content", "body"),
    Field.NUMBER: (
        *("phonenumber", "phonenumbers", "phone", "mobilenumber", "mobile", "number", "msisdn"),
        *("userphonenumber", "usermobilenumber", "phoneno", "mobileno", "contactnumber"),
    ),
    Field.NAME: ("name", "username", "fullname", "displayname", "employeename", "firstname"),
    Field.LAST_NAME: ("lastname", "surname", "familyname"),
    Field.ROLE: ("usertype", "role", "memberrole", "membertype", "usertypeadminmember"),
    Field.PARENT: ("parentgroupname", "parentgroup", "parent"),
    Field.CHILD: ("childgroupname", "childgroup", "child", "subgroupname", "subgroup"),
    Field.RESPONDER: ("respondername",),
    Field.LATITUDE: ("responderlocationlatitude",),
    Field.LONGITUDE: ("responderlocationlongitude",),
    Field.PLACE: ("responderlocationlocation", "responderlocation"),
    Field.RESPONDED_AT: ("responsetimeutc", "responsetime"),
    Field.RECEIVED_AT: ("serverreceipttimestamputc", "serverreceipttimestamp"),
}
_BY_SPELLING = {spelling: field for field, spellings in _SPELLINGS.items() for spelling in spellings}
DELIMITERS = (",", "\t", ";", "|")


class Columns(msgspec.Struct, frozen=True):
    """The columns of a file: their headers as they are, and where each field stands."""

    headers: tuple[str, ...]
    places: dict[Field, int]
    delimiter: str

    def cell(self, cells: Sequence[str], field: Field) -> str:
        """The cell of a field without blanks around it; "" where there is no such column."""
        place = self.places.get(field)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def has(self, *fields: Field) -> bool:
        """Whether all of these are there."""
        return all(field in self.places for field in fields)

    @property
    def unknown(self) -> list[int]:
        """The columns that hold none of the fields."""
        known = set(self.places.values())
        return [place for place in range(len(self.headers)) if place not in known]


def folded(header: str) -> str:
    """A header without letter case, blanks and signs. What changes a letter, as vowels do in Hindi, stays with it."""
    letters = unicodedata.normalize("NFKC", header).casefold()
    return "".join(each for each in letters if each.isalnum() or unicodedata.category(each).startswith("M"))


def passed_over(columns: Columns, places: Sequence[int]) -> Iterator[Problem]:
    """That columns are not taken, where they have names."""
    names = [f"'{columns.headers[place].strip()}'" for place in places if columns.headers[place].strip()]
    if names:
        yield Problem(1, f"columns that are not taken: {', '.join(names)[:EXCERPT_CHARS]}")


def field_named(name: str) -> Field | None:
    """The field that a map file names, in any of its spellings."""
    wanted = folded(name)
    by_name = {folded(field): field for field in Field}
    return by_name.get(wanted) or _BY_SPELLING.get(wanted)


def find_columns(headers: Sequence[str], delimiter: str, mapped: Mapping[str, Field]) -> Columns:
    """Where each field stands. `mapped`, by folded header, goes before what is recognised; the first column wins."""
    places: dict[Field, int] = {}
    for place, header in enumerate(headers):
        field = mapped.get(folded(header))
        if field is not None:
            places[field] = place
    for place, header in enumerate(headers):
        field = _BY_SPELLING.get(folded(header))
        if field is not None and folded(header) not in mapped:
            places.setdefault(field, place)
    return Columns(tuple(headers), places, delimiter)
