"""A request's body as it comes, with patience that ends: for uploads, whose size no memory should depend on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.types import Receive

from chaupal.errors import ChaupalError, PayloadTooLarge

_SLOWEST_BYTES_PER_S = 4_096
"""Slower than any line that a picture is sent over; whoever drips bytes to hold a connection is slower still."""

_SKIP_S = 10.0
_SKIP_BYTES = 256 * 1024 * 1024


class RequestTooSlow(ChaupalError):
    """The body did not arrive in time. Fields: `limit_s`."""

    status = 408
    code = "RequestTimeout"
    category = "ValidationException"
    template = "The request's body must arrive within {limit_s} s."


class BodyStalled(RequestTooSlow):
    """The body has stopped coming, or drips. Fields: `limit_s`."""

    template = "The request's body must go on arriving: nothing, or next to nothing, came for {limit_s} s."


class ClientGone(Exception):
    """The client closed the connection before its request was whole; there is nobody to answer."""


class BodyStream:
    """One request's body. Its pieces are read once."""

    def __init__(
        self,
        receive: Receive,
        *,
        declared_bytes: int | None,
        max_bytes: int,
        too_large: PayloadTooLarge,
        patience_s: int,
    ) -> None:
        self._receive = receive
        self._declared_bytes = declared_bytes
        self._max_bytes = max_bytes
        self._too_large = too_large
        self._patience_s = patience_s
        self._read_bytes = 0
        self.is_over = False

    def check_declared(self) -> None:
        """Pass where the declared length, if there is one, is not too much.

        Raises:
            PayloadTooLarge.
        """
        if self._declared_bytes is not None:
            self._check_size(self._declared_bytes)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, none of its pieces empty.

        Raises:
            PayloadTooLarge, BodyStalled, ClientGone.
        """
        started_s = time.monotonic()
        while not self.is_over:
            piece = await self._next()
            self._read_bytes += len(piece)
            self._check_size(self._read_bytes)
            if time.monotonic() - started_s > self._patience_s + self._read_bytes / _SLOWEST_BYTES_PER_S:
                raise BodyStalled(limit_s=self._patience_s)
            if piece:
                yield piece

    async def skip(self) -> None:
        """Read on for some seconds, so that a client that is still sending can get its answer."""
        try:
            async with asyncio.timeout(_SKIP_S):
                skipped_bytes = 0
                while not self.is_over and skipped_bytes < _SKIP_BYTES:
                    skipped_bytes += len(await self._next())
        except (TimeoutError, ClientGone, BodyStalled):
            return

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience_s):
                message = await self._receive()
        except TimeoutError:
            raise BodyStalled(limit_s=self._patience_s) from None
        if message["type"] == "http.disconnect":
            self.is_over = True
            raise ClientGone
        self.is_over = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            raise self._too_large
