"""The routes of an action's answers."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from chaupal.actions.rules import ActionClosed, ActionRetracted
from chaupal.auth.access import RoleLacking
from chaupal.responses.bodies.paging import read_count, read_place
from chaupal.responses.bodies.reading import read_answer
from chaupal.responses.bodies.showing import show_responses
from chaupal.responses.progress import OUT_OF_TURN
from chaupal.responses.reading import ResponsesPage, read_responses
from chaupal.responses.rules import REFUSALS, GivenResponse, ResponseDraft, respond
from chaupal.responses.shapes import PostResponse, ResponseReceipt, ResponsesAnswer, ResponsesQuery
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.wire.ids import read_id


async def post_response(request: ApiRequest) -> msgspec.Struct | Reply:
    """Answer an action, or change an answer."""
    posted = await request.body(PostResponse)
    words = (("id", posted.id), ("actionType", posted.action_type))
    draft = ResponseDraft(
        group_id=read_id(request.path["groupId"]),
        action_id=read_id(request.path["actionId"]),
        named=tuple((field, word.strip()) for field, word in words if word is not None and word.strip()),
        response_id=read_id(posted.response_id) if posted.response_id else "",
        raw=posted.action_body,
        read=read_answer,
        secret_key=request.secret_key,
    )
    return await request.commit(respond, draft, _build_receipt)


def _build_receipt(given: GivenResponse) -> ResponseReceipt:
    return ResponseReceipt(
        response_id=given.response_id,
        score_percent=UNSET if given.score_percent is None else given.score_percent,
        has_passed=UNSET if given.has_passed is None else given.has_passed,
    )


async def get_responses(request: ApiRequest) -> ResponsesAnswer:
    """The answers to an action, a page at a time."""
    query = request.query(ResponsesQuery)
    page = ResponsesPage(
        group_id=read_id(request.path["groupId"]),
        action_id=read_id(request.path["actionId"]),
        place=read_place(query.cursor),
        count=read_count(query.count),
    )
    seen = await request.read(read_responses, page)
    return show_responses(seen, request.house.media_links, request.tenant_id)


_PATH = "/groups/{groupId}/actions/{actionId}/responses"

ROUTES = [
    Route(
        "POST",
        _PATH,
        post_response,
        call="responses.post",
        body=PostResponse,
        reply=ResponseReceipt,
        errors=(*REFUSALS, *OUT_OF_TURN, ActionClosed, ActionRetracted, RoleLacking),
    ),
    Route("GET", _PATH, get_responses, call="responses.list", query=ResponsesQuery, reply=ResponsesAnswer),
]
