"""The action routes of a group."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.bodies.reading import read_body, read_package_id, read_type
from chaupal.actions.bodies.showing import Shower, add_responses, show_action, show_body
from chaupal.actions.drafts import ActionDraft
from chaupal.actions.reading import PAGE_MAX, ActionOf, ActionsPage, SeenActions, read_actions
from chaupal.actions.rules import SentAction, post_action
from chaupal.actions.shapes import (
    ActionAnswer,
    ActionQuery,
    ActionReceipt,
    ActionsAnswer,
    ActionsQuery,
    PostAction,
)
from chaupal.actions.types import find_type
from chaupal.errors import InvalidParameters
from chaupal.members.shapes import FailedResult
from chaupal.responses.bodies.paging import read_count, read_place
from chaupal.responses.bodies.showing import show_responses
from chaupal.responses.details import DetailsOf, read_details
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.timelines.merging import Place
from chaupal.timelines.shapes import build_unknown, read_addressees
from chaupal.wire.cursors import read_cursor, write_cursor
from chaupal.wire.ids import read_id
from chaupal.wire.values import read_instant

_DEFAULT_COUNT = 30


async def post_action_to_group(request: ApiRequest) -> msgspec.Struct | Reply:
    """Post an action."""
    posted = await request.body(PostAction)
    action_type, package = read_type(posted.id, posted.action_type)
    body, content_json = read_body(action_type, posted.action_body or {})
    addressees, failed = read_addressees(posted.subscribers, posted.send_to_all_subscribers)
    draft = ActionDraft(
        group_id=read_id(request.path["groupId"]),
        action_type=action_type,
        package=package,
        body=body,
        content_json=content_json,
        addressees=addressees,
    )

    def build_receipt(sent: SentAction) -> ActionReceipt:
        failures = [*failed, *build_unknown(sent.unknown_numbers), *_build_unassigned(sent.unassigned_numbers)]
        return ActionReceipt(reference_id=sent.action_id, action_id=sent.action_id, failed_result=failures or UNSET)

    return await request.commit(post_action, draft, build_receipt)


def _build_unassigned(numbers: tuple[str, ...]) -> list[FailedResult]:
    return [
        FailedResult(
            subscriber=number,
            subscriber_id="",
            error_reason="Not a member of this group to whom the action could be assigned.",
            error_code="NotFound",
        )
        for number in numbers
    ]


async def get_actions(request: ApiRequest) -> ActionsAnswer:
    """A group's actions, newest last."""
    page = _page(read_id(request.path["groupId"]), request.query(ActionsQuery))
    seen = await request.read(read_actions, page)
    shower, next_place = _shower(request, seen), seen.next_place
    return ActionsAnswer(
        actions=[show_action(each, shower) for each in seen.actions],
        has_more=next_place is not None,
        cursor=write_cursor((page.is_older, *next_place)) if next_place is not None else UNSET,
    )


def _page(group_id: str, query: ActionsQuery) -> ActionsPage:
    count = _DEFAULT_COUNT if query.count is None else query.count
    if not 1 <= count <= PAGE_MAX:
        raise InvalidParameters(field="count", value=count, rule=f"must be 1 to {PAGE_MAX}")
    place, is_older = None, True
    if query.cursor is not None:
        is_older, at_us, after_id = read_cursor(query.cursor, tuple[bool, int, str])
        place = Place(at_us, after_id)
    elif query.from_date is not None:
        try:
            place, is_older = Place(read_instant(query.from_date) * 1000, ""), False
        except ValueError as error:
            raise InvalidParameters(field="fromDate", value=query.from_date, rule=str(error)) from None
    word = (query.action_type or "").strip()
    action_type = find_type(word) or ""
    return ActionsPage(
        group_id=group_id,
        count=count,
        place=place,
        is_older=is_older,
        action_type=action_type,
        package_id=read_package_id(word).package_id if word and not action_type else "",
    )


async def get_action(request: ApiRequest) -> ActionAnswer:
    """One action, with its answers if they are asked for."""
    query = request.query(ActionQuery)
    asked = DetailsOf(
        which=ActionOf(read_id(request.path["groupId"]), read_id(request.path["actionId"])),
        has_responses=bool(query.get_details),
        place=read_place(query.cursor),
        count=read_count(query.count),
    )
    seen = await request.read(read_details, asked)
    [one], shower = seen.actions.actions, _shower(request, seen.actions)
    shown = show_action(one, shower)
    details = show_body(one, shower, has_details=True)
    if seen.responses is not None:
        add_responses(details, show_responses(seen.responses, request.house.media_links, request.tenant_id))
    return ActionAnswer(
        action_type=shown.action_type,
        action_details=details,
        sender=shown.sender,
        sent_at=shown.sent_at,
        actions=[shown],
    )


def _shower(request: ApiRequest, seen: SeenActions) -> Shower:
    links = ShownMedia(request.house.media_links, request.caller.tenant_id, seen.media)
    return Shower(seen.access, seen.now_ms, links)


_ALL = "/groups/{groupId}/actions"
_ONE = "/groups/{groupId}/actions/{actionId}"

ROUTES = [
    Route("POST", _ALL, post_action_to_group, call="actions.post", body=PostAction, reply=ActionReceipt),
    Route("GET", _ALL, get_actions, call="actions.list", query=ActionsQuery, reply=ActionsAnswer),
    Route("GET", _ONE, get_action, call="actions.get", query=ActionQuery, reply=ActionAnswer),
]
