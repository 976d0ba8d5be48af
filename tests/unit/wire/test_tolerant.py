import sys
from types import FrameType
from typing import Any

import pytest

from chaupal.errors import InvalidParameters
from chaupal.wire.tolerant import TolerantReader, UnreadableJson, read_tolerant_json


def unreadable(text: str) -> UnreadableJson:
    with pytest.raises(UnreadableJson) as refused:
        read_tolerant_json(text)
    return refused.value


class TestReadTolerantJson:
    @pytest.mark.parametrize(
        "text",
        [
            '{"message": "hi", "count": 5}',
            '{message: "hi", count: 5}',
            "{'message': 'hi', 'count': 5}",
            "{“message”: “hi”, ”count„: 5}",
            "{‘message’: ‘hi’, ‚count‛: 5}",
            "{'message': \"hi\", “count”: 5}",
            "{u'message': u\"hi\", u'count': 5}",
            '{"message": "hi", "count": 5,}',
            '{"message": "hi", "count": +5}',
            '{"message": "hi", "count": 0x5}',
            '{"message": "hi", "count": 5.}',
            '{"message": "hi", "count": 005}',
            '// why\n{"message"/* what */: "hi", /**/ "count": 5} // end',
            '\ufeff\u00a0{\u2003"message"\x0b:\u3000"hi",\r\n"count":5}\u00a0',
            '{"message": "h\\\ni", "count": 5}',
            '{"message": "h\\\r\ni", "count": 5}',
            '{"message": "\\x68\\u0069", "count": 5}',
        ],
    )
    def test_one_object_in_every_spelling(self, text: str) -> None:
        assert read_tolerant_json(text) == {"message": "hi", "count": 5}

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("[True, False, None, true, false, null]", [True, False, None, True, False, None]),
            ("[.5, -.5, +1.5e+2, 0XfF, -0x10, -0, 1E2]", [0.5, -0.5, 150.0, 255, -16, 0, 100.0]),
            ("[[], {}, [[],], {a: [],},]", [[], {}, [[]], {"a": []}]),
            ("'text'", "text"),
            (" 5 ", 5),
        ],
    )
    def test_words_numbers_and_empty_containers(self, text: str, found: object) -> None:
        assert read_tolerant_json(text) == found

    @pytest.mark.parametrize("name", ["a", "$a_1", "content-type", "संदेश", "é😀", "1", "a.b", "None", "u"])
    def test_unquoted_names(self, name: str) -> None:
        assert read_tolerant_json(f"{{{name} : 1}}") == {name: 1}

    def test_the_last_of_two_equal_names_wins(self) -> None:
        assert read_tolerant_json("{a: 1, 'a': 2}") == {"a": 2}


class TestTexts:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            (r"'it\'s'", "it's"),
            (r"'\xa0\u0928\U0001F600'", "\xa0न😀"),
            (r"'\ud83d\ude00'", "😀"),
            (r"'\ud83d\ud83d\ude00\n'", "\ud83d😀\n"),
            (r"'\ud83d\x41'", "\ud83dA"),
            (r"'\b\f\n\r\t\v\0\\\/\"\`'", '\b\f\n\r\t\v\0\\/"`'),
            (r"'C:\dir\8'", r"C:\dir\8"),
            ("'two\nlines\r\n\tand a tab'", "two\nlines\r\n\tand a tab"),
            ("'say \"x\" and “y” and ’z’'", 'say "x" and “y” and ’z’'),
            ('“it\'s "so"”', 'it\'s "so"'),
            ("'\u2028'", "\u2028"),
        ],
    )
    def test_escapes_line_breaks_and_other_quotes(self, text: str, found: str) -> None:
        assert read_tolerant_json(text) == found

    @pytest.mark.parametrize(
        "escape", [r"\u12", r"\u12g4", r"\x1", r"\xg1", r"\U0001F60", r"\u 123", r"\u+123", r"\u1_23"]
    )
    def test_an_escape_without_its_digits_is_refused(self, escape: str) -> None:
        assert "hexadecimal digits" in unreadable(f"'{escape}'").reason

    def test_an_escape_beyond_unicode_is_refused(self) -> None:
        assert "no character" in unreadable(r"'\U00110000'").reason


class TestLastResort:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("{'message': 'it's here', 'sub': 'x'}", {"message": "it's here", "sub": "x"}),
            ('{"message": "a 5" pipe", "n": 1}', {"message": 'a 5" pipe', "n": 1}),
            ('{"message": "she said "yes"" }', {"message": 'she said "yes"'}),
            ("{“message”: “he said “hi” ok”}", {"message": "he said “hi” ok"}),
            ("{‘message’: ‘it’s’}", {"message": "it’s"}),
            ('{“message": “hi"}', {"message": "hi"}),
            ("{'to': ['it's', 'x'], m: 'a'b'}", {"to": ["it's", "x"], "m": "a'b"}),
            (r"{'message': 'a\'b'c'}", {"message": "a'b'c"}),
        ],
    )
    def test_a_quote_inside_a_value_is_text(self, text: str, found: object) -> None:
        assert read_tolerant_json(text) == found

    @pytest.mark.parametrize(
        "text", ["{'a': {'message': 'it's'}}", "['it's']", "[{'message': 'it's'}]", "'it's'", "{'it's': 1}"]
    )
    def test_only_in_the_values_of_a_flat_object(self, text: str) -> None:
        unreadable(text)

    def test_the_refusal_is_that_of_the_first_reading(self) -> None:
        assert unreadable("{'message': 'it's', 'a': {}}").column == 17


