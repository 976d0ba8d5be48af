"""The calls of `users`. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client import operations
from chaupal_client._resource import Resource
from chaupal_client.models import CurrentUser


class Users(Resource):
    """What can be done; one call a method."""

    def me(self) -> CurrentUser:
        """The user that the access token belongs to.

        Needs: permission **User Profile**; anyone whose token holds.
        """
        return self._driver.run(self._session.call(operations.USERS_ME))
