"""The action routes of a group."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.bodies.properties import read_properties
from chaupal.actions.bodies.reading import read_body, read_package_id, read_type, shape_of_body
from chaupal.actions.bodies.showing import Shower, add_responses, show_action, show_body
from chaupal.actions.changing import (
    NotAnswered,
    PropertyChange,
    Reminder,
    VersionDiffers,
    WithoutProperties,
    change_properties,
    close_action,
    remind,
    retract_action,
)
from chaupal.actions.drafts import ActionDraft
from chaupal.actions.limits import PROPERTIES_MAX, check_count
from chaupal.actions.reading import PAGE_MAX, ActionOf, ActionsPage, SeenActions, read_actions
from chaupal.actions.rules import ActionClosed, ActionRetracted, SentAction, post_action
from chaupal.actions.shapes import (
    ActionAnswer,
    ActionQuery,
    ActionReceipt,
    ActionsAnswer,
    ActionsQuery,
    ChangeProperties,
    PostAction,
    RemindBody,
)
from chaupal.actions.types import find_type
from chaupal.auth.access import RoleLacking
from chaupal.errors import InvalidParameters
from chaupal.members.shapes import FailedResult, ResultAnswer, build_result
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
from chaupal.wire.parted import PartedBodies
from chaupal.wire.values import read_instant

_DEFAULT_COUNT = 30
_POSTS = PartedBodies(PostAction, "action_body", lambda posted: shape_of_body(posted.id, posted.action_type))


async def post_action_to_group(request: ApiRequest) -> msgspec.Struct | Reply:
    """Post an action."""
    draft, failed = _build_draft(read_id(request.path["groupId"]), await request.read_body(_POSTS.read))

    def build_receipt(sent: SentAction) -> ActionReceipt:
        failures = [*failed, *build_unknown(sent.unknown_numbers), *_build_unassigned(sent.unassigned_numbers)]
        return ActionReceipt(reference_id=sent.action_id, action_id=sent.action_id, failed_result=failures or UNSET)

    return await request.commit(post_action, draft, build_receipt)


def _build_draft(group_id: str, posted: PostAction) -> tuple[ActionDraft, list[FailedResult]]:
    """The draft, and the numbers that are none. In a function of its own, and without the content, so that what was
    read is gone before the next body is: a hundred forms that wait for their commit would hold ten thousand objects,
    which cost more to let go then than they cost to make."""
    action_type, package = read_type(posted.id, posted.action_type)
    body, content_json = read_body(action_type, posted.action_body or {})
    addressees, failed = read_addressees(posted.subscribers, posted.send_to_all_subscribers)
    draft = ActionDraft(
        group_id=group_id,
        action_type=action_type,
        package=package,
        body=body.to_keep(),
        content_json=content_json,
        addressees=addressees,
        reply_to=read_id(posted.reply_to_reference_id or ""),
    )
    return draft, failed


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
        which=_which(request),
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


async def put_action(request: ApiRequest) -> msgspec.Struct | Reply:
    """Change properties of a package's instance."""
    body = await request.body(ChangeProperties)
    check_count("updateProperties", body.update_properties, least=1, most=PROPERTIES_MAX)
    properties, media = read_properties("updateProperties", body.update_properties)
    which = _which(request)
    change = PropertyChange(
        group_id=which.group_id,
        action_id=which.action_id,
        properties=properties,
        media=tuple(media),
        version=None if body.version is None or body.version < 0 else body.version,
        notifies=bool(body.send_notification_to_subscribers),
    )
    return await request.commit(change_properties, change, lambda _: ResultAnswer())


async def post_reminder(request: ApiRequest) -> msgspec.Struct | Reply:
    """Remind those who have not answered."""
    body = await request.body(RemindBody)
    addressees, failed = read_addressees(body.subscribers, body.send_to_all_subscribers)
    which = _which(request)
    reminder = Reminder(group_id=which.group_id, action_id=which.action_id, addressees=addressees)
    return await request.commit(remind, reminder, lambda unknown: build_result([*failed, *build_unknown(unknown)]))


async def put_close(request: ApiRequest) -> msgspec.Struct | Reply:
    """Let an action take no more answers."""
    return await request.commit(close_action, _which(request), lambda _: ResultAnswer())


async def delete_action(request: ApiRequest) -> msgspec.Struct | Reply:
    """Take an action back."""
    return await request.commit(retract_action, _which(request), lambda _: ResultAnswer())


def _which(request: ApiRequest) -> ActionOf:
    return ActionOf(read_id(request.path["groupId"]), read_id(request.path["actionId"]))


def _shower(request: ApiRequest, seen: SeenActions) -> Shower:
    links = ShownMedia(request.house.media_links, request.caller.tenant_id, seen.media)
    return Shower(seen.access, seen.now_ms, links, seen.quotes)


_ALL = "/groups/{groupId}/actions"
_ONE = "/groups/{groupId}/actions/{actionId}"
_CHANGE_ERRORS = (ActionRetracted, VersionDiffers, WithoutProperties, RoleLacking)

ROUTES = [
    Route(
        "POST",
        _ALL,
        post_action_to_group,
        call="actions.post",
        body=PostAction,
        reply=ActionReceipt,
        errors=(RoleLacking,),
    ),
    Route("GET", _ALL, get_actions, call="actions.list", query=ActionsQuery, reply=ActionsAnswer),
    Route("GET", _ONE, get_action, call="actions.get", query=ActionQuery, reply=ActionAnswer),
    Route(
        "PUT",
        _ONE,
        put_action,
        call="actions.change",
        body=ChangeProperties,
        reply=ResultAnswer,
        errors=_CHANGE_ERRORS,
    ),
    Route(
        "PUT",
        f"{_ONE}/properties",
        put_action,
        call="actions.properties",
        body=ChangeProperties,
        reply=ResultAnswer,
        errors=_CHANGE_ERRORS,
    ),
    Route(
        "POST",
        f"{_ONE}/reminder",
        post_reminder,
        call="actions.remind",
        body=RemindBody,
        reply=ResultAnswer,
        errors=(ActionClosed, ActionRetracted, NotAnswered, RoleLacking),
    ),
    Route(
        "PUT",
        f"{_ONE}/close",
        put_close,
        call="actions.close",
        reply=ResultAnswer,
        errors=(ActionRetracted, NotAnswered, RoleLacking),
    ),
    Route("DELETE", _ONE, delete_action, call="actions.retract", reply=ResultAnswer, errors=(RoleLacking,)),
]
