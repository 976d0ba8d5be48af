"""Reading answers back, a page at a time. Who sees them is decided by `may_see_results` alone. Contract, section 8."""

from __future__ import annotations

import msgspec

from chaupal.actions import contents as actions
from chaupal.actions.media import find_media_of
from chaupal.actions.results import ResultSight, may_see_results
from chaupal.actions.rules import Action, access_action
from chaupal.actions.types import ACTION_TYPES
from chaupal.auth.access import GroupAccess, access_group
from chaupal.auth.caller import Caller
from chaupal.media.rules import Media
from chaupal.responses.contents import Sums, questions_of, read_content, read_sums, resources_in
from chaupal.responses.queries import (
    FIRST_PLACE,
    ResponsePlace,
    ResponseRow,
    SeenResponse,
    select_responders,
    select_response_counts,
    select_responses,
    select_several_responses,
)
from chaupal.store.transaction import Transaction

PAGE_MAX = 100


Response = ResponseRow
"""An answer as other slices see it."""


def find_responses(tx: Transaction, response_ids: list[str]) -> dict[str, Response]:
    """Those of the answers that there are, by id, to whichever actions. Who may see them is the caller's question."""
    return {response.response_id: response for response in select_several_responses(tx, response_ids)}


def responders_of(tx: Transaction, answered: list[Action], *, most: int) -> dict[str, frozenset[str]]:
    """The ids of those who have answered each of some actions in their own name, of at most so many of each. One
    statement for all of them, unless they have more answers together than that."""
    parts: list[list[str]] = []
    room = 0
    for action in answered:
        count = min(most, action.responder_count or 0)
        if not parts or count > room:
            parts.append([])
            room = most
        parts[-1].append(action.action_id)
        room -= count
    taken = [select_responders(tx, part, row_count=most) for part in parts]
    return {action_id: frozenset(user_ids) for part in taken for action_id, user_ids in part.items()}


class ResponsesPage(msgspec.Struct, frozen=True):
    """Which answers to read: those beyond a place, or from the first on."""

    group_id: str
    action_id: str
    place: ResponsePlace = FIRST_PLACE
    count: int = PAGE_MAX


class SeenResponses(msgspec.Struct, frozen=True):
    """Answers to one action as someone sees them, in the order in which they came.

    `media` are those in the answers, by mediaResource. `sums` is None where the results are not for this one to see;
    then only the own answers are there.
    """

    action: Action
    content: actions.Content
    access: GroupAccess
    sight: ResultSight
    responses: list[SeenResponse]
    next_place: ResponsePlace | None
    sums: Sums | None
    media: dict[str, Media] = {}


def read_responses(tx: Transaction, caller: Caller, page: ResponsesPage) -> SeenResponses:
    """A page of the answers to an action.

    Raises:
        NotFound: no such action, or not visible.
    """
    access = access_group(tx, caller, page.group_id)
    action = access_action(tx, access, page.action_id)
    return see_responses(tx, access, action, place=page.place, count=page.count)


def see_responses(
    tx: Transaction, access: GroupAccess, action: Action, *, place: ResponsePlace = FIRST_PLACE, count: int = PAGE_MAX
) -> SeenResponses:
    """A page of the answers to an action that the caller sees: all of them, or the own; none of a retracted one."""
    sight = may_see_results(access, action)
    if action.retracted_at_ms is not None:
        return SeenResponses(action, actions.Content(), access, sight, [], None, None)
    content: actions.Content = ACTION_TYPES[action.action_type].decode(action.content)
    own = "" if sight.sees_answers else access.caller.user_id
    rows: list[SeenResponse] = []
    if not (own and action.is_anonymous):
        rows = select_responses(tx, action.action_id, place=place, row_count=count + 1, user_id=own)
    more = len(rows) > count
    rows = rows[:count]
    next_place = ResponsePlace(rows[-1].response.responded_at_us, rows[-1].response.response_id) if more else None
    sums = None
    if sight.sees_answers:
        counts = select_response_counts(tx, action.action_id)
        sums = read_sums(counts.sums if counts is not None else None, questions_of(content))
    resources = [resource for row in rows for resource in resources_in(content, read_content(row.response.answers))]
    return SeenResponses(action, content, access, sight, rows, next_place, sums, find_media_of(tx, resources))
