"""Doing what flows ask for: the only module that sends, waits and locks. Both drivers do the same, one in threads, one
in an event loop; nothing is decided here."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import httpx

from chaupal_client._steps import (
    Close,
    Content,
    Deliver,
    Exclusively,
    Failure,
    Flow,
    ItemFlow,
    Place,
    Read,
    Reply,
    Request,
    Send,
    Step,
    Wait,
)

BODY_MAX_BYTES = 268_435_456
"""Far more than the longest list of a real server: whatever else answers there, it does not fill the memory."""

ResultT = TypeVar("ResultT")
ItemT = TypeVar("ItemT")


class Driver:
    """Drives flows in the thread that calls. May be used by several threads at a time."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._alone = threading.Lock()

    def run(self, flow: Flow[ResultT]) -> ResultT:
        """Drive a flow to its end; its answer."""
        result: Any = None
        while True:
            try:
                step = flow.send(result)
            except StopIteration as end:
                answer: ResultT = end.value
                return answer
            result = self.perform(step)

    def perform(self, step: Step) -> Any:
        """Do one step; what a flow is sent for it."""
        match step:
            case Send():
                return self._send(step)
            case Read(stream):
                return self._read(stream)
            case Close(stream):
                stream.close()
            case Wait(wait_s):
                time.sleep(wait_s)
            case Exclusively(flow):
                with self._alone:
                    self.run(flow)
        return None

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    def _send(self, step: Send) -> Reply | Failure:
        try:
            answer = self._http.send(build(self._http, step.request), stream=True, follow_redirects=False)
            if step.is_streamed and answer.is_success:
                return Reply(answer.status_code, answer.headers, b"", Stream(answer))
            with closing(answer):
                body = Body()
                for piece in answer.iter_bytes():
                    body.add(piece)
            return Reply(answer.status_code, answer.headers, body.whole)
        except httpx.RequestError as error:
            return failure(error)

    @staticmethod
    def _read(stream: Stream) -> bytes | Failure | None:
        try:
            return next(stream.pieces, None)
        except httpx.RequestError as error:
            return failure(error)


class AsyncDriver:
    """Drives flows in an event loop."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        import anyio

        self._http = http
        self._alone = anyio.Lock()

    async def run(self, flow: Flow[ResultT]) -> ResultT:
        """Drive a flow to its end; its answer."""
        result: Any = None
        while True:
            try:
                step = flow.send(result)
            except StopIteration as end:
                answer: ResultT = end.value
                return answer
            result = await self.perform(step)

    async def perform(self, step: Step) -> Any:
        """Do one step; what a flow is sent for it."""
        match step:
            case Send():
                return await self._send(step)
            case Read(stream):
                return await self._read(stream)
            case Close(stream):
                await stream.close()
            case Wait(wait_s):
                import anyio

                await anyio.sleep(wait_s)
            case Exclusively(flow):
                async with self._alone:
                    await self.run(flow)
        return None

    async def close(self) -> None:
        """End all connections."""
        await self._http.aclose()

    async def _send(self, step: Send) -> Reply | Failure:
        try:
            request = build(self._http, step.request, is_asynchronous=True)
            answer = await self._http.send(request, stream=True, follow_redirects=False)
            if step.is_streamed and answer.is_success:
                return Reply(answer.status_code, answer.headers, b"", AsyncStream(answer))
            try:
                body = Body()
                async for piece in answer.aiter_bytes():
                    body.add(piece)
            finally:
                await answer.aclose()
            return Reply(answer.status_code, answer.headers, body.whole)
        except httpx.RequestError as error:
            return failure(error)

    @staticmethod
    async def _read(stream: AsyncStream) -> bytes | Failure | None:
        try:
            return await anext(stream.pieces, None)
        except httpx.RequestError as error:
            return failure(error)


class Body:
    """What has come of an answer that is read whole."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size_bytes = 0

    @property
    def whole(self) -> bytes:
        """All of it."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def add(self, piece: bytes) -> None:
        """What came next.

        Raises:
            httpx.RemoteProtocolError: it does not seem to end.
        """
        self._size_bytes += len(piece)
        if self._size_bytes > BODY_MAX_BYTES:
            raise httpx.RemoteProtocolError(f"the answer is longer than {BODY_MAX_BYTES} bytes")
        self._pieces.append(piece)


class Stream:
    """An answer whose body is being read."""

    def __init__(self, answer: httpx.Response) -> None:
        self.pieces = answer.iter_raw()
        self.close = answer.close


class AsyncStream:
    """An answer whose body is being read."""

    def __init__(self, answer: httpx.Response) -> None:
        self.pieces = answer.aiter_raw()
        self.close = answer.aclose


def build(http: httpx.Client | httpx.AsyncClient, request: Request, *, is_asynchronous: bool = False) -> httpx.Request:
    """The request in the words of httpx."""
    content: Any = request.content
    if not isinstance(content, bytes):
        content = _pieces_aside(content) if is_asynchronous else content.pieces()
    built = http.build_request(request.method, request.url, headers=request.headers, content=content or None)
    if request.read_timeout_s is not None:
        built.extensions["timeout"] = {**built.extensions["timeout"], "read": request.read_timeout_s}
    return built


async def _pieces_aside(content: Content) -> AsyncIterator[bytes]:
    """Files are read in a thread, so that a slow disk holds up nobody else."""
    from anyio import to_thread

    pieces: Iterator[bytes] = content.pieces()
    while piece := await to_thread.run_sync(next, pieces, b""):
        yield piece


def failure(error: httpx.RequestError) -> Failure:
    """Some of httpx's errors have no text."""
    return Failure(f"{type(error).__name__} {error}".strip(), error)


class Items(Generic[ItemT]):
    """What is iterated over. Whoever stops before its end closes it, best by `with`. `cursor` is where to go on."""

    def __init__(self, driver: Driver, place: Place, flow: ItemFlow[ItemT]) -> None:
        self._driver = driver
        self._place = place
        self._flow = flow
        self._stream: Stream | None = None

    @property
    def cursor(self) -> str:
        """Where to go on, should it be begun anew."""
        return self._place.cursor

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ItemT:
        result: Any = None
        while True:
            step = self._flow.send(result)
            if isinstance(step, Deliver):
                return step.item
            result = self._driver.perform(step)
            if isinstance(result, Reply) and result.stream is not None:
                self._stream = result.stream

    def close(self) -> None:
        """Take no more."""
        self._flow.close()
        if self._stream is not None:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncItems(Generic[ItemT]):
    """What is iterated over. Whoever stops before its end closes it, best by `async with`. `cursor`: where to go on."""

    def __init__(self, driver: AsyncDriver, place: Place, flow: ItemFlow[ItemT]) -> None:
        self._driver = driver
        self._place = place
        self._flow = flow
        self._stream: AsyncStream | None = None

    @property
    def cursor(self) -> str:
        """Where to go on, should it be begun anew."""
        return self._place.cursor

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ItemT:
        result: Any = None
        while True:
            try:
                step = self._flow.send(result)
            except StopIteration:
                raise StopAsyncIteration from None
            if isinstance(step, Deliver):
                return step.item
            result = await self._driver.perform(step)
            if isinstance(result, Reply) and result.stream is not None:
                self._stream = result.stream

    async def aclose(self) -> None:
        """Take no more."""
        self._flow.close()
        if self._stream is not None:
            await self._stream.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
