"""Reads single values in every spelling that clients use for them.

Knows no field names: a refusal is a ValueError whose sentence begins with a verb, and the caller puts the field before
it. Source: contract, section 2.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Final

# Columns and other languages' integers end here; Python's do not.
_INTEGER_LEAST: Final = -(2**63)
_INTEGER_MOST: Final = 2**63 - 1

# Longer ones are no quantity, and turning decimal digits into an integer takes time that grows with their square.
NUMBER_CHARS_MOST: Final = 400

_DECIMAL = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?P<exponent>[eE][+-]?[0-9]++)?+", re.ASCII)

_ISO_8601 = re.compile(r"[0-9W-]++(?:[T ][0-9:.,]++(?:Z|[+-][0-9:]++)?+)?+")

# Below: seconds (until the year 5138). From here on: milliseconds (since March 1973).
_MILLISECONDS_FROM: Final = 100_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_INSTANT_MS: Final = -62_135_596_800_000
_LAST_INSTANT_MS: Final = 253_402_300_799_999

_PIN_DIGITS: Final = 6


def read_boolean(raw: object) -> bool:
    """Evidence: clients send `true`, `"true"`, `"True"`, 1 and "1" (contract, section 2)."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int | float) and raw in (0, 1):
        return bool(raw)
    if isinstance(raw, str):
        word = raw.strip().casefold()
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
    raise ValueError("must be true or false")


def read_number(raw: object) -> int | float:
    """Finite always. Evidence: numbers may be strings (contract, section 2)."""
    if isinstance(raw, str):
        return _number_from_text(raw.strip())
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, float):
        if not math.isfinite(raw):
            raise ValueError("must be a finite number")
        return raw
    raise ValueError("must be a number")


def _number_from_text(text: str) -> int | float:
    if len(text) > NUMBER_CHARS_MOST:
        raise ValueError(f"must be a number of at most {NUMBER_CHARS_MOST} characters")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError("must be a number")
    if match["exponent"] is None and "." not in text:
        return int(text)
    number = float(text)
    if math.isinf(number):
        raise ValueError("must be a finite number")
    return number


def read_integer(raw: object) -> int:
    """A whole number that fits 64 bits; 5.0 is one."""
    number = read_number(raw)
    if isinstance(number, float) and not number.is_integer():
        raise ValueError("must be a whole number")
    whole = int(number)
    if not is_storable_integer(whole):
        raise ValueError("must be a whole number that fits 64 bits")
    return whole


def is_storable_integer(number: int) -> bool:
    return _INTEGER_LEAST <= number <= _INTEGER_MOST


def read_text(raw: object) -> str:
    """Numbers and truth values become the text that JSON has for them.

    NUL and halves of surrogate pairs are refused: one database would refuse them later (contract, section 2).
    Evidence for numbers: clients send a PIN as one (contract, section 2).
    """
    if isinstance(raw, str):
        check_characters(raw)
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return str(read_number(raw))
    raise ValueError("must be text")


def check_characters(text: str) -> None:
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("must not hold half of a surrogate pair") from None


def read_list(raw: object) -> list[object]:
    """Evidence: where a list is expected, clients send one value or a comma-separated string (contract, section 2)."""
    if isinstance(raw, list | tuple):
        return list(raw)
    if isinstance(raw, str):
        return [part for part in (part.strip() for part in raw.split(",")) if part]
    return [raw]


def read_instant(raw: object) -> int:
    """Milliseconds since 1970, UTC. Evidence: epoch seconds, epoch milliseconds and ISO 8601 are sent, as number or as
    string (`validity` is an epoch sent as a string), and told apart by magnitude (contract, section 2)."""
    if isinstance(raw, str) and _DECIMAL.fullmatch(raw.strip()) is None:
        instant_ms = _instant_from_iso(raw.strip())
    else:
        number = read_number(raw)
        instant_ms = round(number if abs(number) >= _MILLISECONDS_FROM else number * 1000)
    if not _FIRST_INSTANT_MS <= instant_ms <= _LAST_INSTANT_MS:
        raise ValueError("must be a time between the years 1 and 9999")
    return instant_ms


def _instant_from_iso(text: str) -> int:
    """Without an offset it is UTC; a date alone is its midnight."""
    # Python's own reader wants T and Z in capitals, and takes any character at all between date and time.
    capitals = text.upper()
    try:
        if _ISO_8601.fullmatch(capitals) is None:
            raise ValueError
        instant = datetime.fromisoformat(capitals)
    except ValueError:
        raise ValueError("must be epoch seconds, epoch milliseconds or an ISO 8601 time") from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def read_pin(raw: object) -> str:
    """Evidence: clients send a PIN as a number, which loses its leading zeros (contract, section 2)."""
    return read_text(raw).strip().rjust(_PIN_DIGITS, "0")
