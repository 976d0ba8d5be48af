"""What the group calls take and give. Source: contract, section 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.auth.access import ADMIN, SUBSCRIBER
from chaupal.groups.rules import (
    DESCRIPTION_MAX_CHARS,
    MEMBERS_AT_CREATION_MAX,
    NAME_MAX_CHARS,
    WELCOME_MAX_CHARS,
)
from chaupal.groups.seeing import FOUND_AT_ONCE_MAX, SeenGroup
from chaupal.wire.bounds import (
    GROUP_TYPE,
    INSTANT,
    MOBILE_NUMBERS,
    PICTURE_URL,
    ROLE_IN_GROUP,
    Bounds,
    count_bounds,
    text_bounds,
)
from chaupal.wire.instants import write_instant


class CreateGroupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "name": text_bounds(NAME_MAX_CHARS),
        "welcomeMessage": text_bounds(WELCOME_MAX_CHARS, may_be_blank=True),
        "members": MOBILE_NUMBERS | {"maxItems": MEMBERS_AT_CREATION_MAX},
        "admins": MOBILE_NUMBERS | {"maxItems": MEMBERS_AT_CREATION_MAX},
        "memberUserIds": {"maxItems": MEMBERS_AT_CREATION_MAX},
        "groupType": GROUP_TYPE,
        "shortDescriptionString": text_bounds(DESCRIPTION_MAX_CHARS, may_be_blank=True),
        "longDescriptionString": text_bounds(DESCRIPTION_MAX_CHARS, may_be_blank=True),
        "groupPhoto": PICTURE_URL,
        "backgroundPhoto": PICTURE_URL,
    }

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
    bounds: ClassVar[dict[str, Bounds]] = {
        "name": text_bounds(NAME_MAX_CHARS),
        "welcomeMessage": text_bounds(WELCOME_MAX_CHARS, may_be_blank=True),
        "groupImageUrl": PICTURE_URL,
    }

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

    bounds: ClassVar[dict[str, Bounds]] = {
        "resultsOffset": count_bounds(0, 2**31 - 1),
        "pageSize": count_bounds(1, FOUND_AT_ONCE_MAX),
    }

    query: str | None = None
    results_offset: int | None = None
    page_size: int | None = None


class GroupInformation(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A group as one caller sees it; the last four only where details are asked for."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "callerRole": ROLE_IN_GROUP,
        "groupType": GROUP_TYPE,
        "createdAt": INSTANT,
    }

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


def build_group(
    seen: SeenGroup,
    unique_counts: Mapping[str, int],
    *,
    shows_detail: bool = False,
    shows_welcome: bool = False,
    is_duplicate: bool = False,
) -> GroupInformation:
    """The group's form in every answer."""
    fields = build_group_fields(seen, unique_counts, shows_detail=shows_detail)
    if shows_welcome:
        fields["welcome_message"] = seen.group.welcome_message
    fields["is_duplicate"] = is_duplicate
    return GroupInformation(**fields)


def build_group_fields(seen: SeenGroup, unique_counts: Mapping[str, int], *, shows_detail: bool) -> dict[str, Any]:
    """The fields of `GroupInformation`. `unique_counts` holds, by id, the different people in each tree."""
    group = seen.group
    fields: dict[str, Any] = {
        "group_name": group.name,
        "group_id": group.group_id,
        "group_image_url": group.image_url,
        "has_sub_groups": group.subgroup_count > 0,
        "has_parent_groups": group.parent_count > 0,
        "caller_role": seen.role,
        "current_level_sub_group_count": group.subgroup_count,
        "current_level_parent_group_count": group.parent_count,
        **_build_counts(seen, unique_counts),
        "is_mapped_to_tenant": group.is_mapped_to_tenant,
        "group_type": group.group_type,
        "is_duplicate": False,
        "is_editable": seen.role == ADMIN,
        "is_details_readable": True,
    }
    if shows_detail:
        fields["welcome_message"] = group.welcome_message
        fields["sub_groups"] = [build_group(each, unique_counts, shows_welcome=True) for each in seen.subgroups]
        fields["created_at"] = write_instant(group.created_at_ms)
        fields["show_history"] = group.shows_history
    return fields


def _build_counts(seen: SeenGroup, unique_counts: Mapping[str, int]) -> dict[str, int]:
    group = seen.group
    names = (
        "user_count",
        "unique_user_count",
        "current_level_user_count",
        "un_provisioned_user_count",
        "current_level_un_provisioned_user_count",
    )
    if seen.role == SUBSCRIBER:
        # A subscriber learns nothing of others, not even how many there are (contract, section 5).
        return dict.fromkeys(names, 0)
    here = group.member_count + group.subscriber_count
    whole = seen.tree_member_count
    # The number of different people may be a little older than the others, and must not contradict them.
    unique = min(whole, max(here, unique_counts.get(group.group_id, whole)))
    values = (whole, unique, here, seen.tree_unprovisioned_count, group.unprovisioned_count)
    return dict(zip(names, values, strict=True))
