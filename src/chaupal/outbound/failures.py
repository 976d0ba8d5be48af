"""Why nothing was answered, in words that name neither the URL nor what was sent: both may hold secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


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


@contextmanager
def telling_failures(timeout_s: float) -> Iterator[None]:
    """Turn whatever the HTTP library raises inside the block into OutboundFailed. The library must be loaded."""
    import aiohttp

    try:
        yield
    except TimeoutError:
        raise OutboundFailed(f"no answer within {timeout_s:g} s") from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise OutboundFailed("the URL is not one of HTTP") from None
    except RefusedConnection as error:
        raise error.refusal from None
    except aiohttp.ClientConnectorError as error:
        raise _explain(error) from None
    except aiohttp.ClientSSLError as error:
        raise OutboundFailed(f"no safe connection: {type(error).__name__}") from None
    except aiohttp.ClientOSError as error:
        raise OutboundFailed(f"no connection: {_named(error)}") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise OutboundFailed(f"no answer: {type(error).__name__}") from None


def _explain(error: BaseException) -> OutboundFailed:
    import aiohttp

    assert isinstance(error, aiohttp.ClientConnectorError)
    if isinstance(error.os_error, RefusedConnection):
        return error.os_error.refusal
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return OutboundFailed("the name of the host cannot be resolved")
    if isinstance(error, aiohttp.ClientSSLError):
        return OutboundFailed(f"no safe connection: {type(error).__name__}")
    return OutboundFailed(f"no connection: {_named(error)}")


def _named(error: OSError) -> str:
    """What the system calls it. The library's own words hold addresses, and now and then a whole URL."""
    return os.strerror(error.errno) if error.errno else type(error).__name__
