"""Of the resource `sign_in`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class AccessTokenAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to GET /accessToken. `refreshToken` is "" until the one in use has reached 90 % of its life."""

    access_token: str
    """For the header `accessToken` of other calls."""

    endpoint_url: str
    """The base address of all other calls."""

    access_token_expiry: int
    """When to ask for the next, milliseconds since 1970; 24 hours ahead (`CHAUPAL_ACCESS_TOKEN_LIFE_S`), and the token
    works 15 minutes longer."""

    refresh_token: str
    """`""`, until the one in use has reached 90 % of its life; then a new one, at most once a day for as long as the
    old one is used. Keep it: the old one works on until its own end only."""

    scope: str
    """The connector's permissions, in Kaizala's words."""


class PinGenerated(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`{}`: the same for known and unknown numbers."""


class RefreshTokenAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a sign-in. Expiry in milliseconds since 1970."""

    refresh_token: str
    """Keep it secret; the server itself keeps only a hash of it."""

    endpoint_url: str
    """The base address of all other calls."""

    granted_scope: str
    """The connector's permissions, in Kaizala's words."""

    refresh_token_expiry: int
    """When it ends, milliseconds since 1970."""


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to GET /accessToken, and the same in OAuth's own names for its libraries."""

    access_token: str
    """For the header `accessToken`, or `Authorization: Bearer`, of other calls."""

    endpoint_url: str
    """The base address of all other calls."""

    access_token_expiry: int
    """When to ask for the next: milliseconds since 1970, and seconds from now."""

    refresh_token: str
    """A refresh token of the person. For `grant_type=refresh_token`, `""` and left out until the one in use has reached
    90 % of its life."""

    scope: str
    """The connector's permissions, in Kaizala's words; the comma between them is Kaizala's, too."""

    token_type: str = msgspec.field(name="token_type")
    """`Bearer`."""

    expires_in: int = msgspec.field(name="expires_in")
    """When to ask for the next: milliseconds since 1970, and seconds from now."""
