"""Who may see what of an action's results. The one place that decides it, for counts, answers and tallies alike."""

from __future__ import annotations

from dataclasses import dataclass

from chaupal.actions.drafts import Visibility
from chaupal.actions.queries import ActionRow
from chaupal.auth.access import CONNECT_GROUP, SUBSCRIBER, GroupAccess
from chaupal.timelines.merging import MEMBERS

ANONYMOUS_FROM = 3
"""Results of an anonymous survey are shown from so many answers on: one or two could be guessed (contract, 8)."""


@dataclass(frozen=True, slots=True)
class ResultSight:
    """What someone sees: how many answered; what was answered; and who answered what."""

    sees_counts: bool
    sees_answers: bool
    sees_responders: bool


_NOTHING = ResultSight(sees_counts=False, sees_answers=False, sees_responders=False)


def may_see_results(access: GroupAccess, action: ActionRow) -> ResultSight:
    """What the caller, who sees the action through this group, may see of its results.

    The sender sees what anyone may see. Of a retracted action nothing is left; of an anonymous one nobody sees who
    answered, and the answers only when there are enough of them. One's own answers are not asked for here.
    """
    if action.retracted_at_ms is not None or not _is_entitled(access, action):
        return _NOTHING
    count = action.response_count or 0
    is_open_to_members = not _reaches_subscribers(action) or is_admin_there(access, action)
    return ResultSight(
        sees_counts=True,
        sees_answers=not action.is_anonymous or count >= ANONYMOUS_FROM,
        # Subscribers never learn of each other, and members not of them (contract, section 5).
        sees_responders=not action.is_anonymous and access.role != SUBSCRIBER and is_open_to_members,
    )


def _is_entitled(access: GroupAccess, action: ActionRow) -> bool:
    if action.sender_id == access.caller.user_id:
        return True
    match Visibility(action.visibility):
        case Visibility.SENDER:
            return False
        case Visibility.ADMINS:
            return is_admin_there(access, action)
        case Visibility.ALL:
            # What a subscriber sends is seen by the admins alone (contract, section 5), and so is what one answers.
            is_for_admins = _reaches_subscribers(action) and not is_admin_there(access, action)
            return access.role != SUBSCRIBER and not is_for_admins
        case Visibility.MEMBERS_AND_SUBSCRIBERS:
            return True


def results_for(action: ActionRow) -> str:
    """Who beside the sender may see the results at all: "" whoever sees the action, "Admins" those of its group, or
    "Sender", nobody else."""
    match Visibility(action.visibility):
        case Visibility.SENDER:
            return "Sender"
        case Visibility.ADMINS:
            return "Admins"
        case Visibility.ALL if _reaches_subscribers(action):
            return "Admins"
        case _:
            return ""


def is_admin_there(access: GroupAccess, action: ActionRow) -> bool:
    """An admin of a group below is none of the action's own group."""
    return access.is_admin and action.group_id == access.group_id


def _reaches_subscribers(action: ActionRow) -> bool:
    return action.group_type == CONNECT_GROUP and action.audience != MEMBERS
