"""The line that each call leaves in the log.

As JSON the lines of a twentieth of a second are written at once: a line of its own costs more than the routing of its
call. A killed process loses at most those; errors are logged at once, elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec
import structlog

_FLUSH_S = 0.05
_FLUSH_LINES = 1_000


class CallLine(msgspec.Struct):
    """One call. Never a token, PIN or text."""

    event: str
    level: str
    timestamp: str
    method: str
    route: str
    status: int
    duration_ms: float
    request_id: str
    tenant_id: str


class CallLog:
    """Gathers lines and writes them to the stream; without a stream it hands each to structlog (a terminal)."""

    def __init__(self, stream: BinaryIO | None, *, is_on: bool = True) -> None:
        self._stream = stream
        self._is_on = is_on
        self._lines: list[CallLine] = []
        self._encoder = msgspec.json.Encoder()
        self._timer: asyncio.TimerHandle | None = None
        self._log = structlog.get_logger("api")

    def note(self, *, method: str, route: str, status: int, duration_s: float, request_id: str, tenant_id: str) -> None:
        """Note one answered call; nothing where the log's level leaves such lines out."""
        if not self._is_on:
            return
        line = CallLine(
            event="call",
            level="info",
            timestamp="",
            method=method,
            route=route,
            status=status,
            duration_ms=round(duration_s * 1000, 3),
            request_id=request_id,
            tenant_id=tenant_id,
        )
        if self._stream is None:
            fields = msgspec.structs.asdict(line)
            del fields["event"], fields["level"], fields["timestamp"]
            self._log.info("call", **fields)
            return
        self._lines.append(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_S, self.flush)
        elif len(self._lines) >= _FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered. Harmless when there is nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if not lines or self._stream is None:
            return
        timestamp = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
        for line in lines:
            line.timestamp = timestamp
        try:
            self._stream.write(self._encoder.encode_lines(lines))
            self._stream.flush()
        except OSError:  # a full disk under the log must not stop the service
            return
