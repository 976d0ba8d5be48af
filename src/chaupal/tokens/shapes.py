"""What the token service takes and gives. Source: contract, section 4."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.wire.bounds import INSTANT_MS, MOBILE_NUMBER, Bounds


class GeneratePin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /generatePin."""

    bounds: ClassVar[dict[str, Bounds]] = {"mobileNumber": MOBILE_NUMBER}

    mobile_number: str
    application_id: str


class LoginWithPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /loginWithPinAndApplicationId. Old clients send the PIN as a number, which loses leading zeros."""

    bounds: ClassVar[dict[str, Bounds]] = {"mobileNumber": MOBILE_NUMBER, "pin": {"pattern": "^[0-9]{6}$"}}

    mobile_number: str
    application_id: str
    pin: str
    application_secret: str | None = None


class PinGenerated(msgspec.Struct, kw_only=True):
    """`{}`: the same for known and unknown numbers."""


class RefreshTokenAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """The answer to a sign-in. Expiry in milliseconds since 1970."""

    bounds: ClassVar[dict[str, Bounds]] = {"refreshTokenExpiry": INSTANT_MS}

    refresh_token: str
    endpoint_url: str
    granted_scope: str
    refresh_token_expiry: int


class AccessTokenAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """The answer to GET /accessToken. `refreshToken` is "" until the one in use has reached 90 % of its life."""

    bounds: ClassVar[dict[str, Bounds]] = {"accessTokenExpiry": INSTANT_MS}

    access_token: str
    endpoint_url: str
    access_token_expiry: int
    refresh_token: str
    scope: str
