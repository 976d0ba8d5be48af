"""One call, one change: the answer to an `Idempotency-Key` is stored in the transaction of the change it answers.

Scope: tenant, connector and caller; for the calls that sign someone in, the mobile number instead of the caller
(`tokens.repeats`). Kept 7 days by default; only answers of success are stored, so a call that failed may be tried again
with the same key. Source: contract, section 6.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

import msgspec

from chaupal.auth.access import access_caller
from chaupal.auth.caller import Caller
from chaupal.errors import Conflict
from chaupal.idempotency.queries import delete_answer, delete_old_answers, insert_answer, select_answer
from chaupal.store.transaction import Transaction


class KeyUsedOtherwise(Conflict):
    """The key has been used for another request. Fields: `key`."""

    template = "The Idempotency-Key '{key}' was used with another request."


class OnceCall(msgspec.Struct, frozen=True):
    """A call with its key. `run` runs the rule and encodes its answer; it is not run where an answer is stored."""

    key: str
    request_hash: bytes
    run: Callable[[Transaction], bytes]


class OnceAnswer(msgspec.Struct, frozen=True):
    """The answer's JSON, and whether it is an earlier call's."""

    body: bytes
    was_stored: bool


def answer_once(tx: Transaction, caller: Caller, call: OnceCall) -> OnceAnswer:
    """The stored answer of the key, else the answer of running the call now.

    Raises:
        KeyUsedOtherwise: the key belongs to another request.
        InvalidToken: the grant was revoked meanwhile; a stored answer is given to nobody who may not call any more.
    """
    found = find_once(tx, caller, OnceKey(call.key, call.request_hash))
    if found is not None:
        return found
    answer = call.run(tx)
    store_answer(tx, AnswerPlace(scope_of(caller), call.key, call.request_hash), answer)
    return OnceAnswer(answer, was_stored=False)


class OnceKey(msgspec.Struct, frozen=True):
    """A key, and the request that it came with."""

    key: str
    request_hash: bytes


def find_once(tx: Transaction, caller: Caller, wanted: OnceKey) -> OnceAnswer | None:
    """The stored answer of the key, or None. Reads only.

    Raises:
        KeyUsedOtherwise, InvalidToken: as `answer_once`.
    """
    access_caller(tx, caller)
    stored = find_answer(tx, AnswerPlace(scope_of(caller), wanted.key, wanted.request_hash))
    if stored is None:
        return None
    if not stored.is_same_request:
        raise KeyUsedOtherwise(key=wanted.key)
    return OnceAnswer(stored.answer, was_stored=True)


def scope_of(caller: Caller) -> str:
    """Within which a key means one call: the connector and whoever calls."""
    token = caller.token
    return f"{token.connector_id}:{token.kind.value}:{token.user_id}:{token.group_id}"


class AnswerPlace(msgspec.Struct, frozen=True):
    """Where the answer to a request with a key is stored."""

    scope: str
    key: str
    request_hash: bytes


class StoredAnswer(msgspec.Struct, frozen=True):
    """What is stored there; of another request where `is_same_request` is false."""

    answer: bytes
    is_same_request: bool
    created_at_ms: int


def find_answer(tx: Transaction, place: AnswerPlace) -> StoredAnswer | None:
    """What is stored, or None."""
    stored = select_answer(tx, scope=place.scope, key=place.key)
    if stored is None:
        return None
    request_hash, answer, created_at_ms = stored
    return StoredAnswer(answer, hmac.compare_digest(request_hash, place.request_hash), created_at_ms)


def store_answer(tx: Transaction, place: AnswerPlace, answer: bytes) -> None:
    """Store the answer of a success, where none is stored. Inside tx."""
    insert_answer(tx, scope=place.scope, key=place.key, request_hash=place.request_hash, answer=answer)


def drop_answer(tx: Transaction, place: AnswerPlace) -> None:
    """Forget what is stored. Inside tx; harmless where nothing is."""
    delete_answer(tx, scope=place.scope, key=place.key)


def forget_old_answers(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Delete what is older, at most `limit` answers; how many. Inside tx; for the sweep."""
    return delete_old_answers(tx, before_ms=before_ms, limit=limit)
