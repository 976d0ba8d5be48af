"""The member routes of a group."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from chaupal.auth.access import RoleLacking
from chaupal.errors import InvalidParameters
from chaupal.members.queries import MemberRow
from chaupal.members.rules import (
    PAGE_MAX,
    AddMembers,
    BotAsAdmin,
    LastAdmin,
    MemberOf,
    Members,
    MembersPage,
    RoleChange,
    TooManyMembers,
    add_members,
    change_role,
    list_members,
    remove_member,
)
from chaupal.members.shapes import (
    AddMembersBody,
    ChangeRoleBody,
    FailedResult,
    Member,
    MembersAnswer,
    MembersQuery,
    ResultAnswer,
    build_result,
)
from chaupal.people.rules import shown_number
from chaupal.serving.replies import Reply, StreamedReply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.serving.streaming import Page, answer_in_pages
from chaupal.wire.cursors import read_cursor, write_cursor
from chaupal.wire.ids import read_id
from chaupal.wire.numbers import read_mobile_number


async def get_members(request: ApiRequest) -> msgspec.Struct | StreamedReply:
    """The members of a group: all, or a page where `count` or `cursor` is given."""
    query = request.query(MembersQuery)
    count = query.count
    if count is None and query.cursor is not None:
        count = PAGE_MAX
    if count is not None and not 1 <= count <= PAGE_MAX:
        raise InvalidParameters(field="count", value=count, rule=f"must be 1 to {PAGE_MAX}")
    after_id = read_cursor(query.cursor, str) if query.cursor is not None else ""
    group_id = read_id(request.path["groupId"])
    if count is not None:
        return _build_answer(await request.read(list_members, MembersPage(group_id, after_id, count)))

    async def read_page(after_id: str) -> Page:
        found = await request.read(list_members, MembersPage(group_id, after_id, PAGE_MAX))
        return Page([_build_member(member, found) for member in found.members], found.next_after_id)

    return await answer_in_pages("members", read_page, MembersAnswer)


def _build_answer(found: Members) -> MembersAnswer:
    return MembersAnswer(
        members=[_build_member(member, found) for member in found.members],
        cursor=write_cursor(found.next_after_id) if found.next_after_id is not None else UNSET,
    )


def _build_member(member: MemberRow, found: Members) -> Member:
    return Member(
        id=member.user_id,
        role=member.role,
        mobile_number=shown_number(found.viewer, member.mobile_number) or UNSET,
        name=member.name,
        profile_pic=member.profile_pic,
        is_provisioned=member.is_provisioned,
        is_bot=member.is_bot or UNSET,
    )


async def put_members(request: ApiRequest) -> msgspec.Struct | Reply:
    """Add people. Numbers that cannot be read are named in `failedResult`; the others are added."""
    body = await request.body(AddMembersBody)
    numbers, failed = read_recipients(body.members)
    change = AddMembers(read_id(request.path["groupId"]), numbers)
    return await request.commit(add_members, change, lambda _: build_result(failed))


async def delete_member(request: ApiRequest) -> msgspec.Struct | Reply:
    """Take one member out."""
    which = MemberOf(read_id(request.path["groupId"]), read_id(request.path["memberId"]))
    return await request.commit(remove_member, which, lambda _: ResultAnswer())


async def put_member(request: ApiRequest) -> msgspec.Struct | Reply:
    """Change a member's role."""
    body = await request.body(ChangeRoleBody)
    change = RoleChange(read_id(request.path["groupId"]), read_id(request.path["memberId"]), body.role)
    return await request.commit(change_role, change, lambda _: ResultAnswer())


def read_recipients(raw_numbers: list[str]) -> tuple[list[str], list[FailedResult]]:
    """The numbers that can be read, each once, and a failure for each that cannot."""
    numbers: dict[str, None] = {}
    failed: list[FailedResult] = []
    for raw in raw_numbers:
        try:
            numbers[read_mobile_number(raw, "members")] = None
        except InvalidParameters as error:
            failure = FailedResult(subscriber=raw, subscriber_id="", error_reason=str(error), error_code=error.code)
            failed.append(failure)
    return list(numbers), failed


ROUTES = [
    Route(
        "GET",
        "/groups/{groupId}/members",
        get_members,
        call="members.list",
        query=MembersQuery,
        reply=MembersAnswer,
        errors=(RoleLacking,),
    ),
    Route(
        "PUT",
        "/groups/{groupId}/members",
        put_members,
        call="members.add",
        body=AddMembersBody,
        reply=ResultAnswer,
        errors=(TooManyMembers,),
    ),
    Route(
        "DELETE",
        "/groups/{groupId}/members/{memberId}",
        delete_member,
        call="members.remove",
        reply=ResultAnswer,
        errors=(LastAdmin,),
    ),
    Route(
        "PUT",
        "/groups/{groupId}/members/{memberId}",
        put_member,
        call="members.change",
        body=ChangeRoleBody,
        reply=ResultAnswer,
        errors=(LastAdmin, BotAsAdmin),
    ),
]
