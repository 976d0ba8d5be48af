"""What cells say to each other, as JSON. Read strictly: both ends are this program, of this release or the one beside.

Unknown fields are ignored, so that a newer cell may say more.
"""

from __future__ import annotations

import msgspec

from chaupal.directory.places import ToldTenant


class SharedKey(msgspec.Struct, frozen=True, rename="camel"):
    """A public key, 32 raw bytes. `valid_until_ms` None: as long as the cell has it."""

    key_id: str
    public_key: bytes
    valid_until_ms: int | None = None


class SharedCell(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A cell as the root describes it to the others."""

    name: str
    endpoint_url: str
    is_root: bool = False
    state: str
    keys: list[SharedKey]


class JoinRequest(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A new cell to the root; the secret is that of the join code."""

    name: str
    secret: str
    endpoint_url: str
    keys: list[SharedKey]
    version: str


class HealthReport(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A cell to the root, every ten seconds."""

    endpoint_url: str
    version: str
    tenant_count: int
    keys: list[SharedKey]
    known_keys: list[str] = []
    """Ids of other cells' newest keys that this cell knows."""


class Roster(msgspec.Struct, frozen=True, rename="camel"):
    """The root's answer: all cells, the root itself among them."""

    cells: list[SharedCell]
    unaware: list[str] | None = None
    """The cells that have not said yet that they know the asking cell's newest key. None: nobody asks them."""


class DirectoryReport(msgspec.Struct, frozen=True, rename="camel"):
    """A cell to the root: tenants that live in it."""

    tenants: list[ToldTenant]


class DirectoryNoted(msgspec.Struct, frozen=True, rename="camel"):
    """The root's answer: those of which it knows something newer."""

    refused: list[str]


class EmptyRequest(msgspec.Struct, frozen=True, rename="camel"):
    """The root to a cell: all its tenants are to go to another one."""

    to_cell: str
    with_installation_key: bool = False


class Nothing(msgspec.Struct, frozen=True):
    """An answer that says no more than that it is one."""
