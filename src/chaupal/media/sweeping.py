"""Removing bytes that nobody uses any more. The database says which; it forgets them after they are gone."""

from __future__ import annotations

import structlog

from chaupal.auth.caller import Operator
from chaupal.media.objects import MediaStoreGone
from chaupal.media.rules import doom_unused_objects, forget_objects
from chaupal.serving.house import House

_OBJECTS_AT_ONCE = 100

log = structlog.get_logger("media")


async def remove_unused_objects(house: House, tenant_id: str) -> int:
    """Remove the bytes of a tenant's unused objects; how many objects. What cannot be reached is left for later."""
    operator = Operator(tenant_id)
    removed = 0
    while True:
        doomed = (await house.store.write(doom_unused_objects, operator, _OBJECTS_AT_ONCE)).result
        if not doomed:
            return removed
        try:
            for key in doomed:
                await house.media_store.objects.delete(key)
        except MediaStoreGone as error:
            log.warning("media store unreachable", cause=type(error.cause).__name__)
            return removed
        removed += (await house.store.write(forget_objects, operator, [key.object_id for key in doomed])).result


async def remove_stale_files(house: House) -> int:
    """Remove temporary files that a killed process has left behind; how many."""
    return await house.media_store.threads.run(house.media_store.incoming.remove_stale)
