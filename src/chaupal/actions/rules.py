"""The rules of actions: posting, finding. Reading is in `reading`, changing in `changing`. Contract, section 8."""

from __future__ import annotations

import msgspec

from chaupal.actions.drafts import ActionDraft
from chaupal.actions.events import action_created
from chaupal.actions.media import use_media_of
from chaupal.actions.property_queries import PropertyRow, append_properties
from chaupal.actions.queries import (
    ActionRow,
    NewAction,
    append_action,
    append_assignees,
    select_action,
    select_is_assignee,
    select_reminded,
    select_several_actions,
)
from chaupal.actions.results import is_admin_there
from chaupal.actions.types import ACTION_TYPES, DUE_ONLY
from chaupal.auth.access import ADMIN, SUBSCRIBER, GroupAccess, RoleLacking, access_group
from chaupal.auth.caller import Caller
from chaupal.errors import Conflict, InvalidParameters, NotFound
from chaupal.events.catalogue import Event
from chaupal.members.rules import find_roles
from chaupal.people.rules import find_people_by_number
from chaupal.quotes.rules import check_quotable
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import ADMINS, LISTED
from chaupal.timelines.rules import Addressed, Item, address, append_addressed, is_visible

Action = ActionRow
"""An action as other slices see it."""

FIRST_VERSION = 1


class ActionClosed(Conflict):
    """It was closed, or its time is over: it takes no answers, reminders or changes."""

    template = "The action is closed."


class ActionRetracted(Conflict):
    """Nothing is left of it that could be changed or answered."""

    template = "The action was retracted."


class SentAction(msgspec.Struct, frozen=True):
    """The action's id, the numbers that are no subscribers, and those that it could not be assigned to."""

    action_id: str
    unknown_numbers: tuple[str, ...] = ()
    unassigned_numbers: tuple[str, ...] = ()


def post_action(tx: Transaction, caller: Caller, draft: ActionDraft) -> SentAction:
    """Post an action. It reaches everyone in the group and in the groups below it.

    Raises:
        InvalidParameters, NotFound, Forbidden.
    """
    access = access_group(tx, caller, draft.group_id)
    check_quotable(tx, access, draft.reply_to)
    addressed = address(tx, access, draft.addressees)
    assignees, unassigned = _find_assignees(tx, access, draft, addressed)
    content = use_media_of(tx, access.caller, draft)
    action_id = new_id()
    position = tx.append(_event_of(draft, action_id, sender_id=access.caller.user_id))
    item = Item(action_id, draft.group_id, addressed.audience, tx.last_at_us)
    append_action(tx, _build_action(access, draft, item, content, position=position, assignee_count=len(assignees)))
    append_assignees(tx, action_id, assignees)
    properties = [
        PropertyRow(action_id, each.name, place, each.property_type, each.value)
        for place, each in enumerate(draft.body.properties)
    ]
    append_properties(tx, properties)
    if addressed.user_ids:
        append_addressed(tx, item, addressed)
    return SentAction(action_id, addressed.unknown_numbers, unassigned)


def _event_of(draft: ActionDraft, action_id: str, *, sender_id: str) -> Event:
    if draft.package is not None:
        return action_created(
            draft.group_id,
            action_id,
            sender_id=sender_id,
            action_type=draft.action_type,
            package_id=draft.package.package_id,
        )
    return ACTION_TYPES[draft.action_type].created(draft.group_id, action_id, sender_id=sender_id)


def _build_action(
    access: GroupAccess, draft: ActionDraft, item: Item, content: str, *, position: int, assignee_count: int
) -> NewAction:
    body = draft.body
    return NewAction(
        action_id=item.item_id,
        group_id=item.group_id,
        audience=item.audience,
        sent_at_us=item.sent_at_us,
        position=position,
        sender_id=access.caller.user_id,
        connector_id=access.caller.connector_id,
        action_type=draft.action_type,
        package_id=draft.package.package_id if draft.package else "",
        package_version=draft.package.version if draft.package else 0,
        content=content,
        visibility=body.visibility.value,
        is_anonymous=body.is_anonymous,
        accepts_multiple=body.accepts_multiple,
        assignee_count=assignee_count,
        version=FIRST_VERSION,
        reply_to=draft.reply_to,
        expires_at_ms=None if body.life_ms is None else item.sent_at_us // 1000 + body.life_ms,
    )


