"""The rules of a tenant that goes to another cell: which step it has come to, so that whoever is killed goes on.

    copying ─▶ switching ─▶ cleaning ─▶ done        copying, or switching while it is refused ─▶ failed
    copying ─▶ cancelling ─▶ failed

While it is copied the tenant is used as ever, but for the last moments, in which its writes wait. `switching` begins
when everything is there and compared; from then on the other cell alone decides, by finishing the arrival or by giving
it up, and is asked until it answers. From `cleaning` on the tenant lives there.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.directory.places import Departure, Home, describe_home, hold, land, leave, lives_here, release
from chaupal.errors import Conflict, NotFound
from chaupal.moving.carried import ACTING, carried_tables
from chaupal.moving.queries import (
    MoveRow,
    forget_changes,
    replace_move,
    select_last_change,
    select_move,
    select_running_moves,
)
from chaupal.store.clock import new_id
from chaupal.store.recording import record_changes, stop_recording
from chaupal.store.tenant_rows import tenant_table
from chaupal.store.transaction import Transaction

COPYING, SWITCHING, CLEANING, DONE, FAILED = "copying", "switching", "cleaning", "done", "failed"
CANCELLING = "cancelling"

Move = MoveRow
"""A move, as other slices see it."""

_ROWS_AT_ONCE = 1_000
_NOT_RECORDED = ("tenants",)
"""Changes with every write; it goes along each time."""


class MoveUnderWay(Conflict):
    """The tenant is on its way already. Fields: `to_cell`."""

    template = "The tenant is being moved to the cell '{to_cell}' already."


class MoveOvertaken(Conflict):
    """Somebody else goes on with the move."""

    template = "Another process goes on with this move."


class MoveCancelled(Conflict):
    """The operator wants the tenant to stay where it is."""

    template = "The move was cancelled."


class MoveTooFar(Conflict):
    """The tenant may live in the other cell already. Fields: `to_cell`, `phase`."""

    template = (
        "The move to the cell '{to_cell}' is {phase}: it cannot be cancelled any more. Move the tenant back instead."
    )


def begin_move(tx: Transaction, caller: Operator, to_cell: str) -> Move:
    """Begin to move the caller's tenant.

    Raises:
        NotFound, MoveUnderWay.
    """
    if not lives_here(tx):
        raise NotFound("tenant")
    known = select_move(tx)
    if known is not None and known.ended_at_ms is None:
        raise MoveUnderWay(to_cell=known.to_cell)
    move = MoveRow(caller.tenant_id, new_id(), "", to_cell, COPYING, 0, "", tx.now_ms, None)
    replace_move(tx, move)
    return move


def list_running(tx: Transaction, _caller: Operator, _request: None) -> list[Move]:
    """The moves that are under way, of all tenants."""
    return select_running_moves(tx)


def find_move(tx: Transaction, _caller: Operator, _request: None) -> Move | None:
    """The last move of the caller's tenant."""
    return select_move(tx)


class Cancelling(msgspec.Struct, frozen=True):
    """A move is to be undone, by an operator who knows these other cells."""

    known_cells: list[str]


def cancel_move(tx: Transaction, _caller: Operator, cancelling: Cancelling) -> Move:
    """Have the move under way of the caller's tenant undone, by whoever drives it. Idempotent until that is done.

    Raises:
        NotFound: there is none under way.
        MoveTooFar: the switch has begun, and the other cell was not removed for good.
    """
    known = select_move(tx)
    if known is None or known.ended_at_ms is not None:
        raise NotFound("move of this tenant that is under way")
    # A cell that the operator has removed decides nothing any more; all is still here, and waits.
    is_lost = known.phase == SWITCHING and known.to_cell not in cancelling.known_cells
    if known.phase not in (COPYING, CANCELLING) and not is_lost:
        raise MoveTooFar(to_cell=known.to_cell, phase=known.phase)
    cancelled = known._replace(phase=CANCELLING)
    replace_move(tx, cancelled)
    return cancelled


def begin_try(tx: Transaction, caller: Operator, move: Move) -> Move:
    """Copy from the beginning, with writes going on, as a new arrival.

    Raises:
        MoveOvertaken, MoveCancelled.
    """
    _check(tx, move)
    release(tx, caller, None)
    tried = move._replace(arrival_id=new_id(), phase=COPYING, row_count=0)
    replace_move(tx, tried)
    return tried


class Progress(msgspec.Struct, frozen=True):
    """How many rows have been copied."""

    move: Move
    row_count: int


