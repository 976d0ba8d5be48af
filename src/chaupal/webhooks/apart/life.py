"""One life of the process that delivers, as its server sees it: starting it, running what it asks to have written among
the server's own writes, and giving free what it had when it ends, however it ends."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Set

import msgspec
import structlog

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.errors import Unavailable
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.store.gates import TenantClosed
from chaupal.webhooks.apart.frames import (
    RULES,
    Answer,
    Begin,
    Call,
    FrameBroken,
    FromProcess,
    FromServer,
    Refusal,
    Stop,
    Wake,
    pack,
    pack_settings,
    read_frame,
    write_frame,
)
from chaupal.webhooks.delivering.claiming import begin_worker, declare_dead
from chaupal.webhooks.delivering.place import Tally

_STOP_S = 15.0
"""What is on its way has ten seconds to arrive (`WebhookEngine.stop`)."""

_SILENT_TICK_S = 10.0
_SILENT_TICKS = 12
"""A process that has said nothing for two minutes hangs: it says every few seconds that it lives. Counted in ticks of
this loop, so that who stops both and lets them go on ends none."""

_END_S = 2.0
"""A process whose server is gone ends at once."""

log = structlog.get_logger("webhooks")

_decoder = msgspec.msgpack.Decoder(FromProcess)


class ProcessLife:
    """`live` once. The other calls may come at any time, and do nothing where there is no process."""

    def __init__(self, house: House, *, metrics: Metrics, stopping: asyncio.Event) -> None:
        self._house = house
        self._metrics = metrics
        self._stopping = stopping
        self._writer: asyncio.StreamWriter | None = None
        self._workers: set[str] = set()
        self._writes: set[asyncio.Task[None]] = set()
        self._silent_ticks = 0

    def tell_of_webhooks(self) -> None:
        """Webhooks were made or changed, or deliveries queued by hand."""
        self._say(Wake())

    def tell_of_commits(self, tenant_ids: Set[str]) -> None:
        """Events were appended for these tenants."""
        self._say(Wake(sorted(tenant_ids)))

    def tell_to_stop(self) -> None:
        """Claim nothing more, let what is on its way arrive, and end."""
        self._say(Stop())

    def _say(self, frame: FromServer) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(write_frame(frame))

    async def live(self) -> int:
        """From its start to its end; its exit code."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "chaupal.webhooks.apart.process", str(theirs.fileno())]
        with theirs:
            # In a thread, because starting a program takes a moment, in which the loop would stand still.
            process = await asyncio.to_thread(
                subprocess.Popen, command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        try:
            await self._speak(ours)
        finally:
            code = await asyncio.to_thread(_end, process)
            await self._bury()
        return code

    async def _speak(self, ours: socket.socket) -> None:
        """Until the process ends, or cannot be understood."""
        reader, writer = await asyncio.open_connection(sock=ours)
        self._writer = writer
        self._say(Begin(pack_settings(self._house.settings)))
        if self._stopping.is_set():
            self.tell_to_stop()
        closing_late = asyncio.create_task(self._close_late(writer))
        closing_silent = asyncio.create_task(self._close_silent(writer))
        try:
            while (frame := await read_frame(reader, _decoder)) is not None:
                self._silent_ticks = 0
                if isinstance(frame, Call):
                    self._start_write(frame)
                else:
                    self._metrics.note_webhooks(frame)
        except FrameBroken as error:
            log.error("the process that delivers cannot be understood", cause=str(error))
        finally:
            closing_late.cancel()
            closing_silent.cancel()
            self._writer = None
            writer.close()
            self._metrics.note_webhooks(Tally())

    async def _close_late(self, writer: asyncio.StreamWriter) -> None:
        """A process that does not end in time loses its server, and ends at once."""
        await self._stopping.wait()
        await asyncio.sleep(_STOP_S)
        log.warning("the process that delivers has not ended in time")
        writer.close()

    async def _close_silent(self, writer: asyncio.StreamWriter) -> None:
        """A process that hangs is ended, and another one started: nobody else would notice."""
        while self._silent_ticks < _SILENT_TICKS:
            await _tick()
            self._silent_ticks += 1
        log.error("the process that delivers hangs")
        writer.close()

    def _start_write(self, call: Call) -> None:
        task = asyncio.create_task(self._write(call), name="webhook write")
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _write(self, call: Call) -> None:
        try:
            rule, kind, _ = RULES[call.rule]
            request = msgspec.msgpack.decode(call.request, type=kind)
            if rule is begin_worker:
                self._workers.add(request)
            written = await self._house.store.write(rule, Operator(call.tenant_id), request, is_patient=True)
        except TenantClosed as error:
            self._say(Refusal(call.number, error.fields["reason"], is_unavailable=True, gate=error.gate))
        except Unavailable as error:
            self._say(Refusal(call.number, error.fields["reason"], is_unavailable=True))
        except Exception as error:  # noqa: BLE001 - the process counts and logs it, as it would its own
            self._say(Refusal(call.number, f"{type(error).__name__}: {error}", is_unavailable=False))
        else:
            self._say(Answer(call.number, pack(written.result), written.position))

    async def _bury(self) -> None:
        """Whatever the process had asked for is decided; then others may send at once what it was sending."""
        if self._writes:
            await asyncio.wait(self._writes)
        for worker_id in self._workers:
            try:
                await self._house.store.write(declare_dead, INSTALLATION, worker_id, is_patient=True)
            except Unavailable as error:
                log.warning("a lease was not ended; it ends by itself", cause=str(error))


async def _tick() -> None:
    await asyncio.sleep(_SILENT_TICK_S)


def _end(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
