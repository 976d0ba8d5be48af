"""The calls of `media`. Written by tools/write_sdk.py."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO, Literal

from chaupal_client import operations
from chaupal_client._contents import Progress, Source
from chaupal_client._resource import Resource
from chaupal_client.flows import media as flows
from chaupal_client.flows.media import FileFacts
from chaupal_client.models import MediaAnswer, MediaReceipt


class Media(Resource):
    """What can be done; one call a method."""

    def fetch(self, media_url: str, *, idempotency_key: str | None = None) -> MediaReceipt:
        """Fetch a file from a URL.

        Needs: permission **Media**; anyone whose token holds.

        Args:
            media_url: an `http` or `https` URL
        """
        return self._driver.run(
            self._session.call(operations.MEDIA_FETCH, body={"mediaUrl": media_url}, idempotency_key=idempotency_key)
        )

    def get(self, media_resource: str) -> MediaAnswer:
        """What is behind a mediaResource.

        Needs: permission **Media**; anyone whose token holds.

        Args:
            media_resource: The media, as the call that took it named it.
        """
        return self._driver.run(self._session.call(operations.MEDIA_GET, (media_resource,)))

    def upload(
        self,
        source: Source,
        *,
        file_name: str | None = None,
        content_type: str | None = None,
        progress: Progress | None = None,
        idempotency_key: str | None = None,
    ) -> MediaReceipt:
        """Send a file in: a path, bytes, or a file that is open for reading. It is read piece by piece.

        `file_name` and `content_type` are those of the path if left out. `progress(sent, total)` is told of
        bytes. Needs:
        permission **Media**.
        """
        return self._driver.run(
            flows.upload(
                self._session,
                source,
                file_name=file_name,
                content_type=content_type,
                progress=progress,
                idempotency_key=idempotency_key,
            )
        )

    def upload_album(
        self,
        sources: Sequence[Source],
        *,
        file_names: Sequence[str] | None = None,
        progress: Progress | None = None,
        idempotency_key: str | None = None,
    ) -> MediaReceipt:
        """Send several pictures in as one album, in their order. Bytes need `file_names`. Needs: permission
        **Media**.
        """
        return self._driver.run(
            flows.upload_album(
                self._session, sources, file_names=file_names, progress=progress, idempotency_key=idempotency_key
            )
        )

    def facts(self, media_url: str, *, size: Literal["thumbnail"] | None = None) -> FileFacts:
        """What is behind a link: size, type and version of the file. No token is sent."""
        return self._driver.run(flows.facts(self._session, media_url, size=size))

    def download(
        self,
        media_url: str,
        destination: str | os.PathLike[str] | BinaryIO,
        *,
        size: Literal["thumbnail"] | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Fetch the file behind a link, to a path or into a file that is open for writing; how many bytes it had.

        No token is sent. A connection that breaks is taken up where it was. A path gets its file when all of it
        has come, never a part of it; what has come meanwhile lies beside it.
        """
        return self._driver.run(flows.download(self._session, media_url, destination, size=size, progress=progress))
