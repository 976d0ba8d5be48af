"""The group routes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from chaupal.auth.access import CONNECT_GROUP, RoleLacking
from chaupal.errors import InvalidParameters
from chaupal.groups.rules import (
    GROUP_TYPE,
    CreatedGroup,
    GroupChange,
    NewGroup,
    change_group,
    create_group,
    delete_group,
)
from chaupal.groups.seeing import (
    FOUND_AT_ONCE_MAX,
    GroupSearch,
    GroupsPage,
    SeenGroup,
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
    build_group,
    build_group_fields,
)
from chaupal.members.rules import LastAdmin, leave_group
from chaupal.members.shapes import ResultAnswer
from chaupal.serving.replies import Reply, StreamedReply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.serving.streaming import Page, answer_in_pages
from chaupal.wire.ids import read_id
from chaupal.wire.numbers import read_mobile_number

_GROUP_TYPES = {"group": GROUP_TYPE, "connectgroup": CONNECT_GROUP}


async def post_group(request: ApiRequest) -> msgspec.Struct | Reply:
    """Make a group; the caller becomes its admin."""
    body = await request.body(CreateGroupBody)
    draft = NewGroup(
        name=body.name,
        welcome_message=body.welcome_message or "",
        short_description=body.short_description_string or "",
        long_description=body.long_description_string or "",
        image_url=body.group_photo or "",
        background_url=body.background_photo or "",
        group_type=read_group_type(body.group_type),
        shows_history=bool(body.show_history),
        members=tuple(read_mobile_number(number, "members") for number in body.members or ()),
        admins=tuple(read_mobile_number(number, "admins") for number in body.admins or ()),
        member_user_ids=await request.as_kept(tuple(read_id(user_id) for user_id in body.member_user_ids or ())),
    )
    return await request.commit(create_group, draft, _build_created)


def read_group_type(raw: str | None) -> str:
    """A group type in any letter case; an unknown one as it is."""
    group_type = (raw or GROUP_TYPE).strip()
    return _GROUP_TYPES.get(group_type.lower(), group_type)


def _build_created(created: CreatedGroup) -> CreatedGroupAnswer:
    return CreatedGroupAnswer(
        group_id=created.group.group_id, group_name=created.group.name, members_added=created.members_added
    )


async def get_groups(request: ApiRequest) -> msgspec.Struct | StreamedReply:
    """The groups of the token's user; if asked for, also those above and below them."""
    query = request.query(GroupsQuery)
    shows_detail = bool(query.show_detail)

    async def read_page(after_id: str) -> Page:
        page = GroupsPage(after_id, shows_subgroups=shows_detail, fetches_all=bool(query.fetch_all_groups))
        found = await request.read(list_groups, page)
        unique = await count_people(request, found.groups)
        shown = [build_group(one, unique, shows_detail=shows_detail) for one in found.groups]
        return Page(shown, found.next_after_id)

    return await answer_in_pages("groups", read_page, GroupsAnswer)


async def get_group(request: ApiRequest) -> GroupAnswer:
    """One group with its details."""
    seen = await request.read(read_group, read_id(request.path["groupId"]))
    unique = await count_people(request, [seen])
    fields = build_group_fields(seen, unique, shows_detail=True)
    return GroupAnswer(**fields, groups=[GroupInformation(**fields)])


async def count_people(request: ApiRequest, seen: Iterable[SeenGroup]) -> dict[str, int]:
    """The number of different people in the tree of each group that has one, and of those shown below it, by id."""
    everyone = (each for one in seen for each in (one, *one.subgroups))
    roots = {each.group.group_id: each.tree_member_count for each in everyone if each.is_tree}
    return await request.house.unique_counts.of(request.house.store, request.caller, roots)


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
    unique = await count_people(request, seen)
    return GroupsAnswer(groups=[build_group(one, unique) for one in seen])


async def put_group(request: ApiRequest) -> msgspec.Struct | Reply:
    """Change a group's name, welcome message, picture or view of the past."""
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


ROUTES = [
    Route(
        "POST",
        "/groups",
        post_group,
        call="groups.create",
        body=CreateGroupBody,
        reply=CreatedGroupAnswer,
        errors=(RoleLacking,),
    ),
    Route("GET", "/groups", get_groups, call="groups.list", query=GroupsQuery, reply=GroupsAnswer),
    Route("GET", "/groups/{groupId}", get_group, call="groups.get", reply=GroupAnswer),
    Route("PUT", "/groups/{groupId}", put_group, call="groups.change", body=ChangeGroupBody, reply=ResultAnswer),
    Route("DELETE", "/groups/{groupId}", delete_one_group, call="groups.delete", reply=ResultAnswer),
    Route(
        "POST",
        "/groups/{groupId}/leave",
        post_leave,
        call="groups.leave",
        reply=ResultAnswer,
        errors=(LastAdmin,),
    ),
    Route(
        "GET",
        "/tenant/findGroupsByQuery",
        get_found_groups,
        call="groups.find",
        query=FindGroupsQuery,
        reply=GroupsAnswer,
    ),
]
