"""Actions of an organization's past elsewhere. They keep id, sender and time, and nobody is told that they are new."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from chaupal.actions.contents import Content
from chaupal.actions.drafts import Property, Visibility
from chaupal.actions.events import past_actions_added
from chaupal.actions.property_queries import PropertyRow, append_properties
from chaupal.actions.queries import NewAction, append_assignees, insert_past_actions, select_known_actions
from chaupal.actions.rules import FIRST_VERSION
from chaupal.errors import InvalidParameters
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import EVERYONE

_encode = msgspec.json.Encoder().encode


class PastAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action as it was posted. The ids are those of here; `closed_at_ms` None: it still takes answers."""

    action_id: str
    group_id: str
    sender_id: str
    sent_at_us: int
    action_type: str
    content: str
    """As it is stored; see `stored`."""
    package_id: str = ""
    package_version: int = 0
    visibility: str = Visibility.ALL.value
    is_anonymous: bool = False
    accepts_multiple: bool = False
    expires_at_ms: int | None = None
    closed_at_ms: int | None = None
    assignee_ids: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()


def stored(content: Content) -> str:
    """A content as it is stored."""
    return _encode(content).decode()


def known_actions(tx: Transaction, action_ids: list[str]) -> set[str]:
    """Those of the ids that are actions already, of whichever group."""
    return select_known_actions(tx, action_ids) if action_ids else set()


def check_past_action(tx: Transaction, action: PastAction) -> None:
    """Raise InvalidParameters where an action cannot have been posted like this."""
    # Who has answered an anonymous one is not brought along, so nobody may answer it again.
    assert action.closed_at_ms is not None or not action.is_anonymous, "an anonymous action of the past is over"
    if action.sent_at_us > tx.now_ms * 1000:
        raise InvalidParameters(field="timestamp", value=action.sent_at_us // 1000, rule="must not be in the future")


def add_past_actions(tx: Transaction, actions: list[PastAction]) -> None:
    """Write actions that are checked and not known yet. Inside tx. One event for each group."""
    by_group: dict[str, list[PastAction]] = defaultdict(list)
    for action in actions:
        by_group[action.group_id].append(action)
    for group_id, some in by_group.items():
        position = tx.append(past_actions_added(group_id, action_count=len(some)))
        insert_past_actions(tx, [_row(action, position) for action in some])
        for action in some:
            append_assignees(tx, action.action_id, action.assignee_ids)
            append_properties(tx, _properties_of(action))


def _properties_of(action: PastAction) -> list[PropertyRow]:
    return [
        PropertyRow(action.action_id, each.name, place, each.property_type, each.value)
        for place, each in enumerate(action.properties)
    ]


def _row(action: PastAction, position: int) -> NewAction:
    return NewAction(
        action_id=action.action_id,
        group_id=action.group_id,
        audience=EVERYONE,
        sent_at_us=action.sent_at_us,
        position=position,
        sender_id=action.sender_id,
        connector_id="",
        action_type=action.action_type,
        package_id=action.package_id,
        package_version=action.package_version,
        content=action.content,
        visibility=action.visibility,
        is_anonymous=action.is_anonymous,
        accepts_multiple=action.accepts_multiple,
        assignee_count=len(action.assignee_ids),
        version=FIRST_VERSION,
        reply_to="",
        expires_at_ms=action.expires_at_ms,
        closed_at_ms=action.closed_at_ms,
    )
