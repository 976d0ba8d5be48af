"""Cutting off clients that take next to nothing of what is sent to them, also after the connection was to be closed.

A transport that is closed first sends what it holds. To a client that stays and does not read that never ends: the
connection would be held for ever, and so many of them are all that the server allows.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextlib import suppress

LEAST_TAKEN_BYTES = 16_384
"""In one look's time. A client that reads a byte now and then holds a connection as well as one that reads nothing."""


class StallWatch:
    """Looks at one transport while something waits to be sent. `timeout_s` lies between two looks."""

    __slots__ = ("_left_bytes", "_loop", "_timeout_s", "_timer", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, timeout_s: float) -> None:
        self._transport = transport
        self._loop = loop
        self._timeout_s = timeout_s
        self._timer: asyncio.TimerHandle | None = None
        self._left_bytes = 0

    def begin(self) -> None:
        """Something waits: look at it from now on. Harmless when repeated."""
        if self._timer is None:
            self._look_later()

    def end(self) -> None:
        """Nothing waits, or the connection is gone. Harmless when repeated."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        self._left_bytes = self._waiting_bytes()
        self._timer = self._loop.call_later(self._timeout_s, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._transport.get_write_buffer_size():
            return
        if self._waiting_bytes() > self._left_bytes - LEAST_TAKEN_BYTES:
            _cut(self._transport)
        else:
            self._look_later()

    def _waiting_bytes(self) -> int:
        """With what the system holds, which may be megabytes: until a good part of those is gone it takes no more."""
        return self._transport.get_write_buffer_size() + _held_by_system(self._transport)


def _cut(transport: asyncio.Transport) -> None:
    """Hang up, so that the system does not hold what nobody takes for minutes after."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _held_by_system(transport: asyncio.Transport) -> int:
    """Bytes that the system has not sent yet, or not heard of as taken; 0 where it does not tell."""
    if sys.platform == "win32":
        return 0
    import fcntl
    import termios

    try:
        answer: bytes = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, AttributeError):
        return 0
    return int(struct.unpack("i", answer)[0])
