"""What no receiver may do to the guarded client, whatever it answers."""

from __future__ import annotations

import asyncio
import errno
import gzip
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from unittest.mock import Mock

import aiohttp
import pytest

from chaupal.outbound.client import OutboundAnswer
from chaupal.outbound.failures import AnswerTooLarge, OutboundFailed, TellingFailures
from chaupal.outbound.guard import read_networks
from chaupal.outbound.guarded import GuardedClient
from chaupal.outbound.hearing import HEADS_MAX
from tests.outbound.receivers import make_certificate

pytestmark = pytest.mark.anyio

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ask = Callable[..., Awaitable[OutboundAnswer]]

GO_ON = b"HTTP/1.1 102 Processing\r\n\r\n"
MOST_BYTES = 20_480
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
DONE = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Call it with what a receiver does once a request has come; the answer that the client makes of that."""
    servers: list[asyncio.Server] = []
    client = GuardedClient(allow=read_networks(["127.0.0.1"]), setting="CHAUPAL_CALLBACK_ALLOW", needs_tls=True)

    async def call(answer: Answer, *, body: bytes = b"{}", calls: int = 1, timeout_s: float = 60) -> OutboundAnswer:
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
                "POST",
                f"http://127.0.0.1:{port}/secret",
                headers={},
                body=body,
                timeout_s=timeout_s,
                answer_max_bytes=MOST_BYTES,
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
            with pytest.raises(OutboundFailed) as failed, TellingFailures(1):
                raise raised
            assert str(failed.value) == "no connection: Connection reset by peer"


class TestAnswers:
    @pytest.mark.parametrize(
        "text",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"HTTP/1.1 200\r\ncontent-length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            b"HTTP/1.1 -20 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nx: " + b"x" * 1_000_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 0\r\n\r\n",
            CHUNKED + b"ZZ\r\nwhat\r\n0\r\n\r\n",
            CHUNKED + b"-4\r\nwhat\r\n0\r\n\r\n",
            CHUNKED + b"2\r\nwhat\r\n0\r\n\r\n",
        ],
        ids=lambda text: text[:40].decode("latin-1").split("\r\n")[1][:20] or "no HTTP",
    )
    async def test_what_is_no_answer_is_a_failure_like_others(self, ask: Ask, text: bytes) -> None:
        with pytest.raises(OutboundFailed):
            await ask(says(text), timeout_s=20)

    async def test_one_byte_after_another_takes_no_longer_than_an_answer_may(self, ask: Ask) -> None:
        async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(CHUNKED)
            while True:
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)

        with pytest.raises(OutboundFailed, match=r"no answer within 0\.3 s"):
            await ask(drip, timeout_s=0.3)

    async def test_of_a_hundred_megabytes_no_more_is_taken_than_is_read(self, ask: Ask) -> None:
        sent_bytes, has_ended = 0, asyncio.Event()

        async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent_bytes
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n")
            try:
                while sent_bytes < 104_857_600:
                    writer.write(b"x" * 65_536)
                    await writer.drain()
                    sent_bytes += 65_536
            finally:
                has_ended.set()

        answer = await ask(flood)
        assert (answer.status, len(answer.body)) == (200, MOST_BYTES)
        async with asyncio.timeout(60):
            await has_ended.wait()
        assert sent_bytes < 50_000_000, "the connection was closed"

    async def test_a_bomb_is_not_unpacked(self, ask: Ask) -> None:
        bomb = gzip.compress(bytes(10_000_000))
        assert len(bomb) < MOST_BYTES
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n"
        assert (await ask(says(head.encode() + bomb))).body == bomb

    async def test_a_reset_within_the_body_is_a_failure_and_no_short_answer(self, ask: Ask) -> None:
        async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes.")
            await writer.drain()
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

        with pytest.raises(OutboundFailed):
            await ask(reset)


class TestCertificates:
    async def test_one_that_runs_out_meanwhile_ends_the_calls_and_a_new_one_begins_them_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good, over = make_certificate(tmp_path / "good.pem"), make_certificate(tmp_path / "over.pem", is_over=True)
        trusting = ssl.create_default_context(cadata=good.read_text() + over.read_text())
        monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"{}")
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            writer.close()

        context.load_cert_chain(good)
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}/secret"
        client = GuardedClient(allow=read_networks(["127.0.0.1"]), setting="CHAUPAL_CALLBACK_ALLOW", needs_tls=True)

        async def call() -> int:
            return (await client.call("POST", url, headers={}, body=b"{}", timeout_s=60)).status

        try:
            assert await call() == 200
            context.load_cert_chain(over)
            with pytest.raises(OutboundFailed) as failed:
                await call()
            assert re.fullmatch("no safe connection: the certificate is refused: [a-z -]+", str(failed.value))
            context.load_cert_chain(good)
            assert await call() == 200
        finally:
            await client.close()
            server.close()

    async def test_one_that_speaks_no_tls_is_told_so(self) -> None:
        async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 hello\r\n")
            writer.close()

        server = await asyncio.start_server(hello, "127.0.0.1", 0)
        client = GuardedClient(allow=read_networks(["127.0.0.1"]), setting="CHAUPAL_CALLBACK_ALLOW", needs_tls=True)
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}/"
        try:
            with pytest.raises(OutboundFailed, match=r"^no safe connection: TLS failed: [a-z ]+$"):
                await client.call("GET", url, headers={}, timeout_s=60)
        finally:
            await client.close()
            server.close()
