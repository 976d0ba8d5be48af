"""The calls of `tenant`. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._operations import Operation
from chaupal_client._resource import AsyncResource, Resource
from chaupal_client.models import LimitsAnswer

_LIMITS: Operation[LimitsAnswer] = Operation("GET", "/tenant/limits", LimitsAnswer)


class Tenant(Resource):
    """What can be done; one call a method."""

    def limits(self) -> LimitsAnswer:
        """How many calls the organization and its connectors have made in this minute.

        Needs: permission **Tenant Data**; an admin of the organization; a user token.
        """
        return self._driver.run(self._session.call(_LIMITS))


class AsyncTenant(AsyncResource):
    """The asynchronous twin of `Tenant`."""

    async def limits(self) -> LimitsAnswer:
        """As `Tenant.limits`. How many calls the organization and its connectors have made in this minute."""
        return await self._driver.run(self._session.call(_LIMITS))
