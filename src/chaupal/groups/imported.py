"""Groups of an organization's past elsewhere: found by id or name, or made."""

from __future__ import annotations

import msgspec

from chaupal.auth.access import CONNECT_GROUP
from chaupal.errors import InvalidParameters
from chaupal.groups.events import group_added
from chaupal.groups.queries import GroupRow, insert_group, select_group, select_groups_named, select_past_groups
from chaupal.groups.rules import DESCRIPTION_MAX_CHARS, GROUP_TYPE, NAME_MAX_CHARS, WELCOME_MAX_CHARS
from chaupal.store.transaction import Transaction

_TYPES = {GROUP_TYPE.lower(): GROUP_TYPE, CONNECT_GROUP.lower(): CONNECT_GROUP}


class ImportedGroup(msgspec.Struct, frozen=True):
    """A group to make with the id that it has always had."""

    group_id: str
    name: str
    group_type: str = ""
    welcome_message: str = ""
    short_description: str = ""
    shows_history: bool = False


def find_groups_named(tx: Transaction, name: str) -> list[str]:
    """The ids of the groups that are called so; of many of them two."""
    return select_groups_named(tx, name.strip(), row_count=2)


def find_group_or_deleted(tx: Transaction, group_id: str) -> tuple[GroupRow, bool] | None:
    """A group, and whether it is still there; None where there never was one."""
    found = select_past_groups(tx, [group_id])
    return (found[0], select_group(tx, group_id) is not None) if found else None


def add_imported_group(tx: Transaction, wanted: ImportedGroup) -> GroupRow:
    """Make a group that nobody is in yet; the organization's admins have an admin's rights there. Inside tx.

    Raises:
        InvalidParameters.
    """
    name = wanted.name.strip()
    if not name or len(name) > NAME_MAX_CHARS:
        raise InvalidParameters(field="name", value=name, rule=f"must have 1 to {NAME_MAX_CHARS} characters")
    group_type = _TYPES.get(wanted.group_type.strip().lower() or GROUP_TYPE.lower())
    if group_type is None:
        rule = f"must be {GROUP_TYPE} or {CONNECT_GROUP}"
        raise InvalidParameters(field="groupType", value=wanted.group_type, rule=rule)
    group = GroupRow(
        group_id=wanted.group_id,
        name=name,
        welcome_message=wanted.welcome_message[:WELCOME_MAX_CHARS],
        short_description=wanted.short_description[:DESCRIPTION_MAX_CHARS],
        long_description="",
        image_url="",
        background_url="",
        group_type=group_type,
        shows_history=wanted.shows_history,
        created_at_ms=tx.now_ms,
        created_by="",
    )
    insert_group(tx, group)
    tx.append(group_added(group.group_id, actor_id="", group_type=group.group_type))
    return group
