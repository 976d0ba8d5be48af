"""The process that delivers: the engine, with readers of its own, and writes that the server runs for it, or which on
PostgreSQL go beside the calls of users.

So sending does not take those calls their time, and a SQLite database has no second writer. It holds nothing that is
not in the database as well: it may be killed at any moment, and ends by itself when its server is gone. Started by
`webhooks.apart.overseer`, never by hand.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import sys
from collections.abc import Callable, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey, load_secret_key
from chaupal.auth.tenant_keys import TenantKeys, meet_tenant
from chaupal.errors import Unavailable
from chaupal.logs import set_up_logs
from chaupal.media.links import MediaLinks
from chaupal.outbound.guarded import GuardedClient
from chaupal.settings import Settings
from chaupal.store.beside import NotBeside
from chaupal.store.gates import refusal_of
from chaupal.store.opening import open_store_beside
from chaupal.store.store import CallerT, RequestT, ResultT, Rule, Store, Written
from chaupal.tracing.starting import start_tracing
from chaupal.webhooks.apart.frames import (
    RULES,
    Answer,
    Begin,
    Call,
    FromServer,
    Refusal,
    Stop,
    Wake,
    pack,
    read_frame,
    read_settings,
    write_frame,
)
from chaupal.webhooks.delivering.engine import WebhookEngine
from chaupal.webhooks.delivering.place import Tally

if TYPE_CHECKING:
    from chaupal.tracing.tracer import Tracing

_SERVER_GONE = 3
"""Exit code."""

_NICE = 19
"""Where processors are short, the calls of users go before."""

_TALLY_EVERY_S = 0.5
_AUDIBLE_EVERY_S = 5.0

_decoder: msgspec.msgpack.Decoder[FromServer] = msgspec.msgpack.Decoder(FromServer)


class WriteFailed(RuntimeError):
    """The server could not run a rule; whether it was committed is not known."""


class Server:
    """The other end: runs rules, and hears what is to be counted."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._numbers = itertools.count()
        self._waiting: dict[int, tuple[asyncio.Future[Any], Any]] = {}
        self._tally = Tally()
        self._is_telling = False
        self._next_sign: asyncio.TimerHandle | None = None

    async def write(self, rule: Callable[..., Any], tenant_id: str, request: object) -> Written[Any]:
        """What the rule returned, after its commit.

        Raises:
            Unavailable, TenantClosed, WriteFailed.
        """
        number = next(self._numbers)
        future: asyncio.Future[Written[Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future, RULES[rule.__name__][2]
        self._writer.write(write_frame(Call(number, rule.__name__, tenant_id, pack(request))))
        return await future

    def hear(self, frame: Answer | Refusal) -> None:
        """Hand an answer to whoever waits for it."""
        future, kind = self._waiting.pop(frame.number)
        if future.done():
            return
        if isinstance(frame, Answer):
            future.set_result(Written(msgspec.msgpack.decode(frame.result, type=kind), frame.position))
        elif frame.gate:
            future.set_exception(refusal_of(frame.gate))
        elif frame.is_unavailable:
            future.set_exception(Unavailable(reason=frame.cause))
        else:
            future.set_exception(WriteFailed(frame.cause))

    def note_webhooks(self, tally: Tally) -> None:
        """Have it counted, soon."""
        self._tally.add(tally)
        if not self._is_telling:
            self._is_telling = True
            asyncio.get_running_loop().call_later(_TALLY_EVERY_S, self.tell)

    def tell(self) -> None:
        """Tell now what is to be counted."""
        self._is_telling = False
        tally, self._tally = self._tally, Tally(flights=self._tally.flights)
        self._writer.write(write_frame(tally))

    def stay_audible(self) -> None:
        """Tell from now on, also where nothing happens: a process that is not heard is taken for hanging."""
        self.tell()
        self._next_sign = asyncio.get_running_loop().call_later(_AUDIBLE_EVERY_S, self.stay_audible)

    def say_no_more(self) -> None:
        """Tell only what happens."""
        if self._next_sign is not None:
            self._next_sign.cancel()


class FarWritingStore(Store):
    """A store whose reads are its own. On PostgreSQL so is what can be written beside the calls of users; all else the
    server writes."""

    server: Server

    async def write(
        self, rule: Rule[CallerT, RequestT, ResultT], caller: CallerT, request: RequestT, *, is_patient: bool = False
    ) -> Written[ResultT]:
        """Like the server's own, always patient."""
        if self.writes_beside:
            with suppress(NotBeside):
                return await super().write(rule, caller, request)
        return await self.server.write(rule, caller.tenant_id, request)

    def hear(self, tenant_ids: Set[str]) -> None:
        """The server has committed."""
        self._tell_listeners(tenant_ids)


class DeliveryHouse:
    """What delivering needs of a house."""

    def __init__(self, settings: Settings, store: FarWritingStore) -> None:
        self.settings = settings
        self.store = store
        self.tenant_keys = TenantKeys(load_secret_key(settings.secret_key_path))
        self.media_links = MediaLinks(self.tenant_keys, settings.endpoint_url)
        self.callbacks = GuardedClient(
            allow=settings.callback_networks, setting="CHAUPAL_CALLBACK_ALLOW", needs_tls=True, connections_max=0
        )

    async def key_of(self, tenant_id: str) -> SecretKey:
        """The tenant's key, read once."""
        if tenant_id not in self.tenant_keys:
            await self.store.read(meet_tenant, Operator(tenant_id), self.tenant_keys)
        return self.tenant_keys.of(tenant_id)


async def deliver(pipe: socket.socket) -> None:
    """Deliver until the server says stop, or is gone."""
    reader, writer = await asyncio.open_connection(sock=pipe)
    begin = await read_frame(reader, _decoder)
    if not isinstance(begin, Begin):
        os._exit(_SERVER_GONE)
    settings = read_settings(begin.settings)
    set_up_logs(settings)
    store = open_store_beside(settings, FarWritingStore)
    store.server = Server(writer)
    house = DeliveryHouse(settings, store)
    tracing = house.callbacks.tracing = start_tracing(settings)
    engine = WebhookEngine(house, metrics=store.server)
    engine.start()
    store.server.stay_audible()
    stopping: asyncio.Task[None] | None = None
    frame: FromServer | None
    while (frame := await read_frame(reader, _decoder)) is not None:
        match frame:
            case Answer() | Refusal():
                store.server.hear(frame)
            case Wake(tenant_ids=[]):
                engine.wake()
            case Wake(tenant_ids=tenant_ids):
                store.hear(frozenset(tenant_ids))
            case Stop():
                stopping = stopping or asyncio.create_task(_stop(engine, house, writer, tracing))
            case Begin():
                pass  # said once
    # The server is gone, or has heard the last word. Nobody is left to write for this process, so what is on its way
    # is not waited for: it stands in the database as being sent, and is sent again.
    os._exit(0 if stopping is not None and stopping.done() else _SERVER_GONE)


async def _stop(
    engine: WebhookEngine, house: DeliveryHouse, writer: asyncio.StreamWriter, tracing: Tracing | None
) -> None:
    house.store.server.say_no_more()
    await engine.stop()
    await house.callbacks.close()
    if tracing is not None:
        await asyncio.to_thread(tracing.stop)
    house.store.stop()
    house.store.server.tell()
    await writer.drain()
    writer.write_eof()


def _stand_back() -> None:
    """Let the server and the database go before, whenever they have something to do. It still has one part in seventy
    of a processor that others want, too: some hundred deliveries a second."""
    with suppress(PermissionError):
        os.nice(_NICE)
        if sys.platform == "linux":
            # Else each answer of a receiver that wakes this process may interrupt a call that is being answered.
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def main() -> None:
    """The pipe's descriptor is the one argument."""
    import uvloop

    _stand_back()
    for number in (signal.SIGINT, signal.SIGTERM):
        # A terminal and a service manager send them to the whole group; the server says what is to be done.
        signal.signal(number, signal.SIG_IGN)
    uvloop.run(deliver(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
