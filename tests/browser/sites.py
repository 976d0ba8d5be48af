"""The server for the browser: real HTTP on a real port, in this process, so that a test has its clock and store.

It is served by a loop in a thread; `Site.world` is an organization made straight in the store, as in the API's tests.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import uvicorn

from chaupal.app import build_app, close_house, open_house
from chaupal.serving.house import House
from chaupal.serving.patience import PatientProtocol
from tests.api.client import Client
from tests.api.clocks import FakeClock
from tests.api.worlds import World
from tests.stores import Database

ResultT = TypeVar("ResultT")


class LoopThread:
    """An event loop in a thread of its own. `run` waits for a coroutine there, as `asyncio.Runner.run` does here."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="site", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@dataclass(frozen=True)
class Site:
    """A running server. `world` is a test's own organization on it."""

    url: str
    house: House
    clock: FakeClock
    database: Database
    loop: LoopThread
    world: World

    def with_new_world(self) -> Site:
        return replace(self, world=World(self.world.client, self.database, self.clock))


@contextmanager
def serve_site(database: Database, **settings: Any) -> Iterator[Site]:
    """A server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        chosen = {"listen": f"127.0.0.1:{port}", "sms": "outbox", "sign_in_forms_per_min_address": 0, **settings}
        clock, loop = FakeClock(), LoopThread()
        house = open_house(replace(database.settings, **chosen), clock=clock)
        config = uvicorn.Config(build_app(house), http=PatientProtocol, ws="none", access_log=False, log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.run_coroutine_threadsafe(server.serve([listening]), loop.loop)
        client = Client(house, loop)
        try:
            yield Site(house.settings.endpoint_url, house, clock, database, loop, World(client, database, clock))
        finally:
            server.should_exit = True
            serving.result(timeout=30)
            client.close()
            loop.end()
            close_house(house)
