"""The reaction routes of a group."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from chaupal.auth.access import RoleLacking
from chaupal.errors import InvalidParameters
from chaupal.members.shapes import ResultAnswer
from chaupal.reactions.queries import ReactionRow
from chaupal.reactions.rules import (
    ChangesOf,
    Counted,
    DetailsOf,
    ItemRetracted,
    ReactionDraft,
    ReactionOf,
    SummaryOf,
    react,
    read_changes,
    read_details,
    read_summary,
    remove_reaction,
)
from chaupal.reactions.shapes import (
    CURSOR_MAX,
    ChangesAnswer,
    ChangesQuery,
    DetailsAnswer,
    DetailsQuery,
    PostReaction,
    ReactionCounts,
    ReactionDetail,
    ReactionReceipt,
    ReactionSummary,
    SummaryAnswer,
    SummaryQuery,
)
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.wire.ids import read_id

_TYPES = {"like": "Like", "comment": "Comment"}


async def post_reaction(request: ApiRequest) -> msgspec.Struct | Reply:
    """Like, or comment on, a message or action."""
    body = await request.body(PostReaction)
    draft = ReactionDraft(
        group_id=_group_id(request),
        source_group_id=_source(request, body.source_group_id),
        item_id=read_id(body.reference_id),
        reaction_type=_type(body.reaction_type),
        comment=body.comment or "",
    )
    return await request.commit(react, draft, lambda reaction_id: ReactionReceipt(reaction_id=reaction_id))


async def get_summary(request: ApiRequest) -> SummaryAnswer:
    """How many likes and comments one message or action has."""
    query = request.query(SummaryQuery)
    which = SummaryOf(_group_id(request), _source(request, query.source_group_id), _item_id(request))
    return SummaryAnswer(summary=[_build_summary(await request.read(read_summary, which))])


async def get_changes(request: ApiRequest) -> ChangesAnswer:
    """The messages and actions of a group whose counts have changed since a cursor."""
    query = request.query(ChangesQuery)
    which = ChangesOf(_group_id(request), _source(request, query.source_group_id), _cursor(query.cursor))
    found = await request.read(read_changes, which)
    return ChangesAnswer(cursor=found.last_us, summary=[_build_summary(one) for one in found.counted])


async def get_details(request: ApiRequest) -> DetailsAnswer:
    """Who liked and commented, as far as it has changed since a cursor."""
    query = request.query(DetailsQuery)
    which = DetailsOf(
        group_id=_group_id(request),
        source_group_id=_source(request, query.source_group_id),
        item_id=_item_id(request),
        reaction_type=_type(query.reaction_type or ""),
        after_us=_cursor(query.cursor),
    )
    found = await request.read(read_details, which)
    return DetailsAnswer(cursor=found.last_us, reaction_details=[_build_detail(one) for one in found.reactions])


async def delete_reaction(request: ApiRequest) -> msgspec.Struct | Reply:
    """Take a like or comment back."""
    which = ReactionOf(_group_id(request), read_id(request.path["reactionId"]))
    return await request.commit(remove_reaction, which, lambda _: ResultAnswer())


def _group_id(request: ApiRequest) -> str:
    return read_id(request.path["groupId"])


def _item_id(request: ApiRequest) -> str:
    return read_id(request.path["referenceId"])


def _source(request: ApiRequest, source_group_id: str | None) -> str:
    return read_id(source_group_id) if source_group_id else _group_id(request)


def _type(raw: str) -> str:
    return _TYPES.get(raw.strip().lower(), raw)


def _cursor(raw: int | None) -> int:
    cursor = raw or 0
    if not 0 <= cursor < CURSOR_MAX:
        raise InvalidParameters(field="cursor", value=cursor, rule="must be 0 or a cursor that this call gave")
    return cursor


def _build_summary(counted: Counted) -> ReactionSummary:
    counts = ReactionCounts(like=counted.like_count, comment=counted.comment_count)
    return ReactionSummary(reference_id=counted.item_id, reactions_count_map=counts)


def _build_detail(reaction: ReactionRow) -> ReactionDetail:
    return ReactionDetail(
        last_modified_time=reaction.changed_at_us // 1000,
        reaction_id=reaction.reaction_id,
        user_id=reaction.user_id,
        reaction_type=reaction.reaction_type,
        comment=reaction.comment if reaction.reaction_type == "Comment" and not reaction.is_removed else UNSET,
        is_removed=True if reaction.is_removed else UNSET,
    )


_ALL = "/groups/{groupId}/reaction"
_ITEM = _ALL + "/{referenceId}"

ROUTES = [
    Route(
        "POST",
        _ALL,
        post_reaction,
        call="reactions.post",
        body=PostReaction,
        reply=ReactionReceipt,
        errors=(ItemRetracted,),
    ),
    Route("GET", _ALL + "/summary", get_changes, call="reactions.changes", query=ChangesQuery, reply=ChangesAnswer),
    Route("GET", _ITEM + "/summary", get_summary, call="reactions.summary", query=SummaryQuery, reply=SummaryAnswer),
    Route("GET", _ITEM, get_details, call="reactions.details", query=DetailsQuery, reply=DetailsAnswer),
    Route(
        "DELETE",
        _ALL + "/{reactionId}",
        delete_reaction,
        call="reactions.remove",
        reply=ResultAnswer,
        errors=(RoleLacking,),
    ),
]
