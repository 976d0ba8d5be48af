"""What the subgroup calls take. They give groups (`groups.shapes`). Source: contract, section 5 (subGroups)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.groups.rules import (
    GROUP_TYPE,
    MEMBERS_AT_CREATION_MAX,
    NAME_MAX_CHARS,
    WELCOME_MAX_CHARS,
)
from chaupal.subgroups.rules import LINKED_AT_ONCE_MAX
from chaupal.wire.bounds import MOBILE_NUMBERS, PICTURE_URL, Bounds, text_bounds


class CreateSubgroupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/subGroups. The old documents name the group both ways, and some clients send what they
    send to POST /groups."""

    spellings: ClassVar[dict[str, str]] = {"name": "groupName", "groupPhoto": "groupImageUrl"}
    bounds: ClassVar[dict[str, Bounds]] = {
        "groupName": text_bounds(NAME_MAX_CHARS),
        "welcomeMessage": text_bounds(WELCOME_MAX_CHARS, may_be_blank=True),
        "groupImageUrl": PICTURE_URL,
        "members": MOBILE_NUMBERS | {"maxItems": MEMBERS_AT_CREATION_MAX},
        "admins": MOBILE_NUMBERS | {"maxItems": MEMBERS_AT_CREATION_MAX},
        "memberUserIds": {"maxItems": MEMBERS_AT_CREATION_MAX},
        "groupType": {"enum": [GROUP_TYPE]},
    }

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

    bounds: ClassVar[dict[str, Bounds]] = {"subGroups": {"maxItems": LINKED_AT_ONCE_MAX}}

    sub_groups: list[str]


class SubgroupsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/subGroups."""

    spellings: ClassVar[dict[str, str]] = {}

    fetch_all_groups: bool | None = None


class CreatedSubgroupAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """POST /groups/{groupId}/subGroups."""

    group_id: str
    group_name: str
