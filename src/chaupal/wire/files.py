"""What HTTP says about giving out a file: ranges, entity tags, and its name. RFC 9110, RFC 6266, RFC 8187."""

from __future__ import annotations

import re
from urllib.parse import quote

import msgspec

_RANGE = re.compile(
    r"bytes\s*=\s*(?:(?P<start>[0-9]{1,19})-(?P<end>[0-9]{1,19})?|-(?P<suffix>[0-9]{1,19}))", re.IGNORECASE
)
_TAG = re.compile(r'(?:W/)?("[^"]*")')


class ByteRange(msgspec.Struct, frozen=True):
    """From `start` up to, not including, `end`."""

    start: int
    end: int


class RangeUnsatisfiable(Exception):
    """No byte of the file lies in the range."""


def read_range(header: str, size_bytes: int) -> ByteRange | None:
    """The one range that was asked for; None where there is none, or several, or none that can be read: all is given.

    Raises:
        RangeUnsatisfiable.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    if found["suffix"] is not None:
        length = min(int(found["suffix"]), size_bytes)
        if length == 0:
            raise RangeUnsatisfiable
        return ByteRange(size_bytes - length, size_bytes)
    start = int(found["start"])
    last = int(found["end"]) if found["end"] is not None else size_bytes - 1
    if last < start and found["end"] is not None:
        return None
    if start >= size_bytes:
        raise RangeUnsatisfiable
    return ByteRange(start, min(last + 1, size_bytes))


def matches_tag(header: str, tag: str) -> bool:
    """Whether an `If-None-Match` names the tag, with or without its mark of weakness, or is `*`."""
    return header.strip() == "*" or tag in _TAG.findall(header)


def write_disposition(name: str, *, is_inline: bool) -> str:
    """A Content-Disposition whose name every client can read: plain ASCII, and in full beside it."""
    kind = "inline" if is_inline else "attachment"
    plain = re.sub(r"[^ !#-$&-.0-:<-\[\]-~]", "_", name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
