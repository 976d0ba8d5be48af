"""A load at a steady rate: a request is sent when its time has come, whether or not those before were answered, and its
time counts from then on. So a server that stands still is charged for all that it kept waiting, which a load that waits
for answers (wrk) is not.

Usage: RATE SECONDS, the target as JSON on standard input. Prints [count, p50, p95, p99] in milliseconds as JSON.
"""

import asyncio
import json
import sys
import time
from typing import cast

_HEAD_END = b"\r\n\r\n"
_PATIENCE_S = 30.0
_CONNECTIONS = 16
"""Open from the beginning; more are opened if all are waiting for answers."""


class _Connection(asyncio.Protocol):
    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._due_s = 0.0
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of a class of its own

    def send(self, due_s: float) -> None:
        self._due_s = due_s
        self._transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        self._came += data
        end = self._came.find(_HEAD_END)
        if end < 0:
            return
        head = self._came[:end].lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(self._came) < end + len(_HEAD_END) + length:
            return
        if not self._came.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"a request was answered {self._came[:300]!r}")
        self._came = b""
        self._load.note(self, time.monotonic() - self._due_s)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._load.is_over:
            raise SystemExit("a connection broke")


class _Load:
    def __init__(self, target: dict[str, object], *, rate_per_s: float, duration_s: float) -> None:
        headers = cast("dict[str, str]", target["headers"])
        body = str(target["body"]).encode()
        lines = [f"{target['method']} {target['path']} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.request = "\r\n".join(lines).encode() + _HEAD_END + body
        self._port = int(cast("int", target["port"]))
        self._count = round(rate_per_s * duration_s)
        self._apart_s = 1 / rate_per_s
        self._idle: list[_Connection] = []
        self._all = asyncio.Event()
        self.times_s: list[float] = []
        self.is_over = False

    def note(self, connection: _Connection, took_s: float) -> None:
        self._idle.append(connection)
        self.times_s.append(took_s)
        if len(self.times_s) == self._count:
            self._all.set()

    async def run(self) -> list[float]:
        for _ in range(_CONNECTIONS):
            self._idle.append(await self._connect())
        began_s = time.monotonic()
        for number in range(self._count):
            due_s = began_s + number * self._apart_s
            if (early_s := due_s - time.monotonic()) > 0:
                await asyncio.sleep(early_s)
            connection = self._idle.pop() if self._idle else await self._connect()
            connection.send(due_s)
        async with asyncio.timeout(_PATIENCE_S):
            await self._all.wait()
        self.is_over = True
        return self.times_s

    async def _connect(self) -> _Connection:
        _, made = await asyncio.get_running_loop().create_connection(lambda: _Connection(self), "127.0.0.1", self._port)
        return made


async def _run(rate_per_s: float, duration_s: float) -> None:
    load = _Load(json.load(sys.stdin), rate_per_s=rate_per_s, duration_s=duration_s)
    times_ms = sorted(took_s * 1e3 for took_s in await load.run())
    print(json.dumps([len(times_ms), *(times_ms[int(len(times_ms) * part)] for part in (0.5, 0.95, 0.99))]))


if __name__ == "__main__":
    import uvloop

    uvloop.run(_run(float(sys.argv[1]), float(sys.argv[2])))
