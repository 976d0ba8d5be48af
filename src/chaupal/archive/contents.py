"""What lies in an archive, a ZIP file that any tool opens, and how a row is written there.

`manifest.json` says what the archive holds; `rows/<table>.jsonl` has one JSON array a row, in the order of the columns
that the manifest names, bytes in base64; `media/<object>` are the files' bytes as they are; `secret.key` is the
installation's key, unless it was to be left out. Described for others in docs/operate/backups.md.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec

from chaupal.store.whole_database import Row, TableShape

FORMAT = "chaupal-archive"
TENANT_FORMAT = "chaupal-tenant"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
KEY = "secret.key"
MEDIA_FOLDER = "media/"

MEDIA_NAME = re.compile(r"media/[0-9a-f-]{32,36}/[0-9a-f]{2}/([0-9a-f]{64})\.[0-9a-f-]{36}")
"""The name of a file's bytes; it holds their SHA-256."""

_LINE_MOST_BYTES = 16 * 1024 * 1024
_PIECE_BYTES = 262_144
_DIGEST_BITS = 128

encode_row = msgspec.json.Encoder().encode
"""A row as its line has it, without the line feed."""

_decode_row = msgspec.json.Decoder(list[Any]).decode


class ArchiveRefused(Exception):
    """The file is no archive that this program can use; the sentence says why."""


class TableContents(msgspec.Struct, frozen=True, rename="camel"):
    """One table. `digest` does not depend on the order of its rows, which each database gives in its own."""

    table: TableShape
    row_count: int
    digest: str

    @property
    def member(self) -> str:
        """The name of its file in the archive."""
        return member_of(self.table)


class MediaContents(msgspec.Struct, frozen=True, rename="camel"):
    """The files' bytes: those archived, and by name those that were not there (erased meanwhile, or lost) and those
    that are not what their name promises (their disk has changed them)."""

    count: int
    size_bytes: int
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What an archive holds."""

    format: str
    format_version: int
    program_version: str
    schema_version: str
    made_at: str
    database: str
    tables: tuple[TableContents, ...]
    media: MediaContents
    has_key: bool

    @property
    def row_count(self) -> int:
        """The rows of all tables."""
        return sum(contents.row_count for contents in self.tables)


class TenantContents(msgspec.Struct, frozen=True, rename="camel"):
    """Whose rows an archive of one tenant holds.

    `sealed_key` is its key, in base64: 16 bytes of salt, 12 of a nonce, then the key sealed by AES-256-GCM with what
    scrypt (N 32768, r 8, p 1) makes of the passphrase, bound to the id.
    """

    tenant_id: str
    name: str
    sealed_key: str


class TenantManifest(Manifest, frozen=True, rename="camel", kw_only=True):
    """What an archive of one tenant holds."""

    tenant: TenantContents


def member_of(table: TableShape) -> str:
    """The name of a table's file."""
    return f"rows/{table.name}.jsonl"


class RowDigest:
    """Counts rows and sums their hashes, so that equal rows in another order give the same."""

    def __init__(self) -> None:
        self.row_count = 0
        self.size_bytes = 0
        """Of the rows that were added one by one."""
        self._sum = 0

    def add(self, line: bytes) -> None:
        """Take one written row in."""
        self.row_count += 1
        self.size_bytes += len(line)
        self._sum += int.from_bytes(hashlib.blake2b(line, digest_size=_DIGEST_BITS // 8).digest())

    def add_part(self, row_count: int, digest: str) -> None:
        """Take in rows that another one has summed."""
        self.row_count += row_count
        self._sum += int(digest, 16)

    @property
    def hex(self) -> str:
        """The sum as text."""
        return digest_of_sum(self._sum)

    def contents_of(self, table: TableShape) -> TableContents:
        """The same of a table whose rows these are."""
        return TableContents(table, self.row_count, self.hex)


def digest_of_sum(total: int) -> str:
    """A sum of hashes as text."""
    return f"{total % (1 << _DIGEST_BITS):0{_DIGEST_BITS // 4}x}"


def summed_rows(rows: Iterable[Row], digest: RowDigest) -> Iterator[Row]:
    """The rows as they are, each taken into the digest first."""
    for row in rows:
        digest.add(encode_row(row))
        yield row


def write_lines(rows: Iterable[Row], digest: RowDigest) -> Iterator[bytes]:
    """Each row as a line."""
    for row in rows:
        line = encode_row(row)
        digest.add(line)
        yield line + b"\n"


def read_lines(file: IO[bytes], contents: TableContents, digest: RowDigest) -> Iterator[Row]:
    """The rows of a table's file, counted into the digest.

    Raises:
        ArchiveRefused: a line is no row of this table.
    """
    kinds = [column.kind for column in contents.table.columns]
    bytes_at = [index for index, kind in enumerate(kinds) if kind == "bytes"]
    while line := file.readline(_LINE_MOST_BYTES):
        line = line.rstrip(b"\n")
        digest.add(line)
        try:
            values = _decode_row(line)
            for index in bytes_at:
                if values[index] is not None:
                    values[index] = base64.b64decode(values[index], validate=True)
        except (msgspec.DecodeError, ValueError, TypeError, IndexError):
            values = []
        if len(values) != len(kinds):
            raise ArchiveRefused(f"{contents.member}, line {digest.row_count}, is no row of its table")
        yield tuple(values)


def check_digest(contents: TableContents, digest: RowDigest, *, where: str) -> None:
    """Compare what was read with what the manifest says.

    Raises:
        ArchiveRefused: rows are missing, too many, or others.
    """
    if digest.row_count != contents.row_count:
        found = f"{digest.row_count} rows instead of {contents.row_count}"
    elif digest.hex != contents.digest:
        found = "rows that are not those that were read"
    else:
        return
    raise ArchiveRefused(f"the table {contents.table.name} has {found} {where}")


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A file's bytes, some at a time."""
    while piece := file.read(_PIECE_BYTES):
        yield piece
