"""Mobile numbers, from what people type to E.164. It must not know people. Source: contract, section 2."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from chaupal.wire.readings import refusal
from chaupal.wire.values import read_text

_RULE: Final = "must be a mobile number in international form, such as +919876543210"

# Longer than any number with its separators; what is longer is not put into the cache.
_TEXT_CHARS_MOST: Final = 64
# Reading a number costs up to 1 ms, finding it again under 1 us; an entry takes about 300 bytes.
_NUMBERS_KEPT: Final = 16_384

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—().]++")
_INTERNATIONAL = re.compile(r"\+[0-9]{5,15}")


def read_mobile_number(raw: object, field: str) -> str:
    """E.164 with `+`. A number without `+` or `00` is refused, a JSON number among them: its country is a guess.

    Raises InvalidParameters naming field and number.
    """
    try:
        text = read_text(raw).strip()
    except ValueError as error:
        raise refusal(field, raw, str(error)) from None
    number = _possible_number(text) if len(text) <= _TEXT_CHARS_MOST else None
    if number is None:
        raise refusal(field, text, _RULE)
    return number


@lru_cache(maxsize=_NUMBERS_KEPT)
def _possible_number(text: str) -> str | None:
    """Possible is enough: the official samples are possible but not valid (contract, section 2)."""
    # Only who reads a number pays for the library's 7 MB.
    import phonenumbers

    international = _without_international_prefix(_without_separators(text))
    if _INTERNATIONAL.fullmatch(international) is None:
        return None
    try:
        number = phonenumbers.parse(international, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _without_separators(text: str) -> str:
    """Evidence: numbers with spaces and dashes (contract, section 2); people group by points and parentheses too."""
    return _SEPARATORS.sub("", text)


def _without_international_prefix(text: str) -> str:
    """Evidence: `00` in place of `+` (contract, section 2)."""
    return f"+{text[2:]}" if text.startswith("00") else text


def split_mobile_number(number: str) -> tuple[str, str]:
    """The country's code with its plus, and the rest, of an E.164 number that was read here."""
    import phonenumbers

    parsed = phonenumbers.parse(number, None)
    code = f"+{parsed.country_code}"
    return code, number.removeprefix(code)
