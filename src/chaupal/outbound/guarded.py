"""The HTTP client for URLs that somebody else than the operator has named: as `client`, and behind a `Guard`.

A name is resolved once for each connection, and that very address is connected to: what the name resolves to a moment
later makes no difference. No redirects are followed, since they would lead past the check.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from chaupal.outbound.client import OutboundAnswer, read_at_most
from chaupal.outbound.exchange import Exchange, Heard, Place
from chaupal.outbound.failures import (
    AddressRefused,
    AnswerTooLarge,
    OutboundFailed,
    RefusedConnection,
    TellingFailures,
)
from chaupal.outbound.guard import CheckedUrl, Guard, Network, is_public_address, read_url
from chaupal.outbound.hearing import bound_connections
from chaupal.outbound.names import Resolve, SystemNames
from chaupal.tracing.untraced import UNTRACED, OutboundTracing, Traced

if TYPE_CHECKING:
    import aiohttp

_READ_BYTES = 262_144
_PREPARED_MAX = 1_000
"""URLs that are called again and again are taken apart once."""


class DownloadHead(msgspec.Struct, frozen=True):
    """What was said about the bytes that were read; "" where nothing was."""

    content_type: str
    content_disposition: str


class GuardedClient:
    """One client for one purpose, with its own allow list; `close` it before the event loop ends.

    `needs_tls`: plain HTTP goes to the allowed addresses alone. `connections_max` 0: the caller limits itself.
    """

    def __init__(
        self,
        *,
        allow: Iterable[Network] = (),
        setting: str,
        resolve: Resolve | None = None,
        needs_tls: bool = False,
        connections_max: int = 100,
    ) -> None:
        allowed = tuple(allow)
        resolve = resolve or SystemNames()
        door = _Door(Guard(allow=allowed, setting=setting), resolve, connections_max)
        self._doors = {"https": door, "http": door}
        self._prepared: dict[str, _Prepared] = {}
        self.tracing: OutboundTracing | None = None
        if needs_tls:
            plain = Guard(allow=allowed, setting=setting, is_public_open=False)
            self._doors["http"] = _Door(plain, resolve, connections_max)

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_s: float,
        answer_max_bytes: int = 65_536,
    ) -> OutboundAnswer:
        """Send once; the answer, redirects included.

        Raises:
            AddressRefused: nothing was sent.
            OutboundFailed: nothing was answered in time. Whether the other side has acted is not known.
        """
        with self._traced(method, url) as traced, TellingFailures(timeout_s):
            sent = {**headers, **traced.headers}
            async with asyncio.timeout(timeout_s), await self._exchange(method, url, headers=sent, body=body) as answer:
                traced.note(answer.status)
                return OutboundAnswer(
                    status=answer.status,
                    body=await read_at_most(answer.content, answer_max_bytes),
                    retry_after=answer.headers.get("retry-after", ""),
                    is_private=not is_public_address(answer.peer),
                )

    def check_url(self, url: str) -> CheckedUrl:
        """The URL, taken apart; where its name leads is not known yet.

        Raises:
            AddressRefused.
        """
        checked = read_url(url)
        self._doors[checked.scheme].guard.check_url(url)
        return checked

    async def download(
        self, url: str, take: Callable[[bytes], Awaitable[None]], *, max_bytes: int, timeout_s: float
    ) -> DownloadHead:
        """GET a file, handing its bytes on as they come.

        Raises:
            AddressRefused: nothing was sent.
            AnswerTooLarge: there are more than `max_bytes`; some of them may have been handed on.
            OutboundFailed: no success was answered, or not all of it came in time.
        """
        with self._traced("GET", url) as traced, TellingFailures(timeout_s):
            exchange = await self._exchange("GET", url, headers=traced.headers, body=b"")
            async with asyncio.timeout(timeout_s), exchange as answer:
                traced.note(answer.status)
                return await _download(answer, take, max_bytes)

    async def close(self) -> None:
        """Close all connections. Harmless when repeated."""
        self._prepared.clear()
        for door in self._doors.values():
            await door.close()

    def _traced(self, method: str, url: str) -> AbstractContextManager[Traced]:
        return self.tracing.outgoing(method, url) if self.tracing is not None else UNTRACED

    async def _exchange(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes) -> Exchange:
        prepared = self._prepared.get(url) or await self._prepare(url)
        return Exchange(prepared.connector, prepared.place, method, headers=headers, body=body)

    async def _prepare(self, url: str) -> _Prepared:
        """The URL as the library reads it. What it spells never changes; where its name leads is looked at for each
        connection."""
        checked = self.check_url(url)
        connector = await self._doors[checked.scheme].open()
        prepared = _Prepared(connector, Place.of(_as_library_url(checked)))
        if len(self._prepared) >= _PREPARED_MAX:
            self._prepared.clear()
        self._prepared[url] = prepared
        return prepared


class _Prepared(NamedTuple):
    connector: aiohttp.TCPConnector
    place: Place


async def _download(answer: Heard, take: Callable[[bytes], Awaitable[None]], max_bytes: int) -> DownloadHead:
    if answer.status != 200:
        raise OutboundFailed(f"it was answered with status {answer.status}")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise OutboundFailed("it was answered compressed, though this was not asked for")
    if (answer.content_length or 0) > max_bytes:
        raise AnswerTooLarge(f"it is larger than {max_bytes} bytes")
    taken_bytes = 0
    while chunk := await answer.content.read(_READ_BYTES):
        taken_bytes += len(chunk)
        if taken_bytes > max_bytes:
            raise AnswerTooLarge(f"it is larger than {max_bytes} bytes")
        await take(chunk)
    return DownloadHead(answer.headers.get("content-type", ""), answer.headers.get("content-disposition", ""))


class _Door:
    """The connections that one guard has looked at."""

    def __init__(self, guard: Guard, resolve: Resolve, connections_max: int) -> None:
        self.guard = guard
        self._resolve = resolve
        self._connections_max = connections_max
        self._connector: aiohttp.TCPConnector | None = None

    async def open(self) -> aiohttp.TCPConnector:
        """The library's pool of connections; the same one each time."""
        if self._connector is None:
            # In a thread, because importing it takes a while, in which the loop would stand still.
            await asyncio.to_thread(importlib.import_module, "aiohttp")
        if self._connector is None:
            import aiohttp

            self._connector = aiohttp.TCPConnector(
                resolver=_guarded_resolver(self.guard, self._resolve),
                use_dns_cache=False,
                socket_factory=self._open_socket,
                limit=self._connections_max,
            )
            bound_connections(self._connector)
        return self._connector

    async def close(self) -> None:
        """Harmless when repeated."""
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()

    def _open_socket(self, address_info: tuple[Any, ...]) -> socket.socket:
        """The one place that every connection goes through, whatever led to its address."""
        family, kind, protocol, _, sockaddr = address_info
        try:
            self.guard.check_address(str(sockaddr[0]))
        except AddressRefused as refusal:
            raise RefusedConnection(refusal) from None
        return socket.socket(family=family, type=kind, proto=protocol)


def _as_library_url(checked: CheckedUrl) -> Any:
    """The URL as the library reads it, which must be the same place that was checked."""
    import yarl

    # As it is written, where that can be sent: the library would spell `%2F` in a signed query in another way.
    is_plain = checked.text.isascii() and not any(character in checked.text for character in ' "<>\\^`{|}')
    url = yarl.URL(checked.text, encoded=is_plain and checked.host in checked.text)
    if (url.scheme, url.raw_host, url.port, url.user) != (checked.scheme, checked.host, checked.port, None):
        raise AddressRefused("the URL can be read in two ways")
    return url


def _guarded_resolver(guard: Guard, resolve: Resolve) -> aiohttp.abc.AbstractResolver:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class GuardedResolver(AbstractResolver):
        """Gives the library only those addresses that calls may go to."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            addresses = await resolve(host, port)
            try:
                found = guard.open_among(addresses)
            except AddressRefused as refusal:
                raise RefusedConnection(refusal) from None
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=socket.IPPROTO_TCP,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
                for address in found
            ]

        async def close(self) -> None:
            """Nothing is held."""

    return GuardedResolver()
