"""Whose a call is that carries no access token: the connector that its application id names, here or elsewhere."""

from __future__ import annotations

from chaupal.auth.caller import INSTALLATION
from chaupal.cells.roster import TenantMoved
from chaupal.connectors.rules import Connector, find_connector_anywhere
from chaupal.directory.places import find_place
from chaupal.errors import Unauthenticated
from chaupal.serving.request import ApiRequest


async def connector_of(request: ApiRequest, application_id: str) -> Connector:
    """The connector; its tenant is the call's from now on, and its keys are at hand.

    Raises:
        Unauthenticated: it is not known.
        TenantMoved: it is in another cell.
    """
    house = request.house
    connector = await house.store.read(find_connector_anywhere, INSTALLATION, application_id)
    if connector is None:
        await check_elsewhere(request, application_id)
        raise Unauthenticated
    await enter_tenant(request, connector.tenant_id)
    return connector


async def enter_tenant(request: ApiRequest, tenant_id: str) -> None:
    """The call is this tenant's.

    Raises:
        TenantMoved.
    """
    departures = request.house.roster.departures
    if tenant_id in departures:
        raise TenantMoved(departures[tenant_id])
    request.tenant_id = tenant_id
    await request.house.meet_tenant(tenant_id)


async def check_elsewhere(request: ApiRequest, application_id: str) -> None:
    """Raise TenantMoved where the application id, which is nobody's here, is known to be another cell's.

    An installation that is alone asks nothing.
    """
    house = request.house
    if house.roster.own_name:
        place = await house.store.read(find_place, INSTALLATION, application_id)
        if place is not None:
            raise TenantMoved(place)
