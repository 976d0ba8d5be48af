"""Access tokens: signed with this installation's own key (EdDSA, `kid`), read back and checked.

A checked token is remembered by its text, because checking a signature costs a hundred times what looking it up costs.
What a token allows is not in the token: the grant behind it is read in the database on every call.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chaupal.auth.permissions import TokenKind
from chaupal.errors import InvalidToken

_ALGORITHM = "EdDSA"
_AUDIENCE = "chaupal"
GRACE_S = 15 * 60
"""Clients keep an access token ten minutes longer than they were told, so it works fifteen minutes longer."""

_REMEMBERED_TOKENS = 20_000
_TOKEN_MAX_CHARS = 4_096


class AccessToken(msgspec.Struct, frozen=True):
    """What a checked access token says."""

    tenant_id: str
    grant_id: str
    user_id: str
    connector_id: str
    kind: TokenKind
    group_id: str
    expires_at_s: int


class SigningKey(msgspec.Struct, frozen=True):
    """One key pair; `private_key` is None where only the public half is known."""

    key_id: str
    public_key: Ed25519PublicKey
    private_key: Ed25519PrivateKey | None


class _Credentials(msgspec.Struct, rename="camel"):
    """The claim `urn:microsoft:credentials`, a JSON string that some old clients read."""

    phone_number: str
    application_id: str
    permissions: str


class TokenSigner:
    """Signs with the newest key, accepts every key it knows."""

    def __init__(self, keys: list[SigningKey], *, issuer: str) -> None:
        self._issuer = issuer
        self._newest = keys[-1]
        self._keys = {key.key_id: key for key in keys}
        self._remembered: OrderedDict[str, AccessToken] = OrderedDict()

    def sign(self, token: AccessToken, *, issued_at_s: int, mobile_number: str, application_id: str, scope: str) -> str:
        """The token as text. It works until 15 minutes after `token.expires_at_s`."""
        assert self._newest.private_key is not None
        credentials = _Credentials(phone_number=mobile_number, application_id=application_id, permissions=scope)
        claims = {
            "iss": self._issuer,
            "aud": _AUDIENCE,
            "iat": issued_at_s,
            "nbf": issued_at_s,
            "exp": token.expires_at_s + GRACE_S,
            "sub": token.user_id,
            "tid": token.tenant_id,
            "gid": token.grant_id,
            "cid": token.connector_id,
            "knd": token.kind.value,
            "grp": token.group_id,
            "urn:microsoft:credentials": msgspec.json.encode(credentials).decode(),
        }
        import jwt

        return jwt.encode(claims, self._newest.private_key, _ALGORITHM, headers={"kid": self._newest.key_id})

    def check(self, text: str, *, now_s: int) -> AccessToken:
        """What the token says.

        Raises:
            InvalidToken: missing, malformed, forged or expired; `details` says which.
        """
        token = self._remembered.get(text)
        if token is None:
            token = self._check_signature(text)
            self._remembered[text] = token
            if len(self._remembered) > _REMEMBERED_TOKENS:
                self._remembered.popitem(last=False)
        if now_s >= token.expires_at_s + GRACE_S:
            self._remembered.pop(text, None)
            raise InvalidToken("The access token has expired.")
        return token

    def _check_signature(self, text: str) -> AccessToken:
        import jwt

        if len(text) > _TOKEN_MAX_CHARS or text.count(".") != 2:
            raise InvalidToken("The access token is malformed.")
        try:
            key = self._keys.get(str(jwt.get_unverified_header(text).get("kid")))
            if key is None:
                raise InvalidToken("The access token was signed with a key that is not known here.")
            claims = jwt.decode(
                text,
                key.public_key,
                [_ALGORITHM],
                audience=_AUDIENCE,
                # The clock is ours (and a test's), so the time is checked by the caller; the issuer may be renamed.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
            return AccessToken(
                tenant_id=str(claims["tid"]),
                grant_id=str(claims["gid"]),
                user_id=str(claims["sub"]),
                connector_id=str(claims["cid"]),
                kind=TokenKind(claims["knd"]),
                group_id=str(claims["grp"]),
                expires_at_s=int(claims["exp"]) - GRACE_S,
            )
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, UnicodeError) as error:
            raise InvalidToken("The access token is malformed or forged.") from error


def make_signing_key(key_id: str) -> SigningKey:
    """A new key pair."""
    private_key = Ed25519PrivateKey.generate()
    return SigningKey(key_id, private_key.public_key(), private_key)


def private_bytes(key: Ed25519PrivateKey) -> bytes:
    """The private key as 32 raw bytes, to be sealed."""
    return key.private_bytes_raw()


def public_bytes(key: Ed25519PublicKey) -> bytes:
    """The public key as 32 raw bytes."""
    return key.public_bytes_raw()


def read_signing_key(key_id: str, private: bytes) -> SigningKey:
    """The key pair from its raw private bytes."""
    private_key = Ed25519PrivateKey.from_private_bytes(private)
    return SigningKey(key_id, private_key.public_key(), private_key)
