"""The connections that the HTTP library is given to hear strangers by: each knows where it leads, and takes no more
heads than an answer has. The library is loaded by whoever asks.
"""

from __future__ import annotations

import asyncio
from functools import cache, partial
from typing import TYPE_CHECKING

from chaupal.outbound.failures import AnswerTooLarge

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.http_parser import RawResponseMessage

HEADS_MAX = 20
"""Heads of one answer: those of 1xx, which may come at any time, and its own. The library keeps as many as come."""


@cache
def _bounded_handler() -> type[ResponseHandler]:
    from aiohttp.client_proto import ResponseHandler

    class Bounded(ResponseHandler):
        """Closes the connection where more heads come than an answer has, also while nothing was asked."""

        peer = ""
        """The address at the other end."""
        heads = 0
        """How many have come since something was asked."""
        was_used = False
        """Whether anything was ever asked."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            peer = transport.get_extra_info("peername")
            self.peer = str(peer[0]) if peer else ""

        def feed_data(self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0) -> None:
            self.heads += 1
            if self.heads <= HEADS_MAX:
                super().feed_data(data, size)
            elif self.exception() is None:
                self.set_exception(AnswerTooLarge("no answer: more heads came than one has"))
                if self.transport is not None:
                    self.transport.close()

    return Bounded


def bound_connections(connector: aiohttp.TCPConnector) -> None:
    """Have the connector make bounded connections. It has no other place to say so."""
    connector._factory = partial(_bounded_handler(), loop=asyncio.get_running_loop())
