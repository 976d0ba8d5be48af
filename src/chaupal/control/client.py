"""How a command gets its operation done: by the running server, or by itself where none runs.

On SQLite only one process writes: the server, when one holds the data folder's lock, else the command, which then takes
the lock. On PostgreSQL the command opens the database like any node. Every failure becomes a sentence for the operator.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from chaupal import __version__
from chaupal.control.calls import ArgumentsT, Call, ResultT
from chaupal.control.explaining import explained_opening, foreign_sentence
from chaupal.control.place import read_whereabouts, socket_candidates
from chaupal.control.protocol import (
    ANSWER_MAX_BYTES,
    LINE_MAX_BYTES,
    OPERATION_TIMEOUT_S,
    READ_TIMEOUT_S,
    AnswerLine,
    OperationFailed,
    RequestLine,
    error_fields,
    write_line,
)
from chaupal.errors import ChaupalError
from chaupal.settings import Settings

if TYPE_CHECKING:
    from chaupal.serving.house import House

_PATIENCE_S = 30.0
"""A server that starts or stops holds the lock without answering, as does another command: so long this one waits."""

_PAUSE_S = 0.05


class NoServer(Exception):
    """No server listens for this data folder."""


def run_operation(
    settings: Settings,
    call: Call[ArgumentsT, ResultT],
    arguments: ArgumentsT,
    *,
    before_opening: Callable[[], None] = lambda: None,
) -> ResultT:
    """Do the operation wherever it has to be done; blocks meanwhile.

    `before_opening` is called where the command opens the database itself, which loads much and may write logs.

    Raises:
        OperationFailed.
    """
    if settings.is_postgres:
        before_opening()
        return _perform_here(settings, call, arguments)
    with contextlib.suppress(NoServer):
        return ask_server(settings.data, call, arguments)
    before_opening()
    return _perform_when_free(settings, call, arguments)


def _perform_when_free(settings: Settings, call: Call[ArgumentsT, ResultT], arguments: ArgumentsT) -> ResultT:
    """Take the lock or reach whoever has it: a server may start, and other commands come and go."""
    from chaupal.store.opening import DataFolderBusy

    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        _check_is_there(settings, call)
        try:
            return _perform_here(settings, call, arguments)
        except DataFolderBusy:
            if time.monotonic() > give_up_at:
                raise OperationFailed(_busy_sentence(settings.data)) from None
        time.sleep(_PAUSE_S)
        with contextlib.suppress(NoServer):
            return ask_server(settings.data, call, arguments)


def ask_server(data: Path, call: Call[ArgumentsT, ResultT], arguments: ArgumentsT) -> ResultT:
    """The running server's answer.

    Raises:
        NoServer: none listens, and nothing was sent.
        OperationFailed.
    """
    request = RequestLine(call.name, msgspec.Raw(msgspec.json.encode(arguments)), __version__)
    line = write_line(request)
    if len(line) > LINE_MAX_BYTES:
        raise OperationFailed(
            f"The command is too large: at most {LINE_MAX_BYTES} bytes.",
            error_code="PayloadTooLarge",
            category="MediaException",
        )
    with _connect(data) as connection:
        answer = _read_answer(_exchange(connection, line))
    if answer.error is not None:
        error = answer.error
        raise OperationFailed(error.message, error_code=error.error_code, category=error.error_category_key)
    try:
        return msgspec.json.decode(answer.result, type=call.result)
    except msgspec.DecodeError as error:
        raise OperationFailed(f"The running server's answer cannot be read: {error}.") from error


def _connect(data: Path) -> socket.socket:
    try:
        places = socket_candidates(data)
    except PermissionError as error:
        raise OperationFailed(foreign_sentence(data)) from error
    for place in places:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(READ_TIMEOUT_S)
        try:
            connection.connect(str(place))
        except PermissionError as error:
            connection.close()
            raise OperationFailed(foreign_sentence(data)) from error
        except OSError:  # nobody there: not started yet, stopped, or killed
            connection.close()
            continue
        connection.settimeout(OPERATION_TIMEOUT_S + READ_TIMEOUT_S)
        return connection
    raise NoServer


def _exchange(connection: socket.socket, line: bytes) -> bytes:
    received = bytearray()
    try:
        # A server that refuses early closes before it has read all; its answer is still there to be read.
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(line)
        while not received.endswith(b"\n") and len(received) <= ANSWER_MAX_BYTES:
            piece = connection.recv(65_536)
            if not piece:
                break
            received += piece
    except TimeoutError as error:
        raise OperationFailed(
            "The running server did not answer in time; the change may or may not be made."
        ) from error
    except OSError as error:
        raise OperationFailed(
            "The running server ended before it answered; the change may or may not be made."
        ) from error
    return bytes(received)


def _read_answer(received: bytes) -> AnswerLine:
    if not received.endswith(b"\n"):
        raise OperationFailed(
            "The running server ended its answer early; the change may or may not be made. Its log says why."
        )
    try:
        return msgspec.json.decode(received, type=AnswerLine)
    except msgspec.DecodeError as error:
        raise OperationFailed(f"What listens on the control socket is no Chaupal server: {error}.") from error


def _perform_here(settings: Settings, call: Call[ArgumentsT, ResultT], arguments: ArgumentsT) -> ResultT:
    with _HouseHere(settings) as here:
        return here.perform(call, arguments)


class _HouseHere:
    """The installation, opened by this process."""

    def __init__(self, settings: Settings) -> None:
        from chaupal.app import open_house

        with explained_opening(settings):
            # One command runs one rule at a time.
            self._house: House = open_house(replace(settings, store_readers=1, store_writers=1))
        self._runner = asyncio.Runner()

    def __enter__(self) -> _HouseHere:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def perform(self, call: Call[ArgumentsT, ResultT], arguments: ArgumentsT) -> ResultT:
        from chaupal.control.operations import perform

        try:
            return self._runner.run(perform(self._house, call, arguments))
        except ChaupalError as error:
            fields = error_fields(error)
            raise OperationFailed(
                fields.message, error_code=fields.error_code, category=fields.error_category_key
            ) from error

    def close(self) -> None:
        from chaupal.app import close_house

        self._runner.run(self._house.cell_calls.close())
        self._runner.close()
        close_house(self._house)


class Operations:
    """Many operations one after another: a command that opens the database itself does so once, at the first of them.

    Used as `with Operations(settings) as operations`. On SQLite nobody else writes from then on until it ends; while a
    server runs, the server does them, and others go on with their work in between.
    """

    def __init__(self, settings: Settings, *, before_opening: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._before_opening = before_opening
        self._here: _HouseHere | None = None

    def __enter__(self) -> Operations:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._here is not None:
            self._here.close()

    def run(self, call: Call[ArgumentsT, ResultT], arguments: ArgumentsT) -> ResultT:
        """Do one operation.

        Raises:
            OperationFailed.
        """
        if self._here is None and not self._settings.is_postgres:
            with contextlib.suppress(NoServer):
                return ask_server(self._settings.data, call, arguments)
        if self._here is None:
            self._before_opening()
            self._here = self._opened(call)
        return self._here.perform(call, arguments)

    def _opened(self, call: Call[ArgumentsT, ResultT]) -> _HouseHere:
        from chaupal.store.opening import DataFolderBusy

        if not self._settings.is_postgres:
            _check_is_there(self._settings, call)
        try:
            return _HouseHere(self._settings)
        except DataFolderBusy:
            raise OperationFailed(_busy_sentence(self._settings.data)) from None


def _check_is_there(settings: Settings, call: Call[ArgumentsT, ResultT]) -> None:
    if not call.makes_installation and not settings.sqlite_path.exists():
        raise OperationFailed(
            f"There is no database in the data folder {settings.data.absolute()} (CHAUPAL_DATA): "
            "`chaupal init` or `chaupal serve` makes one.",
            error_code="NotFound",
            category="ResourceException",
        )


def _busy_sentence(data: Path) -> str:
    with contextlib.suppress(PermissionError):
        whereabouts = read_whereabouts(data)
        if whereabouts is not None:
            return (
                f"The data folder {data.absolute()} is in use by process {whereabouts.pid}, which does not answer: "
                "stop it and try again."
            )
    return (
        f"The data folder {data.absolute()} is in use by another process that does not answer: another command, "
        "or a server that is starting or stopping. Try again."
    )
