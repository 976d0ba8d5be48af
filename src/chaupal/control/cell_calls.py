"""The operations on cells: what they take and what they answer."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chaupal.control.call import Arguments, Call, Nothing, Result


class CellAdd(Arguments, frozen=True):
    """A cell that may join; `url` is what it will be reached at."""

    name: str
    url: str


class CellAdded(Result, frozen=True):
    """The code is shown this once, and good for one day."""

    name: str
    url: str
    join_code: str
    valid_until: datetime


class CellJoin(Arguments, frozen=True):
    """The code that the root has given out."""

    code: str


class CellJoined(Result, frozen=True):
    """What this installation is now."""

    name: str
    root_url: str


class CellShown(Result, frozen=True):
    """A cell. `seen_at` None: never; `failure` says why the last call to it was not answered."""

    name: str
    url: str
    is_self: bool
    is_root: bool
    state: str
    tenant_count: int
    version: str
    seen_at: datetime | None
    failure: str


class Cells(Result, frozen=True):
    """All that are known here, by name."""

    cells: list[CellShown]


class CellDrain(Arguments, frozen=True):
    """Which cell, and where its tenants are to go; `to_cell` "" leaves them where they are.
    `with_installation_key`: that cell may have the secret key of the one that is drained, which is the key of tenants
    from the time before tenants had their own."""

    name: str
    to_cell: str = ""
    with_installation_key: bool = False


class CellReopen(Arguments, frozen=True):
    """A drained cell that is to take tenants again."""

    name: str


class CellReopened(Result, frozen=True):
    """The cell, and its state now."""

    name: str
    state: str


class TenantKept(Result, frozen=True):
    """A tenant that stays, and why."""

    tenant_id: str
    reason: str


class CellDrained(Result, frozen=True):
    """The cell takes no more tenants; at most a hundred of those that it still has, how many of all were sent away, and
    those that were not."""

    name: str
    tenant_count: int
    tenant_ids: list[str]
    begun: int = 0
    kept: list[TenantKept] = msgspec.field(default_factory=list)


class CellRemove(Arguments, frozen=True):
    """Which cell. `with_tenants`: those that lived in it are lost."""

    name: str
    with_tenants: bool = False


class CellRemoved(Result, frozen=True):
    """The cell is not known any more; how many tenants were given up."""

    name: str
    tenants_given_up: int


class KeyRenewed(Result, frozen=True):
    """The new key, and from when on it signs at the latest: once these cells know it."""

    key_id: str
    signs_from: datetime
    waits_for: list[str]


CELL_ADD = Call("cell_add", CellAdd, CellAdded, makes_installation=True)
CELL_JOIN = Call("cell_join", CellJoin, CellJoined, makes_installation=True)
CELL_LIST = Call("cell_list", Nothing, Cells)
CELL_REOPEN = Call("cell_reopen", CellReopen, CellReopened)
CELL_DRAIN = Call("cell_drain", CellDrain, CellDrained)
CELL_REMOVE = Call("cell_remove", CellRemove, CellRemoved)
CELL_ROTATE_KEY = Call("cell_rotate_key", Nothing, KeyRenewed)

CELL_CALLS = (CELL_ADD, CELL_JOIN, CELL_LIST, CELL_DRAIN, CELL_REOPEN, CELL_REMOVE, CELL_ROTATE_KEY)
