"""How a cell proves to another that a call is its own: a short-lived token over method, path and body.

Signed with the cell's signing key, for one other cell, and heard once: its id is kept by the receiver until it is over.
A body that is sent as it is made is not signed; who takes one checks what it says by itself.
"""

from __future__ import annotations

import hashlib

import msgspec

from chaupal.auth.signing import SigningKey, TokenSigner
from chaupal.cells.roster import Peer, Roster
from chaupal.errors import ChaupalError
from chaupal.store.clock import new_id

PROOF_HEADER = "x-chaupal-cell"
PROOF_LIFE_S = 60
CLOCKS_DIFFER_S = 60
"""How far the clocks of two cells may be apart."""

_ALGORITHM = "EdDSA"
_PROOF_MAX_CHARS = 4_096


class CellUnknown(ChaupalError):
    """The call does not prove that it is another cell's. Fields: `reason`."""

    status = 401
    code = "Unauthenticated"
    category = "AuthException"
    template = "Not a call of a cell: {reason}."


class CellRemoved(CellUnknown):
    """The call is of a cell that was taken out. Fields: `name`."""

    status = 410
    code = "CellRemoved"
    template = "The cell '{name}' was taken out of this installation; it can join again."


class Proof(msgspec.Struct, frozen=True):
    """What a checked call has proved."""

    peer: Peer
    call_id: str
    until_ms: int
    claims: dict[str, object]


def write_proof(  # noqa: PLR0913 - what is signed
    signer: TokenSigner | SigningKey,
    *,
    own_name: str,
    to: str,
    method: str,
    path: str,
    body: bytes | None,
    now_s: int,
    further: dict[str, object] | None = None,
) -> str:
    """The value of the header. `body` None is one that is sent as it is made."""
    import jwt

    key = signer if isinstance(signer, SigningKey) else signer.signing_key(now_s * 1000)
    claims: dict[str, object] = {
        "iss": own_name,
        "aud": f"cell:{to}",
        "iat": now_s,
        "exp": now_s + PROOF_LIFE_S,
        "jti": new_id(),
        "mth": method,
        "pth": path,
        **({} if body is None else {"bsh": hashlib.sha256(body).hexdigest()}),
        **(further or {}),
    }
    return jwt.encode(claims, key.private_key, _ALGORITHM, headers={"kid": key.key_id})


def check_proof(text: str, roster: Roster, *, method: str, path: str, now_s: int) -> Proof:
    """Whose call it is. That it is heard for the first time, and has this body, is to be checked besides.

    Raises:
        CellUnknown.
        CellRemoved: it is one of a cell that was taken out.
    """
    import jwt

    if not text or len(text) > _PROOF_MAX_CHARS or not roster.own_name:
        raise CellUnknown(reason="there is no proof")
    try:
        unchecked = jwt.decode(text, options={"verify_signature": False})
        peer = roster.peers.get(str(unchecked.get("iss")))
        key_id = str(jwt.get_unverified_header(text).get("kid"))
        public_key = peer.keys.get(key_id) if peer else None
        was_removed = public_key is None and key_id in roster.removed
        if was_removed:
            public_key = roster.removed[key_id]
        if public_key is None:
            raise CellUnknown(reason="the cell, or its key, is not known here")
        claims = jwt.decode(
            text,
            public_key,
            [_ALGORITHM],
            audience=f"cell:{roster.own_name}",
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "jti", "aud", "iss"]},
        )
        began_s, ends_s = int(claims["iat"]), int(claims["exp"])
    except (jwt.InvalidTokenError, ValueError, TypeError, UnicodeError) as error:
        raise CellUnknown(reason="the proof is malformed or forged, or for another cell") from error
    if not began_s - CLOCKS_DIFFER_S <= now_s < min(ends_s, began_s + PROOF_LIFE_S) + CLOCKS_DIFFER_S:
        raise CellUnknown(reason="the proof is over, or the clocks of the two differ")
    if (claims.get("mth"), claims.get("pth")) != (method, path):
        raise CellUnknown(reason="the proof is of another call")
    if was_removed or peer is None:
        raise CellRemoved(name=unchecked.get("iss"))
    return Proof(peer, str(claims["jti"]), (ends_s + 2 * CLOCKS_DIFFER_S) * 1000, claims)


def check_body(proof: Proof, body: bytes) -> None:
    """Raise CellUnknown where the body is not the one that was signed."""
    if proof.claims.get("bsh") != hashlib.sha256(body).hexdigest():
        raise CellUnknown(reason="the proof is of another body")
