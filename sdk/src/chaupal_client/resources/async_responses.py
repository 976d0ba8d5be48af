"""The calls of `responses`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from typing import Any

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.models import ResponseReceipt, ResponsesAnswer, ShownResponse


class AsyncResponses(AsyncResource):
    """The asynchronous twin of `Responses`."""

    async def post(
        self,
        group_id: str,
        action_id: str,
        *,
        id: str | None = None,
        action_type: str | None = None,
        response_id: str | None = None,
        action_body: Any = None,
        idempotency_key: str | None = None,
    ) -> ResponseReceipt:
        """As `Responses.post`. Answer an action, or change an answer."""
        return await self._driver.run(
            self._session.call(
                operations.RESPONSES_POST,
                (
                    group_id,
                    action_id,
                ),
                body={"id": id, "actionType": action_type, "responseId": response_id, "actionBody": action_body},
                idempotency_key=idempotency_key,
            )
        )

    async def list(
        self, group_id: str, action_id: str, *, count: int | None = None, cursor: str | None = None
    ) -> ResponsesAnswer:
        """As `Responses.list`. The answers to an action, a page at a time."""
        return await self._driver.run(
            self._session.call(
                operations.RESPONSES_LIST,
                (
                    group_id,
                    action_id,
                ),
                query={"count": count, "cursor": cursor},
            )
        )

    def iterate(
        self, group_id: str, action_id: str, *, count: int | None = None, cursor: str | None = None
    ) -> AsyncItems[ShownResponse]:
        """As `Responses.iterate`. The answers to an action, a page at a time: all of them, page by page."""
        place = Place(cursor)
        return AsyncItems(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.RESPONSES_LIST,
                (
                    group_id,
                    action_id,
                ),
                {"count": count},
                items="responses",
                item_type=ShownResponse,
            ),
        )
