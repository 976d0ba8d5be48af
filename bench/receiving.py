"""A receiver of webhooks that does as little as possible: it proves itself, answers 200 and counts.

GET /count gives how many POSTs came, and when the last did (time.monotonic, which all processes of a machine share).
Usage: PORT.
"""

import asyncio
import json
import sys
import time
from typing import cast

_HEAD_END = b"\r\n\r\n"


class _Receiver(asyncio.Protocol):
    count = 0
    last_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of a class of its own
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(_HEAD_END)) >= 0:
            head = self._waiting[:end]
            whole = end + len(_HEAD_END) + _length_of(head)
            if len(self._waiting) < whole:
                return
            self._waiting = self._waiting[whole:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        body = b""
        if head.startswith(b"POST "):
            _Receiver.count += 1
            _Receiver.last_s = time.monotonic()
        elif head.startswith(b"GET /count"):
            body = json.dumps([_Receiver.count, _Receiver.last_s]).encode()
        elif b"validationToken=" in head:
            body = head.split(b"validationToken=")[1].split(b" ")[0]
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def _length_of(head: bytes) -> int:
    found = head.lower().partition(b"content-length:")[2]
    return int(found.split(b"\r\n")[0]) if found else 0


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Receiver, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1])))
