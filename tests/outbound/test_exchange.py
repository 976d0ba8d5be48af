"""What is sent, byte for byte, and on which connection, against a server that tells what it does with each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chaupal import __version__
from chaupal.outbound.failures import OutboundFailed
from chaupal.outbound.guard import read_networks
from chaupal.outbound.guarded import GuardedClient

pytestmark = pytest.mark.anyio

DONE = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
STRAY = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray"

Behave = Callable[["Line"], Awaitable[None]]


class Line:
    """One connection to the server: `take` the next request, `say` something."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self._reader = reader
        self._writer = writer

    async def take(self) -> tuple[bytes, bytes]:
        """(head, body)."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        return head, await self._reader.readexactly(length)

    def say(self, text: bytes) -> None:
        self._writer.write(text)


class Receiver:
    """A server whose connections behave as a test says; it keeps what came, with the number of the connection."""

    def __init__(self) -> None:
        self.came: list[tuple[int, bytes, bytes]] = []
        self.lines = 0
        self.port = 0
        self.behave: Behave = self.answer_all

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        try:
            await self.behave(Line(self.lines, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def note(self, line: Line) -> None:
        head, body = await line.take()
        self.came.append((line.number, head, body))

    async def answer_all(self, line: Line) -> None:
        while True:
            await self.note(line)
            line.say(DONE)


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    """A server that answers everything."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()


@pytest.fixture
async def post(there: Receiver) -> AsyncIterator[Callable[..., Awaitable[bytes]]]:
    """Call it to post something: the body of the answer."""
    client = GuardedClient(allow=read_networks(["127.0.0.1"]), setting="CHAUPAL_CALLBACK_ALLOW", needs_tls=True)

    async def post(path: str = "/hook", body: bytes = b"{}", **headers: str) -> bytes:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{there.port}{path}"
        return (await client.call("POST", url, headers=named, body=body, timeout_s=20)).body

    yield post
    await client.close()


Post = Callable[..., Awaitable[bytes]]


class TestWhatIsSent:
    async def test_it_is_this_byte_for_byte(self, post: Post, there: Receiver) -> None:
        await post("/a%2Fb?c=%C3%BC&d", '{"text": "नमस्ते"}'.encode(), Content_Type="application/json", X_Own="1, 2")
        [(_, head, body)] = there.came
        assert head.decode() == (
            "POST /a%2Fb?c=%C3%BC&d HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{there.port}\r\n"
            f"User-Agent: Chaupal/{__version__}\r\n"
            "Accept: */*\r\n"
            "Accept-Encoding: identity\r\n"
            "Content-Type: application/json\r\n"
            "X-Own: 1, 2\r\n"
            "Content-Length: 30\r\n"
            "\r\n"
        )
        assert body == '{"text": "नमस्ते"}'.encode()

    async def test_headers_of_the_callers_own_stand_in_place_of_the_usual(self, post: Post, there: Receiver) -> None:
        await post(USER_AGENT="Shop/1", accept="text/plain")
        [(_, head, _)] = there.came
        assert head.lower().count(b"user-agent:") == head.lower().count(b"accept:") == 1
        assert b"\r\nUSER-AGENT: Shop/1\r\n" in head
        assert b"\r\naccept: text/plain\r\n" in head

    async def test_an_empty_body_is_said_to_be_empty(self, post: Post, there: Receiver) -> None:
        await post(body=b"")
        [(_, head, body)] = there.came
        assert (b"\r\nContent-Length: 0\r\n" in head, body) == (True, b"")

    @pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\0"])
    async def test_a_header_that_would_become_two_is_not_sent(self, post: Post, there: Receiver, value: str) -> None:
        with pytest.raises(OutboundFailed):
            await post(X_Own=value)
        assert (there.came, there.lines) == ([], 0)


class TestConnections:
    async def test_one_serves_call_after_call(self, post: Post, there: Receiver) -> None:
        assert [await post(body=b"%d" % number) for number in range(3)] == [b"done"] * 3
        assert [(line, body) for line, _, body in there.came] == [(1, b"0"), (1, b"1"), (1, b"2")]

    async def test_where_it_was_closed_meanwhile_the_call_is_made_again_at_once(
        self, post: Post, there: Receiver
    ) -> None:
        """A receiver that closes what is idle would else get what came just then five minutes later."""

        async def answer_once(line: Line) -> None:
            await there.note(line)
            line.say(DONE)
            await there.note(line)

        there.behave = answer_once
        assert [await post(body=b"first"), await post(body=b"second")] == [b"done", b"done"]
        assert [(line, body) for line, _, body in there.came] == [(1, b"first"), (1, b"second"), (2, b"second")]

    async def test_a_new_one_that_is_closed_without_an_answer_is_a_failure(self, post: Post, there: Receiver) -> None:
        there.behave = there.note
        with pytest.raises(OutboundFailed):
            await post()
        assert len(there.came) == 1

    async def test_after_a_part_of_an_answer_nothing_is_sent_again(self, post: Post, there: Receiver) -> None:
        async def answer_and_break_off(line: Line) -> None:
            await there.note(line)
            line.say(DONE)
            await there.note(line)
            line.say(b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\nd")

        there.behave = answer_and_break_off
        await post(body=b"first")
        with pytest.raises(OutboundFailed):
            await post(body=b"second")
        assert [body for _, _, body in there.came] == [b"first", b"second"]

    async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(self, post: Post, there: Receiver) -> None:
        async def say_too_much(line: Line) -> None:
            while True:
                await there.note(line)
                line.say(DONE + STRAY if line.number == 1 else DONE)

        there.behave = say_too_much
        assert [await post(), await post(), await post()] == [b"done"] * 3
        assert [line for line, _, _ in there.came] == [1, 2, 2]

    async def test_an_answer_before_all_was_sent_ends_the_connection(self, post: Post, there: Receiver) -> None:
        async def answer_early(line: Line) -> None:
            if line.number == 1:
                line.say(DONE)
                await asyncio.Event().wait()
            await there.answer_all(line)

        there.behave = answer_early
        assert await post(body=b"x" * 20_000_000) == b"done"
        assert await post(body=b"next") == b"done"
        assert [(line, body) for line, _, body in there.came] == [(2, b"next")]
