"""What two cells say to each other while a tenant goes from one to the other. Packed, because rows hold bytes."""

from __future__ import annotations

from typing import Any

import msgspec


class Begin(msgspec.Struct, frozen=True):
    """The tenant's key goes along once, inside a call that is signed and, by https, sealed."""

    arrival_id: str
    key: bytes


class Place(msgspec.Struct, frozen=True):
    """An arrival."""

    arrival_id: str


class Rows(msgspec.Struct, frozen=True):
    """Rows of one table."""

    arrival_id: str
    table: str
    rows: list[Any]


class Copied(msgspec.Struct, frozen=True):
    """Rows of one table as PostgreSQL's COPY gives and takes them, with the columns of each."""

    arrival_id: str
    table: str
    columns: list[str]
    data: bytes


class Changed(msgspec.Struct, frozen=True):
    """Rows to be taken out, then rows to be put in."""

    arrival_id: str
    removed: list[tuple[str, list[Any]]]
    rows: dict[str, list[Any]]


class SumOf(msgspec.Struct, frozen=True):
    """A part of a table."""

    table: str
    after: list[Any] | None
    is_copied: bool = False
    """The rows came by `Copied`: PostgreSQL sums them."""


class Probe(msgspec.Struct, frozen=True):
    """An object that has just been put where this cell keeps files."""

    sha256: str
    object_id: str
    size_bytes: int


class FinishOf(msgspec.Struct, frozen=True):
    """What the new cell has to know of the tenant's past."""

    arrival_id: str
    move_count: int
    origins: dict[str, int]
    tokens_until_ms: int


class Answer(msgspec.Struct, frozen=True):
    """What is answered; the fields that a call has no use for are empty."""

    has_more: bool = False
    digest: str = ""
    row_count: int = 0
    after: list[Any] | None = None
    takes_copies: bool = False
