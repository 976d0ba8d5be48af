"""What the webhook calls take and give. Source: contract, section 11."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from chaupal.webhooks.drafts import HEADER_MAX_CHARS, HEADERS_MAX, TOKEN_MAX_CHARS, URL_MAX_CHARS
from chaupal.webhooks.kinds import EVENT_TYPES, OBJECT_TYPES
from chaupal.wire.bounds import INSTANT_MS, Bounds, text_bounds

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
    validity: int | str | None = None
    signing_secret: str | None = None


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
    validity: int | str | None = None
    signing_secret: str | None = None


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


class WebhooksAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """Webhooks, oldest first."""

    webhooks: list[WebhookInformation]


class NothingAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """An answer that says nothing: `{}`."""
