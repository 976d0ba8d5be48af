"""The calls of `users`. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._operations import Operation
from chaupal_client._resource import AsyncResource, Resource
from chaupal_client.models import CurrentUser

_ME: Operation[CurrentUser] = Operation("GET", "/users/me", CurrentUser)


class Users(Resource):
    """What can be done; one call a method."""

    def me(self) -> CurrentUser:
        """The user that the access token belongs to.

        Needs: permission **User Profile**; anyone whose token holds.
        """
        return self._driver.run(self._session.call(_ME))


class AsyncUsers(AsyncResource):
    """The asynchronous twin of `Users`."""

    async def me(self) -> CurrentUser:
        """As `Users.me`. The user that the access token belongs to."""
        return await self._driver.run(self._session.call(_ME))
