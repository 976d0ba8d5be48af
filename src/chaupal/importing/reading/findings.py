"""What a reader finds: a record, or a problem, each with its place in the file."""

from __future__ import annotations

import msgspec

from chaupal.importing.records import Record

EXCERPT_CHARS = 2_000
"""Of what could not be taken so much stands in the report; the file itself has the rest."""


class Found(msgspec.Struct, frozen=True):
    """A record that begins in this line. `note` says what had to be mended, or ""."""

    record: Record
    line: int
    note: str = ""


class Problem(msgspec.Struct, frozen=True):
    """What could not be read, as it stands there, and why."""

    line: int
    reason: str
    text: str = ""


Finding = Found | Problem
