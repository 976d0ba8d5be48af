"""What docs/import.md says of the forms is what is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaupal.importing.headers import MESSAGE_HEADERS
from chaupal.importing.reading.columns import Field, find_columns
from chaupal.importing.reading.findings import Found
from chaupal.importing.reading.json_lines import JsonLines
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping, read_mapping
from chaupal.importing.reading.people_lists import is_group_list, is_parent_list, is_people_list
from chaupal.importing.reading.tenant_export import is_tenant_export
from chaupal.importing.records import GroupReference, PersonReference
from tests.docs.pages import page

IMPORT = page("docs/import.md")
_LISTS = IMPORT.text.split("## People and groups")[1].split("## The map file")[0]


def block(language: str) -> str:
    [found] = [each for each in IMPORT.blocks if each.language == language]
    return found.text


class TestJsonLines:
    def test_each_line_of_the_sample_is_a_record_of_its_kind(self) -> None:
        lines = block("jsonl").splitlines()
        found = list(JsonLines(Mapping(), KnownPeople({}, "")).read(lines))
        kinds = [each.record.__struct_config__.tag for each in found if isinstance(each, Found)]
        assert kinds == ["person", "group", "subgroup", "member", "message", "action", "response"]
        assert sorted(re.findall(r"^\| `(\w+)` \|", IMPORT.text.split("| kind |")[1], re.MULTILINE)) == sorted(kinds)


class TestMapFile:
    def test_the_sample_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / "map.toml"
        file.write_text(block("toml"))
        mapping = read_mapping(file)
        assert mapping.columns == {"chat": Field.GROUP, "writtenby": Field.SENDER, "when": Field.TIME}
        assert mapping.group("sales  (OLD)") == GroupReference(name="Sales")
        assert mapping.group("Sales").group_id == "df91cb37-97bf-4ccd-a8c2-b2a3ba5eac62"
        assert mapping.senders["asha d."] == PersonReference(mobile_number="+919876543210")
        assert mapping.times.offset_min == 330

    def test_every_field_is_named(self) -> None:
        sentence = " ".join(IMPORT.text.split("What a column may hold:", 1)[1].split("\n\n", 1)[0].split())
        answers = {Field.RESPONDER, Field.LATITUDE, Field.LONGITUDE, Field.PLACE, Field.RESPONDED_AT, Field.RECEIVED_AT}
        assert set(re.findall(r"`([^`]+)`", sentence)) == {*Field} - answers


class TestColumns:
    def test_the_columns_of_the_export(self) -> None:
        named = re.findall(r"^\| `([^`]+)` \|", IMPORT.text.split("## Messages")[1].split("## People")[0], re.MULTILINE)
        assert tuple(named) == MESSAGE_HEADERS[:-1]
        assert is_tenant_export(find_columns(named, ",", {}))

    @pytest.mark.parametrize("named", re.findall(r"^\| (`[A-Z][^|]+) \|", _LISTS, re.MULTILINE))
    def test_the_columns_of_lists(self, named: str) -> None:
        headers = [each for each in re.findall(r"`([^`]+)`", named) if each not in ("Admin", "Member")]
        columns = find_columns(headers, ",", {})
        assert not columns.unknown
        assert is_parent_list(columns) or is_people_list(columns) or is_group_list(columns)
