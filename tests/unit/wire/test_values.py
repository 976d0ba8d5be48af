import math

import pytest

from chaupal.wire.values import (
    read_boolean,
    read_instant,
    read_integer,
    read_list,
    read_number,
    read_pin,
    read_text,
)

# 2023-02-16T07:31:59Z
INSTANT_MS = 1_676_532_719_000


class TestReadBoolean:
    @pytest.mark.parametrize("raw", [True, "true", "True", "TRUE", " true ", 1, 1.0, "1"])
    def test_true_in_every_spelling(self, raw: object) -> None:
        assert read_boolean(raw) is True

    @pytest.mark.parametrize("raw", [False, "false", "False", 0, -0.0, "0"])
    def test_false_in_every_spelling(self, raw: object) -> None:
        assert read_boolean(raw) is False

    @pytest.mark.parametrize("raw", ["yes", "", 2, math.nan, [], {}, None])
    def test_anything_else_is_refused(self, raw: object) -> None:
        with pytest.raises(ValueError, match="must be true or false"):
            read_boolean(raw)


class TestReadNumber:
    @pytest.mark.parametrize(
        ("raw", "number"),
        [
            (5, 5),
            (5.5, 5.5),
            ("5", 5),
            (" -5 ", -5),
            ("+5", 5),
            ("5.25", 5.25),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("5.", 5.0),
        ],
    )
    def test_numbers_may_be_strings(self, raw: object, number: float) -> None:
        assert read_number(raw) == number

    def test_whole_numbers_in_strings_stay_exact(self) -> None:
        assert read_number("9007199254740993") == 9007199254740993

    @pytest.mark.parametrize(
        "raw", ["", "x", "1,5", "1_000", "0x1F", "५", "--1", "1e", "1e999", "9" * 401, True, [], None]
    )
    def test_anything_else_is_refused(self, raw: object) -> None:
        with pytest.raises(ValueError, match=r"must be a (finite )?number"):
            read_number(raw)

    @pytest.mark.parametrize("raw", [math.inf, -math.inf, math.nan])
    def test_what_is_not_finite_is_refused(self, raw: float) -> None:
        with pytest.raises(ValueError, match="must be a finite number"):
            read_number(raw)


class TestReadInteger:
    @pytest.mark.parametrize(
        ("raw", "whole"), [(5, 5), ("5", 5), (5.0, 5), ("5.0", 5), ("-0", 0), (2**63 - 1, 2**63 - 1)]
    )
    def test_whole_numbers(self, raw: object, whole: int) -> None:
        read = read_integer(raw)
        assert read == whole
        assert type(read) is int

    @pytest.mark.parametrize("raw", [5.5, "5.5"])
    def test_fractions_are_refused(self, raw: object) -> None:
        with pytest.raises(ValueError, match="must be a whole number"):
            read_integer(raw)

    @pytest.mark.parametrize("raw", [2**63, -(2**63) - 1, "99999999999999999999", 1e300, 10**4000])
    def test_more_than_64_bits_are_refused(self, raw: object) -> None:
        with pytest.raises(ValueError, match="64 bits"):
            read_integer(raw)


class TestReadText:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [("नमस्ते 😀", "नमस्ते 😀"), (12345, "12345"), (1.5, "1.5"), (True, "true"), (False, "false"), ("", "")],
    )
    def test_numbers_and_truth_values_become_text(self, raw: object, text: str) -> None:
        assert read_text(raw) == text

    def test_nul_is_refused(self) -> None:
        with pytest.raises(ValueError, match="NUL"):
            read_text("a\0b")

    @pytest.mark.parametrize("raw", ["\ud83d", "a\ude00é"])
    def test_half_of_a_surrogate_pair_is_refused(self, raw: str) -> None:
        with pytest.raises(ValueError, match="half of a surrogate pair"):
            read_text(raw)

    @pytest.mark.parametrize("raw", [[], {}, None])
    def test_lists_and_objects_are_refused(self, raw: object) -> None:
        with pytest.raises(ValueError, match="must be text"):
            read_text(raw)


class TestReadList:
    @pytest.mark.parametrize(
        ("raw", "items"),
        [(["a", 1], ["a", 1]), ("a", ["a"]), ("a, b,,c ", ["a", "b", "c"]), ("", []), (5, [5]), ({"a": 1}, [{"a": 1}])],
    )
    def test_one_value_or_a_comma_separated_string(self, raw: object, items: list[object]) -> None:
        assert read_list(raw) == items


class TestReadInstant:
    @pytest.mark.parametrize(
        "raw",
        [
            1676532719,
            1676532719.0,
            "1676532719",
            INSTANT_MS,
            float(INSTANT_MS),
            f" {INSTANT_MS} ",
            "2023-02-16T07:31:59Z",
            "2023-02-16t07:31:59z",
            "2023-02-16T07:31:59",
            "2023-02-16 07:31:59",
            "2023-02-16T13:01:59+05:30",
            "2023-02-16T13:01:59+0530",
            "2023-02-16T07:31:59.0000009Z",
            "20230216T073159Z",
        ],
    )
    def test_one_instant_in_every_spelling(self, raw: object) -> None:
        assert read_instant(raw) == INSTANT_MS

    @pytest.mark.parametrize(
        ("raw", "instant_ms"),
        [
            ("2023-02-16", 1_676_505_600_000),
            (1676532719.25, INSTANT_MS + 250),
            ("1676532719.25", INSTANT_MS + 250),
            ("2023-02-16T07:31:59.1239Z", INSTANT_MS + 123),
            (0, 0),
            ("1969-12-31T23:59:59.5Z", -500),
            (-86400, -86_400_000),
            # The border between seconds and milliseconds.
            (99_999_999_999, 99_999_999_999_000),
            (100_000_000_000, 100_000_000_000),
        ],
    )
    def test_dates_fractions_and_magnitudes(self, raw: object, instant_ms: int) -> None:
        assert read_instant(raw) == instant_ms

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "soon",
            "16/02/2023",
            "2023-13-01",
            "2023-02-16X07:31",
            "2023-02-16T25:00Z",
            "२०२३-०२-१६",
            "2023-02-16\ud800",
        ],
    )
    def test_nonsense_is_refused_with_a_sentence(self, raw: str) -> None:
        with pytest.raises(ValueError, match="must be epoch seconds, epoch milliseconds or an ISO 8601 time"):
            read_instant(raw)

    @pytest.mark.parametrize("raw", [10**15, -(10**15), "638121295190000000", 1e300, 10**400])
    def test_what_is_no_year_of_ours_is_refused(self, raw: object) -> None:
        with pytest.raises(ValueError, match="between the years 1 and 9999"):
            read_instant(raw)

    @pytest.mark.parametrize("raw", [True, None, [], math.nan, math.inf, "1e400"])
    def test_what_is_no_number_is_refused(self, raw: object) -> None:
        with pytest.raises(ValueError, match="must be a"):
            read_instant(raw)

    @pytest.mark.parametrize("raw", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
    def test_offsets_at_the_ends_of_time_are_refused(self, raw: str) -> None:
        with pytest.raises(ValueError, match="between the years"):
            read_instant(raw)


class TestReadPin:
    @pytest.mark.parametrize(
        ("raw", "pin"), [("012345", "012345"), (12345, "012345"), ("42", "000042"), (" 123456 ", "123456")]
    )
    def test_lost_leading_zeros_are_put_back(self, raw: object, pin: str) -> None:
        assert read_pin(raw) == pin
