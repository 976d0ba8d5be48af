"""Where the bytes of media lie: in a bucket, one small object is put, read and removed again."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable
from pathlib import Path

from chaupal.cli.checks.check import Check, fault, ok
from chaupal.media.media_store import make_media_store
from chaupal.media.objects import MediaStoreGone, ObjectKey, ObjectMissing, ObjectStore
from chaupal.settings import Settings
from chaupal.store.clock import new_id

_PROBE = b"chaupal doctor\n"
_TIMEOUT_S = 30
_CAUSE_CHARS = 300


class _StepFailed(Exception):
    """What could not be done, and why."""


def check_media_store(settings: Settings) -> list[Check]:
    """The bucket takes an object, gives it back and removes it. The folder is looked at with the data folder."""
    name = "media store"
    if not settings.media_store:
        return [ok(name, "Media lie in the folder `media` in the data folder.")]
    where = f"CHAUPAL_MEDIA_STORE={settings.media_store}"
    try:
        asyncio.run(_probe(make_media_store(settings).objects))
    except _StepFailed as error:
        advice = (
            "Check CHAUPAL_MEDIA_STORE and the settings CHAUPAL_MEDIA_S3_*; the key needs the right to put, get and "
            "delete objects."
        )
        return [fault(name, f"{where}: {error}", advice)]
    return [ok(name, f"{where}: an object was put, read and removed again.")]


async def _probe(objects: ObjectStore) -> None:
    """Raises _StepFailed. What was put is removed again, whatever reading it gave."""
    key = ObjectKey(new_id(), hashlib.sha256(_PROBE).hexdigest(), new_id())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe"
        path.write_bytes(_PROBE)
        await _step("put", objects.put(key, path))
    try:
        if await _step("read", _read(objects, key)) != _PROBE:
            raise _StepFailed("an object that was put came back with other bytes.")
    finally:
        await _step("removed", objects.delete(key))


async def _read(objects: ObjectStore, key: ObjectKey) -> bytes:
    return b"".join([piece async for piece in objects.read(key, 0, len(_PROBE))])


async def _step(done: str, step: Awaitable[bytes | None]) -> bytes | None:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await step
    except MediaStoreGone as error:
        cause = " ".join(str(error.cause).split())[:_CAUSE_CHARS]
        raise _StepFailed(f"an object cannot be {done}: {cause}") from None
    except ObjectMissing:
        raise _StepFailed("an object that was put is not there.") from None
    except TimeoutError:
        raise _StepFailed(f"an object could not be {done} within {_TIMEOUT_S} seconds.") from None
