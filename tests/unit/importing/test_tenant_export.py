"""The tenant export, row by row: what was mended, what is reported, and where it stands."""

from __future__ import annotations

import io

import pytest

from chaupal.importing.headers import MESSAGE_HEADERS
from chaupal.importing.reading.columns import find_columns
from chaupal.importing.reading.findings import Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.lines import read_lines
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.tenant_export import TenantExport
from chaupal.importing.reading.texts import Times, find_number, parts_of
from chaupal.importing.records import MessageRecord, PersonReference

SENT = "2023-02-16T07:31:59Z"


def read(
    data: str | bytes, *, mapping: Mapping | None = None, headers: tuple[str, ...] = MESSAGE_HEADERS
) -> list[object]:
    lines = read_lines(io.BytesIO(data.encode() if isinstance(data, str) else data))
    people = KnownPeople({}, "")
    people.add("Asha", PersonReference(mobile_number="+919876543210"))
    export = TenantExport(find_columns(headers, ",", {}), mapping or Mapping(), people)
    return list(export.read(lines, first_line=2))


def messages(found: list[object]) -> list[MessageRecord]:
    return [each.record for each in found if isinstance(each, Found) and isinstance(each.record, MessageRecord)]


def texts(found: list[object]) -> list[str]:
    return [message.text for message in messages(found)]


class TestRows:
    def test_lines_without_a_timestamp_belong_to_the_text_above(self) -> None:
        text = "milk, bread\neggs, 2, 2023-01-01, x, y\n\nthe end"
        found = read(f"Depot,m1,Gita,Text,{SENT},,{text}\n\nDepot,m2,Gita,Text,{SENT},,b\n")
        assert texts(found) == [text, "b"]
        first = found[0]
        assert isinstance(first, Found)
        assert first.note == (
            "3 lines without a timestamp below it were taken as part of its text; quotation marks were missing in it"
        )
        assert [each.line for each in found if isinstance(each, Found)] == [2, 7]

    def test_a_line_with_nothing_above_it_is_reported(self) -> None:
        stray, kept = read(f"half a row,x\nDepot,m1,Gita,Text,{SENT},,a\n")
        assert isinstance(stray, Problem)
        assert (stray.line, stray.text) == (2, "half a row,x")
        assert "timestamp" in stray.reason
        assert texts([kept]) == ["a"]

    def test_a_quotation_mark_that_is_never_closed_ends_where_the_next_row_begins(self) -> None:
        row = f"Depot,m1,Gita,Text,{SENT},,"
        assert texts(read(f'{row}"open\nmore\nDepot,m2,Gita,Text,{SENT},,"closed"\n')) == ['"open\nmore', "closed"]
        assert texts(read(f'{row}"open\nDepot,m2,Gita,Text,{SENT},,plain\n')) == ['"open', "plain"]

    def test_quotation_marks_that_were_not_doubled_are_text(self) -> None:
        assert texts(read(f'Depot,m1,Gita,Text,{SENT},,"he said "hi" to me"\n')) == ['he said "hi" to me']

    def test_a_row_that_was_pasted_into_a_quoted_text_is_text(self) -> None:
        pasted = f"see:\nDepot,m9,Gita,Text,{SENT},,old\nthat was it"
        assert texts(read(f'Depot,m1,Gita,Text,{SENT},,"{pasted}"\n')) == [pasted]

    def test_each_line_may_be_of_another_encoding(self) -> None:
        utf_8 = f"Depot,m1,Gita,Text,{SENT},,नमस्ते ü\r\n".encode()
        windows = f"Depot,m2,Gita,Text,{SENT},,café – ok\r\n".encode("cp1252")
        assert texts(read(utf_8 + windows)) == ["नमस्ते ü", "café – ok"]

    def test_a_name_with_a_comma_and_no_quotation_marks(self) -> None:
        [message] = messages(read(f"Depot, North,m1,Gita,Text,{SENT},,a\n"))
        assert (message.group.name, message.message_id) == ("Depot, North", "m1")

    def test_what_is_no_text_says_what_it_was_and_where_it_is_stored(self) -> None:
        found = read(f"Depot,m1,Gita,Album,{SENT},https://a.example/1 : https://a.example/2,Harvest\n")
        assert texts(found) == ["Harvest\n[Album] https://a.example/1 https://a.example/2"]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (f"Depot,m1,Gita,Text,{SENT},,  ", "the text is empty"),
            (f",m1,Gita,Text,{SENT},,a", "the group has no name"),
            (f"Depot,m1,,Text,{SENT},,a", "the sender has no name"),
        ],
    )
    def test_what_cannot_be_taken_is_reported_with_the_row(self, row: str, reason: str) -> None:
        [problem] = read(row + "\n")
        assert isinstance(problem, Problem)
        assert (problem.line, problem.reason, problem.text) == (2, reason, row.rstrip() if "  " not in row else row)


