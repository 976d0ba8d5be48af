"""The calls of `messages`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.models import Message, MessageReceipt, MessagesAnswer, ResultAnswer


class AsyncMessages(AsyncResource):
    """The asynchronous twin of `Messages`."""

    async def post(
        self,
        group_id: str,
        message: str,
        *,
        reply_to_reference_id: str | None = None,
        send_to_all_subscribers: bool | None = None,
        subscribers: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> MessageReceipt:
        """As `Messages.post`. Send a text message to a group."""
        return await self._driver.run(
            self._session.call(
                operations.MESSAGES_POST,
                (group_id,),
                body={
                    "message": message,
                    "replyToReferenceId": reply_to_reference_id,
                    "sendToAllSubscribers": send_to_all_subscribers,
                    "subscribers": subscribers,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def list(
        self,
        group_id: str,
        *,
        cursor: str | None = None,
        count: int | None = None,
        direction: Literal["older", "newer"] = "older",
    ) -> MessagesAnswer:
        """As `Messages.list`. A group's messages, newest first."""
        return await self._driver.run(
            self._session.call(
                operations.MESSAGES_LIST, (group_id,), query={"cursor": cursor, "count": count, "direction": direction}
            )
        )

    def iterate(
        self,
        group_id: str,
        *,
        count: int | None = None,
        direction: Literal["older", "newer"] = "older",
        cursor: str | None = None,
    ) -> AsyncItems[Message]:
        """As `Messages.iterate`. A group's messages, newest first: all of them, page by page."""
        place = Place(cursor)
        return AsyncItems(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.MESSAGES_LIST,
                (group_id,),
                {"count": count, "direction": direction},
                items="messages",
                item_type=Message,
            ),
        )

    async def get(self, group_id: str, reference_id: str) -> Message:
        """As `Messages.get`. One message."""
        return await self._driver.run(
            self._session.call(
                operations.MESSAGES_GET,
                (
                    group_id,
                    reference_id,
                ),
            )
        )

    async def edit(self, group_id: str, reference_id: str, message: str) -> ResultAnswer:
        """As `Messages.edit`. Change a message's text."""
        return await self._driver.run(
            self._session.call(
                operations.MESSAGES_EDIT,
                (
                    group_id,
                    reference_id,
                ),
                body={"message": message},
            )
        )

    async def retract(self, group_id: str, reference_id: str) -> ResultAnswer:
        """As `Messages.retract`. Take a message back."""
        return await self._driver.run(
            self._session.call(
                operations.MESSAGES_RETRACT,
                (
                    group_id,
                    reference_id,
                ),
            )
        )
