"""The webhook routes. The rules are loaded by the first call: most servers start without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chaupal.auth.access import RoleLacking
from chaupal.auth.limiter import Claim
from chaupal.errors import InvalidParameters, NotFound
from chaupal.members.shapes import ResultAnswer
from chaupal.serving.repeats import stored_reply
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.webhooks.drafts import (
    TooManyWebhooks,
    WebhookDraft,
    check_object_type,
    new_target,
)
from chaupal.webhooks.kinds import ACTION_PACKAGE, EXPIRED, Target
from chaupal.webhooks.shapes import (
    NothingAnswer,
    PostWebhook,
    PutWebhook,
    WebhookInformation,
    WebhookReceipt,
    WebhooksAnswer,
    WebhooksQuery,
)
from chaupal.wire.ids import read_id
from chaupal.wire.values import read_instant

if TYPE_CHECKING:
    from chaupal.webhooks.rules import ShownWebhook


async def post_webhook(request: ApiRequest) -> msgspec.Struct | Reply:
    """Register a webhook."""
    from chaupal.webhooks.rules import NewWebhook, check_may_register, register_webhook

    body = await request.body(PostWebhook)
    draft = _draft(body)
    if (stored := await stored_reply(request)) is not None:
        return stored
    house = request.house
    new = NewWebhook(draft, house.settings, request.secret_key)
    await request.read(check_may_register, new)
    await _prove(request, new_target(draft))
    answer = await request.commit(register_webhook, new, lambda webhook_id: WebhookReceipt(webhook_id=webhook_id))
    house.wake_webhooks()
    return answer


async def get_webhooks(request: ApiRequest) -> WebhooksAnswer:
    """The webhooks on an object."""
    from chaupal.webhooks.rules import WebhooksOf, list_webhooks

    query = request.query(WebhooksQuery)
    object_type = check_object_type(query.object_type) if query.object_type or query.object_id else ""
    object_id = _object_id(object_type, query.object_id) or ""
    which = WebhooksOf(object_type, object_id, request.secret_key)
    return WebhooksAnswer(webhooks=[_build_webhook(shown) for shown in await request.read(list_webhooks, which)])


def _build_webhook(shown: ShownWebhook) -> WebhookInformation:
    row, target = shown.row, shown.target
    return WebhookInformation(
        id=row.webhook_id,
        object_id=row.object_id,
        object_type=row.object_type,
        events=row.event_types.split(";"),
        filters=[],
        callback_url=target.url,
        callback_token=shown.token,
        callback_context=target.context,
        ts=row.created_at_ms,
        validity=row.valid_until_ms,
        active=shown.is_active,
        disabled_reason=row.disabled_reason or ("" if shown.is_active else EXPIRED),
        is_failing=row.failing_since_ms is not None,
        is_signed=bool(target.secrets),
        alert_email=shown.alert_email,
    )


async def put_webhook(request: ApiRequest) -> msgspec.Struct | Reply:
    """Change a webhook, or enable or disable it."""
    from chaupal.webhooks.rules import WebhookChange, change_webhook, find_target_to_prove

    body = await request.body(PutWebhook)
    draft = _draft(body, is_active=body.active)
    change = WebhookChange(read_id(request.path["webhookId"]), draft, request.secret_key)
    target = await request.read(find_target_to_prove, change)
    if target is not None:
        await _prove(request, target)
    answer = await request.commit(change_webhook, change, lambda _: ResultAnswer())
    request.house.wake_webhooks()
    return answer


async def delete_one_webhook(request: ApiRequest) -> msgspec.Struct | Reply:
    """Delete a webhook."""
    from chaupal.webhooks.rules import delete_webhook

    return await request.commit(delete_webhook, read_id(request.path["webhookId"]), lambda _: NothingAnswer())


def _draft(body: PostWebhook | PutWebhook, *, is_active: bool | None = None) -> WebhookDraft:
    object_type = check_object_type(body.object_type) if body.object_type is not None else None
    return WebhookDraft(
        object_type=object_type,
        object_id=_object_id(object_type, body.object_id),
        event_types=body.event_types,
        url=body.call_back_url.strip() if body.call_back_url is not None else None,
        token=body.call_back_token,
        context=body.call_back_context,
        headers=body.call_back_headers,
        valid_until_ms=_valid_until_ms(body.validity),
        is_active=is_active,
        signing_secret=body.signing_secret,
        alert_email=body.alert_email.strip() if body.alert_email is not None else None,
    )


def _object_id(object_type: str | None, object_id: str | None) -> str | None:
    """Groups and actions are named in every spelling of their ids; a package's id is a name of its own."""
    if object_id is None:
        return None
    return object_id.strip() if object_type == ACTION_PACKAGE else read_id(object_id.strip())


def _valid_until_ms(validity: str | None) -> int | None:
    if not validity:
        return None
    try:
        return read_instant(validity)
    except ValueError as error:
        raise InvalidParameters(field="validity", value=validity, rule=str(error)) from None


async def _prove(request: ApiRequest, target: Target) -> None:
    from chaupal.webhooks.proving import prove_callback

    limit = request.house.settings.webhook_proofs_per_min
    connector = request.caller.token.connector_id
    request.house.limiter.take(
        Claim("proof:" + connector, limit, "Callback URLs proved for this connector"), now_s=request.house.now_s
    )
    await prove_callback(request.house.callbacks, target)


ROUTES = [
    Route(
        "POST",
        "/webhook",
        post_webhook,
        call="webhooks.create",
        body=PostWebhook,
        reply=WebhookReceipt,
        errors=(NotFound, RoleLacking, TooManyWebhooks),
    ),
    Route(
        "GET",
        "/webhook",
        get_webhooks,
        call="webhooks.list",
        query=WebhooksQuery,
        reply=WebhooksAnswer,
        errors=(NotFound, RoleLacking),
    ),
    Route(
        "PUT",
        "/webhook/{webhookId}",
        put_webhook,
        call="webhooks.change",
        body=PutWebhook,
        reply=ResultAnswer,
        errors=(NotFound, RoleLacking),
    ),
    Route("DELETE", "/webhook/{webhookId}", delete_one_webhook, call="webhooks.delete", reply=NothingAnswer),
]