class TestIds:
    def test_a_guid_is_kept_with_its_scale_unit_and_in_lower_case(self) -> None:
        guid = "DF91CB37-97BF-4CCD-A8C2-B2A3BA5EAC62"
        [first, other] = messages(read(f"D,{guid}@2,G,Text,{SENT},,a\nD,Kept-As-It-Is,G,Text,{SENT},,a\n"))
        assert first.message_id == f"{guid.lower()}@2"
        assert other.message_id == "Kept-As-It-Is"

    def test_rows_without_one_are_told_apart_and_are_the_same_each_time(self) -> None:
        data = f"D,,G,Text,{SENT},,a\nD,,G,Text,{SENT},,a\nD,,G,Text,{SENT},,b\n"
        derived = [message.derived_from for message in messages(read(data))]
        assert len(set(derived)) == 3
        assert derived == [message.derived_from for message in messages(read(data))]

    def test_a_text_that_is_too_long_becomes_several_messages_in_order(self) -> None:
        text = "word " * 1_900
        found = messages(read(f"D,m1,G,Text,{SENT},,{text}\n"))
        assert "".join(message.text for message in found) == text
        assert max(len(message.text) for message in found) <= 4_000
        assert [message.message_id for message in found] == ["m1", "", ""]
        assert [message.derived_from for message in found] == ["", "m1#1", "m1#2"]
        assert [message.sent_at_us - found[0].sent_at_us for message in found] == [0, 1, 2]


class TestSenders:
    def test_by_number_by_a_known_name_or_by_name_alone(self) -> None:
        data = "".join(
            f"D,m{at},{who},Text,{SENT},,a\n" for at, who in enumerate(["00919876543211", "ASHA", "Ravi  K"])
        )
        assert [message.sender for message in messages(read(data))] == [
            PersonReference(mobile_number="+919876543211"),
            PersonReference(mobile_number="+919876543210"),
            PersonReference(name="Ravi K"),
        ]

    def test_a_name_that_two_people_have_means_neither(self) -> None:
        people = KnownPeople({}, "")
        people.add("Asha", PersonReference(mobile_number="+919876543210"))
        assert people.meant_by("asha") == PersonReference(mobile_number="+919876543210")
        people.add("asha", PersonReference(mobile_number="+919876543211"))
        people.add("Asha", PersonReference(mobile_number="+919876543210"))
        assert people.meant_by("Asha") == PersonReference(name="Asha")

    @pytest.mark.parametrize(
        ("raw", "country", "number"),
        [
            ("+91 98765-43210", "", "+919876543210"),
            ("919876543210", "+91", "+919876543210"),
            ("09876543210", "+91", "+919876543210"),
            ("'+919876543210", "", "+919876543210"),
            ("9876543210", "", None),
            ("Asha", "+91", None),
        ],
    )
    def test_numbers(self, raw: str, country: str, number: str | None) -> None:
        assert find_number(raw, country) == number


class TestTimes:
    def test_a_form_and_an_offset_of_the_map_file(self) -> None:
        assert Times("%d/%m/%Y %H:%M", 330).read("16/02/2023 13:01") == 1_676_532_660_000_000
        assert Times("", 330).read("2023-02-16T13:01:59") == 1_676_532_719_000_000
        assert Times("", 330).read(SENT) == 1_676_532_719_000_000

    @pytest.mark.parametrize(
        "raw", ["", "42", "2023-02-16", "yesterday", "2023-02-30T00:00:00Z", "1969-01-01T00:00:00Z"]
    )
    def test_what_is_none(self, raw: str) -> None:
        with pytest.raises(ValueError, match=r"is no time|before 1970"):
            Times().read(raw)


class TestParts:
    def test_they_are_cut_at_line_feeds_and_blanks_and_lose_nothing(self) -> None:
        text = "a" * 3_000 + "\n" + "b" * 3_000 + " " + "c" * 9_000
        parts = list(parts_of(text))
        assert "".join(parts) == text
        assert parts[0] == "a" * 3_000 + "\n"
        assert max(map(len, parts)) <= 4_000
