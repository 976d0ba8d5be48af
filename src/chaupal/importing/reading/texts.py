"""Values of cells and files as records hold them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from chaupal.errors import InvalidParameters
from chaupal.messages.rules import TEXT_MAX_CHARS
from chaupal.wire.ids import read_id
from chaupal.wire.numbers import read_mobile_number
from chaupal.wire.values import read_instant

ID_MAX_CHARS = 200
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONG_NUMBER = re.compile(r"[0-9]{9,13}")
_WITHOUT_COUNTRY = re.compile(r"[0-9][0-9 ().\-]{4,20}")
_AROUND = " \t\r\n\xa0\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_QUOTED_FOR_SPREADSHEETS = re.compile(r'="(.*)"')
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


class Unreadable(ValueError):
    """A value that cannot be taken; the message says why."""


def storable(text: str) -> str:
    """The text with a sign in place of what no database keeps: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def tidied(name: str) -> str:
    """A name in one form of its letters, without blanks and marks of direction around it: names of files have other
    forms than those of people on some systems, and lists of contacts put such marks around names and numbers."""
    return unicodedata.normalize("NFC", name).strip(_AROUND)


def read_kept_id(raw: str) -> str:
    """An id as it is kept: a GUID in lower case, with its scale unit where it has one; any other as it is.

    Raises:
        Unreadable.
    """
    kept = read_id(storable(raw.strip()))
    if len(kept) > ID_MAX_CHARS:
        raise Unreadable(f"the id is longer than {ID_MAX_CHARS} characters")
    return kept


def parts_of(text: str) -> Iterator[str]:
    """A text in parts that are no longer than a message may be, cut at line feeds or blanks where there are any."""
    while len(text) > TEXT_MAX_CHARS:
        cut = max(text.rfind("\n", 1, TEXT_MAX_CHARS), text.rfind(" ", TEXT_MAX_CHARS // 2, TEXT_MAX_CHARS))
        cut = cut + 1 if cut > 0 else TEXT_MAX_CHARS
        if not text[:cut].strip():  # a message is never blank
            cut = TEXT_MAX_CHARS
        yield text[:cut]
        text = text[cut:]
    if text.strip():
        yield text


class Times(msgspec.Struct, frozen=True):
    """How a file writes times: ISO 8601 or epochs where `form` is "", in UTC where they say nothing else."""

    form: str = ""
    offset_min: int = 0

    def read(self, raw: str) -> int:
        """Microseconds since 1970 UTC. A date without a time of day is none.

        Raises:
            Unreadable.
        """
        text = raw.strip()
        try:
            if self.form:
                return _microseconds(datetime.strptime(text, self.form), self.offset_min)  # noqa: DTZ007 (said below)
            if _LONG_NUMBER.fullmatch(text) is None and ":" not in text:
                raise ValueError
            at_ms = read_instant(text)
        except ValueError:
            raise Unreadable(f"'{text[:60]}' is no time") from None
        has_offset = text[-1:] in "Zz" or text.isdigit() or _OFFSET.search(text[10:]) is not None
        at_us = at_ms * 1000 if has_offset else (at_ms - self.offset_min * 60_000) * 1000
        if at_us <= 0:
            raise Unreadable(f"'{text[:60]}' is before 1970")
        return at_us


def read_offset(text: str) -> int:
    """Minutes that `+05:30` is ahead of UTC.

    Raises:
        Unreadable.
    """
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        raise Unreadable(f"'{text[:60]}' is no offset such as +05:30")
    minutes = int(match[2]) * 60 + int(match[3])
    return -minutes if match[1] == "-" else minutes


def _microseconds(at: datetime, offset_min: int) -> int:
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def find_number(raw: str, country: str) -> str | None:
    """The mobile number that a cell holds, in E.164; None where it holds none. `country` ("+91", or "") is put before
    a number that has no plus: spreadsheets drop the plus, and people write numbers as they dial them, with their own
    digits too."""
    text = tidied(raw).removeprefix("'")
    quoted = _QUOTED_FOR_SPREADSHEETS.fullmatch(text)
    text = quoted[1] if quoted is not None else text
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
    try:
        return read_mobile_number(text, "number")
    except InvalidParameters:
        pass
    if not country or _WITHOUT_COUNTRY.fullmatch(text) is None:
        return None
    digits = "".join(filter(str.isdigit, text))
    code = country.removeprefix("+")
    candidates = [f"+{code}{digits.lstrip('0')}", f"+{digits}"]
    for candidate in reversed(candidates) if digits.startswith(code) else candidates:
        try:
            return read_mobile_number(candidate, "number")
        except InvalidParameters:
            continue
    return None
