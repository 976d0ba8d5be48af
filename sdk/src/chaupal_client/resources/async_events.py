"""The calls of `events`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence

from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.events import Event
from chaupal_client.flows import events as flows
from chaupal_client.models import SyncAnswer


class AsyncEvents(AsyncResource):
    """The asynchronous twin of `Events`."""

    async def page(
        self, *, cursor: str | None = None, limit: int | None = None, group_id: Sequence[str] | None = None
    ) -> SyncAnswer:
        """As `Events.page`. One page of what has happened since a cursor; without one, a cursor for now."""
        return await self._driver.run(flows.page(self._session, cursor=cursor, limit=limit, group_id=group_id))

    def since(self, *, cursor: str | None = None, group_id: Sequence[str] | None = None) -> AsyncItems[Event]:
        """As `Events.since`. Each event since a cursor, up to now, and then the end; without a cursor none."""
        place = Place(cursor)
        return AsyncItems(self._driver, place, flows.since(self._session, place, cursor=cursor, group_id=group_id))

    def follow(self, *, cursor: str | None = None, group_id: Sequence[str] | None = None) -> AsyncItems[Event]:
        """As `Events.follow`. Each event as it happens, from a cursor or from now on, without an end."""
        place = Place(cursor)
        return AsyncItems(self._driver, place, flows.follow(self._session, place, cursor=cursor, group_id=group_id))
