"""Answers that depend on those before: who has checked in can check out, what is done can be confirmed."""

from __future__ import annotations

import msgspec

from chaupal.actions.contents import AttendanceContent, ChecklistContent
from chaupal.auth.access import RoleLacking
from chaupal.errors import Conflict
from chaupal.responses.contents import (
    CHECKED_IN,
    CHECKED_OUT,
    DONE,
    UNDONE,
    VERIFIED,
    ItemState,
    ResponseContent,
    Sums,
    read_content,
)
from chaupal.responses.queries import ResponseRow


class RolledAlready(Conflict):
    """One check-in, or one status, for each person."""

    template = "You have answered this roll call already."


class NotCheckedIn(Conflict):
    """Only whoever has checked in, and not out again, can check out."""

    template = "You have not checked in."


class StillCheckedIn(Conflict):
    """A check-out belongs between two check-ins."""

    template = "You are checked in already; check out first."


class NotDone(Conflict):
    """Only what was done can be confirmed. Fields: `item`, its index."""

    template = "Item {item} of the checklist is not done."


class DoneByYou(Conflict):
    """Another person confirms what was done. Fields: `item`, its index."""

    template = "Item {item} of the checklist was done by you; somebody else confirms it."


OUT_OF_TURN = (RolledAlready, NotCheckedIn, StillCheckedIn, NotDone, DoneByYou)
"""How an answer may not follow on those before."""


def check_roll_call(
    asked: AttendanceContent, content: ResponseContent, last: ResponseRow | None, *, accepts_multiple: bool
) -> None:
    """Raise Conflict where an answer does not follow on the person's last one."""
    last_status = read_content(last.answers).status if last is not None else ""
    if content.status == CHECKED_OUT:
        if last_status != CHECKED_IN:
            raise NotCheckedIn
    elif last is not None:
        if not accepts_multiple:
            raise RolledAlready
        if asked.has_check_out and last_status == CHECKED_IN:
            raise StillCheckedIn


def is_late(asked: AttendanceContent, content: ResponseContent, *, now_ms: int) -> bool:
    """Whether someone has checked in after the cut-off."""
    return content.status == CHECKED_IN and asked.cut_off_at_ms is not None and now_ms > asked.cut_off_at_ms


class Marked(msgspec.Struct, frozen=True):
    """What an answer has changed: by how much the items that are finished; or the answer that said so before."""

    completed: int = 0
    standing_id: str = ""


def mark_item(
    sums: Sums,
    asked: ChecklistContent,
    content: ResponseContent,
    *,
    response_id: str,
    user_id: str,
    is_by_admin: bool,
    now_ms: int,
) -> Marked:
    """Change the state of one item of a checklist, in `sums`. Whoever says again what is so changes nothing.

    Raises:
        NotDone, DoneByYou.
        RoleLacking: what one person has done is undone by that person, or by an admin of the checklist's own group.
    """
    assert content.item is not None, "the answer names an item"
    state = sums.items.get(content.item)
    if content.status == DONE:
        if state is not None:
            return Marked(standing_id=state.response_id)
        sums.items[content.item] = ItemState(response_id, user_id, now_ms)
        return Marked(completed=0 if asked.needs_verification else 1)
    if state is None:
        raise NotDone(item=content.item)
    if content.status == VERIFIED:
        if state.verified_by:
            return Marked(standing_id=state.verification_id)
        if state.done_by == user_id:
            raise DoneByYou(item=content.item)
        state.verified_by, state.verification_id = user_id, response_id
        return Marked(completed=1)
    assert content.status == UNDONE, "an item is done, not done, or verified"
    if user_id not in (state.done_by, state.verified_by) and not is_by_admin:
        raise RoleLacking(role="whoever has done or confirmed the item, or Admin")
    del sums.items[content.item]
    is_finished = bool(state.verified_by) or not asked.needs_verification
    return Marked(completed=-1 if is_finished else 0)
