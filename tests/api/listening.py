"""A client of the live stream: reads events as they come, at its own pace, and can go away and come back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests.api.client import request
from tests.api.worlds import Caller, World

PATIENCE_S = 30.0
"""Only a test that has failed waits so long."""


class Listener:
    """One stream. What was read so far is in `events`: (event type, data) with the last id in `last_id`."""

    def __init__(self, caller: Caller, *, cursor: str = "", last_id: str = "", **query: Any) -> None:
        self.caller = caller
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.last_id = ""
        self.events: list[dict[str, Any]] = []
        self.is_over = False
        self.is_paused = False
        self._rest = b""
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()
        headers = {"Last-Event-ID": last_id} if last_id else {}
        wanted = {**query, **({"cursor": cursor} if cursor else {})}
        self._request = request("GET", "/v1/events", token=caller.access_token, headers=headers, query=wanted)
        caller.client.run(self._start())

    async def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())
        await self._wait(lambda: bool(self.status))

    async def _run(self) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": self._request.url.path,
            "raw_path": self._request.url.raw_path.split(b"?")[0],
            "query_string": self._request.url.query,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "client": ("203.0.113.7", 40_000),
        }
        await self.caller.client.app(scope, self._receive, self._send)
        self.is_over = True
        self._changed.set()

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        while self.is_paused and not self._gone.is_set():
            self._changed.clear()
            await self._changed.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")
            self._read(message.get("body", b""))
        self._changed.set()

    def _read(self, piece: bytes) -> None:
        *blocks, self._rest = (self._rest + piece).split(b"\n\n")
        for block in blocks:
            fields: dict[str, str] = {}
            for line in block.decode().split("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                event = json.loads(fields["data"])
                assert fields["event"] == event["eventType"]
                self.events.append(event)

    async def _wait(self, is_met: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_met():
                self._changed.clear()
                await self._changed.wait()

    def wait(self, count: int) -> list[dict[str, Any]]:
        """The first so many events, once there are that many."""
        self.caller.client.run(self._wait(lambda: len(self.events) >= count))
        return self.events

    def wait_for_text(self, text: str) -> list[dict[str, Any]]:
        """All events up to a message with this text, once it has come."""
        self.caller.client.run(self._wait(lambda: text in self.texts))
        return self.events

    def wait_until_over(self) -> None:
        """Until the server has ended the stream."""
        self.caller.client.run(self._wait(lambda: self.is_over))

    def wait_for(self, is_met: Callable[[], bool]) -> None:
        """Until something is so that changes when the stream sends."""
        self.caller.client.run(self._wait(is_met))

    @property
    def texts(self) -> list[str]:
        """The messages among the events."""
        return [event["data"]["text"] for event in self.events if event["eventType"] == "TextMessageCreated"]

    @property
    def kinds(self) -> list[str]:
        return [event["eventType"] for event in self.events]

    def pause(self) -> None:
        """Read nothing more for now."""
        self.is_paused = True

    def go_on(self) -> None:
        """Read on after a pause."""
        self.is_paused = False

        async def wake() -> None:
            self._changed.set()

        self.caller.client.run(wake())

    def go_away(self) -> str:
        """Close the connection; the id to resume from."""

        async def leave() -> None:
            self._gone.set()
            self._changed.set()
            async with asyncio.timeout(PATIENCE_S):
                await self._task

        self.caller.client.run(leave())
        return self.last_id


Listen = Callable[..., Listener]


def sync(caller: Caller, **query: Any) -> dict[str, Any]:
    """GET /sync."""
    found = caller.get("/v1/sync", **query)
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


def beat_soon(world: World) -> None:
    """Have all streams send a sign of life in the event loop's next turn. From any thread."""
    streams = world.house.live_streams
    assert streams is not None
    streams._loop.call_soon_threadsafe(streams.beat)


def beat(world: World) -> None:
    """Have all streams send a sign of life now."""

    async def beat_once() -> None:
        assert world.house.live_streams is not None
        world.house.live_streams.beat()

    world.client.run(beat_once())
