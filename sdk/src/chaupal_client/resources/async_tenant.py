"""The calls of `tenant`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client import operations
from chaupal_client._resource import AsyncResource
from chaupal_client.models import LimitsAnswer


class AsyncTenant(AsyncResource):
    """The asynchronous twin of `Tenant`."""

    async def limits(self) -> LimitsAnswer:
        """As `Tenant.limits`. How many calls the organization and its connectors have made in this minute."""
        return await self._driver.run(self._session.call(operations.TENANT_LIMITS))
