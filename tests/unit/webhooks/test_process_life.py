"""The server's end of the process that delivers, with another program in its place."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from typing import Any, cast

import pytest

from chaupal.serving.house import House
from chaupal.settings import Settings
from chaupal.webhooks.apart import life
from chaupal.webhooks.apart.frames import write_frame
from chaupal.webhooks.delivering.place import Tally

pytestmark = pytest.mark.anyio

PATIENCE_S = 30.0
ANSWERS = 30
HANGING = "import time; time.sleep(1000)"
ANSWERING = f"""
import socket, sys
pipe = socket.socket(fileno=int(sys.argv[1]))
for _ in range({ANSWERS}):
    pipe.recv(65536)
    pipe.sendall({write_frame(Tally(matched=1))!r})
sys.exit(7)
"""
"""Says something each time that it is spoken to."""


class HouseOfSettings:
    """What is needed of a house where nothing is written."""

    settings = Settings()


class Heard:
    """Metrics that let a test wait for what is to be counted."""

    def __init__(self) -> None:
        self.tallies: asyncio.Queue[Tally] = asyncio.Queue()

    def note_webhooks(self, tally: Tally) -> None:
        self.tallies.put_nowait(tally)


def begin(monkeypatch: pytest.MonkeyPatch, program: str, heard: Heard) -> life.ProcessLife:
    """A life, not lived yet, of a Python program in the process's place."""
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return popen([command[0], "-c", program, command[-1]], **options)

    monkeypatch.setattr(life.subprocess, "Popen", start)
    return life.ProcessLife(cast("House", HouseOfSettings()), metrics=cast("Any", heard), stopping=asyncio.Event())


async def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "_SILENT_TICK_S", 0.0)
    monkeypatch.setattr(life, "_END_S", 0.0)
    async with asyncio.timeout(PATIENCE_S):
        assert await begin(monkeypatch, HANGING, Heard()).live() == -signal.SIGKILL


async def test_one_that_is_heard_now_and_then_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: asyncio.Queue[None] = asyncio.Queue()
    monkeypatch.setattr(life, "_tick", ticks.get)
    heard = Heard()
    lived = begin(monkeypatch, ANSWERING, heard)
    living = asyncio.create_task(lived.live())
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(ANSWERS):
            await heard.tallies.get()
            ticks.put_nowait(None)
            lived.tell_of_webhooks()
        assert await living == 7
