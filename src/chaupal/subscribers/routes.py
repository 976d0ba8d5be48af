"""The subscriber routes of a public group."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from chaupal.errors import InvalidParameters
from chaupal.members.rules import Member
from chaupal.people.rules import shown_number
from chaupal.serving.replies import Reply, StreamedReply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.serving.streaming import Page, answer_in_pages
from chaupal.subscribers.rules import (
    PAGE_MAX,
    READ_AT_ONCE_MAX,
    SubscriberChange,
    Subscribers,
    SubscribersPage,
    TooManySubscribers,
    add_subscribers,
    list_subscribers,
    remove_subscribers,
)
from chaupal.subscribers.shapes import (
    Added,
    AddedAnswer,
    Removed,
    RemovedAnswer,
    Subscriber,
    SubscribersAnswer,
    SubscribersBody,
    SubscribersPageBody,
)
from chaupal.wire.cursors import read_cursor, write_cursor
from chaupal.wire.ids import read_id
from chaupal.wire.numbers import read_mobile_number


async def put_added_subscribers(request: ApiRequest) -> msgspec.Struct | Reply:
    """Make people subscribers; a number that cannot be one fails alone."""
    body = await request.body(SubscribersBody)
    numbers, unreadable = _read_numbers(body.subscribers)

    def build(refused: dict[str, str]) -> AddedAnswer:
        failed = unreadable | _by_spelling(numbers, refused)
        return AddedAnswer(
            result={
                raw: Added(is_added=raw not in failed, reason=failed.get(raw, UNSET)) for raw in (*numbers, *unreadable)
            }
        )

    return await request.commit(add_subscribers, _change(request, numbers), build)


async def put_removed_subscribers(request: ApiRequest) -> msgspec.Struct | Reply:
    """End subscriptions; a number that has none fails alone."""
    body = await request.body(SubscribersBody)
    numbers, unreadable = _read_numbers(body.subscribers)

    def build(refused: dict[str, str]) -> RemovedAnswer:
        failed = unreadable | _by_spelling(numbers, refused)
        return RemovedAnswer(
            result={
                raw: Removed(is_removed=raw not in failed, reason=failed.get(raw, UNSET))
                for raw in (*numbers, *unreadable)
            }
        )

    return await request.commit(remove_subscribers, _change(request, numbers), build)


def _change(request: ApiRequest, numbers: dict[str, str]) -> SubscriberChange:
    return SubscriberChange(read_id(request.path["groupId"]), list(dict.fromkeys(numbers.values())))


def _read_numbers(raw_numbers: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """E.164 number by what was sent, and the reason for each that cannot be read."""
    numbers: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for raw in raw_numbers:
        try:
            numbers[raw] = read_mobile_number(raw, "subscribers")
        except InvalidParameters as error:
            unreadable[raw] = str(error)
    return numbers, unreadable


def _by_spelling(numbers: dict[str, str], refused: dict[str, str]) -> dict[str, str]:
    return {raw: refused[number] for raw, number in numbers.items() if number in refused}


async def post_subscribers_page(request: ApiRequest) -> msgspec.Struct | StreamedReply:
    """The subscribers: all, or a page where `count` or `cursor` is given. A POST that changes nothing, as Kaizala's."""
    return await _answer_page(request, await request.body(SubscribersPageBody))


async def get_subscribers(request: ApiRequest) -> msgspec.Struct | StreamedReply:
    """The same as a GET."""
    return await _answer_page(request, request.query(SubscribersPageBody))


async def _answer_page(request: ApiRequest, asked: SubscribersPageBody) -> msgspec.Struct | StreamedReply:
    count = asked.count
    if count is None and asked.cursor:
        count = PAGE_MAX
    if count is not None and not 1 <= count <= PAGE_MAX:
        raise InvalidParameters(field="count", value=count, rule=f"must be 1 to {PAGE_MAX}")
    # The old document lists the cursor as required; clients send "" for the first page.
    after_id = read_cursor(asked.cursor, str) if asked.cursor else ""
    group_id = read_id(request.path["groupId"])
    if count is not None:
        found = await request.read(list_subscribers, SubscribersPage(group_id, after_id, count))
        return SubscribersAnswer(
            subscribers=[_build_subscriber(one, found) for one in found.subscribers],
            cursor=write_cursor(found.next_after_id) if found.next_after_id is not None else UNSET,
        )

    async def read_page(after_id: str) -> Page:
        found = await request.read(list_subscribers, SubscribersPage(group_id, after_id, READ_AT_ONCE_MAX))
        return Page([_build_subscriber(one, found) for one in found.subscribers], found.next_after_id)

    return await answer_in_pages("subscribers", read_page, SubscribersAnswer)


def _build_subscriber(one: Member, found: Subscribers) -> Subscriber:
    return Subscriber(
        id=one.user_id,
        mobile_number=shown_number(found.viewer, one.mobile_number) or UNSET,
        name=one.name,
        profile_pic=one.profile_pic,
        is_provisioned=one.is_provisioned,
    )


_ALL = "/groups/{groupId}/subscribers"

ROUTES = [
    Route(
        "POST",
        _ALL,
        post_subscribers_page,
        call="subscribers.page",
        body=SubscribersPageBody,
        reply=SubscribersAnswer,
    ),
    Route("GET", _ALL, get_subscribers, call="subscribers.list", query=SubscribersPageBody, reply=SubscribersAnswer),
    Route(
        "PUT",
        _ALL + "/add",
        put_added_subscribers,
        call="subscribers.add",
        body=SubscribersBody,
        reply=AddedAnswer,
        errors=(TooManySubscribers,),
    ),
    Route(
        "PUT",
        _ALL + "/remove",
        put_removed_subscribers,
        call="subscribers.remove",
        body=SubscribersBody,
        reply=RemovedAnswer,
        errors=(TooManySubscribers,),
    ),
]
