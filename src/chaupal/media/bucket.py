"""Objects in an S3-compatible bucket. Loads its library with the first object, in a thread: it takes a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chaupal.media.objects import MediaStoreGone, ObjectKey, ObjectMissing

_PART_BYTES = 8 * 1024 * 1024
_PARTS_AT_ONCE = 2
_READ_BYTES = 262_144


class BucketPlace(msgspec.Struct, frozen=True):
    """Which bucket, and how to get in. Without a key the library looks for one as Amazon's own tools do."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    key_id: str
    secret: str

    @classmethod
    def of(cls, url: str, *, endpoint: str, region: str, key_id: str, secret: str) -> BucketPlace:
        """From `s3://bucket/prefix` and the settings beside it."""
        parts = urlsplit(url)
        return cls(parts.netloc, parts.path.strip("/"), endpoint, region, key_id, secret)


class BucketObjects:
    """Objects in one bucket, below one prefix."""

    takes_files_over = False

    def __init__(self, place: BucketPlace) -> None:
        self._place = place
        self._store: Any = None

    async def put(self, key: ObjectKey, path: Path) -> None:
        """Upload the file, in parts if it is large; the service answers when it has stored it."""
        store = await self._open()
        import obstore
        from obstore.exceptions import BaseError

        try:
            await obstore.put_async(store, key.path, path, chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE)
        except (BaseError, OSError) as error:
            raise MediaStoreGone(error) from error

    async def read(self, key: ObjectKey, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """As the service sends them."""
        if start >= end:
            return
        store = await self._open()
        import obstore
        from obstore.exceptions import BaseError

        try:
            found = await obstore.get_async(store, key.path, options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=_READ_BYTES):
                yield bytes(piece)
        except FileNotFoundError:  # the library's own NotFoundError is one as well
            raise ObjectMissing(key.path) from None
        except (BaseError, OSError) as error:
            raise MediaStoreGone(error) from error

    async def delete(self, key: ObjectKey) -> None:
        """Delete the object."""
        store = await self._open()
        import obstore
        from obstore.exceptions import BaseError

        try:
            await obstore.delete_async(store, key.path)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise MediaStoreGone(error) from error

    async def _open(self) -> Any:
        if self._store is None:
            self._store = await asyncio.to_thread(_open_bucket, self._place)
        return self._store


def _open_bucket(place: BucketPlace) -> Any:
    from obstore.store import S3Store

    config: dict[str, Any] = {"region": place.region}
    if place.endpoint:
        config["endpoint"] = place.endpoint
    if place.key_id:
        config["access_key_id"], config["secret_access_key"] = place.key_id, place.secret
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        config=config,  # type: ignore[arg-type]
        client_options={
            "allow_http": place.endpoint.startswith("http://"),
            "connect_timeout": "5s",
            "timeout": "50s",
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
    )
