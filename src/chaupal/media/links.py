"""Signed links to files: they work without a token, as long as the file exists, or until a time that they name.

A link's name holds tenant, media and number of the file, signed with the tenant's key, so that it stays good when the
tenant moves; nothing of it can be changed or guessed. Source: contract, section 11.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import uuid

import msgspec

from chaupal.auth.sealing import SecretKey
from chaupal.auth.tenant_keys import TenantKeys

LINK_PATH = "media/files"

_PURPOSE = "media link"
_MAC_BYTES = 16
_NAME = re.compile(r"(?P<token>[A-Za-z0-9_-]{40,180})\.(?P<extension>[a-z0-9]{1,10})")
_EVERLASTING, _EXPIRING = 1, 2
_GUID_BYTES, _EXPIRY_BYTES = 16, 6


class LinkTarget(msgspec.Struct, frozen=True):
    """What a link leads to. `expires_at_s` is seconds since 1970, None for never."""

    tenant_id: str
    media_id: str
    file_number: int
    extension: str
    expires_at_s: int | None = None


class ClaimedLink(msgspec.Struct, frozen=True):
    """A link as it was sent, whose signature has not been compared."""

    target: LinkTarget
    signed: bytes


class MediaLinks:
    """Makes and reads the links of one installation."""

    def __init__(self, keys: TenantKeys, endpoint_url: str) -> None:
        self._keys = keys
        self._base_url = f"{endpoint_url}{LINK_PATH}/"

    def url(self, target: LinkTarget) -> str:
        """The link. The same target always has the same link."""
        body = _pack(target)
        token = base64.urlsafe_b64encode(body + _mac(self._keys.of(target.tenant_id), body)).rstrip(b"=").decode()
        return f"{self._base_url}{token}.{target.extension}"

    def thumbnail_url(self, target: LinkTarget) -> str:
        """The link to the small picture."""
        return f"{self.url(target)}?size=thumbnail"

    def claimed(self, name: str) -> ClaimedLink | None:
        """What the last part of a link's path says of itself; None where it is no link. Nothing is checked yet: the
        key is the tenant's."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        try:
            signed = base64.urlsafe_b64decode(found["token"] + "=" * (-len(found["token"]) % 4))
            target = _unpack(signed[:-_MAC_BYTES], found["extension"])
        except (binascii.Error, ValueError, IndexError):
            return None
        is_plain = base64.urlsafe_b64encode(signed).rstrip(b"=") == found["token"].encode()  # the one spelling of it
        return ClaimedLink(target, signed) if is_plain else None

    def check(self, claimed: ClaimedLink, *, now_s: int) -> LinkTarget | None:
        """Where the link leads; None where it was not made here, its tenant is not known, or its time is over."""
        target = claimed.target
        if target.tenant_id not in self._keys:
            return None
        body, mac = claimed.signed[:-_MAC_BYTES], claimed.signed[-_MAC_BYTES:]
        if not hmac.compare_digest(_mac(self._keys.of(target.tenant_id), body), mac):
            return None
        is_over = target.expires_at_s is not None and target.expires_at_s <= now_s
        return None if is_over else target


def _mac(key: SecretKey, body: bytes) -> bytes:
    return key.hash(_PURPOSE, body.hex())[:_MAC_BYTES]


def _pack(target: LinkTarget) -> bytes:
    expires_at_s = target.expires_at_s
    form = _EVERLASTING if expires_at_s is None else _EXPIRING
    expiry = b"" if expires_at_s is None else expires_at_s.to_bytes(_EXPIRY_BYTES, "big")
    media_id = uuid.UUID(target.media_id).bytes
    tenant = _pack_id(target.tenant_id)
    return bytes((form, target.file_number)) + expiry + media_id + tenant


def _unpack(body: bytes, extension: str) -> LinkTarget:
    """What anybody may have written.

    Raises:
        ValueError, IndexError: it is not what `_pack` makes.
    """
    form, file_number, rest = body[0], body[1], body[2:]
    expires_at_s = None
    if form == _EXPIRING:
        expires_at_s, rest = int.from_bytes(rest[:_EXPIRY_BYTES], "big"), rest[_EXPIRY_BYTES:]
    media_id = str(uuid.UUID(bytes=rest[:_GUID_BYTES]))
    return LinkTarget(_unpack_id(rest[_GUID_BYTES:]), media_id, file_number, extension, expires_at_s)


_IS_GUID, _IS_TEXT = b"\1", b"\0"


def _pack_id(text: str) -> bytes:
    """A tenant's id: a plain GUID as its bytes, any other as it is."""
    try:
        packed = uuid.UUID(text)
    except ValueError:
        return _IS_TEXT + text.encode()
    return _IS_GUID + packed.bytes if str(packed) == text else _IS_TEXT + text.encode()


def _unpack_id(packed: bytes) -> str:
    if packed[:1] == _IS_GUID:
        return str(uuid.UUID(bytes=packed[1:]))
    text = packed[1:].decode()
    if not text.isprintable():
        raise ValueError(text)
    return text
