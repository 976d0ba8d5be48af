"""The calls of `webhooks`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.models import (
    DeliveriesAnswer,
    NothingAnswer,
    ReplayAnswer,
    ResultAnswer,
    ShownDelivery,
    TestAnswer,
    WebhookReceipt,
    WebhooksAnswer,
)


class AsyncWebhooks(AsyncResource):
    """The asynchronous twin of `Webhooks`."""

    async def create(
        self,
        object_id: str,
        object_type: Literal["Group", "Action", "ActionPackage"],
        event_types: Sequence[str],
        call_back_url: str,
        *,
        call_back_token: str | None = None,
        call_back_context: Any = None,
        call_back_headers: Mapping[str, str] | None = None,
        validity: datetime | str | None = None,
        signing_secret: str | None = None,
        alert_email: str | None = None,
        idempotency_key: str | None = None,
    ) -> WebhookReceipt:
        """As `Webhooks.create`. Register a webhook."""
        return await self._driver.run(
            self._session.call(
                operations.WEBHOOKS_CREATE,
                body={
                    "objectId": object_id,
                    "objectType": object_type,
                    "eventTypes": event_types,
                    "callBackUrl": call_back_url,
                    "callBackToken": call_back_token,
                    "callBackContext": call_back_context,
                    "callBackHeaders": call_back_headers,
                    "validity": validity,
                    "signingSecret": signing_secret,
                    "alertEmail": alert_email,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def list(
        self, *, object_id: str | None = None, object_type: Literal["Group", "Action", "ActionPackage"] | None = None
    ) -> WebhooksAnswer:
        """As `Webhooks.list`. The webhooks on an object."""
        return await self._driver.run(
            self._session.call(operations.WEBHOOKS_LIST, query={"objectId": object_id, "objectType": object_type})
        )

    async def change(
        self,
        webhook_id: str,
        *,
        active: bool | None = None,
        object_id: str | None = None,
        object_type: Literal["Group", "Action", "ActionPackage"] | None = None,
        event_types: Sequence[str] | None = None,
        call_back_url: str | None = None,
        call_back_token: str | None = None,
        call_back_context: Any = None,
        call_back_headers: Mapping[str, str] | None = None,
        validity: datetime | str | None = None,
        signing_secret: str | None = None,
        alert_email: str | None = None,
    ) -> ResultAnswer:
        """As `Webhooks.change`. Change a webhook, or enable or disable it."""
        return await self._driver.run(
            self._session.call(
                operations.WEBHOOKS_CHANGE,
                (webhook_id,),
                body={
                    "active": active,
                    "objectId": object_id,
                    "objectType": object_type,
                    "eventTypes": event_types,
                    "callBackUrl": call_back_url,
                    "callBackToken": call_back_token,
                    "callBackContext": call_back_context,
                    "callBackHeaders": call_back_headers,
                    "validity": validity,
                    "signingSecret": signing_secret,
                    "alertEmail": alert_email,
                },
            )
        )

    async def delete(self, webhook_id: str) -> NothingAnswer:
        """As `Webhooks.delete`. Delete a webhook."""
        return await self._driver.run(self._session.call(operations.WEBHOOKS_DELETE, (webhook_id,)))

    async def deliveries(
        self,
        webhook_id: str,
        *,
        status: Literal["waiting", "sending", "retrying", "delivered", "exhausted", "skipped"] | None = None,
        event_type: Literal[
            "ActionCreated",
            "ActionResponse",
            "SurveyCreated",
            "JobCreated",
            "SurveyResponse",
            "JobResponse",
            "TextMessageCreated",
            "AttachmentCreated",
            "Announcement",
            "MemberAdded",
            "MemberRemoved",
            "GroupAdded",
            "GroupRemoved",
            "PollCreated",
            "PollResponse",
            "LetsMeetCreated",
            "LetsMeetResponse",
            "LocationShared",
            "PhotoWithLocation",
            "ReactionCreated",
            "MessageEdited",
            "MessageRetracted",
        ]
        | None = None,
        cursor: str | None = None,
        count: int | None = None,
    ) -> DeliveriesAnswer:
        """As `Webhooks.deliveries`. What was, and is to be, sent to a webhook."""
        return await self._driver.run(
            self._session.call(
                operations.WEBHOOKS_DELIVERIES,
                (webhook_id,),
                query={"status": status, "eventType": event_type, "cursor": cursor, "count": count},
            )
        )

    def iterate_deliveries(
        self,
        webhook_id: str,
        *,
        status: Literal["waiting", "sending", "retrying", "delivered", "exhausted", "skipped"] | None = None,
        event_type: Literal[
            "ActionCreated",
            "ActionResponse",
            "SurveyCreated",
            "JobCreated",
            "SurveyResponse",
            "JobResponse",
            "TextMessageCreated",
            "AttachmentCreated",
            "Announcement",
            "MemberAdded",
            "MemberRemoved",
            "GroupAdded",
            "GroupRemoved",
            "PollCreated",
            "PollResponse",
            "LetsMeetCreated",
            "LetsMeetResponse",
            "LocationShared",
            "PhotoWithLocation",
            "ReactionCreated",
            "MessageEdited",
            "MessageRetracted",
        ]
        | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> AsyncItems[ShownDelivery]:
        """As `Webhooks.iterate_deliveries`. What was, and is to be, sent to a webhook: all of them, page by page."""
        place = Place(cursor)
        return AsyncItems(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.WEBHOOKS_DELIVERIES,
                (webhook_id,),
                {"status": status, "eventType": event_type, "count": count},
                items="deliveries",
                item_type=ShownDelivery,
            ),
        )

    async def replay(
        self,
        webhook_id: str,
        *,
        event_ids: Sequence[str] | None = None,
        since: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> ReplayAnswer:
        """As `Webhooks.replay`. Send events to a webhook again."""
        return await self._driver.run(
            self._session.call(
                operations.WEBHOOKS_REPLAY,
                (webhook_id,),
                body={"eventIds": event_ids, "since": since},
                idempotency_key=idempotency_key,
            )
        )

    async def test(
        self,
        webhook_id: str,
        *,
        event_type: Literal[
            "ActionCreated",
            "ActionResponse",
            "SurveyCreated",
            "JobCreated",
            "SurveyResponse",
            "JobResponse",
            "TextMessageCreated",
            "AttachmentCreated",
            "Announcement",
            "MemberAdded",
            "MemberRemoved",
            "GroupAdded",
            "GroupRemoved",
            "PollCreated",
            "PollResponse",
            "LetsMeetCreated",
            "LetsMeetResponse",
            "LocationShared",
            "PhotoWithLocation",
            "ReactionCreated",
            "MessageEdited",
            "MessageRetracted",
        ]
        | None = None,
        idempotency_key: str | None = None,
    ) -> TestAnswer:
        """As `Webhooks.test`. Send a made-up event to a webhook."""
        return await self._driver.run(
            self._session.call(
                operations.WEBHOOKS_TEST, (webhook_id,), body={"eventType": event_type}, idempotency_key=idempotency_key
            )
        )
