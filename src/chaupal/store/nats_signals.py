"""How the processes on one PostgreSQL database wake each other after a commit, by NATS instead of LISTEN and NOTIFY.

One subject a tenant below a word of the installation's own, `chaupal.TENANT`, with nothing in the message: it says no
more than "look into the log". Whatever is lost (a message, the connection, the whole service) costs whoever waits a
poll; commits never wait for it. Connections are made anew by themselves, in a thread with an event loop of its own.

A server that hangs, connected and silent, is found out by its not answering after what it was told, within seconds, and
by whoever only listens within a minute; another of the URLs is tried then.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence, Set
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import structlog

from chaupal.store.clock import new_id
from chaupal.store.telling import Teller

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

_AGAIN_AFTER_S = 1
_CONNECT_TIMEOUT_S = 5
_ANSWER_TIMEOUT_S = 5
"""How long the server may take to say that it has what it was told."""
_STOP_TIMEOUT_S = 5
_LAST_WORD_TIMEOUT_S = 1
_CANCEL_AGAIN_S = 0.2
_PING_EVERY_S = 20
"""A connection whose other end is silent is given up after three of these."""

log = structlog.get_logger("store.neighbours")


class NatsUnusable(Exception):
    """Why a message does not come back from NATS."""


def tenant_subject(prefix: str, tenant_id: str) -> str:
    """The subject of a tenant: its id in one word, whatever characters it has."""
    return f"{prefix}.{quote(tenant_id, safe='').replace('.', '%2E')}"


class NatsNeighbours:
    """The other processes behind the servers at `urls`. `on_signal` is called in a thread of its own, with tenants.

    Has the face of `store.neighbours.Neighbours`.
    """

    def __init__(self, urls: Sequence[str], prefix: str, on_signal: Callable[[Set[str]], None]) -> None:
        self._urls = list(urls)
        self._prefix = prefix
        self._on_signal = on_signal
        self._client: Client | None = None
        self._is_failing = False
        self._teller = Teller(self._tell)
        self._is_useless = asyncio.Event()
        """The connection of now is closed, or might as well be."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="store-signals", daemon=True)

    def start(self) -> None:
        """Connect, and stay so. Returns at once: NATS need not be there yet."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self._teller.start()

    def stop(self) -> None:
        """Send what waits, if that can be done, and end. Harmless when repeated."""
        if self._loop is None:
            return
        self._teller.stop(timeout_s=_LAST_WORD_TIMEOUT_S)
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=_STOP_TIMEOUT_S)

    @property
    def has_listeners(self) -> bool:
        """Whoever sets NATS up has several processes; nobody counts them."""
        return True

    @property
    def is_connected(self) -> bool:
        """Whether this process can be woken by the others now."""
        return self._client is not None and self._client.is_connected

    def tell(self, tenant_ids: Set[str]) -> None:
        """Something has happened in these tenants. Never waits; forgotten while there is no connection."""
        if self.is_connected:
            self._teller.tell(tenant_ids)

    def _tell(self, tenant_ids: Sequence[str]) -> None:
        """Returns when the server has it all, or never will."""
        assert self._loop is not None
        publishing = self._publish(tenant_ids)
        try:
            told = asyncio.run_coroutine_threadsafe(publishing, self._loop)
        except RuntimeError:  # the loop has ended
            publishing.close()
            return
        with suppress(CancelledError, TimeoutError):  # it ends now, or has just ended
            told.result(timeout=_ANSWER_TIMEOUT_S + _CANCEL_AGAIN_S)

    async def _publish(self, tenant_ids: Sequence[str]) -> None:
        client = self._client
        if client is None or not client.is_connected:
            return
        try:
            for tenant_id in tenant_ids:
                await client.publish(tenant_subject(self._prefix, tenant_id))
            await client.flush(timeout=_ANSWER_TIMEOUT_S)
        except TimeoutError as error:
            self._note_failure(error)
            if client is self._client:
                self._is_useless.set()
        except Exception as error:  # noqa: BLE001 - the library raises what it likes; the others look by themselves
            self._note_failure(error)

    async def _hear(self, message: Msg) -> None:
        self._on_signal(frozenset({unquote(message.subject[len(self._prefix) + 1 :])}))

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._the_loop) as runner:
            runner.run(self._live())

    def _the_loop(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None
        return self._loop

    async def _live(self) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        while not stopping.done():
            held = asyncio.create_task(self._hold())
            await asyncio.wait({held, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                # More than once: the library swallows it where it comes while connecting.
                while not held.done():
                    held.cancel()
                    await asyncio.wait({held}, timeout=_CANCEL_AGAIN_S)
            try:
                await held
            except asyncio.CancelledError:
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, there is another try
                self._note_failure(error)
            await asyncio.wait({stopping}, timeout=_AGAIN_AFTER_S)

    async def _hold(self) -> None:
        """Connect, and return when the connection is given up; the library mends those that break."""
        from nats.aio.client import Client

        client = Client()
        self._is_useless = useless = asyncio.Event()
        try:
            await client.connect(closed_cb=_setting(useless), **self._options())
            await client.subscribe(f"{self._prefix}.*", cb=self._hear)
            await client.flush(timeout=_CONNECT_TIMEOUT_S)
            self._client = client
            self._note_return()
            await useless.wait()
        finally:
            self._client = None
            with suppress(Exception):
                await asyncio.wait_for(client.close(), timeout=1)

    def _options(self) -> dict[str, Any]:
        async def note_failure(error: Exception) -> None:
            self._note_failure(error)

        async def note_loss() -> None:
            if not self._stopping.is_set():
                self._note_failure(None)

        async def note_return() -> None:
            self._note_return()

        return {
            "servers": self._urls,
            "name": "chaupal",
            "error_cb": note_failure,
            "disconnected_cb": note_loss,
            "reconnected_cb": note_return,
            "no_echo": True,
            "pending_size": 0,  # what was not sent at once is worth nothing later
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": _AGAIN_AFTER_S,
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "ping_interval": _PING_EVERY_S,
        }

    def _note_failure(self, error: Exception | None) -> None:
        """Once for each time that it is away: a try a second would fill the log."""
        if not self._is_failing:
            self._is_failing = True
            cause = "connection lost" if error is None else str(error) or type(error).__name__
            log.warning("cannot wake other servers; each looks by itself", cause=cause)

    def _note_return(self) -> None:
        if self._is_failing:
            self._is_failing = False
            log.info("servers wake each other again")


def _setting(event: asyncio.Event) -> Callable[[], Any]:
    async def set_event() -> None:
        event.set()

    return set_event


def prove_nats(urls: Sequence[str], prefix: str, *, timeout_s: float) -> None:
    """Send a message below `prefix` and wait until it comes back.

    Raises:
        NatsUnusable.
    """
    asyncio.run(_prove(list(urls), prefix, timeout_s))


async def _prove(urls: list[str], prefix: str, timeout_s: float) -> None:
    from nats.aio.client import Client
    from nats.errors import NoServersError

    client = Client()
    failures: list[str] = []

    async def note(error: Exception) -> None:
        failures.append(str(error) or type(error).__name__)

    try:
        async with asyncio.timeout(timeout_s):
            await client.connect(
                servers=urls,
                name="chaupal doctor",
                error_cb=note,
                allow_reconnect=False,
                max_reconnect_attempts=1,  # 0 would be without end
                reconnect_time_wait=0,
            )
            subject = f"{prefix}.doctor-{new_id()}"
            probe = await client.subscribe(subject)
            await client.publish(subject)
            await probe.next_msg(timeout=timeout_s)
    except NoServersError as error:
        raise NatsUnusable(failures[-1] if failures else str(error)) from error
    except Exception as error:
        cause = str(error) or (failures[-1] if failures else type(error).__name__)
        raise NatsUnusable(cause) from error
    finally:
        with suppress(Exception):
            await asyncio.wait_for(client.close(), timeout=1)
