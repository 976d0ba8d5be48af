"""The calls of `media`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO, Literal

from chaupal_client import operations
from chaupal_client._contents import Progress, Source
from chaupal_client._resource import AsyncResource
from chaupal_client.flows import media as flows
from chaupal_client.flows.media import FileFacts
from chaupal_client.models import MediaAnswer, MediaReceipt


class AsyncMedia(AsyncResource):
    """The asynchronous twin of `Media`."""

    async def fetch(self, media_url: str, *, idempotency_key: str | None = None) -> MediaReceipt:
        """As `Media.fetch`. Fetch a file from a URL."""
        return await self._driver.run(
            self._session.call(operations.MEDIA_FETCH, body={"mediaUrl": media_url}, idempotency_key=idempotency_key)
        )

    async def get(self, media_resource: str) -> MediaAnswer:
        """As `Media.get`. What is behind a mediaResource."""
        return await self._driver.run(self._session.call(operations.MEDIA_GET, (media_resource,)))

    async def upload(
        self,
        source: Source,
        *,
        file_name: str | None = None,
        content_type: str | None = None,
        progress: Progress | None = None,
        idempotency_key: str | None = None,
    ) -> MediaReceipt:
        """As `Media.upload`. Send a file in: a path, bytes, or a file that is open for reading. It is read piece by
        piece.
        """
        return await self._driver.run(
            flows.upload(
                self._session,
                source,
                file_name=file_name,
                content_type=content_type,
                progress=progress,
                idempotency_key=idempotency_key,
            )
        )

    async def upload_album(
        self,
        sources: Sequence[Source],
        *,
        file_names: Sequence[str] | None = None,
        progress: Progress | None = None,
        idempotency_key: str | None = None,
    ) -> MediaReceipt:
        """As `Media.upload_album`. Send several pictures in as one album, in their order. Bytes need `file_names`.
        Needs: permission **Media**.
        """
        return await self._driver.run(
            flows.upload_album(
                self._session, sources, file_names=file_names, progress=progress, idempotency_key=idempotency_key
            )
        )

    async def facts(self, media_url: str, *, size: Literal["thumbnail"] | None = None) -> FileFacts:
        """As `Media.facts`. What is behind a link: size, type and version of the file. No token is sent."""
        return await self._driver.run(flows.facts(self._session, media_url, size=size))

    async def download(
        self,
        media_url: str,
        destination: str | os.PathLike[str] | BinaryIO,
        *,
        size: Literal["thumbnail"] | None = None,
        progress: Progress | None = None,
    ) -> int:
        """As `Media.download`. Fetch the file behind a link, to a path or into a file that is open for writing; how
        many bytes it had.
        """
        return await self._driver.run(
            flows.download(self._session, media_url, destination, size=size, progress=progress)
        )
