"""The tolerant reader: one grammar for what clients send instead of JSON.

It takes JSON, JSON5, what Python prints for a dict, typographic quotes, raw line breaks in strings, and any mixture.
Its time grows linearly with the text, its stack is bounded by the depth it allows, and it raises UnreadableJson alone.
It must not know shapes or field names. Source: contract, section 2.
"""

from __future__ import annotations

import re
from typing import Final

from chaupal.errors import InvalidParameters
from chaupal.wire.values import NUMBER_CHARS_MOST, read_number

# Bodies of the old endpoints are a few kB; the reader costs about a hundred times as much as the strict one.
TEXT_CHARS_MOST: Final = 256 * 1024
# No request of the contract nests deeper than 10; every level costs the reader two frames of Python's stack.
DEPTH_MOST: Final = 64

_NEAR_CHARS: Final = 20

_DOUBLE: Final = "“”„‟"
_SINGLE: Final = "‘’‚‛"
# By opening quote: what closes it, and what closes it at the last resort.
_CLOSING: Final = {'"': '"', "'": "'", **dict.fromkeys(_DOUBLE, _DOUBLE), **dict.fromkeys(_SINGLE, _SINGLE)}
_CLOSING_AT_LAST: Final = {
    '"': '"',
    "'": "'",
    **dict.fromkeys(_DOUBLE, _DOUBLE + '"'),
    **dict.fromkeys(_SINGLE, _SINGLE + "'"),
}
_QUOTES: Final = "".join(_CLOSING)

# Every pattern is one possessive run of a character class: it never goes back, so scanning stays linear.
_SPACE = re.compile(r"[\s\ufeff]*+")
_REST_OF_LINE = re.compile("[^\n\r\u2028\u2029]*+")
_WORD = re.compile(rf"[^\s\ufeff{_QUOTES}{{}}\[\]:,/\\]*+")
_NUMERAL = re.compile(r"[0-9A-Za-z_+.\-]*+")
_TEXT_UNTIL = {
    closing: re.compile(rf"[^\\{closing}]*+") for closing in (*_CLOSING.values(), *_CLOSING_AT_LAST.values())
}

_HEXADECIMAL = re.compile(r"[+-]?0[xX][0-9a-fA-F]++")
_HEX_DIGITS = re.compile(r"[0-9a-fA-F]*+")
_WORDS: Final = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_NO_NUMBERS: Final = frozenset({"NaN", "nan", "Infinity", "inf"})
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_ESCAPE_DIGITS: Final = {"x": 2, "u": 4, "U": 8}


class UnreadableJson(InvalidParameters):
    """The body is not JSON in any accepted spelling. Lines and columns count from 1, columns in code points."""

    def __init__(self, line: int, column: int, reason: str, near: str = "") -> None:
        self.line, self.column, self.reason = line, column, reason
        rule = f"is not readable as JSON at line {line}, column {column}: {reason}"
        super().__init__(field="body", value=presentable(near), rule=rule)


