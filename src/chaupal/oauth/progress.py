"""How far a person has come on the sign-in pages: sealed, bound to their browser and to the request they came with.

It goes from page to page in the address and in the forms, so that nothing has to be kept for those who never finish,
several tabs do not disturb each other, and going back works. Without the cookie of its browser it is worth nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from enum import StrEnum

import msgspec

from chaupal.auth.sealing import SealBroken, SecretKey

_PURPOSE = "sign-in progress"
_BROWSER_PURPOSE = "sign-in browser"
_TEXT_MAX_CHARS = 4_000


class Stage(StrEnum):
    """Which page comes next."""

    NUMBER = "number"
    PIN = "pin"
    CONSENT = "consent"


class Problem(StrEnum):
    """What the next page says of the try before."""

    NONE = ""
    NUMBER_MALFORMED = "number_malformed"
    PIN_MALFORMED = "pin_malformed"
    PIN_WRONG = "pin_wrong"
    TOO_MANY_PINS = "too_many_pins"
    TOO_MANY_TRIES = "too_many_tries"
    PIN_SENT_AGAIN = "pin_sent_again"


class Progress(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """`browser` and `request` are hashes; `typed` is what the person wrote, to be shown again; `wait_s` until they may
    try again."""

    stage: Stage
    browser: bytes
    request: bytes
    expires_at_s: int
    mobile_number: str = ""
    authorization_id: str = ""
    problem: Problem = Problem.NONE
    typed: str = ""
    wait_s: int = 0


def browser_hash(secret_key: SecretKey, cookie: str) -> bytes:
    """What binds a page to the browser that has the cookie."""
    return secret_key.hash(_BROWSER_PURPOSE, cookie)


def seal_progress(secret_key: SecretKey, progress: Progress) -> str:
    """As URL-safe text."""
    sealed = secret_key.seal(_PURPOSE, msgspec.msgpack.encode(progress))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal_progress(secret_key: SecretKey, text: str, *, browser: bytes, request: bytes, now_s: int) -> Progress | None:
    """None where it is not ours, of another browser or request, or too old."""
    if not text or len(text) > _TEXT_MAX_CHARS:
        return None
    try:
        sealed = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        progress = msgspec.msgpack.decode(secret_key.unseal(_PURPOSE, sealed), type=Progress)
    except (SealBroken, binascii.Error, UnicodeError, msgspec.MsgspecError):
        return None
    is_bound = hmac.compare_digest(progress.browser, browser) and hmac.compare_digest(progress.request, request)
    return progress if is_bound and now_s < progress.expires_at_s else None
