"""Access tokens: signed with this installation's own key (EdDSA, `kid`), read back and checked. Those that another cell
has signed are accepted for the tenants that have lived there.

A checked token is remembered by its text, because checking a signature costs a hundred times what looking it up costs.
What a token allows is not in the token: the grant behind it is read in the database on every call.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

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


class TokenExpired(InvalidToken):
    """The token was good, and is over. Whose it was is still known."""

    def __init__(self, token: AccessToken) -> None:
        super().__init__("The access token has expired.")
        self.token = token


class SigningKey(msgspec.Struct, frozen=True):
    """One key pair, which signs from a time on, and whose signatures are good until another; None is for ever."""

    key_id: str
    public_key: Ed25519PublicKey
    private_key: Ed25519PrivateKey
    signs_from_ms: int = 0
    valid_until_ms: int | None = None


class PeerKey(NamedTuple):
    """The public key of another cell."""

    cell_name: str
    public_key: Ed25519PublicKey


class _Credentials(msgspec.Struct, rename="camel"):
    """The claim `urn:microsoft:credentials`, a JSON string that some old clients read."""

    phone_number: str
    application_id: str
    permissions: str


class TokenSigner:
    """Signs with the newest key whose time has come, accepts every key it knows."""

    def __init__(self, keys: list[SigningKey], *, issuer: str) -> None:
        self._issuer = issuer
        self._keys = keys
        self._peer_keys: dict[str, PeerKey] = {}
        self._trusts: Callable[[str, str], bool] = _trusts_nobody
        self._remembered: OrderedDict[str, AccessToken] = OrderedDict()

    @property
    def keys(self) -> list[SigningKey]:
        """This installation's own, oldest first."""
        return self._keys

    def learn(self, keys: list[SigningKey]) -> None:
        """From now on these are this installation's own keys, oldest first."""
        self._keys = keys
        self._remembered.clear()

    def learn_peers(self, peer_keys: dict[str, PeerKey], trusts: Callable[[str, str], bool]) -> None:
        """From now on these are the other cells' keys, by key id; `trusts(tenant id, cell name)` says for whom each is
        good."""
        self._peer_keys = peer_keys
        self._trusts = trusts
        self._remembered.clear()

    def signing_key(self, now_ms: int) -> SigningKey:
        """The newest key whose time has come."""
        return next((key for key in reversed(self._keys) if key.signs_from_ms <= now_ms), self._keys[0])

    def sign(self, token: AccessToken, *, issued_at_s: int, mobile_number: str, application_id: str, scope: str) -> str:
        """The token as text. It works until 15 minutes after `token.expires_at_s`."""
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

        key = self.signing_key(issued_at_s * 1000)
        return jwt.encode(claims, key.private_key, _ALGORITHM, headers={"kid": key.key_id})

    def check(self, text: str, *, now_s: int) -> AccessToken:
        """What the token says.

        Raises:
            InvalidToken: missing, malformed or forged; `details` says which.
            TokenExpired.
        """
        token = self._remembered.get(text)
        if token is None:
            token = self._check_signature(text)
            self._remembered[text] = token
            if len(self._remembered) > _REMEMBERED_TOKENS:
                self._remembered.popitem(last=False)
        if now_s >= token.expires_at_s + GRACE_S:
            self._remembered.pop(text, None)
            raise TokenExpired(token)
        return token

    def _check_signature(self, text: str) -> AccessToken:
        import jwt

        if len(text) > _TOKEN_MAX_CHARS or text.count(".") != 2:
            raise InvalidToken("The access token is malformed.")
        try:
            public_key, cell_name = self._key_of(str(jwt.get_unverified_header(text).get("kid")))
            claims = jwt.decode(
                text,
                public_key,
                [_ALGORITHM],
                audience=_AUDIENCE,
                # The clock is ours (and a test's), so the time is checked by the caller; the issuer may be renamed.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
            if cell_name and not self._trusts(str(claims["tid"]), cell_name):
                raise InvalidToken("The access token was signed by a cell that this organization has not lived in.")
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

    def _key_of(self, key_id: str) -> tuple[Ed25519PublicKey, str]:
        """(the key, the cell whose it is; "" for this one)."""
        for own in self._keys:
            if own.key_id == key_id:
                return own.public_key, ""
        peer = self._peer_keys.get(key_id)
        if peer is None:
            raise InvalidToken("The access token was signed with a key that is not known here.")
        return peer.public_key, peer.cell_name


def _trusts_nobody(_tenant_id: str, _cell_name: str) -> bool:
    return False


def make_signing_key(key_id: str, *, signs_from_ms: int = 0) -> SigningKey:
    """A new key pair."""
    private_key = Ed25519PrivateKey.generate()
    return SigningKey(key_id, private_key.public_key(), private_key, signs_from_ms)


def private_bytes(key: Ed25519PrivateKey) -> bytes:
    """The private key as 32 raw bytes, to be sealed."""
    return key.private_bytes_raw()


def public_bytes(key: Ed25519PublicKey) -> bytes:
    """The public key as 32 raw bytes."""
    return key.public_bytes_raw()


def read_signing_key(
    key_id: str, private: bytes, *, signs_from_ms: int = 0, valid_until_ms: int | None = None
) -> SigningKey:
    """The key pair from its raw private bytes."""
    private_key = Ed25519PrivateKey.from_private_bytes(private)
    return SigningKey(key_id, private_key.public_key(), private_key, signs_from_ms, valid_until_ms)


def read_public_key(public: bytes) -> Ed25519PublicKey:
    """The public key from its 32 raw bytes."""
    return Ed25519PublicKey.from_public_bytes(public)
