"""What the group calls take and give. Source: contract, section 5."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType


class CreateGroupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups."""

    name: str
    welcome_message: str | None = None
    members: list[str] | None = None
    group_type: str | None = None
    short_description_string: str | None = None
    long_description_string: str | None = None
    group_photo: str | None = None
    background_photo: str | None = None
    member_user_ids: list[str] | None = None
    admins: list[str] | None = None
    show_history: bool | None = None


class ChangeGroupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}."""

    spellings: ClassVar[dict[str, str]] = {"groupName": "name"}

    name: str | None = None
    welcome_message: str | None = None
    group_image_url: str | None = None
    show_history: bool | None = None


class GroupsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups. The old documents spell the first one both ways."""

    spellings: ClassVar[dict[str, str]] = {"showDetails": "showDetail"}

    show_detail: bool | None = None
    fetch_all_groups: bool | None = None


class FindGroupsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /tenant/findGroupsByQuery."""

    query: str | None = None
    results_offset: int | None = None
    page_size: int | None = None


class GroupInformation(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A group as one caller sees it; the last three only where details are asked for."""

    group_name: str
    group_id: str
    group_image_url: str
    has_sub_groups: bool
    has_parent_groups: bool
    caller_role: str
    current_level_sub_group_count: int
    current_level_parent_group_count: int
    user_count: int
    unique_user_count: int
    current_level_user_count: int
    current_level_un_provisioned_user_count: int
    un_provisioned_user_count: int
    is_mapped_to_tenant: bool
    group_type: str
    is_duplicate: bool
    is_editable: bool
    is_details_readable: bool
    welcome_message: str | UnsetType = UNSET
    sub_groups: list[GroupInformation] | UnsetType = UNSET
    created_at: str | UnsetType = UNSET
    show_history: bool | UnsetType = UNSET


class GroupsAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """GET /groups."""

    groups: list[GroupInformation]


class GroupAnswer(GroupInformation, rename="camel", omit_defaults=True, kw_only=True):
    """GET /groups/{groupId}: both forms that the old reference documents, the group's own fields and a list of one."""

    groups: list[GroupInformation]


class CreatedGroupAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """POST /groups."""

    group_id: str
    group_name: str
    members_added: bool
