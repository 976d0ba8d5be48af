"""What the sign-in pages and OAuth's token service take and give. The names with underscores are OAuth's own."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.tokens.shapes import AccessTokenAnswer
from chaupal.wire.bounds import Bounds


class AuthorizeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The query of the sign-in page. `progress` and `lang` are the pages' own; the scope is the connector's."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "response_type": {"enum": ["code"]},
        "code_challenge_method": {"enum": ["S256", "plain"]},
        "lang": {"enum": ["en", "fr", "hi"]},
    }

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str | None = None
    code_challenge: str = ""
    code_challenge_method: str = ""
    progress: str = ""
    lang: str = ""


class SignInForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the forms of the sign-in pages send."""

    progress: str = ""
    number: str = ""
    pin: str = ""
    answer: str = ""


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /api/oauth/token."""

    bounds: ClassVar[dict[str, Bounds]] = {"grant_type": {"enum": ["authorization_code", "refresh_token"]}}

    client_id: str = ""
    client_secret: str = ""
    grant_type: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    refresh_token: str = ""


class TokenAnswer(AccessTokenAnswer, rename="camel", kw_only=True):
    """The answer to GET /accessToken, and the same in OAuth's own names for its libraries."""

    oauth_access_token: str = msgspec.field(name="access_token")
    token_type: str = msgspec.field(name="token_type")
    expires_in: int = msgspec.field(name="expires_in")
    oauth_refresh_token: str | msgspec.UnsetType = msgspec.field(name="refresh_token", default=msgspec.UNSET)
