"""Of the resource `groups`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec

from chaupal_client.models.shared import GroupInformation


class CreatedGroupAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is sent."""

    group_id: str

    group_name: str

    members_added: bool


class GroupsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is sent."""

    groups: tuple[GroupInformation, ...]
