"""Cursors: opaque to clients, and saying nothing but where their own page ended."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from chaupal.errors import InvalidParameters
from chaupal.wire.values import check_characters, is_storable_integer

PlaceT = TypeVar("PlaceT")

_CURSOR_MAX_CHARS = 512


def write_cursor(place: object) -> str:
    """The place where a page ended, as URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).rstrip(b"=").decode()


def read_cursor(cursor: str, form: type[PlaceT]) -> PlaceT:
    """The place that a cursor names.

    Raises:
        InvalidParameters: it is not one of ours, or of another call.
    """
    try:
        if len(cursor) > _CURSOR_MAX_CHARS:
            raise ValueError
        packed = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.msgpack.decode(packed, type=form)
        _check_storable(place)
    except (ValueError, binascii.Error, msgspec.MsgspecError, UnicodeError, RecursionError):
        raise InvalidParameters(field="cursor", value=cursor, rule="must be a cursor that this call gave") from None
    return place


def _check_storable(place: object) -> None:
    """Raise ValueError where a part of the place is one that a database refuses: the cursor was made up."""
    for part in place if isinstance(place, tuple) else (place,):
        if isinstance(part, str):
            check_characters(part)
        elif isinstance(part, int) and not is_storable_integer(part):
            raise ValueError
