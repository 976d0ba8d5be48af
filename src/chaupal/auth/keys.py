"""This installation's signing keys: made at the first start, sealed in the database, loaded at every start."""

from __future__ import annotations

from chaupal.auth.caller import Operator
from chaupal.auth.queries import insert_signing_key, select_signing_keys
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import SigningKey, make_signing_key, private_bytes, public_bytes, read_signing_key
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

_PURPOSE = "signing key"


def ensure_signing_keys(tx: Transaction, _caller: Operator, secret_key: SecretKey) -> list[SigningKey]:
    """The keys in use, oldest first; a first one is made where there is none.

    Raises:
        SealBroken: the secret key is not the one that sealed them.
    """
    stored = select_signing_keys(tx)
    if stored:
        return [read_signing_key(key_id, secret_key.unseal(_PURPOSE, bytes(sealed))) for key_id, sealed in stored]
    key = make_signing_key(new_id())
    assert key.private_key is not None, "a new key has both halves"
    insert_signing_key(
        tx,
        key_id=key.key_id,
        public_key=public_bytes(key.public_key),
        sealed_private_key=secret_key.seal(_PURPOSE, private_bytes(key.private_key)),
    )
    return [key]
