"""What the operator is told of tenants: where each lives, and how much it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.control import calls
from chaupal.directory.places import ElsewherePage, list_elsewhere
from chaupal.directory.rules import list_tenants
from chaupal.errors import Unavailable
from chaupal.store.transaction import Transaction

if TYPE_CHECKING:
    from chaupal.serving.house import House

_ELSEWHERE_AT_ONCE = 1_000


async def tenant_list(house: House, arguments: calls.TenantList) -> calls.Tenants:
    own_name = house.roster.own_name
    tenants = [
        calls.TenantShown(
            tenant_id=tenant_id,
            name=name,
            cell=own_name,
            counts=await _count(house, tenant_id) if arguments.with_counts else None,
        )
        for tenant_id, name in await house.store.read(list_tenants, INSTALLATION, None)
    ]
    return calls.Tenants(tenants=tenants, elsewhere=await _elsewhere(house) if own_name else [])


async def _elsewhere(house: House) -> list[calls.TenantElsewhere]:
    found: list[calls.TenantElsewhere] = []
    after = ""
    while page := await house.store.read(list_elsewhere, INSTALLATION, ElsewherePage(after, _ELSEWHERE_AT_ONCE)):
        found += [
            calls.TenantElsewhere(
                tenant_id=each.tenant_id, name=each.name or "", cell=each.cell_name, url=each.endpoint_url
            )
            for each in page
        ]
        after = page[-1].tenant_id
    return found


async def _count(house: House, tenant_id: str) -> calls.TenantCounts:
    # Few ask, and a server's start is not to wait for what they need.
    from chaupal.groups.rules import count_all_groups
    from chaupal.media.rules import sum_media_bytes
    from chaupal.messages.rules import count_all_messages
    from chaupal.people.rules import count_all_people

    async def found(rule: Callable[[Transaction, Operator, None], int]) -> int | None:
        try:
            return await house.store.read(rule, Operator(tenant_id), None)
        except Unavailable:  # cut off, as any read is that takes too long
            return None

    return calls.TenantCounts(
        people=await found(count_all_people),
        groups=await found(count_all_groups),
        messages=await found(count_all_messages),
        media_bytes=await found(sum_media_bytes),
    )