def presentable(text: str) -> str:
    """Text that a reply can hold: halves of surrogate pairs and NULs are written out."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode("utf-8")


def unreadable_at(text: str, position: int, reason: str) -> UnreadableJson:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return UnreadableJson(line, column, reason, text[position : position + _NEAR_CHARS] or "the end of the text")


def read_tolerant_json(text: str) -> object:
    """The value that `text` spells. Raises UnreadableJson."""
    return TolerantReader(text).read()


class TolerantReader:
    """Reads one text. `steps` counts every character looked at, so that a test can see that the work is linear."""

    def __init__(self, text: str) -> None:
        self.steps = 0
        self._text = text
        self._begin(at_last_resort=False)

    def _begin(self, *, at_last_resort: bool) -> None:
        self._position = 0
        self._depth = 0
        self._at_last_resort = at_last_resort
        self._closing = _CLOSING_AT_LAST if at_last_resort else _CLOSING

    def read(self) -> object:
        if len(self._text) > TEXT_CHARS_MOST:
            raise UnreadableJson(1, 1, f"text that is not strict JSON is read up to {TEXT_CHARS_MOST // 1024} kB only")
        try:
            return self._document()
        except UnreadableJson as unreadable:
            self._begin(at_last_resort=True)
            try:
                return self._document()
            except UnreadableJson:
                raise unreadable from None

    def _document(self) -> object:
        self._skip_space()
        found = self._value()
        self._skip_space()
        if self._position < len(self._text):
            raise self._unreadable("expected the end of the text")
        return found

    def _value(self) -> object:
        opening = self._peek()
        if opening == "{":
            return self._object()
        if opening == "[":
            return self._array()
        self._skip_unicode_prefix()
        if self._peek() in self._closing:
            return self._quoted(is_name=False)
        if opening and opening in "+-.0123456789":
            return self._number()
        return self._literal()

    def _object(self) -> dict[str, object]:
        if self._at_last_resort and self._depth:
            raise self._unreadable("a nested object is not read at the last resort")
        self._enter()
        found: dict[str, object] = {}
        self._skip_space()
        while not self._take("}"):
            name = self._name()
            self._skip_space()
            self._expect(":", "after the name")
            self._skip_space()
            found[name] = self._value()
            self._skip_space()
            self._separate("}")
        self._depth -= 1
        return found

    def _array(self) -> list[object]:
        if self._at_last_resort and not self._depth:
            raise self._unreadable("only an object is read at the last resort")
        self._enter()
        found: list[object] = []
        self._skip_space()
        while not self._take("]"):
            found.append(self._value())
            self._skip_space()
            self._separate("]")
        self._depth -= 1
        return found

    def _enter(self) -> None:
        if self._depth == DEPTH_MOST:
            raise self._unreadable(f"nested deeper than {DEPTH_MOST} levels")
        self._depth += 1
        self._advance(1)

    def _separate(self, closing: str) -> None:
        """A comma may stand before the closing bracket. Evidence: trailing commas (contract, section 2; JSON5)."""
        if self._take(","):
            self._skip_space()
        elif self._peek() != closing:
            raise self._unreadable(f"expected ',' or '{closing}'")

    def _skip_space(self) -> None:
        """White space of any script, byte order marks and JSON5's comments.

        Evidence: byte order marks and copies from the docs (contract, section 2); the no-break space stands as white
        space in published Kaizala action packages.
        """
        while True:
            self._run(_SPACE)
            if self._text.startswith("//", self._position):
                self._run(_REST_OF_LINE)
            elif self._text.startswith("/*", self._position):
                end = self._text.find("*/", self._position + 2)
                if end < 0:
                    raise self._unreadable("the comment that begins here has no end")
                self._advance(end + 2 - self._position)
            else:
                return

    def _name(self) -> str:
        """Evidence: unquoted names, `{message:"hi"}` (official samples and real clients; contract, section 2)."""
        self._skip_unicode_prefix()
        if self._peek() in self._closing:
            return self._quoted(is_name=True)
        name = self._run(_WORD)
        if not name:
            raise self._unreadable("expected a name")
        return name

    def _skip_unicode_prefix(self) -> None:
        """Evidence: `str()` of a Python dict (contract, section 2), which Python 2 writes as `{u'message': u'hi'}`."""
        if self._peek() == "u" and self._text[self._position + 1 : self._position + 2] in ("'", '"'):
            self._advance(1)

    def _quoted(self, *, is_name: bool) -> str:
        """Text between quotes of one kind; the other kinds are text in it, and so are raw line breaks.

        Evidence: single and typographic quotes, mixed quoting, raw newlines in strings (contract, section 2).
        """
        start = self._position
        text_until = _TEXT_UNTIL[self._closing[self._peek()]]
        self._advance(1)
        parts: list[str] = []
        while True:
            parts.append(self._run(text_until))
            found = self._peek()
            if not found:
                raise self._unreadable("the text that begins here has no closing quote", start)
            if found == "\\":
                parts.append(self._escape())
            elif is_name or not self._at_last_resort or self._is_end_of_value():
                self._advance(1)
                return "".join(parts)
            else:
                parts.append(found)
                self._advance(1)

    def _is_end_of_value(self) -> bool:
        """Evidence: as a last resort, in a flat object, a quote that is not followed by `,` `}` or `]` is text
        (contract, section 2). White space behind it is looked at here and once more as text, never again."""
        space = _SPACE.match(self._text, self._position + 1)
        assert space is not None
        self.steps += space.end() - self._position
        return self._text[space.end() : space.end() + 1] in (",", "}", "]")

    def _escape(self) -> str:
        """Escapes of JSON, JSON5 and Python. A letter that none of them knows keeps its backslash, as in Python.

        Evidence: Python escapes such as `\\'` and `\\xa0` (contract, section 2).
        """
        letter = self._text[self._position + 1 : self._position + 2]
        if letter in _ESCAPE_DIGITS:
            return self._numbered_character()
        self._advance(1 + len(letter))
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter == "\r":
            self._take("\n")
        if letter in ("\n", "\r", "\u2028", "\u2029"):
            return ""
        return f"\\{letter}" if letter.isalnum() else letter

    def _numbered_character(self) -> str:
        """Two halves of a pair make one character, as in JSON. Evidence: `\\xa0`, `\\U0001F600` (section 2)."""
        code = self._escaped_code()
        if 0xD800 <= code < 0xDC00 and self._text.startswith("\\u", self._position):
            after_first = self._position
            second = self._escaped_code()
            if 0xDC00 <= second < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00))
            self._position = after_first
        return chr(code)

    def _escaped_code(self) -> int:
        letter = self._text[self._position + 1]
        digits_start = self._position + 2
        digits = self._text[digits_start : digits_start + _ESCAPE_DIGITS[letter]]
        if len(digits) < _ESCAPE_DIGITS[letter] or _HEX_DIGITS.fullmatch(digits) is None:
            raise self._unreadable(f"the escape \\{letter} needs {_ESCAPE_DIGITS[letter]} hexadecimal digits")
        code = int(digits, 16)
        if code > 0x10FFFF:
            raise self._unreadable("no character has this number")
        self._advance(2 + len(digits))
        return code

    def _number(self) -> int | float:
        """Evidence: JSON5's numbers, as programs that print JavaScript objects write them: hexadecimal, a leading plus,
        a leading or trailing point. Leading zeros are dropped: an unquoted PIN has them (contract, section 2)."""
        start = self._position
        numeral = self._run(_NUMERAL)
        try:
            if len(numeral) <= NUMBER_CHARS_MOST and _HEXADECIMAL.fullmatch(numeral) is not None:
                return int(numeral, 16)
            return read_number(numeral)
        except ValueError as error:
            raise self._unreadable(str(error), start) from None

    def _literal(self) -> bool | None:
        """Evidence: `True`, `False` and `None` (contract, section 2). NaN and Infinity are JSON5's, but no quantity."""
        start = self._position
        word = self._run(_WORD)
        if word in _WORDS:
            return _WORDS[word]
        if word in _NO_NUMBERS:
            raise self._unreadable("must be a finite number", start)
        raise self._unreadable("expected a value", start)

    def _peek(self) -> str:
        """The character at the position; empty at the end."""
        return self._text[self._position : self._position + 1]

    def _take(self, wanted: str) -> bool:
        if self._peek() != wanted:
            return False
        self._advance(1)
        return True

    def _expect(self, wanted: str, where: str) -> None:
        if not self._take(wanted):
            raise self._unreadable(f"expected '{wanted}' {where}")

    def _run(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._position)
        assert match is not None
        self._advance(match.end() - self._position)
        return match[0]

    def _advance(self, chars: int) -> None:
        self.steps += chars + 1
        self._position += chars

    def _unreadable(self, reason: str, at: int | None = None) -> UnreadableJson:
        return unreadable_at(self._text, self._position if at is None else at, reason)
