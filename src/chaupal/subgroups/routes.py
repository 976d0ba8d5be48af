"""The subgroup routes of a group."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec

from chaupal.groups.routes import count_people, read_group_type
from chaupal.groups.rules import Group, NewGroup
from chaupal.groups.seeing import PAGE_MAX, SeenGroup
from chaupal.groups.shapes import GroupAnswer, GroupInformation, build_group, build_group_fields
from chaupal.members.shapes import ResultAnswer
from chaupal.serving.replies import Reply, StreamedReply, encode_json, stream_json
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.subgroups.linking import CycleRefused, HierarchyTooLarge
from chaupal.subgroups.rules import (
    LinkOf,
    Links,
    NewSubgroup,
    Tree,
    TreePage,
    TreePlace,
    TreeRequest,
    create_subgroup,
    link_subgroups,
    read_tree,
    read_tree_page,
    unlink_subgroup,
)
from chaupal.subgroups.shapes import (
    CreatedSubgroupAnswer,
    CreateSubgroupBody,
    LinkSubgroupsBody,
    SubgroupsQuery,
)
from chaupal.subgroups.writing import TreeWriter
from chaupal.wire.ids import read_id
from chaupal.wire.numbers import read_mobile_number


async def post_subgroup(request: ApiRequest) -> msgspec.Struct | Reply:
    """Make a group below this one."""
    body = await request.body(CreateSubgroupBody)
    draft = NewGroup(
        name=body.group_name,
        welcome_message=body.welcome_message or "",
        image_url=body.group_image_url or "",
        group_type=read_group_type(body.group_type),
        shows_history=bool(body.show_history),
        members=tuple(read_mobile_number(number, "members") for number in body.members or ()),
        admins=tuple(read_mobile_number(number, "admins") for number in body.admins or ()),
        member_user_ids=await request.as_kept(tuple(read_id(user_id) for user_id in body.member_user_ids or ())),
    )
    joins = body.add_user_to_group is not False
    return await request.commit(
        create_subgroup, NewSubgroup(read_id(request.path["groupId"]), draft, joins), _build_created
    )


def _build_created(group: Group) -> CreatedSubgroupAnswer:
    return CreatedSubgroupAnswer(group_id=group.group_id, group_name=group.name)


async def put_subgroups(request: ApiRequest) -> msgspec.Struct | Reply:
    """Put groups that are there already below this one."""
    body = await request.body(LinkSubgroupsBody)
    links = Links(read_id(request.path["groupId"]), tuple(read_id(child_id) for child_id in body.sub_groups))
    return await request.commit(link_subgroups, links, lambda _: ResultAnswer())


async def delete_subgroup(request: ApiRequest) -> msgspec.Struct | Reply:
    """Take a group away from below this one."""
    link = LinkOf(read_id(request.path["groupId"]), read_id(request.path["subGroupId"]))
    return await request.commit(unlink_subgroup, link, lambda _: ResultAnswer())


async def get_subgroups(request: ApiRequest) -> Reply | StreamedReply:
    """The groups directly below this one, or the whole tree."""
    query = request.query(SubgroupsQuery)
    asked = TreeRequest(read_id(request.path["groupId"]), bool(query.fetch_all_groups))
    tree = await request.read(read_tree, asked)
    answer = _Answer(request, tree, is_nested=asked.fetches_all)
    await answer.prepare()
    if len(tree.places) > PAGE_MAX:
        return stream_json(answer.parts())
    return Reply(b"".join([part async for part in answer.parts()]))


class _Answer:
    """Both forms that the old reference documents: the group's own fields with `subGroups`, and `groups` with the same
    once more. Made in parts, so that a large tree is never held as a whole."""

    def __init__(self, request: ApiRequest, tree: Tree, *, is_nested: bool) -> None:
        self._request = request
        self._tree = tree
        self._is_nested = is_nested
        self._unique: dict[str, int] = {}

    async def prepare(self) -> None:
        """Count the people of what comes first, while an error can still be answered."""
        self._unique = await count_people(self._request, self._tree.first.values())

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """The whole answer."""
        fields = build_group_fields(self._tree.root, self._unique, shows_detail=True)
        del fields["sub_groups"]
        root = encode_json(GroupInformation(**fields))[:-1] + b',"subGroups":['
        yield root
        async for part in self._subgroups():
            yield part
        yield b'],"groups":[' + root
        async for part in self._subgroups():
            yield part
        yield b"]}]}"

    async def _subgroups(self) -> AsyncGenerator[bytes, None]:
        places = self._tree.places
        writer = TreeWriter(is_nested=self._is_nested)
        for start in range(0, len(places), PAGE_MAX):
            page = places[start : start + PAGE_MAX]
            seen, unique = await self._read(page) if start else (self._tree.first, self._unique)
            yield b"".join(self._write(writer, place, seen.get(place.group_id), unique) for place in page)
        yield writer.end()

    async def _read(self, places: list[TreePlace]) -> tuple[dict[str, SeenGroup], dict[str, int]]:
        ids = list(dict.fromkeys(place.group_id for place in places))
        seen = await self._request.read(read_tree_page, TreePage(self._tree.root.group.group_id, ids))
        return seen, await count_people(self._request, seen.values())

    def _write(self, writer: TreeWriter, place: TreePlace, seen: SeenGroup | None, unique: dict[str, int]) -> bytes:
        if seen is None:  # deleted since the tree was read
            return writer.skip(place.level)
        group = build_group(seen, unique, shows_welcome=True, is_duplicate=place.is_duplicate)
        return writer.write(encode_json(group), place.level, is_leaf=place.is_duplicate)


_ALL = "/groups/{groupId}/subGroups"

ROUTES = [
    Route(
        "POST",
        _ALL,
        post_subgroup,
        call="subgroups.create",
        body=CreateSubgroupBody,
        reply=CreatedSubgroupAnswer,
        errors=(HierarchyTooLarge,),
    ),
    Route(
        "PUT",
        _ALL,
        put_subgroups,
        call="subgroups.link",
        body=LinkSubgroupsBody,
        reply=ResultAnswer,
        errors=(CycleRefused, HierarchyTooLarge),
    ),
    Route("GET", _ALL, get_subgroups, call="subgroups.list", query=SubgroupsQuery, reply=GroupAnswer),
    Route("DELETE", _ALL + "/{subGroupId}", delete_subgroup, call="subgroups.unlink", reply=ResultAnswer),
]
