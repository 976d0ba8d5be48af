"""The group routes."""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.auth.access import CONNECT_GROUP, SUBSCRIBER
from chaupal.errors import InvalidParameters
from chaupal.groups.rules import (
    FOUND_AT_ONCE_MAX,
    GROUP_TYPE,
    CreatedGroup,
    GroupChange,
    GroupSearch,
    NewGroup,
    SeenGroup,
    change_group,
    create_group,
    delete_group,
    find_groups,
    list_groups,
    read_group,
)
from chaupal.groups.shapes import (
    ChangeGroupBody,
    CreatedGroupAnswer,
    CreateGroupBody,
    FindGroupsQuery,
    GroupAnswer,
    GroupInformation,
    GroupsAnswer,
    GroupsQuery,
)
from chaupal.members.rules import leave_group
from chaupal.members.shapes import ResultAnswer
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.wire.ids import read_id
from chaupal.wire.instants import write_instant
from chaupal.wire.numbers import read_mobile_number

_GROUP_TYPES = {"group": GROUP_TYPE, "connectgroup": CONNECT_GROUP}


async def post_group(request: ApiRequest) -> msgspec.Struct | Reply:
    """Make a group; the caller becomes its admin."""
    body = await request.body(CreateGroupBody)
    group_type = (body.group_type or GROUP_TYPE).strip()
    draft = NewGroup(
        name=body.name,
        welcome_message=body.welcome_message or "",
        short_description=body.short_description_string or "",
        long_description=body.long_description_string or "",
        image_url=body.group_photo or "",
        background_url=body.background_photo or "",
        group_type=_GROUP_TYPES.get(group_type.lower(), group_type),
        shows_history=bool(body.show_history),
        members=tuple(read_mobile_number(number, "members") for number in body.members or ()),
        admins=tuple(read_mobile_number(number, "admins") for number in body.admins or ()),
        member_user_ids=tuple(read_id(user_id) for user_id in body.member_user_ids or ()),
    )
    return await request.commit(create_group, draft, _build_created)


def _build_created(created: CreatedGroup) -> CreatedGroupAnswer:
    return CreatedGroupAnswer(
        group_id=created.group.group_id, group_name=created.group.name, members_added=created.members_added
    )


async def get_groups(request: ApiRequest) -> GroupsAnswer:
    """The groups that the token's user is a direct member of."""
    query = request.query(GroupsQuery)
    seen = await request.read(list_groups, None)
    return GroupsAnswer(groups=[build_group(one, shows_detail=bool(query.show_detail)) for one in seen])


async def get_group(request: ApiRequest) -> GroupAnswer:
    """One group with its details."""
    seen = await request.read(read_group, read_id(request.path["groupId"]))
    fields = _build_fields(seen, shows_detail=True)
    return GroupAnswer(**fields, groups=[GroupInformation(**fields)])


async def get_found_groups(request: ApiRequest) -> GroupsAnswer:
    """The organization's groups whose name holds a text."""
    query = request.query(FindGroupsQuery)
    count = query.page_size if query.page_size is not None else FOUND_AT_ONCE_MAX
    offset = query.results_offset or 0
    if not 1 <= count <= FOUND_AT_ONCE_MAX:
        raise InvalidParameters(field="pageSize", value=count, rule=f"must be 1 to {FOUND_AT_ONCE_MAX}")
    if not 0 <= offset < 2**31:
        raise InvalidParameters(field="resultsOffset", value=offset, rule="must be 0 or more")
    seen = await request.read(find_groups, GroupSearch(query.query or "", offset, count))
    return GroupsAnswer(groups=[build_group(one, shows_detail=False) for one in seen])


async def put_group(request: ApiRequest) -> msgspec.Struct | Reply:
    """Change a group's name, welcome message, picture, or whether new members see its past."""
    body = await request.body(ChangeGroupBody)
    change = GroupChange(
        group_id=read_id(request.path["groupId"]),
        name=body.name,
        welcome_message=body.welcome_message,
        image_url=body.group_image_url,
        shows_history=body.show_history,
    )
    return await request.commit(change_group, change, lambda _: ResultAnswer())


async def delete_one_group(request: ApiRequest) -> msgspec.Struct | Reply:
    """Delete a group."""
    return await request.commit(delete_group, read_id(request.path["groupId"]), lambda _: ResultAnswer())


async def post_leave(request: ApiRequest) -> msgspec.Struct | Reply:
    """The token's user leaves the group."""
    return await request.commit(leave_group, read_id(request.path["groupId"]), lambda _: ResultAnswer())


def build_group(seen: SeenGroup, *, shows_detail: bool) -> GroupInformation:
    """The group's form in every answer."""
    return GroupInformation(**_build_fields(seen, shows_detail=shows_detail))


def _build_fields(seen: SeenGroup, *, shows_detail: bool) -> dict[str, Any]:
    group = seen.group
    # A subscriber learns nothing of others, not even how many there are (contract, section 5).
    is_subscriber = seen.role == SUBSCRIBER
    user_count = 0 if is_subscriber else group.member_count + group.subscriber_count
    unprovisioned_count = 0 if is_subscriber else group.unprovisioned_count
    fields: dict[str, Any] = {
        "group_name": group.name,
        "group_id": group.group_id,
        "group_image_url": group.image_url,
        "has_sub_groups": group.subgroup_count > 0,
        "has_parent_groups": group.parent_count > 0,
        "caller_role": seen.role,
        "current_level_sub_group_count": group.subgroup_count,
        "current_level_parent_group_count": group.parent_count,
        "user_count": user_count,
        "unique_user_count": user_count,
        "current_level_user_count": user_count,
        "current_level_un_provisioned_user_count": unprovisioned_count,
        "un_provisioned_user_count": unprovisioned_count,
        "is_mapped_to_tenant": group.is_mapped_to_tenant,
        "group_type": group.group_type,
        "is_duplicate": False,
        "is_editable": seen.role == "Admin",
        "is_details_readable": True,
    }
    if shows_detail:
        fields["welcome_message"] = group.welcome_message
        fields["sub_groups"] = []
        fields["created_at"] = write_instant(group.created_at_ms)
        fields["show_history"] = group.shows_history
    return fields


ROUTES = [
    Route("POST", "/groups", post_group, call="groups.create", body=CreateGroupBody, reply=CreatedGroupAnswer),
    Route("GET", "/groups", get_groups, call="groups.list", query=GroupsQuery, reply=GroupsAnswer),
    Route("GET", "/groups/{groupId}", get_group, call="groups.get", reply=GroupAnswer),
    Route("PUT", "/groups/{groupId}", put_group, call="groups.change", body=ChangeGroupBody, reply=ResultAnswer),
    Route("DELETE", "/groups/{groupId}", delete_one_group, call="groups.delete", reply=ResultAnswer),
    Route("POST", "/groups/{groupId}/leave", post_leave, call="groups.leave", reply=ResultAnswer),
    Route(
        "GET",
        "/tenant/findGroupsByQuery",
        get_found_groups,
        call="groups.find",
        query=FindGroupsQuery,
        reply=GroupsAnswer,
    ),
]
