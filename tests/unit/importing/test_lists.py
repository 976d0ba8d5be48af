"""Lists of people and groups as they come: with marks nobody sees, of spreadsheets, in other scripts and encodings."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from chaupal.importing.reading.columns import folded
from chaupal.importing.reading.findings import Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping, read_mapping
from chaupal.importing.reading.saved_files import SavedFiles
from chaupal.importing.reading.sources import find_sources, read_source
from chaupal.importing.reading.texts import find_number
from chaupal.importing.records import GroupRecord, MemberRecord, MessageRecord, PersonRecord, SurveyRecord

ASHA = "+919876543210"


def findings(path: Path, mapping: Mapping | None = None) -> list[Any]:
    """All that lies at a path, in the order of reading; what is not recognised first."""
    using = mapping or Mapping()
    sources, people = find_sources(path, using), KnownPeople({}, "")
    found: list[Any] = list(sources.unrecognised)
    for source in sources.files:
        with source.path.open("rb") as file:
            found += read_source(source, file, using, people, SavedFiles([], using, people))
    return found


def read(folder: Path, text: str, *, encoding: str = "utf-8", mapping: Mapping | None = None) -> list[Any]:
    file = folder / "list.csv"
    file.write_bytes(text.encode(encoding))
    return findings(file, mapping)


def records(found: list[Any], kind: type[Any]) -> list[Any]:
    return [each.record for each in found if isinstance(each, Found) and isinstance(each.record, kind)]


def problems(found: list[Any]) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in found if isinstance(each, Problem)]


class TestNumbers:
    @pytest.mark.parametrize(
        "cell",
        [
            "\u202a+91 98765 43210\u202c",
            '="+919876543210"',
            "'+919876543210",
            "+٩١٩٨٧٦٥٤٣٢١٠",
            "+९१९८७६५४३२१०",
            "0091\xa09876543210",
        ],
    )
    def test_as_contacts_and_spreadsheets_write_them(self, cell: str) -> None:
        assert find_number(cell, "") == ASHA

    @pytest.mark.parametrize("cell", ["9.19877E+11", "", "\u202a\u202c", '=""', "²³⁴"])
    def test_what_is_none(self, cell: str) -> None:
        assert find_number(cell, "+91") is None


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    def test_a_list_in_each(self, tmp_path: Path, encoding: str, ending: str) -> None:
        text = f"Group Name;User Phone Number;Name{ending}दिल्ली;{ASHA};आशा{ending}"
        [member] = records(read(tmp_path, text, encoding=encoding), MemberRecord)
        assert (member.group.name, member.person.mobile_number) == ("दिल्ली", ASHA)

    def test_lines_that_end_in_carriage_returns_alone(self, tmp_path: Path) -> None:
        found = read(tmp_path, f"Phone Number,Name\r{ASHA},Asha\r+919876543211,Uma\r")
        assert [each.name for each in records(found, PersonRecord)] == ["Asha", "Uma"]

    def test_a_hint_for_spreadsheets_above_the_header(self, tmp_path: Path) -> None:
        found = read(tmp_path, f"sep=;\r\nPhone Number;Name\r\n{ASHA};Asha\r\n")
        assert [(each.line, each.record.name) for each in found] == [(3, "Asha")]


class TestLists:
    def test_numbers_alone_without_a_header(self, tmp_path: Path) -> None:
        assert len(records(read(tmp_path, f"{ASHA}\n+919876543211\n"), PersonRecord)) == 2

    def test_groups_come_first_and_with_their_types(self, tmp_path: Path) -> None:
        (tmp_path / "z-groups.csv").write_text("Group Name,Group Type\nNews,Connect Group\nDepot,Group\n")
        (tmp_path / "a-users.csv").write_text(
            f"Group Name,Phone Number,User Type\nNews,{ASHA},Subscriber\nYard,,\n,,\n"
        )
        found = findings(tmp_path)
        groups = [(each.group.name, each.group_type) for each in records(found, GroupRecord)]
        assert groups == [("News", "ConnectGroup"), ("Depot", "Group"), ("Yard", "")]
        assert isinstance(found[0].record, GroupRecord)
        assert problems(found) == []

    def test_what_is_not_taken_is_reported(self, tmp_path: Path) -> None:
        text = f"Phone Number,First Name,Last Name,Employee ID,Location\n{ASHA},Asha,Rao,7,Pune\n{ASHA},a,b,c,d,e\n"
        found = read(tmp_path, text)
        assert [each.name for each in records(found, PersonRecord)] == ["Asha Rao"]
        assert problems(found) == [
            (1, "columns that are not taken: 'Employee ID', 'Location'"),
            (3, "more cells than the header has"),
        ]

    @pytest.mark.parametrize(
        ("headers", "row"),
        [
            ("समूह का नाम;फ़ोन नंबर", f"दिल्ली;{ASHA}"),
            ("Nome do grupo;Número de telefone", f"São Paulo;{ASHA}"),
            ("\u200fاسم المجموعة\u200f;رقم الهاتف", f"الرياض;\u202a{ASHA}\u202c"),
        ],
    )
    def test_headers_in_any_script_are_named_by_the_map_file(self, tmp_path: Path, headers: str, row: str) -> None:
        group, number = headers.split(";")
        [unknown] = read(tmp_path, f"{headers}\n{row}\n")
        assert unknown.reason.endswith(f"'{group}', '{number}'")
        map_file = tmp_path / "map.toml"
        map_file.write_text(f'[columns]\n"{group}" = "group name"\n"{number}" = "phone number"\n', "utf-8")
        [member] = records(read(tmp_path, f"{headers}\n{row}\n", mapping=read_mapping(map_file)), MemberRecord)
        assert (member.group.name, member.person.mobile_number) == (row.partition(";")[0], ASHA)

    def test_vowels_and_forms_of_letters(self) -> None:
        assert folded("दीपक") != folded("दिपिक")
        assert folded(unicodedata.normalize("NFD", "São João")) == folded("são joão")
        decomposed = unicodedata.normalize("NFD", "São Paulo")
        assert Mapping().group(f" {decomposed}\u200f") == Mapping().group("São Paulo")
        people = KnownPeople({}, "")
        assert people.meant_by(decomposed) == people.meant_by("São Paulo")


class TestOthers:
    def test_columns_of_an_export_that_are_not_taken_are_reported(self, tmp_path: Path) -> None:
        text = "Group Name,Sender,Timestamp,Message,Likes\nD,Ravi,2023-02-16T07:31:59Z,hello,4\n"
        found = read(tmp_path, text)
        assert [each.text for each in records(found, MessageRecord)] == ["hello"]
        assert problems(found) == [(1, "columns that are not taken: 'Likes'")]

    def test_lines_that_are_joined_to_an_answer_are_reported(self, tmp_path: Path) -> None:
        header = "Responder Name,Group Name,How?,ResponseTime (UTC),Server Receipt Timestamp (UTC)"
        found = read(tmp_path, f"{header}\nRavi,D,well,2023-02-16T07:31:59Z,\nUma,D,badly,yesterday,\n")
        assert len(records(found, SurveyRecord)) == 1
        assert found[-1].note == "1 lines without a response time below it were taken as part of its text"
