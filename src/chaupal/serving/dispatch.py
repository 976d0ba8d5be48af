"""The API's ASGI application: finds the route, runs its handler, writes the answer, counts and logs the call.

Lean on purpose: this code runs for every call. Whatever is not a route of the API (health, metrics, pages) is handed on
to the application behind it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable
from contextlib import aclosing

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from chaupal.cells.roster import TenantMoved
from chaupal.errors import ChaupalError, MethodNotAllowed, NotFound
from chaupal.serving.body_stream import ClientGone
from chaupal.serving.call_log import CallLog
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.serving.replies import (
    Reply,
    StreamedReply,
    WholeReply,
    answer_headers,
    budget_headers,
    encode_json,
    preflight_headers,
)
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Answer, Route
from chaupal.store.clock import new_id
from chaupal.store.gates import TenantLeft
from chaupal.wire.errors import write_error
from chaupal.wire.paths import Matched, PathTable

_PIECE_TIMEOUT_S = 60.0
"""How long a client may take to accept one piece of an answer: as long as clients themselves wait for one."""
_CLIENT_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{8,64}")

log = structlog.get_logger("api")


class Api:
    """The routes of all slices, in front of the application for everything else."""

    def __init__(
        self, house: House, routes: Iterable[Route], *, behind: ASGIApp, metrics: Metrics, call_log: CallLog
    ) -> None:
        self._house = house
        self._behind = behind
        self._metrics = metrics
        self._call_log = call_log
        self._paths: PathTable[Route] = PathTable()
        for route in routes:
            self._paths.add(route.method, route.path, route)

    @property
    def routes(self) -> list[Route]:
        """Every route, for the documents and the tests."""
        return list(self._paths.patterns())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or hand it on."""
        if scope["type"] != "http":
            await self._behind(scope, receive, send)
            return
        method: str = scope["method"]
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        matched = self._paths.find(method, raw_path.decode("latin-1"))
        query: bytes = scope["query_string"]
        if query and (b"/v1/" in query or b"/V1/" in query) and not _is_page(matched):
            matched, path, own_query = self._paths.find_in_query(method, query.decode("latin-1"))
            if matched is None:
                await send_error(send, NotFound("path"), request_id_of(scope))
                return
            scope = {**scope, "raw_path": path.encode("latin-1"), "query_string": own_query.encode("latin-1")}
        if matched is None:
            await self._behind(scope, receive, send)
            return
        if matched.target is None:
            await self._answer_other_method(scope, matched.methods, send)
            return
        tracing = self._house.tracing
        if tracing is None:
            await self._answer(scope, receive, send, matched.target, matched.parameters)
            return
        with tracing.call(method, matched.target.path, scope["headers"]):
            await self._answer(scope, receive, send, matched.target, matched.parameters)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, route: Route, path: dict[str, str]) -> None:
        started_s = time.perf_counter()
        request_id = request_id_of(scope)
        request = ApiRequest(scope, receive, house=self._house, route=route, path=path, request_id=request_id)
        status = 200
        try:
            answer = await _handled(request)
            if isinstance(answer, StreamedReply):
                await _send_streamed(send, answer, request)
                self._note(request, answer.status, started_s)
                return
            if isinstance(answer, WholeReply):
                status, body, headers = answer.status, answer.body, answer.headers_with(request_id)
            elif isinstance(answer, Reply):
                body, headers = answer.body, answer_headers(answer.body, request_id)
                headers.extend(answer.headers)
            else:
                body = encode_json(answer)
                headers = answer_headers(body, request_id)
        except ClientGone:
            return
        except Exception as error:
            if not isinstance(error, ChaupalError):
                log.exception("call failed", request_id=request_id, route=route.path, method=route.method)
            if route.refuse is None:
                status, body, further = write_error(error, request_id)
                headers = answer_headers(body, request_id)
                headers.extend(further)
            else:
                refusal = route.refuse(request, error)
                status, body, headers = refusal.status, refusal.body, refusal.headers_with(request_id)
        if request.budget is not None:
            headers.extend(budget_headers(request.budget))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if request.has_more_body:
            # A client that is still sending reads its answer only if the connection is not torn from under it.
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await request.skip_body()
            body = b""
        await send({"type": "http.response.body", "body": body})
        self._note(request, status, started_s)

    def _note(self, request: ApiRequest, status: int, started_s: float) -> None:
        """Count and log a call that has been answered."""
        route, duration_s = request.route, time.perf_counter() - started_s
        if (tracing := self._house.tracing) is not None:
            tracing.note_answer(status=status, request_id=request.request_id, tenant_id=request.tenant_id)
        self._metrics.observe(route.method, route.path, status, duration_s)
        self._call_log.note(
            method=route.method,
            route=route.path,
            status=status,
            duration_s=duration_s,
            request_id=request.request_id,
            tenant_id=request.tenant_id,
        )

    async def _answer_other_method(self, scope: Scope, methods: tuple[str, ...], send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await send_preflight(scope, send)
            return
        error = MethodNotAllowed(method=scope["method"], allowed=", ".join(methods))
        await send_error(send, error, request_id_of(scope))


def _is_page(matched: Matched[Route] | None) -> bool:
    """A page's query is a program's own address, which may hold what it likes; no client takes a page for a base."""
    return matched is not None and matched.target is not None and matched.target.is_page


async def _handled(request: ApiRequest) -> Answer:
    """The handler's answer; of an organization that lives in another cell, what is answered from there."""
    route = request.route
    if request.house.roster.taken_out_by:
        from chaupal.serving.elsewhere import refuse_taken_out

        refuse_taken_out(request)
    try:
        if (permission := route.permission) is not None:
            await request.authenticate(permission)
        return await route.handler(request)
    except (TenantMoved, TenantLeft) as elsewhere:
        from chaupal.serving.elsewhere import answer_elsewhere

        return await answer_elsewhere(request, elsewhere)


async def _send_streamed(send: Send, answer: StreamedReply, request: ApiRequest) -> None:
    """Send piece by piece. The first is fetched before the head is sent, so that what fails early is a plain error.

    Raises:
        ClientGone: nobody takes the rest, or it cannot be had; the connection is closed before the answer is whole.
    """
    headers = [*answer.headers, (b"x-request-id", request.request_id.encode())]
    if request.budget is not None:
        headers.extend(budget_headers(request.budget))
    start = {"type": "http.response.start", "status": answer.status, "headers": headers}
    if answer.pieces is None:
        await send(start)
        await send({"type": "http.response.body", "body": b""})
        return
    async with aclosing(answer.pieces) as pieces:
        piece = await anext(pieces, b"")
        await send(start)
        del headers, start
        request.forget_head()
        gone = asyncio.create_task(request.wait_until_gone())
        if (on_gone := answer.on_gone) is not None:
            gone.add_done_callback(lambda _: on_gone())
        try:
            while piece:
                async with asyncio.timeout(_PIECE_TIMEOUT_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                if gone.done():
                    raise ClientGone
                piece = b""  # it would be held until there is another one
                piece = await anext(pieces, b"")
        except Exception as error:
            if not isinstance(error, (ClientGone, TimeoutError)):
                log.exception("answer cut short", request_id=request.request_id, route=request.route.path)
            raise ClientGone from error
        finally:
            gone.cancel()
    await send({"type": "http.response.body", "body": b""})


async def send_preflight(scope: Scope, send: Send) -> None:
    """Answer a browser that asks whether it may call; whether there is anything to call it learns from the call."""
    headers = dict(scope["headers"])
    answer = preflight_headers(
        headers.get(b"access-control-request-headers", b""), headers.get(b"access-control-request-method", b"")
    )
    await send({"type": "http.response.start", "status": 200, "headers": answer})
    await send({"type": "http.response.body", "body": b""})


async def send_error(send: Send, error: BaseException, request_id: str) -> None:
    """Answer with an error in the API's shape."""
    status, body, headers = whole_error(error, request_id)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def whole_error(error: BaseException, request_id: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """(status, body, all headers) of an error answer."""
    status, body, further = write_error(error, request_id)
    return status, body, [*answer_headers(body, request_id), *further]


def request_id_of(scope: Scope) -> str:
    """The client's own request id where it sent a usable one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _CLIENT_REQUEST_ID.fullmatch(value):
            claimed: bytes = value
            return claimed.decode()
    return new_id()
