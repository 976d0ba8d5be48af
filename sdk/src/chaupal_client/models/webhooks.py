"""Of the resource `webhooks`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

from typing import Any

import msgspec


class DeliveriesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Deliveries, newest first; `cursor` only where there may be more."""

    deliveries: tuple[ShownDelivery, ...]
    """Newest first."""

    cursor: str | None = None
    """Only where there may be more; a page that looks for something rare may hold fewer than asked for, or none, and
    still have one."""


class NothingAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An answer that says nothing: `{}`."""


class ReplayAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many events are sent again; `hasMore`: the same call sends more."""

    replayed: int
    """How many events are sent again."""

    has_more: bool
    """Whether there are more."""


class ShownDelivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One delivery with its tries, in order."""

    delivery_id: str
    """Its id; its event's id and type."""

    event_id: str
    """Its id; its event's id and type."""

    event_type: str
    """Its id; its event's id and type."""

    origin: str
    """`event`, `replay` or `test`."""

    status: str
    """Its state."""

    happened_at: str
    """When the event happened, and when it was made ready to be sent."""

    queued_at: str
    """When the event happened, and when it was made ready to be sent."""

    tries: tuple[ShownTry, ...]
    """Each try: `triedAt`, `durationMs`, the `status` of the answer, or the `error` where nothing was answered, and
    `answer`, the first 2,000 characters of it. Answers from addresses that are not public are not kept."""

    next_try_at: str | None = None
    """When it is tried again; only while it is `retrying`."""


class ShownTry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One try. `status` only where something was answered, `error` where nothing was."""

    tried_at: str

    duration_ms: int

    status: int | None = None
    """Its state."""

    error: str | None = None

    answer: str | None = None


class TestAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The delivery of the made-up event."""

    delivery_id: str
    """Of the made-up event."""

    event_id: str
    """Of the made-up event."""

    event_type: str
    """Of the made-up event."""


class WebhookInformation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One webhook. Times in milliseconds since 1970."""

    id: str
    """Its id; `webhookId` elsewhere."""

    object_id: str
    """What it is about."""

    object_type: str
    """What it is about."""

    events: tuple[str, ...]
    """The event types that it hears of."""

    filters: tuple[str, ...]
    """Always `[]`."""

    callback_url: str
    """As given."""

    callback_token: str
    """As given, to the connector that gave it; `""` to others."""

    callback_context: Any
    """As given."""

    ts: int
    """When it was registered and until when it is called, milliseconds since 1970."""

    validity: int
    """When it was registered and until when it is called, milliseconds since 1970."""

    active: bool
    """Whether it is called."""

    disabled_reason: str
    """Why not: `TurnedOff` by this API, `Failing` after the last try of a delivery, `Gone` by a receiver's 410,
    `NotAllowed` since its maker has lost the right, `Expired`; else `""`."""

    is_failing: bool
    """The last call for an event was not answered with success; tests and events sent again do not count."""

    is_signed: bool
    """A signing secret is set."""

    alert_email: str
    """As given, to the connector that gave it; `""` to others."""


class WebhookReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a webhook registered."""

    webhook_id: str


class WebhooksAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Webhooks, oldest first."""

    webhooks: tuple[WebhookInformation, ...]
