"""One action with its answers, read at once."""

from __future__ import annotations

import msgspec

from chaupal.actions.reading import ActionOf, SeenActions, read_action
from chaupal.actions.types import ANSWERED_TYPES
from chaupal.auth.caller import Caller
from chaupal.responses.queries import FIRST_PLACE, ResponsePlace
from chaupal.responses.reading import PAGE_MAX, SeenResponses, see_responses
from chaupal.store.transaction import Transaction


class DetailsOf(msgspec.Struct, frozen=True):
    """One action of a group and, if `has_responses`, a page of its answers."""

    which: ActionOf
    has_responses: bool
    place: ResponsePlace = FIRST_PLACE
    count: int = PAGE_MAX


class SeenDetails(msgspec.Struct, frozen=True):
    """The action, and its answers where they were asked for and its type has any."""

    actions: SeenActions
    responses: SeenResponses | None


def read_details(tx: Transaction, caller: Caller, asked: DetailsOf) -> SeenDetails:
    """One action that the caller sees.

    Raises:
        NotFound: no such action, or not visible.
    """
    seen = read_action(tx, caller, asked.which)
    action = seen.actions[0].action
    if not asked.has_responses or action.action_type not in ANSWERED_TYPES:
        return SeenDetails(seen, None)
    return SeenDetails(seen, see_responses(tx, seen.access, action, place=asked.place, count=asked.count))
