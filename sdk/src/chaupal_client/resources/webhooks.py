"""The calls of `webhooks`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import Items
from chaupal_client._resource import Resource
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


class Webhooks(Resource):
    """What can be done; one call a method."""

    def create(
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
        """Register a webhook.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            object_id: id of the group or the action, or the package's id, with its version or without
            object_type: `Group`, `Action` or `ActionPackage`
            event_types: names of events, also as `events`; unknown ones are dropped, as long as one is known
            call_back_url: also `callbackUri`; `https://`, at most 2,048 characters, port 443, 80 or from 1024 on,
                on a public address; others where `CHAUPAL_CALLBACK_ALLOW` names them, these also with `http://`
            call_back_token: up to 4,000 characters that come back as the header `kz-callback-token` of each call;
                may be left out
            call_back_context: any value, up to 16,384 bytes of JSON, that comes back as `context`, which is
                another name for it here; may be left out
            call_back_headers: an object of up to 20 headers that are sent along; may be left out
            validity: until when it is called, a time in the future: epoch seconds or milliseconds, or ISO 8601;
                730 days from now if left out, or 0
            signing_secret: `whsec_` and 24 to 64 bytes in base64: calls are then signed; may be left out
            alert_email: address that is told when the webhook is disabled or has been failing for long; may be
                left out
        """
        return self._driver.run(
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

    def list(
        self, *, object_id: str | None = None, object_type: Literal["Group", "Action", "ActionPackage"] | None = None
    ) -> WebhooksAnswer:
        """The webhooks on an object.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            object_id: as in `POST /webhook`
            object_type: as in `POST /webhook`; needed with `objectId`
        """
        return self._driver.run(
            self._session.call(operations.WEBHOOKS_LIST, query={"objectId": object_id, "objectType": object_type})
        )

    def change(
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
        """Change a webhook, or enable or disable it.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            webhook_id: The webhook, as `POST /webhook` named it and `GET /webhook` lists it.
            active: `true` enables, `false` disables; also as text
            object_id: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            object_type: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            event_types: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            call_back_url: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            call_back_token: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            call_back_context: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            call_back_headers: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            validity: as in `POST /webhook`; also as `events`, `callbackUri`, `context`
            signing_secret: a new one; the one before signs along for 24 hours. `""` ends signing
            alert_email: another address; `""` for none
        """
        return self._driver.run(
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

    def delete(self, webhook_id: str) -> NothingAnswer:
        """Delete a webhook.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            webhook_id: The webhook, as `POST /webhook` named it and `GET /webhook` lists it.
        """
        return self._driver.run(self._session.call(operations.WEBHOOKS_DELETE, (webhook_id,)))

    def deliveries(
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
        """What was, and is to be, sent to a webhook.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            webhook_id: The webhook, as `POST /webhook` named it and `GET /webhook` lists it.
            status: only deliveries in this state: `waiting`, `sending`, `retrying`, `delivered`, `exhausted` or
                `skipped`; see the drawing
            event_type: only those of one type
            cursor: as the page before gave it
            count: 1 to 100; 30 if left out
        """
        return self._driver.run(
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
    ) -> Items[ShownDelivery]:
        """What was, and is to be, sent to a webhook: all of them, page by page.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            webhook_id: The webhook, as `POST /webhook` named it and `GET /webhook` lists it.
            status: only deliveries in this state: `waiting`, `sending`, `retrying`, `delivered`, `exhausted` or
                `skipped`; see the drawing
            event_type: only those of one type
            count: 1 to 100; 30 if left out
            cursor: where to begin
        """
        place = Place(cursor)
        return Items(
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

    def replay(
        self,
        webhook_id: str,
        *,
        event_ids: Sequence[str] | None = None,
        since: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> ReplayAnswer:
        """Send events to a webhook again.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            webhook_id: The webhook, as `POST /webhook` named it and `GET /webhook` lists it.
            event_ids: ids of up to 1,000 events, as the deliveries have them; unknown ones are passed over, and
                an empty list sends nothing. If left out, whatever was given up or set aside is sent
            since: only what has happened since: epoch seconds or milliseconds, or ISO 8601; may be left out
        """
        return self._driver.run(
            self._session.call(
                operations.WEBHOOKS_REPLAY,
                (webhook_id,),
                body={"eventIds": event_ids, "since": since},
                idempotency_key=idempotency_key,
            )
        )

    def test(
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
        """Send a made-up event to a webhook.

        Needs: permission **Outgoing Webhooks**; an admin of the group.

        Args:
            webhook_id: The webhook, as `POST /webhook` named it and `GET /webhook` lists it.
            event_type: any event type; the first that the webhook hears of if left out
        """
        return self._driver.run(
            self._session.call(
                operations.WEBHOOKS_TEST, (webhook_id,), body={"eventType": event_type}, idempotency_key=idempotency_key
            )
        )
