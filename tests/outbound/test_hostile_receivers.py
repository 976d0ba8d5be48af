"""What no receiver may do to the guarded client, whatever it answers."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from unittest.mock import Mock

import aiohttp
import pytest

from chaupal.outbound.client import OutboundAnswer
from chaupal.outbound.failures import AnswerTooLarge, OutboundFailed, telling_failures
from chaupal.outbound.guard import read_networks
from chaupal.outbound.guarded import GuardedClient
from chaupal.outbound.hearing import HEADS_MAX

pytestmark = pytest.mark.anyio

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ask = Callable[..., Awaitable[OutboundAnswer]]

GO_ON = b"HTTP/1.1 102 Processing\r\n\r\n"
DONE = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Call it with what a receiver does once a request has come; the answer that the client makes of that."""
    servers: list[asyncio.Server] = []
    client = GuardedClient(allow=read_networks(["127.0.0.1"]), setting="CHAUPAL_CALLBACK_ALLOW", needs_tls=True)

    async def call(answer: Answer, *, body: bytes = b"{}", calls: int = 1) -> OutboundAnswer:
        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    await answer(reader, writer)
                    await writer.drain()
            except (OSError, asyncio.IncompleteReadError):
                pass  # the client has hung up
            finally:
                writer.transport.abort()

        servers.append(await asyncio.start_server(hold, "127.0.0.1", 0))
        port = servers[-1].sockets[0].getsockname()[1]
        for _ in range(calls):
            got = await client.call(
                "POST", f"http://127.0.0.1:{port}/secret", headers={}, body=body, timeout_s=60, answer_max_bytes=20_480
            )
        return got

    yield call
    await client.close()
    for server in servers:
        server.close()


def says(text: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(text)

    return answer


class TestHeads:
    async def test_a_few_that_say_go_on_come_before_each_answer(self, ask: Ask) -> None:
        assert (await ask(says(GO_ON * (HEADS_MAX - 1) + DONE), calls=3)).body == b"done"

    async def test_one_more_is_no_answer(self, ask: Ask) -> None:
        with pytest.raises(AnswerTooLarge, match="more heads"):
            await ask(says(GO_ON * HEADS_MAX + DONE))

    async def test_without_end_they_end_the_call_and_the_connection(self, ask: Ask) -> None:
        """Each took room in memory, and the event loop stood still while they were read."""
        sent = asyncio.Event()

        async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    writer.write(GO_ON * 5_000)
                    await writer.drain()
            finally:
                sent.set()

        with pytest.raises(AnswerTooLarge):
            await ask(flood)
        async with asyncio.timeout(60):
            await sent.wait()


class TestBroken:
    async def test_a_connection_that_was_reset_before_it_was_looked_at_is_a_failure_like_others(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The system then knows no address of it, which was taken for a defect: the delivery came back at once."""
        real = asyncio.selector_events._SelectorSocketTransport.get_extra_info  # type: ignore[attr-defined]

        def forget(transport: object, name: str, default: object = None) -> object:
            return None if name == "peername" else real(transport, name, default)

        monkeypatch.setattr(asyncio.selector_events._SelectorSocketTransport, "get_extra_info", forget)  # type: ignore[attr-defined]
        with pytest.raises(OutboundFailed, match="no connection"):
            await ask(says(DONE))

    async def test_the_reason_is_the_systems_and_never_the_librarys_which_names_url_and_address(self) -> None:
        for raised in (
            aiohttp.ClientOSError(errno.ECONNRESET, "Can not write request body for http://10.0.0.1/secret"),
            aiohttp.ClientConnectorError(Mock(), OSError(errno.ECONNRESET, "Connect call failed ('10.0.0.1', 80)")),
        ):
            with pytest.raises(OutboundFailed) as failed, telling_failures(1):
                raise raised
            assert str(failed.value) == "no connection: Connection reset by peer"
