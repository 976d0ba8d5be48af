"""The routes about a webhook's deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from chaupal.errors import InvalidParameters
from chaupal.serving.repeats import stored_reply
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.webhooks.drafts import EVENTS_AT_ONCE_MAX, WebhookNotActive
from chaupal.webhooks.shapes import (
    DELIVERIES_MAX,
    DeliveriesAnswer,
    DeliveriesQuery,
    ReplayAnswer,
    ReplayBody,
    ShownDelivery,
    ShownTry,
    TestAnswer,
    TestBody,
)
from chaupal.wire.cursors import read_cursor, write_cursor
from chaupal.wire.ids import read_id, without_unit
from chaupal.wire.instants import write_instant
from chaupal.wire.values import read_instant

if TYPE_CHECKING:
    from chaupal.auth.sealing import SecretKey
    from chaupal.webhooks.history_queries import DeliveryRow, TryRow

_DEFAULT_COUNT = 30


async def get_deliveries(request: ApiRequest) -> DeliveriesAnswer:
    """What was, and is to be, sent to a webhook."""
    from chaupal.webhooks.history import DeliveriesPage, list_deliveries

    query = request.query(DeliveriesQuery)
    count = _DEFAULT_COUNT if query.count is None else query.count
    if not 1 <= count <= DELIVERIES_MAX:
        raise InvalidParameters(field="count", value=count, rule=f"must be 1 to {DELIVERIES_MAX}")
    page = DeliveriesPage(
        webhook_id=read_id(request.path["webhookId"]),
        state=(query.status or "").lower(),
        event_type=query.event_type or "",
        before_id=read_cursor(query.cursor, str) if query.cursor else "",
        count=count,
    )
    found = await request.read(list_deliveries, page)
    key = request.secret_key
    return DeliveriesAnswer(
        deliveries=[_build_delivery(row, found.tries.get(row.delivery_id, []), key) for row in found.deliveries],
        cursor=write_cursor(found.next_before_id) if found.next_before_id else UNSET,
    )


def _build_delivery(row: DeliveryRow, tries: list[TryRow], secret_key: SecretKey) -> ShownDelivery:
    return ShownDelivery(
        delivery_id=row.delivery_id,
        event_id=row.event_id,
        event_type=row.event_type,
        origin=row.origin,
        status=row.state,
        happened_at=write_instant(row.happened_at_ms),
        queued_at=write_instant(row.created_at_ms),
        tries=[_build_try(each, secret_key) for each in tries],
        next_try_at=write_instant(row.due_at_ms) if row.state == "retrying" else UNSET,
    )


def _build_try(row: TryRow, secret_key: SecretKey) -> ShownTry:
    from chaupal.webhooks.delivering.bodies import open_answer

    return ShownTry(
        tried_at=write_instant(row.tried_at_ms),
        duration_ms=row.duration_ms,
        status=UNSET if row.status is None else row.status,
        error=row.error or UNSET,
        answer=open_answer(row.answer, secret_key) or UNSET,
    )


async def post_replay(request: ApiRequest) -> msgspec.Struct | Reply:
    """Send events to a webhook again."""
    from chaupal.webhooks.history import Replay, replay

    body = await request.body(ReplayBody)
    since_ms = 0
    if body.since is not None:
        try:
            since_ms = read_instant(body.since)
        except ValueError as error:
            raise InvalidParameters(field="since", value=body.since, rule=str(error)) from None
    webhook_id = read_id(request.path["webhookId"])
    event_ids, has_more = [without_unit(read_id(event_id.strip())) for event_id in body.event_ids or []], False
    is_of_missed = body.event_ids is None  # an empty list names no event: it must not send them all
    if is_of_missed:
        if (stored := await stored_reply(request)) is not None:
            return stored
        event_ids, has_more = await _missed(request, webhook_id, since_ms)
    wanted = Replay(webhook_id, event_ids, since_ms, is_of_missed)
    answer = await request.commit(replay, wanted, lambda count: ReplayAnswer(replayed=count, has_more=has_more))
    request.house.wake_webhooks()
    return answer


async def _missed(request: ApiRequest, webhook_id: str, since_ms: int) -> tuple[list[str], bool]:
    """Ids of the oldest events that never arrived, as many as one call sends again, and whether there are more.

    Looked for in many short reads: there may be a million deliveries, and nobody else is to wait for that.
    """
    from chaupal.webhooks.history import MissedAfter, find_missed

    found: list[str] = []
    after_id: str | None = ""
    while after_id is not None and len(found) <= EVENTS_AT_ONCE_MAX:
        missed = await request.read(find_missed, MissedAfter(webhook_id, after_id, since_ms))
        found += missed.event_ids
        after_id = missed.next_after_id
    return found[:EVENTS_AT_ONCE_MAX], len(found) > EVENTS_AT_ONCE_MAX


async def post_test(request: ApiRequest) -> msgspec.Struct | Reply:
    """Send a made-up event to a webhook."""
    from chaupal.webhooks.history import TestEvent, send_test

    body = await request.body(TestBody)
    wanted = TestEvent(read_id(request.path["webhookId"]), body.event_type or "", request.secret_key)
    answer = await request.commit(
        send_test,
        wanted,
        lambda made: TestAnswer(delivery_id=made.delivery_id, event_id=made.event_id, event_type=made.event_type),
    )
    request.house.wake_webhooks()
    return answer


ROUTES = [
    Route(
        "GET",
        "/webhook/{webhookId}/deliveries",
        get_deliveries,
        call="webhooks.deliveries",
        query=DeliveriesQuery,
        reply=DeliveriesAnswer,
    ),
    Route(
        "POST",
        "/webhook/{webhookId}/replay",
        post_replay,
        call="webhooks.replay",
        body=ReplayBody,
        reply=ReplayAnswer,
        errors=(WebhookNotActive,),
    ),
    Route(
        "POST",
        "/webhook/{webhookId}/test",
        post_test,
        call="webhooks.test",
        body=TestBody,
        reply=TestAnswer,
        errors=(WebhookNotActive,),
    ),
]
