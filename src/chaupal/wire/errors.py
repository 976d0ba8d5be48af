"""The only place that turns an error into HTTP. Source: contract, section 3.

Clients decide success by the absence of `message` and `errorCode` in a body, so every error has both.
"""

from __future__ import annotations

import re

import msgspec

from chaupal.errors import (
    ChaupalError,
    EndpointChanged,
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
    endpoint_url: str = ""


class OAuthErrorBody(ErrorBody, kw_only=True):
    """The same with the fields that OAuth has for it (RFC 6749, section 5.2), whose names are its own."""

    error: str
    oauth_description: str = msgspec.field(name="error_description")


_encode = msgspec.json.Encoder().encode
_NOT_IN_DESCRIPTIONS = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


def write_error(error: BaseException, request_id: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """(status, body, further headers) of an error. An error that is not ours becomes a 500 that says nothing of it."""
    known = error if isinstance(error, ChaupalError) else InternalError()
    return known.status, _encode(ErrorBody(**_fields(known, request_id))), _further_headers(known)


def write_oauth_error(error: BaseException, request_id: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """The same for OAuth's token service: the fields of both worlds, so that clients of both find theirs."""
    known = error if isinstance(error, ChaupalError) else InternalError()
    body = OAuthErrorBody(
        **_fields(known, request_id),
        error=known.oauth_error,
        oauth_description=_NOT_IN_DESCRIPTIONS.sub("'", str(known)),
    )
    return known.status, _encode(body), _further_headers(known)


def _fields(known: ChaupalError, request_id: str) -> dict[str, str]:
    return {
        "message": str(known),
        "error_code": known.code,
        "error_category_key": known.category,
        "request_id": request_id,
        "details": known.details if isinstance(known, InvalidToken) else "",
        "endpoint_url": known.endpoint_url if isinstance(known, EndpointChanged) else "",
    }


def _further_headers(known: ChaupalError) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = []
    if isinstance(known, (TooManyRequests, Unavailable)):
        headers.append((b"retry-after", str(known.retry_after_s).encode()))
    if isinstance(known, MethodNotAllowed):
        headers.append((b"allow", known.allowed.encode()))
    if isinstance(known, EndpointChanged):
        headers.append((b"location", known.location.encode("latin-1")))
    if known.status == 413:
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    return headers
