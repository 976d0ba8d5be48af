"""The calls of `users`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client import operations
from chaupal_client._resource import AsyncResource
from chaupal_client.models import CurrentUser


class AsyncUsers(AsyncResource):
    """The asynchronous twin of `Users`."""

    async def me(self) -> CurrentUser:
        """As `Users.me`. The user that the access token belongs to."""
        return await self._driver.run(self._session.call(operations.USERS_ME))
