"""Calls the application in this process, and holds every answer to what the contract says of all answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, TypeVar

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chaupal.app import build_app
from chaupal.serving.dispatch import Api
from chaupal.serving.house import House
from chaupal.serving.routes import JSON, Route
from chaupal.wire.paths import Matched, PathTable
from tests.api.declared import assert_declared

ROOT = "http://api.test"

CATEGORY_OF = {
    "InvalidParameters": "ValidationException",
    "RequestTimeout": "ValidationException",
    "InvalidToken": "AuthException",
    "Unauthenticated": "AuthException",
    "Forbidden": "AuthorizationException",
    "NotFound": "ResourceException",
    "MethodNotAllowed": "ResourceException",
    "Conflict": "ResourceException",
    "CursorExpired": "ResourceException",
    "UnsupportedMedia": "MediaException",
    "TooManyRequests": "ThrottlingException",
    "EndpointChanged": "ServiceException",
    "InternalError": "ServiceException",
    "Unavailable": "ServiceException",
}
STATUS_OF = {
    "EndpointChanged": 308,
    "InvalidParameters": 400,
    "InvalidToken": 401,
    "Unauthenticated": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "RequestTimeout": 408,
    "Conflict": 409,
    "CursorExpired": 410,
    "PayloadTooLarge": 413,
    "UnsupportedMedia": 415,
    "TooManyRequests": 429,
    "InternalError": 500,
    "Unavailable": 503,
}

ResultT = TypeVar("ResultT")


class Runs(Protocol):
    """An event loop, wherever it turns: `asyncio.Runner` is one."""

    def run(self, coroutine: Coroutine[Any, Any, ResultT], /) -> ResultT: ...


class Client:
    """Any number of calls, one after another or at once, on an event loop that the tests share."""

    def __init__(self, house: House, runner: Runs, *, address: str = "203.0.113.7") -> None:
        self.house = house
        self.app: Api = build_app(house)
        self._runner = runner
        self._http = self._http_from(address)
        self._paths: PathTable[Route] = PathTable()
        for route in self.app.routes:
            self._paths.add(route.method, route.path, route)

    def _http_from(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(
            app=_reading_beginnings(self.app), raise_app_exceptions=False, client=(address, 40_000)
        )
        return httpx.AsyncClient(transport=transport)

    def run(self, coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Wait for anything asynchronous."""
        return self._runner.run(coroutine)

    def close(self) -> None:
        self.run(self._http.aclose())

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One call; see `request` for the options. The answer is checked for what holds of all answers."""
        return self.run(self._call(method, path, options))

    def call_from(self, address: str, method: str, path: str, **options: Any) -> httpx.Response:
        """One call as from another address."""

        async def call() -> httpx.Response:
            async with self._http_from(address) as http:
                return await http.send(request(method, path, **options))

        return self._checked(self.run(call()))

    def call_at_once(self, *calls: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
        """(method, path, options) of several calls, all begun before the first is answered."""

        async def call_all() -> list[httpx.Response]:
            return await asyncio.gather(*(self._call(method, path, options) for method, path, options in calls))

        return self.run(call_all())

    async def _call(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        return self._checked(await self._http.send(request(method, path, **options)))

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        raw_path = answer.request.url.raw_path.split(b"?")[0].decode("latin-1")
        return checked(answer, self._paths.find(answer.request.method, raw_path))


def checked(answer: httpx.Response, matched: Matched[Route] | None) -> httpx.Response:
    """The answer, after what the contract says of all answers of its route has been checked; None is no route."""
    if matched is not None and matched.target is not None and matched.target.is_page:
        assert_page_headers(answer)
        assert_declared(answer, matched.target)
        return answer
    if matched is not None and answer.request.method != "OPTIONS":
        route = matched.target
        is_error = (answer.status_code >= 400 or answer.status_code == 308) and (
            route is None or answer.status_code not in route.other_answers
        )
        if is_error or route is None or route.gives == (JSON,):
            assert_api_headers(answer)
        if is_error:
            assert_error(answer)
        if route is not None:
            assert_declared(answer, route)
        if answer.status_code == 200 and answer.headers["content-type"].startswith(JSON):
            assert "errorCode" not in answer.json()
    assert not answer.has_redirect_location or answer.status_code == 308
    return answer


def _reading_beginnings(app: Api) -> ASGIApp:
    """The application to a client that goes away once it has read the first piece of a stream that would not end."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = False
        gone = asyncio.Event()

        async def receive_or_leave() -> Message:
            waiting = [asyncio.ensure_future(receive()), asyncio.ensure_future(gone.wait())]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if waiting[0].done():
                waiting[1].cancel()
                return waiting[0].result()  # type: ignore[return-value]
            waiting[0].cancel()
            return {"type": "http.disconnect"}

        async def send_beginning(message: Message) -> None:
            nonlocal is_stream
            if message["type"] == "http.response.start":
                is_stream = (b"content-type", b"text/event-stream") in message["headers"]
            if gone.is_set():
                return
            if is_stream and message["type"] == "http.response.body":
                gone.set()
                message = {**message, "more_body": False}
            await send(message)

        await app(scope, receive_or_leave, send_beginning)

    return call


def request(
    method: str,
    path: str,
    *,
    token: str = "",
    body: Any = None,
    content: bytes | str | None = None,
    headers: Mapping[str, str | bytes] | None = None,
    query: Mapping[str, Any] | None = None,
) -> httpx.Request:
    """A request. `body` is sent as strict JSON, `content` as it is; `token` goes into the header accessToken."""
    if body is not None:
        content = json.dumps(body)
    given: dict[str, str | bytes] = {"accessToken": token} if token else {}
    given.update(headers or {})
    url = httpx.URL(ROOT + path)
    if query:
        url = url.copy_merge_params({name: str(value) for name, value in query.items()})
    encoded = {name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in given.items()}
    return httpx.Request(method, url, content=content, headers=encoded)


def assert_api_headers(answer: httpx.Response) -> None:
    """What every answer of the API carries, whatever became of the call."""
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-request-id"]


def assert_page_headers(answer: httpx.Response) -> None:
    """What every answer to a person's browser carries; other sites can neither read nor frame it."""
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-request-id"]
    assert not any(name.startswith("access-control-") for name in answer.headers)
    if answer.is_redirect:
        assert not answer.content
        return
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    policy = answer.headers["content-security-policy"]
    for needed in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert needed in policy
    assert "unsafe" not in policy
    assert "script" not in policy
    assert "<script" not in answer.text


def assert_error(answer: httpx.Response, *, code: str = "") -> dict[str, Any]:
    """The error's body, after everything that the contract (section 3) says of errors has been checked."""
    body: dict[str, Any] = answer.json()
    assert body["errorCode"] == (code or body["errorCode"])
    assert answer.status_code == STATUS_OF[body["errorCode"]]
    if body["errorCode"] != "PayloadTooLarge":
        assert body["errorCategoryKey"] == CATEGORY_OF[body["errorCode"]]
    assert body["message"]
    assert body["requestId"] == answer.headers["x-request-id"]
    is_oauth = answer.request.url.path.lower().rstrip("/").endswith("/oauth/token")
    further = {"error", "error_description"} if is_oauth else set()
    assert set(body) - further <= {"message", "errorCode", "errorCategoryKey", "requestId", "details", "endpointUrl"}
    assert ("endpointUrl" in body) == ("location" in answer.headers) == (body["errorCode"] == "EndpointChanged")
    assert ("details" in body) == (body["errorCode"] == "InvalidToken")
    assert "Traceback" not in answer.text
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1
    return body
