"""A receiver of webhooks that does as little as possible: it proves itself, answers 200 and counts.

GET /count gives how many POSTs came, and when the last did (time.monotonic, which all processes of a machine share);
GET /delays how long each message that says when it was sent took, since the last such call; GET /dead/N lets the first
N addresses take POSTs and never answer, from now on, and lets go of all that wait for an answer.

Usage: PORT [ADDRESSES]. It listens on 127.0.0.1, and on as many addresses after it.
"""

import asyncio
import json
import re
import sys
import time
from functools import partial
from typing import ClassVar, cast

_HEAD_END = b"\r\n\r\n"
_STAMP = re.compile(rb"sent at ([0-9.]+) s")


class _Receiver(asyncio.Protocol):
    count = 0
    last_s = 0.0
    dead = 0
    delays_s: ClassVar[list[float]] = []
    unanswered: ClassVar[set["_Receiver"]] = set()

    def __init__(self, number: int) -> None:
        self._number = number

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
            body, self._waiting = self._waiting[end:whole], self._waiting[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, came: bytes) -> None:
        body = b""
        if head.startswith(b"POST "):
            if self._number < _Receiver.dead:
                _Receiver.unanswered.add(self)
                return
            self._note(came)
        elif head.startswith(b"GET /count"):
            body = json.dumps([_Receiver.count, _Receiver.last_s]).encode()
        elif head.startswith(b"GET /delays"):
            body = json.dumps(_Receiver.delays_s).encode()
            _Receiver.delays_s.clear()
        elif head.startswith(b"GET /dead/"):
            _let_die(int(head.split(b"/dead/")[1].split(b" ")[0]))
        elif b"validationToken=" in head:
            body = head.split(b"validationToken=")[1].split(b" ")[0]
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def _note(self, came: bytes) -> None:
        _Receiver.count += 1
        _Receiver.last_s = time.monotonic()
        if (stamp := _STAMP.search(came)) is not None:
            _Receiver.delays_s.append(_Receiver.last_s - float(stamp[1]))

    def connection_lost(self, error: Exception | None) -> None:
        _Receiver.unanswered.discard(self)

    def let_go(self) -> None:
        self._transport.close()


def _let_die(count: int) -> None:
    _Receiver.dead = count
    for each in list(_Receiver.unanswered):
        each.let_go()


def _length_of(head: bytes) -> int:
    found = head.lower().partition(b"content-length:")[2]
    return int(found.split(b"\r\n")[0]) if found else 0


async def _serve(port: int, addresses: int) -> None:
    loop = asyncio.get_running_loop()
    for number in range(addresses):
        await loop.create_server(partial(_Receiver, number), f"127.0.0.{number + 1}", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
