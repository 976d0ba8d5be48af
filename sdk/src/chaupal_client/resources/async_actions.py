"""The calls of `actions`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.models import (
    ActionAnswer,
    ActionReceipt,
    ActionsAnswer,
    PostedProperty,
    ResultAnswer,
    ShownAction,
)


class AsyncActions(AsyncResource):
    """The asynchronous twin of `Actions`."""

    async def post(
        self,
        group_id: str,
        *,
        id: str | None = None,
        action_type: str | None = None,
        action_body: Mapping[str, Any] | None = None,
        reply_to_reference_id: str | None = None,
        subscribers: Sequence[str] | None = None,
        send_to_all_subscribers: bool | None = None,
        idempotency_key: str | None = None,
    ) -> ActionReceipt:
        """As `Actions.post`. Post an action."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_POST,
                (group_id,),
                body={
                    "id": id,
                    "actionType": action_type,
                    "actionBody": action_body,
                    "replyToReferenceId": reply_to_reference_id,
                    "subscribers": subscribers,
                    "sendToAllSubscribers": send_to_all_subscribers,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def list(
        self,
        group_id: str,
        *,
        action_type: str | None = None,
        from_date: datetime | str | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> ActionsAnswer:
        """As `Actions.list`. A group's actions, newest last."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_LIST,
                (group_id,),
                query={"actionType": action_type, "fromDate": from_date, "count": count, "cursor": cursor},
            )
        )

    def iterate(
        self,
        group_id: str,
        *,
        action_type: str | None = None,
        from_date: datetime | str | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> AsyncItems[ShownAction]:
        """As `Actions.iterate`. A group's actions, newest last: all of them, page by page."""
        place = Place(cursor)
        return AsyncItems(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.ACTIONS_LIST,
                (group_id,),
                {"actionType": action_type, "fromDate": from_date, "count": count},
                items="actions",
                item_type=ShownAction,
                is_backwards=True,
            ),
        )

    async def get(
        self,
        group_id: str,
        action_id: str,
        *,
        get_details: bool | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> ActionAnswer:
        """As `Actions.get`. One action, with its answers if they are asked for."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_GET,
                (
                    group_id,
                    action_id,
                ),
                query={"getDetails": get_details, "count": count, "cursor": cursor},
            )
        )

    async def change(
        self,
        group_id: str,
        action_id: str,
        update_properties: Sequence[PostedProperty],
        *,
        version: int | None = None,
        send_to_all_subscribers: bool | None = None,
        send_notification_to_subscribers: bool | None = None,
    ) -> ResultAnswer:
        """As `Actions.change`. Change properties of a package's instance."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_CHANGE,
                (
                    group_id,
                    action_id,
                ),
                body={
                    "version": version,
                    "updateProperties": update_properties,
                    "sendToAllSubscribers": send_to_all_subscribers,
                    "sendNotificationToSubscribers": send_notification_to_subscribers,
                },
            )
        )

    async def retract(self, group_id: str, action_id: str) -> ResultAnswer:
        """As `Actions.retract`. Take an action back."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_RETRACT,
                (
                    group_id,
                    action_id,
                ),
            )
        )

    async def properties(
        self,
        group_id: str,
        action_id: str,
        update_properties: Sequence[PostedProperty],
        *,
        version: int | None = None,
        send_to_all_subscribers: bool | None = None,
        send_notification_to_subscribers: bool | None = None,
    ) -> ResultAnswer:
        """As `Actions.properties`. Change properties of a package's instance."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_PROPERTIES,
                (
                    group_id,
                    action_id,
                ),
                body={
                    "version": version,
                    "updateProperties": update_properties,
                    "sendToAllSubscribers": send_to_all_subscribers,
                    "sendNotificationToSubscribers": send_notification_to_subscribers,
                },
            )
        )

    async def remind(
        self,
        group_id: str,
        action_id: str,
        *,
        subscribers: Sequence[str] | None = None,
        send_to_all_subscribers: bool | None = None,
        idempotency_key: str | None = None,
    ) -> ResultAnswer:
        """As `Actions.remind`. Remind those who have not answered."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_REMIND,
                (
                    group_id,
                    action_id,
                ),
                body={"subscribers": subscribers, "sendToAllSubscribers": send_to_all_subscribers},
                idempotency_key=idempotency_key,
            )
        )

    async def close(self, group_id: str, action_id: str) -> ResultAnswer:
        """As `Actions.close`. Let an action take no more answers."""
        return await self._driver.run(
            self._session.call(
                operations.ACTIONS_CLOSE,
                (
                    group_id,
                    action_id,
                ),
            )
        )