def note_progress(tx: Transaction, _caller: Operator, progress: Progress) -> None:
    """For whoever looks on. Raises MoveOvertaken, MoveCancelled."""
    _check(tx, progress.move)
    replace_move(tx, progress.move._replace(row_count=progress.row_count))


def record_table(tx: Transaction, _caller: Operator, name: str) -> None:
    """From this commit on the changes of a table are recorded. Idempotent."""
    if name not in _NOT_RECORDED:
        record_changes(tx, name, tenant_table(name).key_columns)


def stop_recording_table(tx: Transaction, _caller: Operator, name: str) -> None:
    """Record nothing more of a table. Idempotent."""
    if name not in _NOT_RECORDED:
        stop_recording(tx, name)


def land_deliveries(tx: Transaction, caller: Operator, move: Move) -> None:
    """Let nothing more of the tenant be sent to receivers, so that what is on its way is over before it moves.

    Raises:
        MoveOvertaken, MoveCancelled.
    """
    _check(tx, move)
    land(tx, caller, None)


def hold_writes(tx: Transaction, caller: Operator, move: Move) -> int:
    """Let the tenant's writes wait; the number of its last recorded change.

    Raises:
        MoveOvertaken, MoveCancelled.
    """
    _check(tx, move)
    hold(tx, caller, None)
    return select_last_change(tx)


def release_writes(tx: Transaction, caller: Operator, move: Move) -> None:
    """Let the tenant's writes go on. Idempotent.

    Raises:
        MoveOvertaken.
    """
    _check_mine(tx, move)
    release(tx, caller, None)


def begin_switch(tx: Transaction, caller: Operator, move: Move) -> Home:
    """Everything is there and compared, and writes wait: from this commit on the other cell decides; what it has to
    know.

    Raises:
        MoveOvertaken, MoveCancelled.
    """
    _check(tx, move)
    hold(tx, caller, None)
    replace_move(tx, move._replace(phase=SWITCHING))
    return describe_home(tx, caller, None)


class Left(msgspec.Struct, frozen=True):
    """Where the tenant lives now."""

    move: Move
    endpoint_url: str


def note_left(tx: Transaction, caller: Operator, left: Left) -> Move:
    """The tenant lives in the other cell. Idempotent.

    Raises:
        MoveOvertaken.
    """
    _check(tx, left.move)
    leave(tx, caller, Departure(left.move.to_cell, left.endpoint_url, tx.now_ms))
    cleaning = left.move._replace(phase=CLEANING)
    replace_move(tx, cleaning)
    return cleaning


def clean_some(tx: Transaction, _caller: Operator, move: Move) -> int:
    """Delete some of the rows that the tenant has left behind; how many. What acts goes first.

    Raises:
        MoveOvertaken.
    """
    _check(tx, move)
    names = [*(name for name in ACTING if name != "tenants"), *(table.name for table in carried_tables())]
    deleted = 0
    for name in dict.fromkeys(names):
        if name != "tenants" and deleted < _ROWS_AT_ONCE:
            deleted += tenant_table(name).remove_some(tx, _ROWS_AT_ONCE - deleted)
    return deleted


def forget_recorded(tx: Transaction, _caller: Operator, move: Move) -> int:
    """Delete some of the recorded changes; how many.

    Raises:
        MoveOvertaken.
    """
    _check_mine(tx, move)
    return forget_changes(tx, limit=_ROWS_AT_ONCE)


class End(msgspec.Struct, frozen=True):
    """How a move has ended. `failure` is empty where the tenant has moved."""

    move: Move
    failure: str = ""


def end_move(tx: Transaction, caller: Operator, end: End) -> None:
    """Nothing more is to be done. Where it has failed the tenant goes on here as if nothing had been.

    Raises:
        MoveOvertaken.
    """
    _check_mine(tx, end.move)
    if end.failure:
        release(tx, caller, None)
    phase = FAILED if end.failure else DONE
    replace_move(tx, end.move._replace(phase=phase, failure=end.failure, ended_at_ms=tx.now_ms))


def _check(tx: Transaction, move: Move) -> None:
    if _check_mine(tx, move).phase == CANCELLING:
        raise MoveCancelled


def _check_mine(tx: Transaction, move: Move) -> Move:
    """The move, also where it was cancelled."""
    known = select_move(tx)
    if known is None or (known.move_id, known.arrival_id) != (move.move_id, move.arrival_id) or known.ended_at_ms:
        raise MoveOvertaken
    return known
