"""What the subgroup calls take. They give groups (`groups.shapes`). Source: contract, section 5 (subGroups)."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class CreateSubgroupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/subGroups. The old documents name the group both ways, and some clients send what they
    send to POST /groups."""

    spellings: ClassVar[dict[str, str]] = {"name": "groupName", "groupPhoto": "groupImageUrl"}

    group_name: str
    welcome_message: str | None = None
    group_image_url: str | None = None
    members: list[str] | None = None
    admins: list[str] | None = None
    member_user_ids: list[str] | None = None
    add_user_to_group: bool | None = None
    group_type: str | None = None
    show_history: bool | None = None


class LinkSubgroupsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}/subGroups."""

    sub_groups: list[str]


class SubgroupsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/subGroups."""

    spellings: ClassVar[dict[str, str]] = {}

    fetch_all_groups: bool | None = None


class CreatedSubgroupAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """POST /groups/{groupId}/subGroups."""

    group_id: str
    group_name: str
