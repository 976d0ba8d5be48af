"""Joining writes: one system call for a small answer, and a slow client is noticed before a large one has gathered."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from chaupal.serving.patience import JoinedWrites


class NotedTransport:
    """Notes what it is given; `is_closed` last."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def transport() -> NotedTransport:
    return NotedTransport()


def joined(transport: NotedTransport) -> JoinedWrites:
    return JoinedWrites(cast(Any, transport), asyncio.get_running_loop())


class TestJoinedWrites:
    def test_small_writes_of_one_turn_go_out_together(self, transport: NotedTransport) -> None:
        async def answer() -> None:
            writes = joined(transport)
            writes.write(b"head")
            writes.write(b"body")
            assert transport.written == []
            await asyncio.sleep(0)
            assert transport.written == [b"headbody"]

        asyncio.run(answer())

    def test_a_large_write_goes_out_at_once_with_what_has_gathered(self, transport: NotedTransport) -> None:
        """A handler that never waits would otherwise fill the memory for a client that does not read."""

        async def answer() -> None:
            writes = joined(transport)
            piece = b"x" * 65_536
            writes.write(b"head")
            writes.write(piece)
            assert transport.written == [b"head" + piece]
            writes.write(piece)
            assert transport.written == [b"head" + piece, piece]
            await asyncio.sleep(0)
            assert len(transport.written) == 2

        asyncio.run(answer())

    def test_what_has_gathered_goes_out_before_the_end(self, transport: NotedTransport) -> None:
        async def answer() -> None:
            writes = joined(transport)
            writes.write(b"last words")
            writes.close()
            await asyncio.sleep(0)
            assert transport.written == [b"last words"]
            assert transport.is_closed

        asyncio.run(answer())
