"""Where other cells' calls come in: `/cells/v1/…`, before the pages and behind the API, of which it is no part.

A call proves by its header which cell it comes from; no user's token opens anything here, and browsers are told
nothing.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from chaupal.auth.caller import INSTALLATION
from chaupal.cells.proofs import PROOF_HEADER, CellRemoved, CellUnknown, Proof, check_body, check_proof
from chaupal.cells.roster import Peer
from chaupal.cells.rules import HeardCall, hear_once
from chaupal.cells.watching import read_all, take_over, wanted_by
from chaupal.errors import ChaupalError, InvalidParameters, MethodNotAllowed, NotFound, PayloadTooLarge
from chaupal.serving.body_stream import BodyStream, ClientGone
from chaupal.serving.dispatch import request_id_of
from chaupal.wire.errors import write_error
from chaupal.wire.paths import PathTable

if TYPE_CHECKING:
    from chaupal.serving.house import House

_PREFIX = "/cells/v1/"
_BODY_MAX_BYTES = 4 * 1_048_576

ShapeT = TypeVar("ShapeT", bound=msgspec.Struct)

log = structlog.get_logger("cells")


@dataclass(frozen=True, slots=True)
class CellRoute:
    """One call between cells. `path` is whole, with parameters in braces.

    `streams`: the handler reads the body as it comes (`CellRequest.pieces`), up to `max_bytes`; nothing proves that it
    is what was sent. `needs_proof` False: the handler finds out by itself who calls.
    """

    method: str
    path: str
    handler: Callable[[CellRequest], Awaitable[msgspec.Struct | bytes]]
    streams: bool = False
    max_bytes: int = _BODY_MAX_BYTES
    needs_proof: bool = True


@dataclass(slots=True)
class CellRequest:
    """One call of another cell, as its handler sees it."""

    house: House
    path: dict[str, str]
    stream: BodyStream
    proof: Proof | None
    body: bytes = b""

    @property
    def cell(self) -> Peer:
        """Who calls."""
        assert self.proof is not None, "the route needs no proof"
        return self.proof.peer

    def read(self, shape: type[ShapeT]) -> ShapeT:
        """The body.

        Raises:
            InvalidParameters.
        """
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise InvalidParameters(field="body", value="", rule=f"cannot be read: {error}") from error

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, of a route that streams."""
        return self.stream.pieces()


class CellDoor:
    """An ASGI application: calls of cells, and whatever stands behind."""

    def __init__(self, house: House, routes: Iterable[CellRoute], *, behind: ASGIApp) -> None:
        self._house = house
        self._behind = behind
        self._looked_at_s = 0
        self._paths: PathTable[CellRoute] = PathTable()
        for route in routes:
            self._paths.add(route.method, route.path, route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or hand it on."""
        raw_path = (scope.get("raw_path") or scope.get("path", "").encode()).decode("latin-1")
        if scope["type"] != "http" or not raw_path.startswith(_PREFIX):
            await self._behind(scope, receive, send)
            return
        started_s = time.perf_counter()
        request_id = request_id_of(scope)
        headers: list[tuple[bytes, bytes]] = []
        try:
            status, body = 200, await self._answered(scope, receive, raw_path)
        except ClientGone:
            return
        except Exception as error:
            if not isinstance(error, ChaupalError):
                log.exception("call of a cell failed", request_id=request_id)
            status, body, headers = write_error(error, request_id)
        log.info(
            "call of a cell",
            path=raw_path[:100],
            status=status,
            request_id=request_id,
            duration_ms=round((time.perf_counter() - started_s) * 1000, 3),
        )
        headers += [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-request-id", request_id.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answered(self, scope: Scope, receive: Receive, raw_path: str) -> bytes:
        matched = self._paths.find(scope["method"], raw_path)
        if matched is None:
            raise NotFound("path")
        route = matched.target
        if route is None:
            raise MethodNotAllowed(method=scope["method"], allowed=", ".join(matched.methods))
        headers = dict(scope["headers"])
        proof = await self._proof_of(scope, headers, raw_path) if route.needs_proof else None
        declared = headers.get(b"content-length", b"").decode("latin-1")
        stream = BodyStream(
            receive,
            declared_bytes=int(declared) if declared.isdigit() else None,
            max_bytes=route.max_bytes,
            too_large=PayloadTooLarge(what="The body", limit=f"{route.max_bytes} bytes"),
            patience_s=self._house.settings.request_body_timeout_s,
        )
        stream.check_declared()
        request = CellRequest(self._house, matched.parameters, stream, proof)
        if not route.streams:
            request.body = b"".join([piece async for piece in stream.pieces()])
            if proof is not None:
                check_body(proof, request.body)
        if proof is not None:
            call = HeardCall(proof.call_id, proof.until_ms)
            if not (await self._house.store.write(hear_once, INSTALLATION, call)).result:
                raise CellUnknown(reason="the call has been heard before")
        answer = await route.handler(request)
        return answer if isinstance(answer, bytes) else msgspec.json.encode(answer)

    async def _proof_of(self, scope: Scope, headers: dict[bytes, bytes], raw_path: str) -> Proof:
        """Whose call it is. A cell that has joined a moment ago, or has a new key, may be in the database before this
        process has heard of it, so an unknown one is looked for there, once a second at most: anybody may call. One
        that was taken out has signed its call, and may have joined again.

        Raises:
            CellUnknown, CellRemoved.
        """
        query = scope["query_string"].decode("latin-1")
        check = partial(
            check_proof,
            headers.get(PROOF_HEADER.encode(), b"").decode("latin-1"),
            method=scope["method"],
            path=f"{raw_path}?{query}" if query else raw_path,
            now_s=self._house.now_s,
        )
        try:
            return check(roster=self._house.roster)
        except CellUnknown as error:
            if self._house.now_s == self._looked_at_s and not isinstance(error, CellRemoved):
                raise
            self._looked_at_s = self._house.now_s
        take_over(self._house, await self._house.store.read(read_all, INSTALLATION, wanted_by(self._house)))
        return check(roster=self._house.roster)
