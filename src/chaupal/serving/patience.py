"""uvicorn's HTTP protocol, with patience for slow clients that ends, one write per answer, and a stop that says so.

A client that sends, or takes, a byte now and then ("slow loris") would otherwise hold a connection for ever. Bodies
have their own limit in `request.py`, idle connections uvicorn's keep-alive.

uvicorn writes an answer's head and body one after the other; the profile of posting a message showed a third of the
event loop's time in those two system calls, so they are joined into one.

A stopping server finishes every request of which it has seen the beginning, and `/readyz` says from the signal on that
it is stopping.

Thousands of connections are open for as long as their live streams are. So each holds what it needs: what uvicorn makes
in advance of a pause, or of a pipeline, is made when there is one, and what is added to uvicorn's own attributes has
slots: beyond thirty an object's dictionary takes 1.6 kB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chaupal.errors import InvalidParameters, Unavailable
from chaupal.serving.dispatch import request_id_of, send_error, whole_error
from chaupal.serving.stalling import StallWatch
from chaupal.store.clock import new_id

_HEAD_MAX_BYTES = 65_536
"""Tokens take one or two kB; nothing in the contract needs more than a few."""


_OVERLOADED_WAIT_S = 5


_GATHERED_MOST_BYTES = 4_096
"""More than this at once goes out with what has gathered, without waiting for the turn's end."""


class JoinedWrites:
    """A transport that gathers what is written in one turn of the event loop and sends it with one system call.

    What is large is handed on at once: the transport can then say that its client is slow, before an answer that is
    made without a pause has gathered whole.
    """

    __slots__ = ("_loop", "_on_close", "_parts", "_transport")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, on_close: Callable[[], None] = lambda: None
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._on_close = on_close
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send with this turn's other writes."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        if len(data) > _GATHERED_MOST_BYTES:
            self._send()

    def close(self) -> None:
        """Send what has gathered, then close."""
        self._send()
        self._transport.close()
        self._on_close()

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Flow(FlowControl):
    """uvicorn's, with an event only while writing pauses."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.read_paused = False
        self.write_paused = False

    def pause_writing(self) -> None:
        """The transport holds enough."""
        if not self.write_paused:
            self._is_writable_event = asyncio.Event()
        super().pause_writing()


class Pipeline(list[Any]):
    """Requests that wait for the one before them, as uvicorn uses a deque of them. Nearly always empty."""

    __slots__ = ()

    def appendleft(self, waiting: Any) -> None:
        """Wait behind the others."""
        self.insert(0, waiting)


class PatientProtocol(HttpToolsProtocol):
    """Closes the connection when a head has begun, or a new connection was made, and is not whole in time; and when
    next to nothing is taken of an answer."""

    head_timeout_s: float = 20.0
    answer_timeout_s: float = 60.0
    is_draining: bool = False
    """Each connection is closed after its next answer, so that clients come back elsewhere."""

    __slots__ = (
        "_app",
        "_connections_most",
        "_has_head_begun",
        "_head_bytes",
        "_head_timer",
        "_is_last_request",
        "_stall_watch",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pipeline = Pipeline()  # type: ignore[assignment]
        self._connections_most, self.limit_concurrency = self.limit_concurrency, None
        self._app = self.app
        self._stall_watch: StallWatch | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._has_head_begun = self._is_last_request = False

    def connection_made(self, transport: Any) -> None:
        """A client has connected: its first head is awaited."""
        self._stall_watch = watch = StallWatch(transport, self.loop, self.answer_timeout_s)
        super().connection_made(JoinedWrites(transport, self.loop, on_close=watch.begin))  # type: ignore[arg-type]
        self.flow = Flow(self.transport)
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Bytes have come; while they belong to a head they are counted."""
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_MAX_BYTES + len(data) and not self.transport.is_closing():
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """The first byte of a head has come."""
        super().on_message_begin()
        self._has_head_begun = True
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_timeout_s, self._give_up)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_timer()
        self._has_head_begun = False
        is_over = self._connections_most is not None and len(self.connections) > self._connections_most
        self.app = _answer_overloaded if is_over else self._app
        super().on_headers_complete()
        if self._is_last_request or PatientProtocol.is_draining:
            self.cycle.keep_alive = False

    def pause_writing(self) -> None:
        """The client takes less than is sent."""
        super().pause_writing()
        if self._stall_watch is not None:
            self._stall_watch.begin()

    def resume_writing(self) -> None:
        """It has caught up."""
        super().resume_writing()
        if self._stall_watch is not None and not self.transport.is_closing():
            self._stall_watch.end()

    def shutdown(self) -> None:
        """The server stops: an idle connection is closed, any other after the request that has begun."""
        if self._has_head_begun:
            self._is_last_request = True
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_timer()
        if self._stall_watch is not None:
            self._stall_watch.end()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What cannot be read as HTTP, and has no request id of its own, is refused in the form of all errors."""
        error = InvalidParameters(field="request", value="", rule="is not HTTP that can be read")
        status, body, headers = whole_error(error, new_id())
        lines = [b"HTTP/1.1 %d Bad Request" % status, b"connection: close", *(b"%s: %s" % header for header in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        self._head_bytes = 0

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()


async def _answer_overloaded(scope: Scope, _receive: Receive, send: Send) -> None:
    error = Unavailable(reason="The server has too many connections.", retry_after_s=_OVERLOADED_WAIT_S)
    await send_error(send, error, request_id_of(scope))


class HeedfulServer(uvicorn.Server):
    """Tells of a stop when its signal comes, not when all connections are closed, and ends without a signal of its own.

    uvicorn ends by raising the signal again, which would kill the process before the store is closed.
    """

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None], drain_s: float = 0) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._drain_s = drain_s
        self._draining: asyncio.TimerHandle | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT: stop, after `drain_s` in which calls are still taken; a second one: stop now; a second
        SIGINT after that: stop without waiting for requests in flight."""
        self._on_stop()
        if self._drain_s and self._draining is None:
            PatientProtocol.is_draining = True
            self._draining = asyncio.get_running_loop().call_later(self._drain_s, self._stop, sig, frame)
            return
        self._stop(sig, frame)

    def _stop(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._captured_signals.clear()
