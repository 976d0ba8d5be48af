"""Renewing the key that signs access tokens: nobody is signed out, and an old key ends."""

from __future__ import annotations

import asyncio

import pytest

from chaupal.auth.caller import INSTALLATION
from chaupal.auth.keys import (
    CLOCKS_BEHIND_MS,
    PROCESSES_LEARN_MS,
    Renewal,
    RenewalWaits,
    ensure_signing_keys,
    read_signing_keys,
    renew_signing_key,
)
from chaupal.auth.permissions import TokenKind
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import GRACE_S, AccessToken, SigningKey, TokenSigner
from chaupal.errors import InvalidToken
from chaupal.store.store import Store
from tests.api.clocks import FakeClock
from tests.stores import Database, OpenStore

KEY = SecretKey(bytes(32))
LIFE_S = 86_400


def loaded(store: Store) -> list[SigningKey]:
    return asyncio.run(store.read(read_signing_keys, INSTALLATION, KEY))


def renew(store: Store) -> SigningKey:
    return asyncio.run(store.write(renew_signing_key, INSTALLATION, Renewal(KEY, LIFE_S))).result


def signed(signer: TokenSigner, now_s: int) -> str:
    token = AccessToken("tenant", "grant", "user", "connector", TokenKind.USER, "", now_s + LIFE_S)
    return signer.sign(token, issued_at_s=now_s, mobile_number="", application_id="", scope="")


def test_the_new_key_signs_when_all_have_learned_it_and_the_old_one_ends_when_its_last_token_has(
    database: Database, store_on: OpenStore
) -> None:
    clock = FakeClock()
    store = store_on(database, clock=clock)
    [first] = asyncio.run(store.write(ensure_signing_keys, INSTALLATION, KEY)).result
    signer = TokenSigner([first], issuer="https://chat.example.org/")
    second = renew(store)
    signer.learn(loaded(store))
    assert [key.key_id for key in signer.keys] == [first.key_id, second.key_id]
    # What every cell and process is told of at once signs only later.
    assert signer.signing_key(clock.now_ms).key_id == first.key_id
    clock.advance(milliseconds=PROCESSES_LEARN_MS - 1)
    assert signer.signing_key(clock.now_ms).key_id == first.key_id
    last_of_first = signed(signer, clock.now_ms // 1000)
    clock.advance(milliseconds=1)
    assert signer.signing_key(clock.now_ms).key_id == second.key_id
    clock.advance(seconds=LIFE_S + GRACE_S - 2)
    signer.learn(loaded(store))
    assert signer.check(last_of_first, now_s=clock.now_ms // 1000).tenant_id == "tenant"
    clock.advance(milliseconds=CLOCKS_BEHIND_MS + 2_000)
    signer.learn(loaded(store))
    assert [key.key_id for key in signer.keys] == [second.key_id]
    with pytest.raises(InvalidToken) as refused:
        signer.check(last_of_first, now_s=clock.now_ms // 1000)
    assert "not known here" in refused.value.details
    assert signer.check(signed(signer, clock.now_ms // 1000), now_s=clock.now_ms // 1000)


def test_a_key_is_not_renewed_twice_before_it_signs(database: Database, store_on: OpenStore) -> None:
    clock = FakeClock()
    store = store_on(database, clock=clock)
    asyncio.run(store.write(ensure_signing_keys, INSTALLATION, KEY))
    renew(store)
    with pytest.raises(RenewalWaits, match="signs in at most 60 s"):
        renew(store)
    clock.advance(milliseconds=PROCESSES_LEARN_MS)
    renew(store)
    assert len(loaded(store)) == 3
