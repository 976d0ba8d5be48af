"""A connection holds little while it has nothing to do, and yet waits and pauses as it has to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from chaupal.serving.patience import PatientProtocol

SHARED_MOST = 30
"""Attributes beyond which CPython gives each object a whole dictionary of its own."""
WAIT_S = 30.0
"""Only a test that has failed waits so long."""

App = Callable[[Any, Any, Any], Awaitable[None]]


class Watched(PatientProtocol):
    """Tells when it has to pause, and when three requests wait for one."""

    pauses: asyncio.Event
    waiting: asyncio.Event
    made: list[Watched]

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.made.append(self)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if len(self.pipeline) == 3:
            self.waiting.set()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.pauses.set()


@asynccontextmanager
async def connected(app: App) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, type[Watched]]]:
    """A client of a server of this application alone."""
    config, state = uvicorn.Config(app, access_log=False, log_config=None), ServerState()
    kind = type("Kind", (Watched,), {"pauses": asyncio.Event(), "waiting": asyncio.Event(), "made": []})
    server = await asyncio.get_running_loop().create_server(
        lambda: kind(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=2**24)
    try:
        async with asyncio.timeout(WAIT_S):
            yield reader, writer, kind
    finally:
        writer.close()
        server.close()


def head(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()


async def answer(send: Any, *pieces: bytes) -> None:
    length = str(sum(map(len, pieces))).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class TestPatientProtocol:
    def test_requests_that_come_at_once_are_answered_in_turn(self) -> None:
        first_may_end = asyncio.Event()
        begun: list[str] = []

        async def app(scope: Any, _receive: Any, send: Any) -> None:
            begun.append(scope["path"])
            if scope["path"] == "/0":
                await first_may_end.wait()
            await answer(send, scope["path"].encode())

        async def ask() -> list[bytes]:
            async with connected(app) as (reader, writer, kind):
                writer.write(b"".join(head(f"/{number}") for number in range(4)))
                await kind.waiting.wait()
                assert begun in ([], ["/0"])
                first_may_end.set()
                return [(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))[-2:] for _ in range(4)]

        assert asyncio.run(ask()) == [b"/0", b"/1", b"/2", b"/3"]

    def test_who_reads_slowly_is_waited_for_again_and_again(self) -> None:
        piece = b"x" * 1_000_000
        taken = 0

        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            await answer(send, *([piece] * 12))

        async def ask() -> int:
            nonlocal taken
            pauses = 0
            async with connected(app) as (reader, writer, kind):
                writer.write(head("/"))
                await reader.readuntil(b"\r\n\r\n")
                while taken < 12 * len(piece):
                    taken += len(await reader.read(2**20))
                    pauses += kind.pauses.is_set()
                    kind.pauses.clear()
                assert not kind.made[0].flow.write_paused
            return pauses

        assert asyncio.run(ask()) > 1
        assert taken == 12 * len(piece)

    def test_a_connection_shares_the_names_of_its_attributes_with_all_others(self) -> None:
        async def app(scope: Any, _receive: Any, send: Any) -> None:
            await answer(send, scope["path"].encode())

        async def ask() -> int:
            async with connected(app) as (reader, writer, kind):
                writer.write(head("/1"))
                await reader.readuntil(b"/1")
                return len(vars(kind.made[0]))

        assert asyncio.run(ask()) <= SHARED_MOST
