"""One message to many live streams: how long until the last has it, and what memory a stream takes that has nothing to
do. The baseline is the floor with the least fan-out that works (bench/floor/streaming.py).
"""

import asyncio
import http.client
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.load import RunRefused, Target
from bench.processes import Server

STREAMS = 1_000
ROOT = Path(__file__).resolve().parent.parent

_TIMEOUT_S = 60
_AT_ONCE = 50


class _Reader(asyncio.Protocol):
    """One stream. It looks for its first bytes, and later for a mark in what comes."""

    def __init__(self, listeners: "Listeners", request: bytes) -> None:
        self._listeners = listeners
        self._request = request
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._is_open and b"\n\n" in data:
            self._is_open = True
            self._listeners.note_open()
        if self._listeners.mark and self._listeners.mark in data:
            self._listeners.note_mark()


class Listeners:
    """So many streams of one server, all in this process."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str]) -> None:
        lines = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
        self._request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self._port = port
        self._runner = asyncio.Runner()
        self._transports: list[asyncio.BaseTransport] = []
        self._open_count = self._mark_count = 0
        self._all = asyncio.Event()
        self._last_s = 0.0
        self.mark = b""

    def open(self) -> None:
        """Returns when every stream has begun."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._runner.run(self._open_all())

    async def _open_all(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(STREAMS // _AT_ONCE):
            made = [
                loop.create_connection(lambda: _Reader(self, self._request), "127.0.0.1", self._port)
                for _ in range(_AT_ONCE)
            ]
            self._transports += [transport for transport, _ in await asyncio.gather(*made)]
        async with asyncio.timeout(_TIMEOUT_S):
            await self._all.wait()

    def note_open(self) -> None:
        self._open_count += 1
        if self._open_count == STREAMS:
            self._all.set()

    def note_mark(self) -> None:
        self._mark_count += 1
        if self._mark_count == STREAMS:
            self._last_s = time.perf_counter()
            self._all.set()

    def time_message(self, target: Target, number: int) -> float:
        """Milliseconds from sending one message until the last stream has it."""
        return self._runner.run(self._time_message(target, number))

    async def _time_message(self, target: Target, number: int) -> float:
        self.mark = b"number %08d." % number
        self._mark_count = 0
        self._all.clear()
        body = target.body.replace("seven.", self.mark.decode())
        started_s = time.perf_counter()
        await asyncio.to_thread(_post, target, body)
        async with asyncio.timeout(_TIMEOUT_S):
            await self._all.wait()
        return (self._last_s - started_s) * 1e3

    def close(self) -> None:
        async def close_all() -> None:
            for transport in self._transports:
                transport.close()
            await asyncio.sleep(0)

        self._runner.run(close_all())
        self._runner.close()


def _post(target: Target, body: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=_TIMEOUT_S)
    try:
        connection.request(target.method, target.path, body, dict(target.headers))
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RunRefused(f"a message was answered {answer.status}: {text[:500].decode(errors='replace')}")


def build_streaming_floor(folder: Path, *, port: int, database: str) -> Server:
    """`database` is `sqlite` or `postgresql://...`, as for the floor."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:{folder / 'floor.sqlite3'}" if database == "sqlite" else database
    return Server(
        name="streaming floor",
        command=[sys.executable, "-m", "bench.floor.streaming"],
        environment={"FLOOR_LISTEN": f"127.0.0.1:{port}", "FLOOR_DATABASE": address},
        port=port,
        log_path=folder / "floor.log",
        folder=ROOT,
    )
