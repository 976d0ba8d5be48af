"""Server-Sent Events: bytes as they come, made into events. https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class SentEvent(msgspec.Struct, frozen=True):
    """One block of lines. `data` is empty where only the place has moved."""

    id: str
    data: str


class EventLines:
    """Takes pieces as they come, wherever they are cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._id = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[SentEvent]:
        """The blocks that this piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for raw in lines:
            line = raw.removesuffix(b"\r").decode()
            if line:
                self._take(line)
            elif self._id or self._data:
                yield SentEvent(self._id, "\n".join(self._data))
                self._id, self._data = "", []

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            self._id = value
        elif name == "data":
            self._data.append(value)
