"""This installation's signing keys: made at the first start, sealed in the database, loaded at every start, and renewed
when the operator says so.

A new key signs only when everyone who has to check it knows it, and the one before is good until the last token that it
has signed is over: nobody is logged out. How a cell hears that others know its key is in `cells.renewing`.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.queries import (
    SigningKeyRow,
    insert_signing_key,
    retire_signing_keys,
    select_past_signing_keys,
    select_signing_keys,
    update_signing_key,
)
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

PROCESSES_LEARN_MS = 60_000
"""The processes of an installation look every ten seconds, and their clocks may be apart."""

CLOCKS_BEHIND_MS = 600_000
"""A process whose clock is behind goes on signing with the old key for a while."""

_PURPOSE = "signing key"


class RenewalWaits(Conflict):
    """A key that was made lately does not sign yet. Fields: `wait_s`."""

    template = "The key was renewed lately; the new one signs in at most {wait_s} s, and can be renewed then."


class Renewal(msgspec.Struct, frozen=True):
    """A new key is wanted, which signs after `waits_ms` unless it is hastened; tokens live for so long."""

    secret_key: SecretKey
    token_life_s: int
    waits_ms: int = PROCESSES_LEARN_MS


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
    """A new key, which signs later; the ones before end when what they sign until then is over.

    Raises:
        RenewalWaits.
    """
    newest = max((row.signs_from_ms or 0 for row in select_signing_keys(tx)), default=0)
    if newest > tx.now_ms:
        raise RenewalWaits(wait_s=-(-(newest - tx.now_ms) // 1000))
    signs_from_ms = tx.now_ms + renewal.waits_ms
    retire_signing_keys(tx, at_ms=signs_from_ms + (renewal.token_life_s + GRACE_S) * 1000 + CLOCKS_BEHIND_MS)
    return _make_key(tx, renewal.secret_key, signs_from_ms=signs_from_ms)


def hasten_signing_key(tx: Transaction, _caller: Operator, key_id: str) -> bool:
    """Whether the key, which everyone else knows now, signs earlier than it would have: as soon as this installation's
    processes have all learned it. The key before ends earlier by as much. Idempotent; of any key but the newest, or one
    that signs about now, nothing changes.
    """
    *before, newest = select_signing_keys(tx)
    gain_ms = (newest.signs_from_ms or 0) - (tx.now_ms + PROCESSES_LEARN_MS)
    if newest.key_id != key_id or gain_ms <= 0:
        return False
    _move(tx, newest, gain_ms=gain_ms)
    if before:
        _move(tx, before[-1], gain_ms=gain_ms)
    return True


def _move(tx: Transaction, key: SigningKeyRow, *, gain_ms: int) -> None:
    signs_from_ms, retired_at_ms = key.signs_from_ms or 0, key.retired_at_ms
    if retired_at_ms is None:
        signs_from_ms -= gain_ms
    else:
        retired_at_ms -= gain_ms
    update_signing_key(tx, key.key_id, signs_from_ms=signs_from_ms, retired_at_ms=retired_at_ms)


def read_past_keys(tx: Transaction, _caller: Operator, secret_key: SecretKey) -> list[SigningKey]:
    """All keys but the newest, those that are over as well, newest first; at most ten. Raises like
    `ensure_signing_keys`."""
    return [_open_key(row, secret_key) for row in select_past_signing_keys(tx)]


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