class TestUnreadableJson:
    @pytest.mark.parametrize(
        ("text", "line", "column", "reason"),
        [
            ("", 1, 1, "expected a value"),
            ("{", 1, 2, "expected a name"),
            ("{,}", 1, 2, "expected a name"),
            ("{a}", 1, 3, "expected ':' after the name"),
            ("{a:}", 1, 4, "expected a value"),
            ("{a:1,,}", 1, 6, "expected a name"),
            ("{a:1;b:2}", 1, 5, "expected ',' or '}'"),
            ("{a:1 b:2}", 1, 6, "expected ',' or '}'"),
            ("[1 2]", 1, 4, "expected ',' or ']'"),
            ("[1,,2]", 1, 4, "expected a value"),
            ("[1]]", 1, 4, "expected the end of the text"),
            ("{\n  message: hi\n}", 2, 12, "expected a value"),
            ("{\r\n  'message': 'hi\n", 2, 14, "no closing quote"),
            ("{a: 1 /* b }", 1, 7, "comment that begins here has no end"),
            ("{a: NaN}", 1, 5, "must be a finite number"),
            ("{a: -Infinity}", 1, 5, "must be a number"),
            ("{a: 1e400}", 1, 5, "must be a finite number"),
            ("{a: 0x}", 1, 5, "must be a number"),
            ("{a: 1L}", 1, 5, "must be a number"),
            ("{a: undefined}", 1, 5, "expected a value"),
            ("[" * 65, 1, 65, "nested deeper than 64 levels"),
            ("[" * 100_000, 1, 65, "nested deeper than 64 levels"),
            ('{"a":' * 30_000, 1, 321, "nested deeper than 64 levels"),
            ("9" * 401, 1, 1, "at most 400 characters"),
            ("0x" + "f" * 10_000, 1, 1, "at most 400 characters"),
            ("'" + "a" * 256 * 1024 + "'", 1, 1, "up to 256 kB only"),
        ],
    )
    def test_names_line_column_and_reason(self, text: str, line: int, column: int, reason: str) -> None:
        error = unreadable(text)
        assert (error.line, error.column) == (line, column)
        assert reason in error.reason
        assert f"line {line}, column {column}" in str(error)

    def test_is_an_invalid_parameter(self) -> None:
        error = unreadable("{a: \ud800\0}")
        assert isinstance(error, InvalidParameters)
        assert error.status == 400
        assert error.fields["field"] == "body"
        str(error).encode()  # a reply must be able to hold it

    def test_64_levels_are_read(self) -> None:
        assert read_tolerant_json("[" * 64 + "]" * 64) is not None

    def test_what_stands_side_by_side_does_not_nest(self) -> None:
        assert read_tolerant_json("[" + "{}, [], " * 100 + "]") == [{}, []] * 100


ADVERSARIAL = {
    "brackets": lambda n: "[" * 63 + "[]," * n,
    "quotes": lambda n: "{a:'" + "'" * n,
    "quotes and spaces": lambda n: "{a:'" + "' " * n,
    "one quote and spaces": lambda n: "{a:'x'" + " " * n + "y'}",
    "quotes then one long run of spaces": lambda n: "{a:'" + "'" * n + " " * n,
    "backslashes": lambda n: "{a:'" + "\\" * n,
    "first halves": lambda n: "{a:'" + r"\ud83d" * n,
    "comments": lambda n: "/**/" * n,
    "open comments": lambda n: "{a:1" + "/*" * n,
    "slashes": lambda n: "{a:1" + "/" * n,
    "spaces": lambda n: " " * n,
    "digits": lambda n: "1" * n,
    "signs": lambda n: "[" + "+-" * n,
    "exponents": lambda n: "[" + "1e" * n,
    "numbers": lambda n: "[" + "1," * n,
    "name": lambda n: "{" + "a" * n,
    "names": lambda n: "{" + "".join(f"a{i}:1," for i in range(n)),
    "equal names": lambda n: "{" + "a:'b'," * n,
    "typographic": lambda n: "{“a”:“" + "“" * n,
    "commas": lambda n: "[" + "," * n,
    "prefixes": lambda n: "[" + "u" * n,
    "line breaks": lambda n: "{a:'" + "\n" * n,
}


def work_of(text: str) -> tuple[int, int]:
    """(characters that the reader says it looked at, lines of Python that it ran)."""
    reader = TolerantReader(text)
    lines = 0

    def count_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += 1
        return count_line

    before = sys.gettrace()
    sys.settrace(count_line)
    try:
        reader.read()
    except UnreadableJson:
        pass
    finally:
        sys.settrace(before)
    return reader.steps, lines


class TestLinearWork:
    @pytest.mark.parametrize("kind", ADVERSARIAL)
    def test_twice_the_text_takes_at_most_twice_the_work(self, kind: str) -> None:
        steps, lines = work_of(ADVERSARIAL[kind](1_500))
        twice_steps, twice_lines = work_of(ADVERSARIAL[kind](3_000))
        assert twice_steps <= 2.2 * steps + 100
        assert twice_lines <= 2.2 * lines + 100

    @pytest.mark.parametrize("kind", ADVERSARIAL)
    def test_every_character_is_looked_at_a_few_times_only(self, kind: str) -> None:
        text = ADVERSARIAL[kind](1_500)
        assert work_of(text)[0] <= 8 * len(text) + 200
