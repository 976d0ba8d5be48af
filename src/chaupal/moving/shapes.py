"""What two cells say to each other while a tenant goes from one to the other. Packed, because rows hold bytes."""

from __future__ import annotations

from typing import Any

import msgspec


class Begin(msgspec.Struct, frozen=True):
    """The tenant's key goes along once, inside a call that is signed and, by https, sealed."""

    arrival_id: str
    key: bytes
    schema_version: str = ""


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
    """A table, or the next rows of it after a key."""

    table: str
    after: list[Any] | None = None
    is_copied: bool = False
    """The rows came by `Copied`: PostgreSQL sums them."""
    row_limit: int | None = None
    """Of those; None is all rows of the table."""


class SumsOf(msgspec.Struct, frozen=True):
    """Some tables."""

    tables: list[SumOf]


class PartSum(msgspec.Struct, frozen=True):
    """Rows of a table, counted, with the sum of their hashes, and where to go on; None at the end."""

    row_count: int
    digest: str
    after: list[Any] | None


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
    schema_version: str = ""
    digest: str = ""
    sums: list[PartSum] = []
    hash_of_sample: str = ""
    """What tells whether both sum rows alike (`store.tenant_rows.hash_of_sample`)."""
