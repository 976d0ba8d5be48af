"""What the HTTP library is given to hear strangers with: an answer that knows where it came from, and a connection that
takes no more heads than an answer has. The library is loaded by whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from chaupal.outbound.failures import AnswerTooLarge

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.http_parser import RawResponseMessage

HEADS_MAX = 20
"""Heads of one answer: those of 1xx, which may come at any time, and its own. The library keeps as many as come."""


class HeardResponse(Protocol):
    """An answer of the library, with the address that it came from."""

    peer: str
    status: int

    @property
    def headers(self) -> Mapping[str, str]:
        """By name, in any case."""

    @property
    def content(self) -> aiohttp.StreamReader:
        """The body as it comes."""

    @property
    def content_length(self) -> int | None:
        """What was said of its length."""


@cache
def _bounded_handler() -> type[ResponseHandler]:
    from aiohttp.client_proto import ResponseHandler

    class Bounded(ResponseHandler):
        """Closes the connection where more heads come than an answer has, also while nothing was asked."""

        heads = 0

        def feed_data(self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0) -> None:
            self.heads += 1
            if self.heads <= HEADS_MAX:
                super().feed_data(data, size)
            elif self.exception() is None:
                self.set_exception(AnswerTooLarge("no answer: more heads came than one has"))
                if self.transport is not None:
                    self.transport.close()

    return Bounded


@cache
def heard_response() -> type[aiohttp.ClientResponse]:
    """The class of the answers."""
    import aiohttp

    class Heard(aiohttp.ClientResponse):
        """Keeps the address of its connection, which the library gives back before the answer is seen."""

        peer = ""

        async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
            transport = connection.transport
            peer = transport.get_extra_info("peername") if transport is not None else None
            if peer is None:
                raise ConnectionResetError  # before anything could be read
            self.peer = str(peer[0])
            cast("Any", connection.protocol).heads = 0
            return await super().start(connection)

    return Heard


def bound_connections(connector: aiohttp.TCPConnector) -> None:
    """Have the connector make bounded connections. It has no other place to say so."""
    connector._factory = partial(_bounded_handler(), loop=asyncio.get_running_loop())
