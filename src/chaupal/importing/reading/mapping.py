"""The map file: what an organization knows of its files and they do not say. Its document is docs/import.md."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from chaupal.importing.reading.columns import Field, field_named, folded
from chaupal.importing.reading.texts import Times, Unreadable, find_number, read_offset, tidied
from chaupal.importing.records import GroupReference, PersonReference
from chaupal.wire.ids import read_id, without_unit


class MapRefused(ValueError):
    """The map file cannot be used; the message says where and why."""


class NumbersTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[numbers]`: the country of numbers that say none."""

    country: str = ""


class TimesTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[times]`: how times are written, and the zone of those that say none."""

    format: str = ""
    offset: str = "+00:00"


class MapFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    columns: dict[str, str] = {}
    groups: dict[str, str] = {}
    senders: dict[str, str] = {}
    numbers: NumbersTable = NumbersTable()
    times: TimesTable = TimesTable()


class Mapping(msgspec.Struct, frozen=True):
    """The file as readers use it. Groups and senders by their folded names."""

    columns: dict[str, Field] = {}
    groups: dict[str, GroupReference] = {}
    senders: dict[str, PersonReference] = {}
    country: str = ""
    times: Times = Times()

    def group(self, name: str, group_id: str = "") -> GroupReference:
        """What a group's name in a file means; its id, where the file has one, goes before the name."""
        mapped = self.groups.get(folded_name(name))
        return mapped if mapped is not None else GroupReference(group_id, tidied(name))


def folded_name(name: str) -> str:
    """A name as names are compared: without letter case, with single blanks."""
    return " ".join(tidied(name).split()).casefold()


def read_mapping(path: Path) -> Mapping:
    """The map file.

    Raises:
        MapRefused.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8-sig"))
        file = msgspec.convert(raw, MapFile)
        return _mapping_of(file)
    except (OSError, ValueError) as error:  # msgspec's and tomllib's errors are ValueErrors, as is Unreadable
        raise MapRefused(f"{path}: {error}") from error


def _mapping_of(file: MapFile) -> Mapping:
    columns = {}
    for header, name in file.columns.items():
        field = field_named(name)
        if field is None:
            known = ", ".join(f"'{each}'" for each in Field)
            raise MapRefused(f"columns: '{name}' is none of {known}")
        columns[folded(header)] = field
    country = file.numbers.country.strip()
    if country and not country.removeprefix("+").isdigit():
        raise MapRefused(f"numbers.country: must be a country's code such as +91, not '{country}'")
    return Mapping(
        columns=columns,
        groups={folded_name(name): _group_of(meant) for name, meant in file.groups.items()},
        senders={folded_name(name): person_named(meant, country) for name, meant in file.senders.items()},
        country=country,
        times=Times(file.times.format, read_offset(file.times.offset)),
    )


def _group_of(meant: str) -> GroupReference:
    read = read_id(meant.strip())
    return GroupReference(group_id=read) if _is_guid(read) else GroupReference(name=meant.strip())


def person_named(meant: str, country: str) -> PersonReference:
    """Someone by number, id or name, whichever the text is."""
    number = find_number(meant, country)
    if number is not None:
        return PersonReference(mobile_number=number)
    read = read_id(meant.strip())
    return PersonReference(user_id=read) if _is_guid(read) else PersonReference(name=meant.strip())


def _is_guid(read: str) -> bool:
    guid = without_unit(read)
    return len(guid) == 36 and guid.count("-") == 4 and all(part.isalnum() for part in guid.split("-"))


__all__ = ["MapRefused", "Mapping", "Unreadable", "folded_name", "person_named", "read_mapping"]
