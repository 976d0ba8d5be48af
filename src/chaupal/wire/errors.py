"""The only place that turns an error into HTTP. Source: contract, section 3.

Clients decide success by the absence of `message` and `errorCode` in a body, so every error has both.
"""

from __future__ import annotations

import msgspec

from chaupal.errors import (
    ChaupalError,
    InternalError,
    InvalidToken,
    MethodNotAllowed,
    TooManyRequests,
    Unavailable,
)


class ErrorBody(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """The body of every error answer."""

    message: str
    error_code: str
    error_category_key: str
    request_id: str
    details: str = ""


_encode = msgspec.json.Encoder().encode


def write_error(error: BaseException, request_id: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """(status, body, further headers) of an error. An error that is not ours becomes a 500 that says nothing of it."""
    known = error if isinstance(error, ChaupalError) else InternalError()
    body = ErrorBody(
        message=str(known),
        error_code=known.code,
        error_category_key=known.category,
        request_id=request_id,
        details=known.details if isinstance(known, InvalidToken) else "",
    )
    headers: list[tuple[bytes, bytes]] = []
    if isinstance(known, (TooManyRequests, Unavailable)):
        headers.append((b"retry-after", str(known.retry_after_s).encode()))
    if isinstance(known, MethodNotAllowed):
        headers.append((b"allow", known.allowed.encode()))
    if known.status == 413:
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    return known.status, _encode(body), headers