def _find_assignees(
    tx: Transaction, access: GroupAccess, draft: ActionDraft, addressed: Addressed
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(ids of those it is assigned to, numbers of others). Assigned to members of the group who see it.

    Raises:
        InvalidParameters: it could be assigned to nobody.
    """
    numbers = draft.body.assigned_numbers
    if not numbers:
        return (), ()
    people = find_people_by_number(tx, list(numbers))
    roles = find_roles(tx, access.group_id, [person.user_id for person in people.values()])
    assignees: list[str] = []
    others: list[str] = []
    for number in numbers:
        person = people.get(number)
        if person is not None and _may_be_assigned(roles.get(person.user_id), person.user_id, addressed):
            assignees.append(person.user_id)
        else:
            others.append(number)
    if not assignees:
        rule = "must name members of the group"
        raise InvalidParameters(field="actionBody.assignedTo", value=list(numbers), rule=rule)
    return tuple(assignees), tuple(others)


def _may_be_assigned(role: str | None, user_id: str, addressed: Addressed) -> bool:
    if addressed.audience in (ADMINS, LISTED):
        return role == ADMIN or (addressed.audience == LISTED and user_id in addressed.user_ids)
    return role is not None and role != SUBSCRIBER


def find_actions(tx: Transaction, action_ids: list[str]) -> dict[str, Action]:
    """Those of the actions that there are, retracted ones too, by id. Who may see them is the caller's question."""
    return {action.action_id: action for action in select_several_actions(tx, action_ids)}


def find_reminded(tx: Transaction, reminders: dict[int, str]) -> dict[int, frozenset[str]]:
    """The ids of those whom each of some reminders, given as actions by the positions of their events, named; nothing
    of those that named nobody."""
    action_ids = sorted(set(reminders.values()))
    found = select_reminded(tx, action_ids, first_position=min(reminders), last_position=max(reminders))
    return {position: frozenset(user_ids) for position, user_ids in found.items() if position in reminders}


def find_action_item(tx: Transaction, action_id: str) -> tuple[Item, bool] | None:
    """An action as something that was sent, and whether it was retracted. Who may see it is the caller's question."""
    action = select_action(tx, action_id)
    return (Item(*action[:4]), action.retracted_at_ms is not None) if action is not None else None


def access_action(tx: Transaction, access: GroupAccess, action_id: str) -> ActionRow:
    """An action that the caller sees through the group.

    Raises:
        NotFound.
    """
    action = select_action(tx, action_id)
    item = Item(*action[:4]) if action is not None else None
    if not is_visible(tx, access, item) or action is None:
        raise NotFound("action", action_id=action_id)
    return action


def is_assigned(tx: Transaction, action_id: str, user_id: str) -> bool:
    """Whether the action is assigned to someone."""
    return select_is_assignee(tx, action_id, user_id)


def access_own_action(tx: Transaction, access: GroupAccess, action_id: str) -> ActionRow:
    """An action that the caller may change: its sender, or an admin of the group that it was sent to.

    Raises:
        NotFound, RoleLacking.
    """
    action = access_action(tx, access, action_id)
    if action.sender_id != access.caller.user_id and not is_admin_there(access, action):
        raise RoleLacking(role="sender of the action, or Admin")
    return action


def is_open(action: ActionRow, *, now_ms: int) -> bool:
    """Whether it takes answers: it was not closed or retracted, and its time is not over."""
    is_over = action.expires_at_ms is not None and action.expires_at_ms <= now_ms and action.action_type not in DUE_ONLY
    return action.closed_at_ms is None and action.retracted_at_ms is None and not is_over


def check_open(tx: Transaction, action: ActionRow) -> None:
    """Raise ActionRetracted or ActionClosed where the action takes no answers."""
    if action.retracted_at_ms is not None:
        raise ActionRetracted
    if not is_open(action, now_ms=tx.now_ms):
        raise ActionClosed
