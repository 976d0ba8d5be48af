"""What the webhook calls take and give. Source: contract, section 11."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.settings_rules import MAIL_ADDRESS_MAX_CHARS
from chaupal.webhooks.drafts import (
    EVENTS_AT_ONCE_MAX,
    HEADER_MAX_CHARS,
    HEADERS_MAX,
    TOKEN_MAX_CHARS,
    URL_MAX_CHARS,
)
from chaupal.webhooks.kinds import EVENT_TYPES, OBJECT_TYPES
from chaupal.wire.bounds import CURSOR, INSTANT, INSTANT_MS, Bounds, count_bounds, text_bounds

DELIVERIES_MAX = 100
"""Deliveries in one answer."""

_STATUS: Bounds = {"enum": ["waiting", "sending", "retrying", "delivered", "exhausted", "skipped"]}
_SPELLINGS = {"events": "eventTypes", "callbackUri": "callBackUrl", "context": "callBackContext"}
"""Evidence: requests say `eventTypes`, answers `events` (kaizala-docs, the reference of webhooks)."""

_OBJECT_TYPE: Bounds = {"enum": list(OBJECT_TYPES)}
_EVENT_TYPES: Bounds = {"minItems": 1, "items": {"type": "string", "examples": ["TextMessageCreated"]}}
_URL: Bounds = {"format": "uri", "maxLength": URL_MAX_CHARS, "examples": ["https://hooks.example.org/chaupal"]}
_HEADER_VALUE: Bounds = {"pattern": "^[ -~]*$"}
_HEADERS: Bounds = {
    "maxProperties": HEADERS_MAX,
    "propertyNames": {"pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"},
    "additionalProperties": _HEADER_VALUE | {"maxLength": HEADER_MAX_CHARS},
}
_BOUNDS: dict[str, Bounds] = {
    "objectId": {"minLength": 1},
    "objectType": _OBJECT_TYPE,
    "eventTypes": _EVENT_TYPES,
    "callBackUrl": _URL,
    "callBackToken": text_bounds(TOKEN_MAX_CHARS, may_be_blank=True) | _HEADER_VALUE,
    "callBackHeaders": _HEADERS,
    "validity": {"format": "instant"},
    "alertEmail": {"maxLength": MAIL_ADDRESS_MAX_CHARS, "examples": ["shop@example.org"]},
    "signingSecret": {"pattern": "^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"},
}


class PostWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /webhook."""

    spellings: ClassVar[dict[str, str]] = _SPELLINGS
    bounds: ClassVar[dict[str, Bounds]] = _BOUNDS

    object_id: str
    object_type: str
    event_types: list[str]
    call_back_url: str
    call_back_token: str | None = None
    call_back_context: Any = None
    call_back_headers: dict[str, str] | None = None
    validity: str | None = None
    signing_secret: str | None = None
    alert_email: str | None = None


class PutWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /webhook/{webhookId}; what is left out stays."""

    spellings: ClassVar[dict[str, str]] = _SPELLINGS
    bounds: ClassVar[dict[str, Bounds]] = _BOUNDS

    active: bool | None = None
    object_id: str | None = None
    object_type: str | None = None
    event_types: list[str] | None = None
    call_back_url: str | None = None
    call_back_token: str | None = None
    call_back_context: Any = None
    call_back_headers: dict[str, str] | None = None
    validity: str | None = None
    signing_secret: str | None = None
    alert_email: str | None = None


class WebhooksQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /webhook."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {"objectType": _OBJECT_TYPE}

    object_id: str | None = None
    object_type: str | None = None


class WebhookReceipt(msgspec.Struct, rename="camel", kw_only=True):
    """The answer to a webhook registered."""

    webhook_id: str


class WebhookInformation(msgspec.Struct, rename="camel", kw_only=True):
    """One webhook. Times in milliseconds since 1970."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "objectType": _OBJECT_TYPE,
        "events": {"items": {"enum": list(EVENT_TYPES)}},
        "ts": INSTANT_MS,
        "validity": INSTANT_MS,
    }

    id: str
    object_id: str
    object_type: str
    events: list[str]
    filters: list[str]
    callback_url: str
    callback_token: str
    callback_context: Any
    ts: int
    validity: int
    active: bool
    disabled_reason: str
    is_failing: bool
    is_signed: bool
    alert_email: str


class WebhooksAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """Webhooks, oldest first."""

    webhooks: list[WebhookInformation]


class NothingAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """An answer that says nothing: `{}`."""


class DeliveriesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /webhook/{webhookId}/deliveries."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {
        "status": _STATUS,
        "eventType": {"enum": list(EVENT_TYPES)},
        "cursor": CURSOR,
        "count": count_bounds(1, DELIVERIES_MAX),
    }

    status: str | None = None
    event_type: str | None = None
    cursor: str | None = None
    count: int | None = None


class ShownTry(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One try. `status` only where something was answered, `error` where nothing was."""

    bounds: ClassVar[dict[str, Bounds]] = {"triedAt": INSTANT}

    tried_at: str
    duration_ms: int
    status: int | UnsetType = UNSET
    error: str | UnsetType = UNSET
    answer: str | UnsetType = UNSET


class ShownDelivery(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One delivery with its tries, in order."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "status": _STATUS,
        "origin": {"enum": ["event", "replay", "test"]},
        "happenedAt": INSTANT,
        "queuedAt": INSTANT,
        "nextTryAt": INSTANT,
    }

    delivery_id: str
    event_id: str
    event_type: str
    origin: str
    status: str
    happened_at: str
    queued_at: str
    tries: list[ShownTry]
    next_try_at: str | UnsetType = UNSET


class DeliveriesAnswer(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Deliveries, newest first; `cursor` only where there may be more."""

    bounds: ClassVar[dict[str, Bounds]] = {"cursor": CURSOR}

    deliveries: list[ShownDelivery]
    cursor: str | UnsetType = UNSET


class ReplayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /webhook/{webhookId}/replay."""

    spellings: ClassVar[dict[str, str]] = {"eventId": "eventIds"}
    bounds: ClassVar[dict[str, Bounds]] = {"eventIds": {"maxItems": EVENTS_AT_ONCE_MAX}, "since": {"format": "instant"}}

    event_ids: list[str] | None = None
    since: str | None = None


class ReplayAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """How many events are sent again; `hasMore`: the same call sends more."""

    replayed: int
    has_more: bool


class TestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /webhook/{webhookId}/test."""

    __test__: ClassVar[bool] = False
    bounds: ClassVar[dict[str, Bounds]] = {"eventType": {"enum": list(EVENT_TYPES)}}

    event_type: str | None = None


class TestAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """The delivery of the made-up event."""

    __test__: ClassVar[bool] = False
    bounds: ClassVar[dict[str, Bounds]] = {"eventType": {"enum": list(EVENT_TYPES)}}

    delivery_id: str
    event_id: str
    event_type: str
