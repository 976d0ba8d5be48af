"""Signing in with an `Idempotency-Key`: a call that is repeated after a lost answer is done once.

These calls have no caller yet, so a key belongs to connector and mobile number. What is stored of them is worth nothing
without the secret key: the answer to a sign-in, which holds a refresh token, is sealed, and number and request, which
holds the PIN, are keyed hashes. Source: contract, section 6.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.idempotency.rules import (
    AnswerPlace,
    KeyUsedOtherwise,
    OnceAnswer,
    drop_answer,
    find_answer,
    store_answer,
)
from chaupal.store.transaction import Transaction
from chaupal.tokens.pins import PinDraft, WrongPin, check_tries, generate_pin, note_wrong_try
from chaupal.tokens.queries import select_grant
from chaupal.tokens.rules import Granted, PinLogin, check_login, login_with_pin

_PURPOSE = "repeated sign-in"


class Repeat(msgspec.Struct, frozen=True):
    """By what a repeated call is known. `request` is all that must be the same."""

    key: str
    connector_id: str
    mobile_number: str
    request: bytes
    secret_key: SecretKey

    @property
    def place(self) -> AnswerPlace:
        """Where its answer is stored."""
        number_hash = self.secret_key.hash(_PURPOSE, self.mobile_number).hex()
        return AnswerPlace(
            scope=f"{self.connector_id}:number:{number_hash}",
            key=self.key,
            request_hash=self.secret_key.hash(_PURPOSE, self.request.decode("latin-1")),
        )


class PinOnce(msgspec.Struct, frozen=True):
    """A PIN to make, unless the call repeats an earlier one."""

    draft: PinDraft
    repeat: Repeat | None
    answer: bytes


def generate_pin_once(tx: Transaction, caller: Operator, once: PinOnce) -> OnceAnswer:
    """Make a PIN; nothing is made, sent or counted where the key was used for the same request.

    Raises:
        TooManyRequests, KeyUsedOtherwise.
    """
    place = once.repeat.place if once.repeat else None
    if place is not None and (stored := find_answer(tx, place)) is not None:
        if not stored.is_same_request:
            raise KeyUsedOtherwise(key=place.key)
        return OnceAnswer(stored.answer, was_stored=True)
    generate_pin(tx, caller, once.draft)
    if place is not None:
        store_answer(tx, place, once.answer)
    return OnceAnswer(once.answer, was_stored=False)


class LoginOnce(msgspec.Struct, frozen=True):
    """A sign-in, unless the call repeats an earlier one. `encode` makes the answer of what was granted."""

    login: PinLogin
    repeat: Repeat | None
    encode: Callable[[Granted], bytes]


class _SignedIn(msgspec.Struct):
    """What is sealed: the answer, and the grant that it must still hold for."""

    grant_id: str
    answer: bytes


def login_with_pin_once(tx: Transaction, caller: Operator, once: LoginOnce) -> OnceAnswer | WrongPin | KeyUsedOtherwise:
    """Sign a person in; the earlier answer again where the key was used for the same request.

    It is repeated for as long as a PIN works, and no longer: it would let in whoever finds an old PIN and guesses the
    key. Guesses at a stored answer count as wrong PINs, so the errors that follow a noted try are returned, not raised,
    to be committed; none is stored.

    Raises:
        Unauthenticated, TooManyRequests.
    """
    if once.repeat is None:
        granted = login_with_pin(tx, caller, once.login)
        return granted if isinstance(granted, WrongPin) else OnceAnswer(once.encode(granted), was_stored=False)
    check_login(tx, once.login)
    check_tries(tx, once.login.attempt, once.login.settings)
    place = once.repeat.place
    stored = find_answer(tx, place)
    if stored is not None and stored.created_at_ms + once.login.settings.pin_life_s * 1000 > tx.now_ms:
        if not stored.is_same_request:
            note_wrong_try(tx, once.login.attempt)
            return KeyUsedOtherwise(key=place.key)
        earlier = msgspec.msgpack.decode(once.repeat.secret_key.unseal(_PURPOSE, stored.answer), type=_SignedIn)
        grant = select_grant(tx, earlier.grant_id)
        if grant is None or grant.revoked_at_ms is not None:
            return WrongPin()
        return OnceAnswer(earlier.answer, was_stored=True)
    granted = login_with_pin(tx, caller, once.login)
    if isinstance(granted, WrongPin):
        return granted
    answer = once.encode(granted)
    drop_answer(tx, place)
    sealed = once.repeat.secret_key.seal(_PURPOSE, msgspec.msgpack.encode(_SignedIn(granted.grant.grant_id, answer)))
    store_answer(tx, place, sealed)
    return OnceAnswer(answer, was_stored=False)
