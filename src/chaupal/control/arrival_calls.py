"""The operations by which a tenant is taken in, step by step: what they take and what they answer.

Commands alone use them (`archive.tenants`); each is one short piece of work.
"""

from __future__ import annotations

from typing import Any

from chaupal.control.call import Arguments, Call, Result


class ArrivalPlace(Arguments, frozen=True):
    """A tenant that is being taken in, and by whom."""

    tenant_id: str
    arrival_id: str


class ArrivalBegin(ArrivalPlace, frozen=True):
    """The key is the tenant's own."""

    key: bytes


class ArrivalRows(ArrivalPlace, frozen=True):
    """Rows of one table, in the order of its columns; bytes in base64."""

    table: str
    rows: list[Any]


class ArrivalSumOf(Arguments, frozen=True):
    """A table of an arriving tenant, and after which key to begin."""

    tenant_id: str
    table: str
    after: list[Any] | None = None


class Done(Result, frozen=True):
    """It is done; with `hasMore` only a part of it."""

    has_more: bool = False


class ArrivalSum(Result, frozen=True):
    """Rows counted, and the sum of their hashes; where to go on, or nothing at the end."""

    row_count: int
    digest: str
    after: list[Any] | None


class MoveBegin(Arguments, frozen=True):
    """A tenant, by id or name, and the cell that it goes to. `with_installation_key`: that cell may have the secret key
    of this installation, which is the key of a tenant from the time before tenants had their own."""

    tenant: str
    to_cell: str
    with_installation_key: bool = False


class MoveOf(Arguments, frozen=True):
    """A tenant, by id or name."""

    tenant: str


class MoveShown(Result, frozen=True):
    """A move. `failure` says why it has failed; `rows` are those copied so far."""

    tenant_id: str
    to_cell: str
    phase: str
    rows: int
    failure: str
    is_over: bool


MOVE_BEGIN = Call("move_begin", MoveBegin, MoveShown)
MOVE_CANCEL = Call("move_cancel", MoveOf, MoveShown)
MOVE_SHOW = Call("move_show", MoveOf, MoveShown)
ARRIVAL_BEGIN = Call("arrival_begin", ArrivalBegin, Done)
ARRIVAL_CLEAR = Call("arrival_clear", ArrivalPlace, Done)
ARRIVAL_PUT = Call("arrival_put", ArrivalRows, Done)
ARRIVAL_SUM = Call("arrival_sum", ArrivalSumOf, ArrivalSum)
ARRIVAL_FINISH = Call("arrival_finish", ArrivalPlace, Done)

ARRIVAL_CALLS = (
    MOVE_BEGIN,
    MOVE_CANCEL,
    MOVE_SHOW,
    ARRIVAL_BEGIN,
    ARRIVAL_CLEAR,
    ARRIVAL_PUT,
    ARRIVAL_SUM,
    ARRIVAL_FINISH,
)
