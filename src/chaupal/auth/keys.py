"""This installation's signing keys: made at the first start, sealed in the database, loaded at every start, and renewed
when the operator says so.

A new key signs only when every process and every other cell has had time to learn it, and the one before is good until
the last token that it has signed is over: nobody is logged out.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.queries import SigningKeyRow, insert_signing_key, retire_signing_keys, select_signing_keys
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import (
    GRACE_S,
    SigningKey,
    make_signing_key,
    private_bytes,
    public_bytes,
    read_signing_key,
)
from chaupal.errors import Conflict
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

LEARNING_MS = 600_000
"""Processes and cells look every ten seconds; one that is started anew, or cut off for a while, has its time too."""

_PURPOSE = "signing key"


class RenewalWaits(Conflict):
    """A key that was made lately does not sign yet. Fields: `wait_s`."""

    template = "The key was renewed a moment ago; the new one signs in {wait_s} s, and can be renewed then."


class Renewal(msgspec.Struct, frozen=True):
    """A new key is wanted; tokens live for so long."""

    secret_key: SecretKey
    token_life_s: int


def ensure_signing_keys(tx: Transaction, _caller: Operator, secret_key: SecretKey) -> list[SigningKey]:
    """The keys whose signatures are good, oldest first; a first one is made where there is none.

    Raises:
        SealBroken: the secret key is not the one that sealed them.
    """
    return read_signing_keys(tx, _caller, secret_key) or [_make_key(tx, secret_key, signs_from_ms=0)]


def read_signing_keys(tx: Transaction, _caller: Operator, secret_key: SecretKey) -> list[SigningKey]:
    """The keys whose signatures are good, oldest first. Raises like `ensure_signing_keys`."""
    return [_open_key(row, secret_key) for row in select_signing_keys(tx)]


def renew_signing_key(tx: Transaction, _caller: Operator, renewal: Renewal) -> SigningKey:
    """A new key, which signs in ten minutes; the ones before end when what they sign until then is over.

    Raises:
        RenewalWaits.
    """
    newest = max((row.signs_from_ms or 0 for row in select_signing_keys(tx)), default=0)
    if newest > tx.now_ms:
        raise RenewalWaits(wait_s=-(-(newest - tx.now_ms) // 1000))
    signs_from_ms = tx.now_ms + LEARNING_MS
    # A process whose clock is behind goes on signing with the old key for a while.
    retire_signing_keys(tx, at_ms=signs_from_ms + (renewal.token_life_s + GRACE_S) * 1000 + LEARNING_MS)
    return _make_key(tx, renewal.secret_key, signs_from_ms=signs_from_ms)


def _make_key(tx: Transaction, secret_key: SecretKey, *, signs_from_ms: int) -> SigningKey:
    key = make_signing_key(new_id(), signs_from_ms=signs_from_ms)
    insert_signing_key(
        tx,
        key_id=key.key_id,
        public_key=public_bytes(key.public_key),
        sealed_private_key=secret_key.seal(_PURPOSE, private_bytes(key.private_key)),
        signs_from_ms=signs_from_ms,
    )
    return key


def _open_key(row: SigningKeyRow, secret_key: SecretKey) -> SigningKey:
    private = secret_key.unseal(_PURPOSE, bytes(row.sealed_private_key))
    return read_signing_key(row.key_id, private, signs_from_ms=row.signs_from_ms or 0, valid_until_ms=row.retired_at_ms)
