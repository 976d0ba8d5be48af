"""What a flow asks of whoever drives it, and what it is told.

A flow is a generator: it yields one of these steps, is sent the result, and returns the answer. It knows HTTP, but does
no input or output, has no clock and no lock, so that the same flow is driven by the synchronous and by the asynchronous
client.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import msgspec

ResultT = TypeVar("ResultT")
ItemT = TypeVar("ItemT")


class Content(Protocol):
    """A body that is sent in pieces. It may be sent again from its beginning."""

    size_bytes: int

    def pieces(self) -> Iterator[bytes]:
        """The body from its beginning; pieces are at most some 256 kB. Reads files, so it may block."""
        ...


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | Content = b""
    read_timeout_s: float | None = None
    """How long the answer may be silent; None: as the client is set."""


class Reply(msgspec.Struct, frozen=True):
    """One HTTP answer. `stream` is the driver's own handle, where the body is still to be read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    stream: Any = None


class Failure(msgspec.Struct, frozen=True):
    """There was no answer, or it broke off."""

    reason: str
    cause: Exception


class Send(msgspec.Struct, frozen=True):
    """Send it; the result is a Reply or a Failure. Where `is_streamed`, an answer of success is not read."""

    request: Request
    is_streamed: bool = False


class Read(msgspec.Struct, frozen=True):
    """Read what comes next; the result is bytes, None at the end, or a Failure."""

    stream: Any


class Close(msgspec.Struct, frozen=True):
    """Let go of a stream; the result is None."""

    stream: Any


class Wait(msgspec.Struct, frozen=True):
    """Let time pass; the result is None."""

    wait_s: float


class Exclusively(msgspec.Struct, frozen=True):
    """Drive this flow while no other of the same client is being driven exclusively; the result is None."""

    flow: Generator[Any, Any, None]


class Deliver(msgspec.Struct, Generic[ItemT], frozen=True):
    """Give this to whoever iterates; the result is None. Only in flows of items."""

    item: ItemT


Step: TypeAlias = Send | Read | Close | Wait | Exclusively
Flow: TypeAlias = Generator[Step, Any, ResultT]
ItemFlow: TypeAlias = Generator[Step | Deliver[ItemT], Any, None]


class Place:
    """Where an iteration has come to: the cursor to go on with, should it be begun anew."""

    def __init__(self, cursor: str | None = None) -> None:
        self.cursor = cursor or ""
