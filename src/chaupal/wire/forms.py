"""Forms of OAuth: bodies that are forms or JSON, and credentials in a header. Source: contract, section 4; RFC 6749."""

from __future__ import annotations

import base64
from typing import TypeVar
from urllib.parse import unquote

from chaupal.errors import InvalidParameters
from chaupal.wire.bodies import read_shape
from chaupal.wire.query_strings import read_query

ShapeT = TypeVar("ShapeT")


def read_form(body: bytes, shape: type[ShapeT], *, strict_only: bool = False) -> ShapeT:
    """The struct that a form spells, or an object, whichever it is; the content type is not looked at (section 2).

    Raises InvalidParameters naming field, value and rule.
    """
    begins = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begins == b"{":
        return read_shape(body, shape, strict_only=strict_only)
    return read_query(body.strip(), shape)


def read_basic_credentials(header: str) -> tuple[str, str] | None:
    """(name, secret) of `Authorization: Basic`; None where the header is of another kind.

    Both are percent-decoded, as RFC 6749 (section 2.3.1) has clients encode them; `+` stays, because the many clients
    that do not encode them send one that is meant. Raises InvalidParameters.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        name = colon = secret = ""
    if not colon:
        raise InvalidParameters(field="Authorization", value="", rule="must hold name and secret in Base64")
    return unquote(name), unquote(secret)
