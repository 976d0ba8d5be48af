"""The statements on actions, their assignees and reminders. Properties have a module of their own."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, insert, select, update

from chaupal.actions.tables import IS_PACKAGE, action_assignees, action_reminders, actions
from chaupal.groups.tables import groups
from chaupal.people.tables import people
from chaupal.responses.tables import response_counts
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import Reading, TimelineStatements


class ActionRow(NamedTuple):
    """An action with its sender, its group's type and the counts of its answers, None where nobody has answered."""

    action_id: str
    group_id: str
    audience: str
    sent_at_us: int
    sender_id: str
    sender_number: str | None
    sender_name: str | None
    action_type: str
    package_id: str
    package_version: int
    content: str
    visibility: str
    is_anonymous: bool
    accepts_multiple: bool
    assignee_count: int
    version: int
    reply_to: str
    expires_at_ms: int | None
    closed_at_ms: int | None
    retracted_at_ms: int | None
    response_count: int | None
    responder_count: int | None
    completed_count: int | None
    group_type: str | None


class NewAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action to write, at the position of its event."""

    action_id: str
    group_id: str
    audience: str
    sent_at_us: int
    position: int
    sender_id: str
    connector_id: str
    action_type: str
    package_id: str
    package_version: int
    content: str
    visibility: str
    is_anonymous: bool
    accepts_multiple: bool
    assignee_count: int
    version: int
    reply_to: str
    expires_at_ms: int | None
    closed_at_ms: int | None = None
    retracted_at_ms: int | None = None


class AssigneeRow(NamedTuple):
    """Someone whom an action is assigned to."""

    user_id: str
    mobile_number: str | None
    name: str | None


_COLUMNS = (
    actions.c.action_id,
    actions.c.group_id,
    actions.c.audience,
    actions.c.sent_at_us,
    actions.c.sender_id,
    people.c.mobile_number,
    people.c.name,
    actions.c.action_type,
    actions.c.package_id,
    actions.c.package_version,
    actions.c.content,
    actions.c.visibility,
    actions.c.is_anonymous,
    actions.c.accepts_multiple,
    actions.c.assignee_count,
    actions.c.version,
    actions.c.reply_to,
    actions.c.expires_at_ms,
    actions.c.closed_at_ms,
    actions.c.retracted_at_ms,
    response_counts.c.response_count,
    response_counts.c.responder_count,
    response_counts.c.completed_count,
    groups.c.group_type,
)
_WITH_COUNTS = (
    actions.outerjoin(
        people, and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == actions.c.sender_id)
    )
    .outerjoin(
        response_counts,
        and_(response_counts.c.tenant_id == bindparam("tenant_id"), response_counts.c.action_id == actions.c.action_id),
    )
    .outerjoin(groups, and_(groups.c.tenant_id == bindparam("tenant_id"), groups.c.group_id == actions.c.group_id))
)

OF_TYPE = "type"
OF_PACKAGE = "package"
_CHOICES = {
    OF_TYPE: actions.c.action_type == bindparam("wanted"),
    OF_PACKAGE: and_(actions.c.package_id == bindparam("wanted"), IS_PACKAGE),
}
_TIMELINE = TimelineStatements(actions, _WITH_COUNTS, _COLUMNS, _CHOICES)
_SELECT_ONE = statement(
    select(*_COLUMNS)
    .select_from(_WITH_COUNTS)
    .where(actions.c.tenant_id == bindparam("tenant_id"), actions.c.action_id == bindparam("which_id"))
)
_SELECT_SEVERAL = statement(
    select(*_COLUMNS)
    .select_from(_WITH_COUNTS)
    .where(actions.c.tenant_id == bindparam("tenant_id"), in_list(actions.c.action_id, "action_ids"))
)
_INSERT = statement(insert(actions))
# As of messages: what is brought along must not make the users' calls forget what they know.
_INSERT_PAST = statement(insert(actions), is_aside=True)
_SELECT_KNOWN = statement(
    select(actions.c.action_id).where(
        actions.c.tenant_id == bindparam("tenant_id"), in_list(actions.c.action_id, "action_ids")
    )
)
_KEY = (
    actions.c.tenant_id == bindparam("tenant_id"),
    actions.c.group_id == bindparam("which_group"),
    actions.c.audience == bindparam("which_audience"),
    actions.c.sent_at_us == bindparam("which_at_us"),
    actions.c.action_id == bindparam("which_id"),
)
_CHANGE_VERSION = statement(update(actions).where(*_KEY).values(version=bindparam("new_version")))
_CLOSE = statement(update(actions).where(*_KEY).values(closed_at_ms=bindparam("at_ms")))
_RETRACT = statement(update(actions).where(*_KEY).values(content="", retracted_at_ms=bindparam("at_ms")))

_INSERT_ASSIGNEE = statement(insert(action_assignees))
_SELECT_ASSIGNEES = statement(
    select(action_assignees.c.action_id, action_assignees.c.user_id, people.c.mobile_number, people.c.name)
    .select_from(action_assignees)
    .outerjoin(
        people, and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == action_assignees.c.user_id)
    )
    .where(action_assignees.c.tenant_id == bindparam("tenant_id"), in_list(action_assignees.c.action_id, "action_ids"))
    .order_by(action_assignees.c.action_id, action_assignees.c.user_id)
)
_SELECT_IS_ASSIGNEE = statement(
    select(action_assignees.c.user_id).where(
        action_assignees.c.tenant_id == bindparam("tenant_id"),
        action_assignees.c.action_id == bindparam("which_id"),
        action_assignees.c.user_id == bindparam("user_id"),
    )
)
_SELECT_ASSIGNED = statement(
    select(action_assignees.c.action_id).where(
        action_assignees.c.tenant_id == bindparam("tenant_id"),
        action_assignees.c.user_id == bindparam("user_id"),
        in_list(action_assignees.c.action_id, "action_ids"),
    )
)
_INSERT_REMINDER = statement(insert(action_reminders))
_SELECT_REMINDED = statement(
    select(action_reminders.c.position, action_reminders.c.user_id).where(
        action_reminders.c.tenant_id == bindparam("tenant_id"),
        in_list(action_reminders.c.action_id, "action_ids"),
        action_reminders.c.position >= bindparam("first_position"),
        action_reminders.c.position <= bindparam("last_position"),
    )
)


def select_actions(tx: Transaction, reading: Reading) -> list[ActionRow]:
    """At most `row_count` actions beyond a place: newest first where older ones are read, else oldest first."""
    return [ActionRow(*row) for row in _TIMELINE.read(tx, reading)]


def select_action(tx: Transaction, action_id: str) -> ActionRow | None:
    """By id, of whichever group."""
    row = tx.one_or_none(_SELECT_ONE, which_id=action_id)
    return ActionRow(*row) if row else None


def select_several_actions(tx: Transaction, action_ids: list[str]) -> list[ActionRow]:
    """Those of the ids that there are, of whichever groups."""
    return [ActionRow(*row) for row in tx.all(_SELECT_SEVERAL, action_ids=action_ids)]


def append_action(tx: Transaction, action: NewAction) -> None:
    """Written with the batch: nobody knows the id before the call is answered."""
    tx.append_row(_INSERT, **msgspec.structs.asdict(action))


def select_known_actions(tx: Transaction, action_ids: list[str]) -> set[str]:
    """Those of the ids that are actions."""
    return {row[0] for row in tx.all(_SELECT_KNOWN, action_ids=action_ids)}


def insert_past_actions(tx: Transaction, rows: list[NewAction]) -> None:
    """Actions of the past. Inside tx; at once, because the next batch looks for their ids."""
    tx.run_many(_INSERT_PAST, [msgspec.structs.asdict(row) for row in rows])


def append_assignees(tx: Transaction, action_id: str, user_ids: tuple[str, ...]) -> None:
    """Written with the batch, like the action itself."""
    for user_id in user_ids:
        tx.append_row(_INSERT_ASSIGNEE, action_id=action_id, user_id=user_id)


def select_assignees(tx: Transaction, action_ids: list[str]) -> dict[str, list[AssigneeRow]]:
    """Whom each of the actions is assigned to, at most 1,000 people, in the order of their ids."""
    found: dict[str, list[AssigneeRow]] = {}
    for action_id, *row in tx.all(_SELECT_ASSIGNEES, action_ids=action_ids):
        found.setdefault(action_id, []).append(AssigneeRow(*row))
    return found


def select_is_assignee(tx: Transaction, action_id: str, user_id: str) -> bool:
    """Whether an action is assigned to someone."""
    return tx.one_or_none(_SELECT_IS_ASSIGNEE, which_id=action_id, user_id=user_id) is not None


def select_assigned(tx: Transaction, user_id: str, action_ids: list[str]) -> set[str]:
    """Those of the actions that are assigned to someone."""
    return {row[0] for row in tx.all(_SELECT_ASSIGNED, user_id=user_id, action_ids=action_ids)}


def update_version(tx: Transaction, action: ActionRow, version: int) -> None:
    """Inside tx."""
    tx.run(_CHANGE_VERSION, **_key_of(action), new_version=version)


def close_action_row(tx: Transaction, action: ActionRow) -> None:
    """Inside tx."""
    tx.run(_CLOSE, **_key_of(action), at_ms=tx.now_ms)


def retract_action_row(tx: Transaction, action: ActionRow) -> None:
    """Erase the content and mark as retracted. Inside tx."""
    tx.run(_RETRACT, **_key_of(action), at_ms=tx.now_ms)


def insert_reminders(tx: Transaction, action_id: str, *, position: int, user_ids: tuple[str, ...]) -> None:
    """Whom a reminder named, by the position of its event. Inside tx."""
    rows: list[dict[str, object]] = [
        {"action_id": action_id, "position": position, "user_id": user_id} for user_id in user_ids
    ]
    tx.run_many(_INSERT_REMINDER, rows)


def select_reminded(
    tx: Transaction, action_ids: list[str], *, first_position: int, last_position: int
) -> dict[int, set[str]]:
    """The ids of those whom the reminders of some actions between two positions named, by the reminder's position."""
    bound = {"action_ids": action_ids, "first_position": first_position, "last_position": last_position}
    found: dict[int, set[str]] = {}
    for position, user_id in tx.all(_SELECT_REMINDED, **bound):
        found.setdefault(position, set()).add(user_id)
    return found


def _key_of(action: ActionRow) -> dict[str, object]:
    return {
        "which_group": action.group_id,
        "which_audience": action.audience,
        "which_at_us": action.sent_at_us,
        "which_id": action.action_id,
    }
