"""One request and its answer, on a connection of the HTTP library's pool.

The library's connections, names, TLS and reading of answers, without what its sessions do beside that for each call
(cookies, redirects, proxies, bodies of every kind): that took twice as long as sending a small body.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from chaupal.outbound.client import USER_AGENT

if TYPE_CHECKING:
    import aiohttp
    import yarl

_USUAL_HEADERS = (
    ("user-agent", f"User-Agent: {USER_AGENT}"),
    ("accept", "Accept: */*"),
    ("accept-encoding", "Accept-Encoding: identity"),
)
"""Sent where the caller says nothing else, by their names in small letters."""

_UNSENDABLE = re.compile(r"[\r\n\0]")
_BODILESS = frozenset({"GET", "HEAD"})
_SWITCHING_PROTOCOLS = 101

_READ_BYTES = 65_536
"""So much of an answer is kept before it is read; the other side then has to wait."""


class Place(NamedTuple):
    """Where requests go: what the library needs to connect, and how a request names it."""

    connecting: aiohttp.ClientRequest
    target: str
    host: str

    @classmethod
    def of(cls, url: yarl.URL) -> Place:
        """That of a URL. Inside an event loop; the library must be loaded."""
        import aiohttp

        return cls(aiohttp.ClientRequest("POST", url), url.raw_path_qs, str(url.host_port_subcomponent))


class Heard(NamedTuple):
    """The head of an answer, its body as it comes, and the address that it comes from."""

    status: int
    headers: Mapping[str, str]
    """By name, in any case."""
    content: aiohttp.StreamReader
    peer: str

    @property
    def content_length(self) -> int | None:
        """What was said of its length."""
        said = self.headers.get("content-length", "")
        return int(said) if said.isdecimal() else None


class Exchange:
    """`async with` it for the answer, whose head has come by then. What is not read of it inside is never read.

    A connection that was used before may have been closed by the other side meanwhile: where it ends before a word of
    an answer, the request is sent once more, on another one. So it may arrive twice. Whoever uses it limits the time.

    Raises:
        ValueError: a header cannot be sent.
        aiohttp.ClientError, OSError, HttpProcessingError, AnswerTooLarge: no answer came.
    """

    __slots__ = ("_connection", "_connector", "_place", "_request")

    def __init__(
        self,
        connector: aiohttp.TCPConnector,
        place: Place,
        method: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        self._connector = connector
        self._place = place
        self._request = _head_of(place, method, headers, len(body)) + body
        self._connection: aiohttp.connector.Connection | None = None

    async def __aenter__(self) -> Heard:
        import aiohttp

        while True:
            protocol = await self._connect()
            was_used, protocol.was_used = protocol.was_used, True
            try:
                return await self._ask(protocol)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                self._leave(is_over=False)
                if not was_used or protocol.heads:
                    raise
            except BaseException:
                self._leave(is_over=False)
                raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(is_over=kind is None)

    async def _connect(self) -> Any:
        """The protocol of a connection, which is ours now. One on which something came that nobody asked for is not
        used again."""
        while True:
            self._connection = await self._connector.connect(self._place.connecting, [], _no_timeout())
            protocol = cast("Any", self._connection.protocol)
            if not protocol.should_close:
                return protocol
            self._leave(is_over=False)

    async def _ask(self, protocol: Any) -> Heard:
        import aiohttp

        transport = protocol.transport
        if transport is None or not protocol.peer:
            raise aiohttp.ClientOSError(errno.ECONNRESET, "")  # before anything could be sent
        protocol.heads = 0
        protocol.set_response_params(read_until_eof=True, auto_decompress=False, read_bufsize=_READ_BYTES)
        transport.write(self._request)
        while True:
            message, content = await protocol.read()
            if not 100 <= message.code < 200 or message.code == _SWITCHING_PROTOCOLS:
                return Heard(message.code, message.headers, content, protocol.peer)

    def _leave(self, *, is_over: bool) -> None:
        """Give the connection back, if there is nothing left on it, else close it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        transport = connection.transport
        if is_over and transport is not None and not transport.get_write_buffer_size():
            connection.release()  # which closes it where the answer has not been read to its end
        else:
            connection.close()


def _head_of(place: Place, method: str, headers: Mapping[str, str], body_bytes: int) -> bytes:
    named = {name.lower() for name in headers}
    lines = [f"{method} {place.target} HTTP/1.1", f"Host: {place.host}"]
    lines += [line for name, line in _USUAL_HEADERS if name not in named]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body_bytes or method not in _BODILESS:
        lines.append(f"Content-Length: {body_bytes}")
    if _UNSENDABLE.search("".join(lines)):
        raise ValueError("a header holds a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@cache
def _no_timeout() -> aiohttp.ClientTimeout:
    import aiohttp

    return aiohttp.ClientTimeout(total=None)
