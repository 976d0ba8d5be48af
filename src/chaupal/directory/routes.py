"""The routes about the organization as a whole."""

from __future__ import annotations

from typing import TypedDict

from chaupal.auth.limiter import connector_key, seconds_left, tenant_key
from chaupal.directory.rules import list_limited
from chaupal.directory.shapes import ConnectorUse, LimitsAnswer, Use
from chaupal.serving.house import House
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.wire.instants import write_second


class _Counted(TypedDict, total=False):
    limit: int
    used: int
    remaining: int


async def get_limits(request: ApiRequest) -> LimitsAnswer:
    """How many calls the organization and its connectors have made in this minute."""
    house, settings = request.house, request.house.settings
    connectors = await request.read(list_limited, None)
    return LimitsAnswer(
        resets_at=write_second((house.now_s + seconds_left(house.now_s)) * 1000),
        tenant=Use(**_counted(house, tenant_key(request.tenant_id), settings.tenant_calls_per_min)),
        connectors=[
            ConnectorUse(
                application_id=application_id,
                name=name,
                **_counted(house, connector_key(connector_id), settings.connector_calls_per_min),
            )
            for connector_id, application_id, name in connectors
        ],
    )


def _counted(house: House, key: str, limit: int) -> _Counted:
    if limit == 0:
        return {"limit": 0}
    used = house.limiter.used(key, now_s=house.now_s)
    return {"limit": limit, "used": used, "remaining": max(limit - used, 0)}


ROUTES = [Route("GET", "/tenant/limits", get_limits, call="tenant.limits", reply=LimitsAnswer)]
