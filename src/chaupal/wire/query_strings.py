"""Query strings and form bodies into shapes. It must not know paths. Source: contract, section 2."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import unquote_to_bytes

from chaupal.wire.conversion import convert, is_list
from chaupal.wire.readings import refusal

ShapeT = TypeVar("ShapeT")


def read_query(raw_query: bytes, shape: type[ShapeT]) -> ShapeT:
    """The struct that a query string spells; forms (`application/x-www-form-urlencoded`) have the same grammar.

    Of a repeated name the last wins; of a list all count. Raises InvalidParameters naming field, value and rule.
    """
    given: dict[str, object] = {}
    for pair in raw_query.split(b"&"):
        raw_name, _, raw_value = pair.partition(b"=")
        if not raw_value:
            # An empty value counts as absent: generated clients send every parameter, `?cursor=&count=`.
            continue
        name = _decoded(raw_name, "query")
        # Taken out first, so that the last of several spellings stands last.
        earlier = given.pop(name, None)
        given[name] = _decoded(raw_value, name)
        if earlier is not None and is_list(shape, name):
            # What programs make of a list of their own; only the last would silently be less than was asked for.
            given[name] = f"{earlier},{given[name]}"
    return convert(given, shape)


def _decoded(raw: bytes, place: str) -> str:
    decoded = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        return decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise refusal(place, raw.decode("ascii", "backslashreplace"), "must be UTF-8, percent-encoded") from None
