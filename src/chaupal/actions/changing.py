"""Changing a posted action: its properties, reminding of it, closing it, taking it back. Contract, section 8.

All by its sender, or by an admin of the group that it was sent to.
"""

from __future__ import annotations

import msgspec

from chaupal.actions.drafts import MediaUse, Property
from chaupal.actions.events import action_closed, action_reminded, action_retracted, action_updated
from chaupal.actions.limits import CONTENT_MAX_BYTES, PROPERTIES_MAX, bytes_of_properties
from chaupal.actions.media import use_media
from chaupal.actions.property_queries import (
    PropertyRow,
    delete_properties,
    insert_properties,
    select_properties,
    update_property,
)
from chaupal.actions.queries import (
    ActionRow,
    close_action_row,
    insert_reminders,
    retract_action_row,
    update_version,
)
from chaupal.actions.reading import ActionOf
from chaupal.actions.rules import ActionRetracted, access_own_action, check_open
from chaupal.actions.types import ANSWERED_TYPES, PACKAGE_TYPE
from chaupal.auth.access import access_group
from chaupal.auth.caller import Caller
from chaupal.errors import Conflict, InvalidParameters
from chaupal.responses.endings import end_answers, erase_answers
from chaupal.store.transaction import Transaction
from chaupal.timelines.rules import Addressed, Addressees, address


class VersionDiffers(Conflict):
    """Someone else has changed the action meanwhile. Fields: `version` (the stored one), `given`."""

    template = "The action has version {version} by now, not {given}; read it again."


class WithoutProperties(Conflict):
    """Only instances of packages have properties. Fields: `action_type`."""

    template = "An action of type {action_type} has no properties."


class NotAnswered(Conflict):
    """An action that is only read cannot be closed, nor can anyone be reminded to answer it. Fields: `action_type`."""

    template = "An action of type {action_type} is not answered."


class PropertyChange(msgspec.Struct, frozen=True, kw_only=True):
    """New values for some properties; others stay. `version` None: whatever the stored one is."""

    group_id: str
    action_id: str
    properties: tuple[Property, ...]
    media: tuple[MediaUse, ...] = ()
    version: int | None = None
    notifies: bool = False


def change_properties(tx: Transaction, caller: Caller, change: PropertyChange) -> None:
    """Set properties of a package's instance; unknown names are added. What changes nothing makes no new version.

    Also of one that is closed: status cards live on.

    Raises:
        InvalidParameters, NotFound, RoleLacking, WithoutProperties, ActionRetracted, VersionDiffers.
    """
    access = access_group(tx, caller, change.group_id)
    action = access_own_action(tx, access, change.action_id)
    if action.retracted_at_ms is not None:
        raise ActionRetracted
    if action.action_type != PACKAGE_TYPE:
        raise WithoutProperties(action_type=action.action_type)
    if change.version is not None and change.version != action.version:
        raise VersionDiffers(version=action.version, given=change.version)
    before = {row.name: row for row in select_properties(tx, [action.action_id]).get(action.action_id, [])}
    after = _with_changes(action.action_id, before, change.properties)
    _check_size(action, list(after.values()))
    changed = [row for name, row in after.items() if row != before.get(name)]
    if not changed:
        return
    use_media(tx, access.caller, change.media)
    for row in changed:
        if row.name in before:
            update_property(tx, row)
    insert_properties(tx, [row for row in changed if row.name not in before])
    update_version(tx, action, action.version + 1)
    tx.append(
        action_updated(
            action.group_id,
            action.action_id,
            actor_id=access.caller.user_id,
            version=action.version + 1,
            notifies=change.notifies,
        )
    )


def _with_changes(
    action_id: str, before: dict[str, PropertyRow], properties: tuple[Property, ...]
) -> dict[str, PropertyRow]:
    after = dict(before)
    for each in properties:
        place = after[each.name].place if each.name in after else len(after)
        after[each.name] = PropertyRow(action_id, each.name, place, each.property_type, each.value)
    if len(after) > PROPERTIES_MAX:
        rule = f"must leave the action with at most {PROPERTIES_MAX}, not {len(after)}"
        raise InvalidParameters(field="updateProperties", value=len(properties), rule=rule)
    return after


def _check_size(action: ActionRow, rows: list[PropertyRow]) -> None:
    size_bytes = len(action.content.encode()) + bytes_of_properties(rows)
    if size_bytes > CONTENT_MAX_BYTES:
        rule = f"must leave the action with at most {CONTENT_MAX_BYTES} bytes, not {size_bytes}"
        raise InvalidParameters(field="updateProperties", value=f"{size_bytes} bytes", rule=rule)


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to remind: those named, or everyone who sees the action and has not answered."""

    group_id: str
    action_id: str
    addressees: Addressees = Addressees()


def remind(tx: Transaction, caller: Caller, reminder: Reminder) -> tuple[str, ...]:
    """Remind of an action; the numbers named that are no subscribers.

    Raises:
        InvalidParameters, NotFound, RoleLacking, NotAnswered, ActionRetracted, ActionClosed.
    """
    access = access_group(tx, caller, reminder.group_id)
    action = access_own_action(tx, access, reminder.action_id)
    _check_answered(action)
    check_open(tx, action)
    asked = reminder.addressees
    is_named = asked.subscribers is not None or asked.to_all_subscribers
    addressed = address(tx, access, asked) if is_named else Addressed(action.audience)
    event = action_reminded(
        action.group_id,
        action.action_id,
        actor_id=access.caller.user_id,
        named_count=len(addressed.user_ids),
    )
    position = tx.append(event)
    if addressed.user_ids:
        insert_reminders(tx, action.action_id, position=position, user_ids=addressed.user_ids)
    return addressed.unknown_numbers


def close_action(tx: Transaction, caller: Caller, which: ActionOf) -> None:
    """Let an action take no more answers. Idempotent.

    Raises:
        NotFound, RoleLacking, NotAnswered, ActionRetracted.
    """
    access = access_group(tx, caller, which.group_id)
    action = access_own_action(tx, access, which.action_id)
    _check_answered(action)
    if action.retracted_at_ms is not None:
        raise ActionRetracted
    if action.closed_at_ms is None:
        close_action_row(tx, action)
        end_answers(tx, action.action_id)
        tx.append(action_closed(action.group_id, action.action_id, actor_id=access.caller.user_id))


def retract_action(tx: Transaction, caller: Caller, which: ActionOf) -> None:
    """Take an action back: what it held and what was answered is erased, its place stays. Idempotent.

    Raises:
        NotFound, RoleLacking.
    """
    access = access_group(tx, caller, which.group_id)
    action = access_own_action(tx, access, which.action_id)
    if action.retracted_at_ms is None:
        retract_action_row(tx, action)
        delete_properties(tx, action.action_id)
        erase_answers(tx, action.action_id)
        tx.append(action_retracted(action.group_id, action.action_id, actor_id=access.caller.user_id))


def _check_answered(action: ActionRow) -> None:
    if action.action_type not in ANSWERED_TYPES:
        raise NotAnswered(action_type=action.action_type)
