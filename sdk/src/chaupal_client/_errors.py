"""The one tree of what goes wrong.

ChaupalError
├── ConnectionFailed            no answer has come, however often it was tried
├── UnreadableAnswer            what answered is not a Chaupal server, or not all of the answer has come
├── EndpointRefused             the server has named an address that this client does not go to
├── SignInNeeded                the call needs a token, and there is nothing to get one with
├── SignInRefused               a person has said no on the sign-in page, or the answer is not to this sign-in
├── WebhookRefused              a call of a webhook is not from the server
└── ApiError                    the server has answered with an error
    ├── EndpointChanged         308
    ├── InvalidParameters       400
    ├── InvalidToken            401: of the access token
    ├── Unauthenticated         401: of the connector, refresh token or PIN
    ├── Forbidden               403
    ├── NotFound                404
    ├── MethodNotAllowed        405
    ├── RequestTimeout          408
    ├── Conflict                409
    ├── CursorExpired           410
    ├── PayloadTooLarge         413
    ├── UnsupportedMedia        415
    ├── TooManyRequests         429
    ├── InternalError           500
    └── Unavailable             503

An errorCode that this version does not know is an ApiError itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import msgspec

from chaupal_client._steps import Reply


class ChaupalError(Exception):
    """Whatever this package raises by itself."""


class ConnectionFailed(ChaupalError):
    """No answer has come, however often it was tried. What was asked for may have been done: repeat it with the same
    idempotency key."""


class UnreadableAnswer(ChaupalError):
    """What has answered is not a Chaupal server, or not all of the answer has come."""


class EndpointRefused(ChaupalError):
    """The server has sent the client to an address that it does not go to: from https to http, or too often."""


class SignInNeeded(ChaupalError):
    """The call needs a token, and there is nothing to get one with."""


class SignInRefused(ChaupalError):
    """A person has said no on the sign-in page, or the answer does not belong to this sign-in."""


class WebhookRefused(ChaupalError):
    """A call of a webhook is not from the server, or cannot be read. Answer it with a status of 400 or above."""


class ApiError(ChaupalError):
    """The server has answered with an error. Programs look at the class, or at `error_code`; sentences may change."""

    def __init__(self, facts: ErrorFacts) -> None:
        self.status = facts.status
        self.error_code = facts.error_code
        self.error_category = facts.error_category
        self.message = facts.message
        self.details = facts.details
        self.request_id = facts.request_id
        """The same as in the server's log. Quote it when you ask for help."""
        self.retry_after_s = facts.retry_after_s
        """How long the server wants to be left alone; None if it has not said."""
        super().__init__(facts)

    def __str__(self) -> str:
        named = f"[request {self.request_id}] " if self.request_id else ""
        details = f" ({self.details})" if self.details else ""
        return f"{named}{self.status} {self.error_code}: {self.message}{details}"


class EndpointChanged(ApiError):
    """308: the organization has been moved. The client goes there by itself, and does not raise this."""


class InvalidParameters(ApiError):
    """400: correct the request; the message names the field, what was sent and the rule."""


class InvalidToken(ApiError):
    """401: the access token has stopped, and a new one did not help or cannot be had."""


class Unauthenticated(ApiError):
    """401: application id, application secret, refresh token or PIN is wrong."""


class Forbidden(ApiError):
    """403: the message names the permission, kind of token or role that lacks."""


class NotFound(ApiError):
    """404: it does not exist, or the caller may not see it."""


class MethodNotAllowed(ApiError):
    """405: the path is right, the method is not."""


class RequestTimeout(ApiError):
    """408: the body did not arrive in time."""


class Conflict(ApiError):
    """409: the state of things refuses it; the message says why."""


class CursorExpired(ApiError):
    """410: the cursor is too old. Read what there is now, and begin without a cursor."""


class PayloadTooLarge(ApiError):
    """413: send less."""


class UnsupportedMedia(ApiError):
    """415: the file is of no type that is taken, or not what it is said to be."""


class TooManyRequests(ApiError):
    """429: a limit is reached; `retry_after_s` says how long to wait."""


class InternalError(ApiError):
    """500: a defect of the server; its log has the cause under the request id."""


class Unavailable(ApiError):
    """503: nothing was changed, unless the message says otherwise; `retry_after_s` says how long to wait."""


API_ERRORS: Mapping[str, type[ApiError]] = {error.__name__: error for error in ApiError.__subclasses__()}
"""By errorCode."""

_CODE_OF_STATUS = {408: "RequestTimeout", 413: "PayloadTooLarge", 429: "TooManyRequests", 503: "Unavailable"}
"""What is said before the API is reached, or by a proxy in front of it, has no errorCode."""


class ErrorFacts(msgspec.Struct, frozen=True):
    """What an error says."""

    status: int
    error_code: str
    error_category: str = ""
    message: str = ""
    details: str = ""
    request_id: str = ""
    retry_after_s: float | None = None


class _ErrorBody(msgspec.Struct):
    endpointUrl: str = ""  # noqa: N815
    errorCode: str = ""  # noqa: N815 - the name on the wire
    errorCategoryKey: str = ""  # noqa: N815
    message: str = ""
    details: str = ""
    requestId: str = ""  # noqa: N815


def read_error(reply: Reply) -> ApiError:
    """The error that an answer is, also where a proxy or something else has given it."""
    body = _ErrorBody()
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        body = msgspec.json.decode(reply.body, type=_ErrorBody)
    code = body.errorCode or _CODE_OF_STATUS.get(reply.status, f"Status{reply.status}")
    facts = ErrorFacts(
        status=reply.status,
        error_code=code,
        error_category=body.errorCategoryKey,
        message=body.message or reply.body[:200].decode(errors="replace").strip(),
        details=body.details,
        request_id=body.requestId or reply.headers.get("x-request-id", ""),
        retry_after_s=read_retry_after(reply.headers),
    )
    return API_ERRORS.get(code, ApiError)(facts)


def read_move(reply: Reply) -> tuple[str, str]:
    """(new base address, full address of the same request there) of a 308; each `""` where it is not said."""
    body = _ErrorBody()
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        body = msgspec.json.decode(reply.body, type=_ErrorBody)
    return body.endpointUrl, reply.headers.get("location", "")


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds; None where it is absent or, as a date, of a clock that need not be ours."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() else None
