"""The calls of `subscribers`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.models import AddedAnswer, RemovedAnswer, Subscriber, SubscribersAnswer


class AsyncSubscribers(AsyncResource):
    """The asynchronous twin of `Subscribers`."""

    async def page(
        self, group_id: str, *, cursor: str | None = None, count: int | None = None, idempotency_key: str | None = None
    ) -> SubscribersAnswer:
        """As `Subscribers.page`. The subscribers: all, or a page where `count` or `cursor` is given."""
        return await self._driver.run(
            self._session.call(
                operations.SUBSCRIBERS_PAGE,
                (group_id,),
                body={"cursor": cursor, "count": count},
                idempotency_key=idempotency_key,
            )
        )

    async def list(self, group_id: str, *, cursor: str | None = None, count: int | None = None) -> SubscribersAnswer:
        """As `Subscribers.list`. The same as a GET."""
        return await self._driver.run(
            self._session.call(operations.SUBSCRIBERS_LIST, (group_id,), query={"cursor": cursor, "count": count})
        )

    def iterate(self, group_id: str, *, count: int | None = None, cursor: str | None = None) -> AsyncItems[Subscriber]:
        """As `Subscribers.iterate`. The same as a GET: all of them, page by page."""
        place = Place(cursor)
        return AsyncItems(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.SUBSCRIBERS_LIST,
                (group_id,),
                {"count": count},
                items="subscribers",
                item_type=Subscriber,
            ),
        )

    async def add(self, group_id: str, subscribers: Sequence[str]) -> AddedAnswer:
        """As `Subscribers.add`. Make people subscribers; a number that cannot be one fails alone."""
        return await self._driver.run(
            self._session.call(operations.SUBSCRIBERS_ADD, (group_id,), body={"subscribers": subscribers})
        )

    async def remove(self, group_id: str, subscribers: Sequence[str]) -> RemovedAnswer:
        """As `Subscribers.remove`. End subscriptions; a number that has none fails alone."""
        return await self._driver.run(
            self._session.call(operations.SUBSCRIBERS_REMOVE, (group_id,), body={"subscribers": subscribers})
        )
