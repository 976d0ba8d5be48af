"""The calls of `tenant`. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client import operations
from chaupal_client._resource import Resource
from chaupal_client.models import LimitsAnswer


class Tenant(Resource):
    """What can be done; one call a method."""

    def limits(self) -> LimitsAnswer:
        """How many calls the organization and its connectors have made in this minute.

        Needs: permission **Tenant Data**; an admin of the organization; a user token.
        """
        return self._driver.run(self._session.call(operations.TENANT_LIMITS))
