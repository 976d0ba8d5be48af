"""What is not the API: health, readiness, metrics, the API's documents, and what the bare address answers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import cache, partial
from importlib.resources import files
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from chaupal import __version__
from chaupal.auth.caller import INSTALLATION
from chaupal.errors import ChaupalError, MethodNotAllowed, NotFound
from chaupal.serving.dispatch import request_id_of, send_error, send_preflight, whole_error
from chaupal.serving.house import House
from chaupal.serving.metrics import CONTENT_TYPE, Metrics
from chaupal.serving.reference import reference_routes
from chaupal.serving.replies import answer_headers, encode_json, preflight_headers
from chaupal.store.reachable import prove_reading, prove_writing

_READY_TIMEOUT_S = 3

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def build_pages(house: House, metrics: Metrics, lifespan: Lifespan) -> Starlette:
    """The application behind the API. Its lifespan is the server's."""

    async def healthz(_request: Request) -> Response:
        """The process lives and its loop turns."""
        return JSONResponse({"status": "ok", "version": __version__})

    async def readyz(_request: Request) -> Response:
        """The database answers a read and takes a write; 503 otherwise, while stopping, and of a cell that was taken
        out."""
        if house.is_stopping:
            return JSONResponse({"status": "stopping"}, 503, {"retry-after": "5"})
        if house.roster.taken_out_by:
            reason = f"taken out by the root {house.roster.taken_out_by}"
            return JSONResponse({"status": "not ready", "reason": reason}, 503, {"retry-after": "60"})
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                await house.store.read(prove_reading, INSTALLATION, None)
                await house.store.write(prove_writing, INSTALLATION, None)
        except (ChaupalError, TimeoutError) as error:
            return JSONResponse({"status": "not ready", "reason": str(error) or "timeout"}, 503, {"retry-after": "2"})
        return JSONResponse({"status": "ready"})

    async def show_metrics(_request: Request) -> Response:
        """What Prometheus reads."""
        metrics.waiting_writes.set(house.store.waiting_writes)
        metrics.hears_neighbours.set(house.store.hears_neighbours)
        if house.live_streams is not None:
            counts = house.live_streams.take_counts()
            metrics.note_streams(house.live_streams.open_count, cut_off=counts["cut off"], failed=counts["failed"])
        return PlainTextResponse(metrics.render(), headers={"content-type": CONTENT_TYPE})

    async def show_document(request: Request) -> Response:
        """The API's OpenAPI document, or the same as Swagger 2.0, for this server's address."""
        if request.method == "OPTIONS":  # a page asks before it sends If-None-Match
            return Response(headers=_preflight_of(request))
        load = _load_swagger if request.url.path.endswith("swagger.json") else _load_document
        document, etag = await asyncio.to_thread(load, house.settings.endpoint_url)
        headers = {
            "access-control-allow-origin": "*",
            "access-control-expose-headers": "ETag",
            "cache-control": "no-cache",
            "etag": etag,
        }
        known = (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(","))
        if not {etag, "*"}.isdisjoint(known):
            return Response(status_code=304, headers=headers)
        return Response(document, media_type="application/json", headers=headers)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", show_metrics)]
    if house.settings.serves_calls:
        documents = ("/openapi.json", "/v1/openapi.json", "/swagger.json", "/v1/swagger.json")
        routes += [Route(path, show_document, methods=["GET", "OPTIONS"]) for path in documents]
        routes += reference_routes(house.settings.endpoint_url)
    pages = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={405: _refuse_method},
    )
    pages.router.redirect_slashes = False
    pages.router.default = partial(_answer_rest, house.settings.endpoint_url)
    return pages


def _preflight_of(request: Request) -> dict[str, str]:
    asked = request.headers
    headers = preflight_headers(
        asked.get("access-control-request-headers", "").encode("latin-1"),
        asked.get("access-control-request-method", "").encode("latin-1"),
    )
    return {name.decode(): value.decode("latin-1") for name, value in headers}


@cache
def _load_document(endpoint_url: str) -> tuple[bytes, str]:
    """(the document, its ETag), read once it is asked for: an idle server need not hold it."""
    packaged = files("chaupal.openapi").joinpath("openapi.json").read_bytes()
    document = packaged.replace(b'"url":"/v1"', b'"url":' + encode_json(f"{endpoint_url}v1"), 1)
    return document, _etag_of(document)


@cache
def _load_swagger(endpoint_url: str) -> tuple[bytes, str]:
    packaged = files("chaupal.openapi").joinpath("swagger.json").read_bytes()
    address = urlsplit(endpoint_url)
    place = b'"host":%b,"basePath":%b,"schemes":%b' % tuple(
        encode_json(value) for value in (address.netloc, f"{address.path}v1", [address.scheme])
    )
    document = packaged.replace(b'"basePath":"/v1","schemes":["https","http"]', place, 1)
    return document, _etag_of(document)


def _etag_of(document: bytes) -> str:
    return f'"{hashlib.sha256(document).hexdigest()[:32]}"'


class _Root(msgspec.Struct, rename="camel"):
    """What the bare address answers."""

    name: str
    version: str
    endpoint_url: str
    docs_url: str


async def _answer_rest(endpoint_url: str, scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer what is at no other place: the bare address, in every spelling, says what this is, without a redirect.

    Evidence: kaizala-docs issue 145.
    """
    method = scope["method"]
    is_root = [part.lower() for part in scope["path"].split("/") if part] in ([], ["v1"])
    if method == "OPTIONS":
        await send_preflight(scope, send)
    elif not is_root:
        await send_error(send, NotFound("path"), request_id_of(scope))
    elif method not in ("GET", "HEAD"):
        await send_error(send, MethodNotAllowed(method=method, allowed="GET"), request_id_of(scope))
    else:
        body = encode_json(_Root("Chaupal", __version__, endpoint_url, f"{endpoint_url}docs"))
        headers = answer_headers(body, request_id_of(scope))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _refuse_method(request: Request, _error: Exception) -> Response:
    """What Starlette says in plain text, in the form of all errors."""
    error = MethodNotAllowed(method=request.method, allowed="GET")
    status, body, headers = whole_error(error, request_id_of(request.scope))
    answer = Response(body, status)
    answer.raw_headers = headers
    return answer
