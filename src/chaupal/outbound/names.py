"""Looking up the names of hosts that strangers have named, so that a name whose servers never answer delays no other.

The system's lookup blocks for half a minute then, and the event loop's own threads for it are few: two names without an
answer would stop all lookups of the process. Here each name is looked up in a thread of its own, once however many wait
for it. The threads end by themselves, and hold up no end of the process.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a name, for a port. Raises OSError where it has none."""

LOOKUPS_MAX = 512
"""More names at once than all deliveries on their way have."""


class SystemNames:
    """Resolves as the machine does. Used from one event loop. `look_up` is the call that blocks."""

    def __init__(self, look_up: Callable[[str, int], list[str]] | None = None) -> None:
        self._look_up = look_up or _by_system
        self._waited_for: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name.

        Raises:
            OSError: it has none, or too many others are being looked up.
        """
        name = (host, port)
        found = self._waited_for.get(name)
        if found is None:
            if len(self._waited_for) >= LOOKUPS_MAX:
                raise OSError(errno.EAGAIN, "too many names are being looked up")
            found = self._waited_for[name] = asyncio.get_running_loop().create_future()
            found.add_done_callback(lambda done: self._forget(name, done))
            threading.Thread(target=self._run, args=(name, found), name="name lookup", daemon=True).start()
        return await asyncio.shield(found)

    def _forget(self, name: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        del self._waited_for[name]
        if not done.cancelled():
            done.exception()  # nobody may be waiting any more

    def _run(self, name: tuple[str, int], found: asyncio.Future[list[str]]) -> None:
        try:
            addresses = self._look_up(*name)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
            self._tell(found, partial(found.set_exception, error))
        else:
            self._tell(found, partial(found.set_result, addresses))

    def _tell(self, found: asyncio.Future[list[str]], say: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended
            found.get_loop().call_soon_threadsafe(lambda: None if found.done() else say())


def _by_system(host: str, port: int) -> list[str]:
    return [str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
