"""Reading actions back: pages of a group's, and one with everything that it holds. Contract, section 8."""

from __future__ import annotations

import msgspec

from chaupal.actions.contents import Content
from chaupal.actions.media import find_media_of, resources_in, resources_in_properties
from chaupal.actions.property_queries import PropertyRow, select_properties
from chaupal.actions.queries import (
    OF_PACKAGE,
    OF_TYPE,
    ActionRow,
    AssigneeRow,
    select_actions,
    select_assigned,
    select_assignees,
)
from chaupal.actions.results import ResultSight, may_see_results
from chaupal.actions.rules import access_action
from chaupal.actions.types import ACTION_TYPES, PACKAGE_TYPE
from chaupal.auth.access import GroupAccess, access_group
from chaupal.auth.caller import Caller
from chaupal.media.rules import Media
from chaupal.quotes.rules import Quote, find_quotes
from chaupal.store.transaction import Transaction
from chaupal.timelines.intervals import FOREVER_US
from chaupal.timelines.merging import Place
from chaupal.timelines.rules import sight_of

PAGE_MAX = 100
_NEWEST = Place(FOREVER_US, "")


class ActionsPage(msgspec.Struct, frozen=True):
    """Which actions to read: the newest, or beyond `place`, back in time or on; of all types, a type, or a package."""

    group_id: str
    count: int
    place: Place | None = None
    is_older: bool = True
    action_type: str = ""
    package_id: str = ""


class SeenAction(msgspec.Struct, frozen=True):
    """An action as one caller sees it. `assignees` is read for one action alone."""

    action: ActionRow
    content: Content | None
    """None where it was retracted."""
    sight: ResultSight
    properties: list[PropertyRow]
    is_assigned_to_caller: bool
    assignees: list[AssigneeRow] = []


class SeenActions(msgspec.Struct, frozen=True):
    """Actions, newest last; the place to go on from (None at the end); who looks, and when (ms); the media and the
    quoted items that are shown."""

    actions: list[SeenAction]
    next_place: Place | None
    access: GroupAccess
    now_ms: int
    media: dict[str, Media]
    quotes: dict[str, Quote]


def read_actions(tx: Transaction, caller: Caller, page: ActionsPage) -> SeenActions:
    """What the caller sees of the actions of a group and of the groups above it."""
    access = access_group(tx, caller, page.group_id)
    sight = sight_of(tx, access)
    reading = sight.reading(
        place=page.place or _NEWEST,
        is_older=page.is_older,
        row_count=page.count + 1,
        chosen=OF_PACKAGE if page.package_id else OF_TYPE if page.action_type else "",
        wanted=page.package_id or page.action_type,
    )
    found = select_actions(tx, reading)
    has_more = len(found) > page.count
    found = found[: page.count]
    next_place = Place(found[-1].sent_at_us, found[-1].action_id) if has_more else None
    in_order = found[::-1] if page.is_older else found
    ids = [action.action_id for action in found]
    properties = select_properties(tx, ids)
    assigned = select_assigned(tx, access.caller.user_id, ids)
    seen = [
        SeenAction(
            action=action,
            content=_content_of(action),
            sight=may_see_results(access, action),
            properties=properties.get(action.action_id, []),
            is_assigned_to_caller=action.action_id in assigned,
        )
        for action in in_order
    ]
    return SeenActions(
        actions=seen,
        next_place=next_place,
        access=access,
        now_ms=tx.now_ms,
        media=_media_of(tx, seen, has_details=False),
        quotes=find_quotes(tx, access, (action.reply_to for action in found), sight=sight),
    )


def _content_of(action: ActionRow) -> Content | None:
    if action.retracted_at_ms is not None:
        return None
    content: Content = ACTION_TYPES[action.action_type].decode(action.content)
    return content


def _media_of(tx: Transaction, seen: list[SeenAction], *, has_details: bool) -> dict[str, Media]:
    resources: list[str] = []
    for each in seen:
        if each.content is not None:
            resources += resources_in(each.content, has_details=has_details)
            resources += resources_in_properties(each.properties)
    return find_media_of(tx, resources)


class ActionOf(msgspec.Struct, frozen=True):
    """One action of a group."""

    group_id: str
    action_id: str


class ActionParts(msgspec.Struct, frozen=True):
    """What an action holds in other tables."""

    properties: list[PropertyRow]
    assignees: list[AssigneeRow]


class WholeAction(msgspec.Struct, frozen=True):
    """An action with everything that it holds but its media, whoever may see it."""

    action: ActionRow
    content: Content
    properties: list[PropertyRow]
    assignees: list[AssigneeRow]


def find_parts(tx: Transaction, actions: list[ActionRow]) -> dict[str, ActionParts]:
    """What some actions hold in other tables, by their ids, with at most two statements."""
    packages = [action.action_id for action in actions if action.action_type == PACKAGE_TYPE]
    assigned = [action.action_id for action in actions if action.assignee_count]
    properties = select_properties(tx, packages) if packages else {}
    assignees = select_assignees(tx, assigned) if assigned else {}
    return {
        action.action_id: ActionParts(properties.get(action.action_id, []), assignees.get(action.action_id, []))
        for action in actions
    }


def make_whole(action: ActionRow, parts: ActionParts) -> WholeAction | None:
    """An action with its parts; None where it was retracted, and nothing is left of it."""
    content = _content_of(action)
    return WholeAction(action, content, parts.properties, parts.assignees) if content is not None else None


def read_action(tx: Transaction, caller: Caller, which: ActionOf) -> SeenActions:
    """One action that the caller sees, with whom it is assigned to.

    Raises:
        NotFound: no such action, or not visible.
    """
    access = access_group(tx, caller, which.group_id)
    action = access_action(tx, access, which.action_id)
    assignees = select_assignees(tx, [action.action_id]).get(action.action_id, []) if action.assignee_count else []
    seen = SeenAction(
        action=action,
        content=_content_of(action),
        sight=may_see_results(access, action),
        properties=select_properties(tx, [action.action_id]).get(action.action_id, []),
        is_assigned_to_caller=any(row.user_id == access.caller.user_id for row in assignees),
        assignees=assignees,
    )
    return SeenActions(
        actions=[seen],
        next_place=None,
        access=access,
        now_ms=tx.now_ms,
        media=_media_of(tx, [seen], has_details=True),
        quotes=find_quotes(tx, access, [action.reply_to]),
    )
