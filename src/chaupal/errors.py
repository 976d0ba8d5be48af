"""The one tree of errors: facts that know their status, code and category, and never how they are sent.

    ChaupalError
    ├── EndpointChanged     308  the organization lives in another cell
    ├── InvalidParameters   400  a field, its value and the rule it broke
    ├── InvalidToken        401  the access token is missing, expired, revoked or forged
    ├── Unauthenticated     401  application id, secret, refresh token or PIN is wrong
    ├── Forbidden           403  a role or a connector permission lacks
    ├── NotFound            404  unknown, or not visible to the caller
    ├── MethodNotAllowed    405  the path exists, the method does not
    ├── Conflict            409  the state of the resource refuses
    ├── PayloadTooLarge     413
    ├── UnsupportedMedia    415
    ├── TooManyRequests     429  with retry_after_s
    ├── InternalError       500
    └── Unavailable         503  with retry_after_s

Leaves live in the slices' rules. Only `wire.errors` turns one into HTTP. Source: contract, section 3.
"""

from __future__ import annotations

from typing import Any, ClassVar

_VALUE_SHOWN_CHARS = 60


def shorten(value: object) -> str:
    """A value as it may stand in an error message: one line, at most 60 characters."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.encode("utf-8", "replace").decode().split())  # half a surrogate could not be sent
    return text if len(text) <= _VALUE_SHOWN_CHARS else text[: _VALUE_SHOWN_CHARS - 1] + "…"


class ChaupalError(Exception):
    """The root. Keyword arguments become attributes and fill the class's `template`."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "InternalError"
    category: ClassVar[str] = "ServiceException"
    template: ClassVar[str] = "Something went wrong on the server."
    oauth_error: ClassVar[str] = "server_error"
    """The name that OAuth has for it (RFC 6749, section 5.2)."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        for name, value in fields.items():
            setattr(self, name, value)
        super().__init__(self.template.format(**fields))


class EndpointChanged(ChaupalError):
    """The organization has been moved; the same call belongs to its new endpoint. Fields: `endpoint_url`,
    `location`."""

    status = 308
    code = "EndpointChanged"
    template = "The organization has been moved to {endpoint_url}: send this call, and all further ones, there."

    def __init__(self, *, endpoint_url: str, location: str) -> None:
        self.endpoint_url = endpoint_url
        self.location = location
        super().__init__(endpoint_url=endpoint_url, location=location)


class InvalidParameters(ChaupalError):
    """Body, query or number malformed. Fields: `field`, `value`, `rule` (a sentence without its subject)."""

    status = 400
    code = "InvalidParameters"
    category = "ValidationException"
    oauth_error = "invalid_request"
    template = "{field}: {rule} (got: {shown})"

    def __init__(self, *, field: str, value: object, rule: str) -> None:
        super().__init__(field=field, value=value, rule=rule, shown=shorten(value))


class InvalidToken(ChaupalError):
    """The access token does not let its bearer in. The template is the sentence old clients match."""

    status = 401
    code = "InvalidToken"
    category = "AuthException"
    template = "Invalid token. Failure reason:Token validation failed due to unknown reason!"

    def __init__(self, details: str) -> None:
        super().__init__(details=details)
        self.details = details


class Unauthenticated(ChaupalError):
    """Application id, secret, refresh token or PIN is wrong."""

    status = 401
    code = "Unauthenticated"
    category = "AuthException"
    oauth_error = "invalid_client"
    template = "Dont have correct applicationId and secret in header!"


class Forbidden(ChaupalError):
    """The caller is known and may not do this. Leaves name the role or permission that lacks."""

    status = 403
    code = "Forbidden"
    category = "AuthorizationException"
    template = "Not allowed: {lacking}."


class NotFound(ChaupalError):
    """Unknown, or not visible to the caller: one answer for both. Fields: `resource`."""

    status = 404
    code = "NotFound"
    category = "ResourceException"
    template = "No such {resource}."

    def __init__(self, resource: str, **fields: Any) -> None:
        super().__init__(resource=resource, **fields)


class MethodNotAllowed(ChaupalError):
    """The path exists, but not with this method. Fields: `method`, `allowed` (comma-separated)."""

    status = 405
    code = "MethodNotAllowed"
    category = "ResourceException"
    template = "{method} is not possible here; possible: {allowed}."

    def __init__(self, *, method: str, allowed: str, template: str | None = None) -> None:
        self.allowed = allowed
        super().__init__(method=method, allowed=allowed)
        if template is not None:
            self.args = (template,)


class Conflict(ChaupalError):
    """The state of the resource refuses the change."""

    status = 409
    code = "Conflict"
    category = "ResourceException"
    template = "{reason}"


class PayloadTooLarge(ChaupalError):
    """More than a limit allows. Fields: `what`, `limit`."""

    status = 413
    code = "PayloadTooLarge"
    category = "MediaException"
    oauth_error = "invalid_request"
    template = "{what} is too large: at most {limit}."


class UnsupportedMedia(ChaupalError):
    """A media type that is not taken, or that contradicts the file. Fields: `reason`."""

    status = 415
    code = "UnsupportedMedia"
    category = "MediaException"
    template = "{reason}"


class TooManyRequests(ChaupalError):
    """A limit is reached. Fields: `limit` (a sentence), `retry_after_s`."""

    status = 429
    code = "TooManyRequests"
    category = "ThrottlingException"
    oauth_error = "temporarily_unavailable"
    template = "{limit} Try again in {retry_after_s} s."

    def __init__(self, *, limit: str, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(limit=limit, retry_after_s=retry_after_s)


class InternalError(ChaupalError):
    """A defect. Its cause stays in the log; the answer holds only the request id."""


class Unavailable(ChaupalError):
    """The service cannot keep its promise at present. Fields: `reason`, `retry_after_s`."""

    status = 503
    code = "Unavailable"
    oauth_error = "temporarily_unavailable"
    template = "{reason} Try again in {retry_after_s} s."

    def __init__(self, *, reason: str, retry_after_s: int = 1) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason=reason, retry_after_s=retry_after_s)
