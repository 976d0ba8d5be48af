"""Answers: JSON from a struct, or bytes that are JSON already, with the headers that every answer of the API has."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import msgspec

from chaupal.auth.limiter import Budget

_EXPOSED = (
    b"X-Request-Id, Retry-After, Allow, Location, Idempotency-Replayed, "
    b"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)

_STANDING_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"application/json; charset=utf-8"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)

encode_json = msgspec.json.Encoder().encode


class Reply(msgspec.Struct, frozen=True):
    """An answer whose JSON is made already."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class WholeReply(msgspec.Struct, frozen=True):
    """An answer that is sent as it is, with its status and all of its headers; only the request id is added."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def headers_with(self, request_id: str) -> list[tuple[bytes, bytes]]:
        """Its headers as they are sent."""
        return [
            *self.headers,
            (b"x-request-id", request_id.encode()),
            (b"content-length", str(len(self.body)).encode()),
        ]


class StreamedReply(msgspec.Struct, frozen=True):
    """An answer that is sent while it is made: a file's bytes, a long list. `headers` are all but the request id. One
    that cannot be finished ends in a broken connection, so that it never looks whole.

    `on_gone` is called when the client closes the connection, for what waits long between two pieces.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    pieces: AsyncGenerator[bytes, None] | None = None
    on_gone: Callable[[], None] | None = None


def stream_json(pieces: AsyncGenerator[bytes, None]) -> StreamedReply:
    """An answer of 200 whose JSON comes in pieces."""
    return StreamedReply(200, _STANDING_HEADERS, pieces)


def stream_events(pieces: AsyncGenerator[bytes, None], on_gone: Callable[[], None]) -> StreamedReply:
    """An answer of 200 that goes on: Server-Sent Events. Proxies are asked not to hold pieces back."""
    headers = ((b"content-type", b"text/event-stream"), *_STANDING_HEADERS[1:], (b"x-accel-buffering", b"no"))
    return StreamedReply(200, headers, pieces, on_gone)


def answer_headers(body: bytes, request_id: str) -> list[tuple[bytes, bytes]]:
    """The headers of every JSON answer of the API."""
    return [
        *_STANDING_HEADERS,
        (b"x-request-id", request_id.encode()),
        (b"content-length", str(len(body)).encode()),
    ]


def budget_headers(budget: Budget) -> tuple[tuple[bytes, bytes], ...]:
    """What a limited call has left: calls in the running minute, and the seconds until the next begins."""
    return (
        (b"x-ratelimit-limit", b"%d" % budget.limit),
        (b"x-ratelimit-remaining", b"%d" % budget.remaining),
        (b"x-ratelimit-reset", b"%d" % budget.reset_s),
    )


def preflight_headers(asked_headers: bytes, asked_method: bytes) -> list[tuple[bytes, bytes]]:
    """The answer to a browser's preflight: whatever it asks for is allowed, because cookies never are."""
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", asked_method or b"GET, POST, PUT, DELETE"),
        (b"access-control-allow-headers", asked_headers or b"*"),
        (b"access-control-max-age", b"86400"),
        (b"content-length", b"0"),
    ]
