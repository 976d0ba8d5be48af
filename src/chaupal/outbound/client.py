"""The one HTTP client for everything that leaves the machine: no redirects, proxies or cookies, limited time and size.

For URLs that the operator configured, and those alone: it connects to any address, private ones included. URLs that
came from anybody else go through `guarded`.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from chaupal import __version__
from chaupal.outbound.failures import AnswerTooLarge, OutboundFailed, TellingFailures
from chaupal.tracing.untraced import UNTRACED, OutboundTracing

__all__ = ["OutboundAnswer", "OutboundClient", "OutboundFailed", "read_at_most"]

if TYPE_CHECKING:
    import aiohttp

USER_AGENT = f"Chaupal/{__version__}"
"""What the server calls itself."""

_CONNECT_TIMEOUT_S = 5.0


class OutboundAnswer(msgspec.Struct, frozen=True):
    """An answer, whatever its status. `body` is its beginning, as long as was allowed.

    `retry_after` is the header of that name, "" where it is absent. `is_private`: a guarded call went to an address
    that is not public, but was allowed; what came from there is for nobody's eyes.
    """

    status: int
    body: bytes
    retry_after: str = ""
    is_private: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    """As they were sent, where the caller needs them."""


class OutboundClient:
    """One client for one purpose; `close` it before the event loop ends.

    `connections_max` 0: the caller limits itself.
    """

    def __init__(self, *, connections_max: int = 100) -> None:
        self._connections_max = connections_max
        self._session: aiohttp.ClientSession | None = None
        self.tracing: OutboundTracing | None = None

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        answer_max_bytes: int = 65_536,
    ) -> OutboundAnswer:
        """Send once; the answer, redirects included.

        Raises:
            OutboundFailed: nothing was answered in time. Whether the other side has acted is not known.
        """
        # In a thread, because importing it takes a while, in which the loop would stand still; a second time is free.
        await asyncio.to_thread(importlib.import_module, "aiohttp")
        import aiohttp

        session = self._open()
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        outgoing = self.tracing.outgoing("POST", url) if self.tracing is not None else UNTRACED
        with outgoing as traced, TellingFailures(timeout_s):
            sent = {**headers, **traced.headers}
            async with session.post(url, headers=sent, data=body, timeout=timeout, allow_redirects=False) as answer:
                traced.note(answer.status)
                return OutboundAnswer(answer.status, await read_at_most(answer.content, answer_max_bytes))

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes],
        timeout_s: float,
        answer_max_bytes: int,
    ) -> OutboundAnswer:
        """Send once, with any method, and a body that may be made while it is sent; the answer with its headers.

        Raises:
            OutboundFailed: nothing was answered in time. Whether the other side has acted is not known.
            AnswerTooLarge.
        """
        await asyncio.to_thread(importlib.import_module, "aiohttp")
        import aiohttp
        import yarl

        session = self._open()
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=_CONNECT_TIMEOUT_S)
        with TellingFailures(timeout_s):
            async with session.request(
                method,
                yarl.URL(url, encoded=True),  # the same path, byte for byte
                headers=headers,
                data=body or None,
                timeout=timeout,
                allow_redirects=False,
                skip_auto_headers=("content-type",),
            ) as answer:
                taken = await read_at_most(answer.content, answer_max_bytes + 1)
                if len(taken) > answer_max_bytes:
                    raise AnswerTooLarge(f"more than {answer_max_bytes} bytes were answered")
                return OutboundAnswer(answer.status, taken, headers=tuple(answer.headers.items()))

    async def close(self) -> None:
        """Close all connections. Harmless when repeated."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections_max),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                # Answers are read as they come: a small compressed one could be unpacked to any size.
                auto_decompress=False,
                headers={"user-agent": USER_AGENT, "accept-encoding": "identity"},
            )
        return self._session


async def read_at_most(content: aiohttp.StreamReader, max_bytes: int) -> bytes:
    """The beginning of a body; what is left of it is never read, and the connection closed instead."""
    taken = bytearray()
    while len(taken) < max_bytes and (chunk := await content.read(max_bytes - len(taken))):
        taken += chunk
    return bytes(taken)
