from typing import ClassVar

import msgspec
import pytest

from chaupal.errors import InvalidParameters
from chaupal.wire.query_strings import read_query


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    spellings: ClassVar[dict[str, str]] = {"showDetails": "showDetail"}

    show_detail: bool | None = None
    count: int = 30
    cursor: str | None = None
    action_type: list[str] | None = None


class TestReadQuery:
    def test_no_query_gives_the_defaults(self) -> None:
        assert read_query(b"", Listing) == Listing()

    def test_values_are_read_by_type(self) -> None:
        read = read_query(b"showDetail=true&count=5&cursor=5&actionType=Poll,Job", Listing)
        assert read == Listing(show_detail=True, count=5, cursor="5", action_type=["Poll", "Job"])

    @pytest.mark.parametrize("raw", [b"showdetail=1", b"SHOWDETAIL=True", b"showDetails=true", b"ShowDetails=TRUE"])
    def test_names_in_any_case_and_declared_spelling(self, raw: bytes) -> None:
        assert read_query(raw, Listing).show_detail is True

    def test_unknown_names_are_ignored(self) -> None:
        assert read_query(b"api-version=1&&=x&%00=1&count=4", Listing) == Listing(count=4)

    def test_empty_value_counts_as_absent(self) -> None:
        assert read_query(b"count=&showDetail&cursor=", Listing) == Listing()

    @pytest.mark.parametrize(
        "raw",
        [
            b"cursor=a&cursor=b",
            b"Cursor=a&cursor=b",
            b"cursor=b&CURSOR=a",
            b"CURSOR=a&Cursor=b",
            b"Cursor=x&CURSOR=a&Cursor=b",
        ],
    )
    def test_of_a_repeated_name_the_last_wins_and_the_exact_one_over_another_case(self, raw: bytes) -> None:
        assert read_query(raw, Listing).cursor == "b"

    @pytest.mark.parametrize(
        "raw", [b"actionType=Poll&actionType=Job&count=2", b"ACTIONTYPE=Poll&count=2&ACTIONTYPE=&ACTIONTYPE=Job"]
    )
    def test_of_a_repeated_name_that_is_a_list_all_count(self, raw: bytes) -> None:
        assert read_query(raw, Listing) == Listing(count=2, action_type=["Poll", "Job"])

    def test_plus_and_percent_sequences_are_decoded(self) -> None:
        assert read_query(b"%63ursor=a+b%2B%E0%A4%A8%zz%3D&count=%35", Listing) == Listing(cursor="a b+न%zz=", count=5)

    def test_utf_8_that_is_not_percent_encoded_is_read(self) -> None:
        assert read_query("cursor=é".encode(), Listing).cursor == "é"

    @pytest.mark.parametrize("raw", [b"cursor=%E0%A4", b"cursor=\xff", b"cursor=%ff"])
    def test_invalid_utf_8_is_refused_by_field(self, raw: bytes) -> None:
        with pytest.raises(InvalidParameters, match="cursor: must be UTF-8"):
            read_query(raw, Listing)

    def test_nul_is_refused_by_field(self) -> None:
        with pytest.raises(InvalidParameters, match="cursor: must not hold a NUL"):
            read_query(b"cursor=a%00", Listing)

    def test_value_of_another_type_is_refused_by_field_value_and_rule(self) -> None:
        with pytest.raises(InvalidParameters, match=r"count: must be a number \(got: many\)"):
            read_query(b"Count=many", Listing)
