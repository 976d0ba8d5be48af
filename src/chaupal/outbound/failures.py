"""Why nothing was answered, in words that name neither the URL nor what was sent: both may hold secrets."""

from __future__ import annotations

import os
from types import TracebackType


class OutboundFailed(Exception):
    """No answer came. The reason names neither the URL nor what was sent."""


class AddressRefused(OutboundFailed):
    """The URL leads where calls may not go; nothing was sent."""


class AnswerTooLarge(OutboundFailed):
    """More was answered than may be read; the rest was not."""


class RefusedConnection(OSError):
    """What the guard raises inside the HTTP library, which lets an OSError through as a cause."""

    def __init__(self, refusal: AddressRefused) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class TellingFailures:
    """Turn whatever the HTTP library raises inside the block into OutboundFailed. The library must be loaded.

    A class of its own, since one made from a generator takes several times as long, and there is one for each call.
    """

    __slots__ = ("_timeout_s",)

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and (failure := _failure_of(error, self._timeout_s)) is not None:
            raise failure from None


def _failure_of(error: BaseException, timeout_s: float) -> OutboundFailed | None:
    import aiohttp
    from aiohttp.http_exceptions import HttpProcessingError

    match error:
        case TimeoutError():
            return OutboundFailed(f"no answer within {timeout_s:g} s")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return OutboundFailed("the URL is not one of HTTP")
        case RefusedConnection():
            return error.refusal
        case aiohttp.ClientConnectorError():
            return _explain(error)
        case aiohttp.ClientOSError():
            return OutboundFailed(f"no connection: {_named(error)}")
        case HttpProcessingError():
            return OutboundFailed("no answer: what came is not HTTP")
        case aiohttp.ClientError() | OSError() | ValueError():
            return OutboundFailed(f"no answer: {type(error).__name__}")
        case _:
            return None


def _explain(error: BaseException) -> OutboundFailed:
    import aiohttp

    assert isinstance(error, aiohttp.ClientConnectorError)
    if isinstance(error.os_error, RefusedConnection):
        return error.os_error.refusal
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return OutboundFailed("the name of the host cannot be resolved")
    if isinstance(error, aiohttp.ClientSSLError):
        return OutboundFailed(f"no safe connection: {_unsafe(error)}")
    return OutboundFailed(f"no connection: {_named(error)}")


def _unsafe(error: BaseException) -> str:
    """Why TLS did not come about, in the words that OpenSSL has for it: whoever has the receiver can mend that."""
    certificate_error = getattr(error, "certificate_error", None)
    if certificate_error is not None:
        said = str(getattr(certificate_error, "verify_message", "") or "it is not valid").rstrip(".")
        return f"the certificate is refused: {said}"
    reason = getattr(getattr(error, "os_error", None), "reason", None)
    return f"TLS failed: {reason.replace('_', ' ').lower()}" if isinstance(reason, str) else "TLS failed"


def _named(error: OSError) -> str:
    """What the system calls it. The library's own words hold addresses, and now and then a whole URL."""
    return os.strerror(error.errno) if error.errno else type(error).__name__
