"""The control socket of a running server: a Unix socket on which commands of the same machine ask for operations.

On SQLite only the server writes, so commands reach the data through it. Whoever may open the socket has the machine's
rights on the data folder already, so nothing more is asked of them; what they send is still bounded and checked.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import msgspec
import structlog

from chaupal import __version__
from chaupal.control.calls import CALLS, STATUS
from chaupal.control.operations import perform
from chaupal.control.place import Whereabouts, bind_socket, remove_traces, write_whereabouts
from chaupal.control.protocol import (
    LINE_MAX_BYTES,
    OPERATION_TIMEOUT_S,
    READ_TIMEOUT_S,
    ErrorLine,
    RequestLine,
    ResultLine,
    VersionDiffers,
    error_fields,
    write_line,
)
from chaupal.errors import (
    ChaupalError,
    InternalError,
    InvalidParameters,
    NotFound,
    PayloadTooLarge,
    Unavailable,
)
from chaupal.serving.house import House

_CONNECTIONS_MAX = 32
"""Commands are started by hand or by a script; more than this at once is a mistake."""

_STOP_GRACE_S = 5.0

_DISCARDED_MAX_BYTES = 16 * LINE_MAX_BYTES
"""What is read of a request that was refused, so that whoever sent it sees why."""

log = structlog.get_logger("control")


class ControlServer:
    """Start it when the house is open, stop it before the house is closed. Does nothing on PostgreSQL."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._at_work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. The data folder's lock is held, so what a killed server left is removed."""
        settings = self._house.settings
        if settings.is_postgres:  # there a command opens the database itself, and the folder may serve several nodes
            return
        remove_traces(settings.data)
        bound, place = bind_socket(settings.data)
        self._server = await asyncio.start_unix_server(self._accept, sock=bound, limit=LINE_MAX_BYTES)
        write_whereabouts(settings.data, Whereabouts(os.getpid(), str(place), __version__))

    async def stop(self) -> None:
        """Take no more, finish what runs, remove the socket. Harmless when repeated."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        remove_traces(self._house.settings.data)
        for silent in self._connections - self._at_work:
            silent.cancel()
        if self._at_work:
            _, late = await asyncio.wait(self._at_work, timeout=_STOP_GRACE_S)
            for connection in late:
                connection.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            # Whoever goes away early, or neither reads nor writes, is no concern of anyone else.
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
                await self._converse(reader, writer, task)
        finally:
            self._connections.discard(task)
            self._at_work.discard(task)
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None]
    ) -> None:
        if len(self._connections) > _CONNECTIONS_MAX:
            answer: ResultLine | ErrorLine = _refusal(Unavailable(reason="Too many commands at once.", retry_after_s=1))
        else:
            try:
                async with asyncio.timeout(READ_TIMEOUT_S):
                    line = await reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                answer = _refusal(PayloadTooLarge(what="The request", limit=f"{LINE_MAX_BYTES} bytes"))
            else:
                self._at_work.add(task)
                answer = await self._answer(line)
        async with asyncio.timeout(READ_TIMEOUT_S):
            writer.write(write_line(answer))
            writer.write_eof()
            await writer.drain()
            self._at_work.discard(task)
            # Closing while something unread waits would cut off the answer.
            left_bytes = _DISCARDED_MAX_BYTES
            while left_bytes > 0 and (piece := await reader.read(65_536)):
                left_bytes -= len(piece)

    async def _answer(self, line: bytes) -> ResultLine | ErrorLine:
        started_s = time.perf_counter()
        name, outcome = "", "done"
        try:
            request = _read_request(line)
            name = request.operation
            return await self._perform(request)
        except Exception as error:
            known = error if isinstance(error, ChaupalError) else InternalError()
            outcome = known.code
            if not isinstance(error, ChaupalError):
                log.exception("operation failed", operation=name)
            return _refusal(known)
        finally:
            duration_ms = round((time.perf_counter() - started_s) * 1000, 3)
            # Arguments hold secrets: they are never logged.
            log.info("operation", operation=name, outcome=outcome, duration_ms=duration_ms)

    async def _perform(self, request: RequestLine) -> ResultLine:
        call = CALLS.get(request.operation)
        if call is None:
            raise NotFound("operation")
        if request.version and request.version != __version__ and call is not STATUS:
            raise VersionDiffers(server=__version__, command=request.version)
        try:
            arguments = msgspec.json.decode(request.arguments, type=call.arguments)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise InvalidParameters(field="arguments", value=call.name, rule=str(error)) from error
        try:
            async with asyncio.timeout(OPERATION_TIMEOUT_S):
                result = await perform(self._house, call, arguments)
        except TimeoutError as error:
            raise Unavailable(
                reason="The operation took too long; it may still be done.", retry_after_s=OPERATION_TIMEOUT_S
            ) from error
        return ResultLine(result)


def _read_request(line: bytes) -> RequestLine:
    try:
        return msgspec.json.decode(line, type=RequestLine)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidParameters(
            field="request", value=line[:60].decode("ascii", "replace"), rule=f"must be a line of JSON: {error}"
        ) from error


def _refusal(error: ChaupalError) -> ErrorLine:
    return ErrorLine(error_fields(error))
