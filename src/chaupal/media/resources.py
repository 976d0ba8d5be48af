"""The form of a `mediaResource`: the media's id and its secret, as one URL-safe word."""

from __future__ import annotations

import base64
import re
import uuid

SECRET_BYTES = 16
NO_RESOURCE = ("00000000-0000-0000-0000-000000000000", bytes(SECRET_BYTES))
"""What is looked up in place of a text that is no resource, so that it costs the same."""

_GUID_BYTES = 16
_RESOURCE = re.compile(r"[A-Za-z0-9_-]{43}")


def write_resource(media_id: str, secret: bytes) -> str:
    """43 characters."""
    return base64.urlsafe_b64encode(uuid.UUID(media_id).bytes + secret).rstrip(b"=").decode()


def read_resource(text: str) -> tuple[str, bytes] | None:
    """(media id, secret), or None where the text is not of this form."""
    if _RESOURCE.fullmatch(text) is None:
        return None
    packed = base64.urlsafe_b64decode(text + "=")
    return str(uuid.UUID(bytes=packed[:_GUID_BYTES])), packed[_GUID_BYTES:]
