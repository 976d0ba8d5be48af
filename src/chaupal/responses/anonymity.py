"""Anonymous answers: given by somebody who may answer, once, and by nobody in particular. Contract, section 8.

What is kept must not tell who answered what, not even to whoever has a copy of the whole database and knows in which
order people have answered. Against each way of telling:

- by name: an answer holds no responder, connector or group through which it came, no name and no place of the form;
- by id: it is random, and another than the one that the call gives back, which is kept nowhere. So neither the stored
  answers of `Idempotency-Key` nor a client's or proxy's log lead to it;
- by time: it is rounded to the hour;
- by order in the event log: `ActionAnswered` comes at once and names the action alone; the event that names the answer
  comes after its hour is over, with all others of that hour, in the order of their random ids;
- by order in the database's files: a new answer is written together with up to 50 others of its hour, in random order;
- by the sums: those of all options are written at once;
- by who has answered at all: that is a hash with a key of the action's own, which is deleted when the action closes,
  and with the installation's secret key, which is not in the database.

Who answers alone in an hour of a small group is still found by whoever saw them do it: hence results are shown only
from three answers on (`actions.results`), and no event names an answer before.
"""

from __future__ import annotations

import secrets
import uuid

from chaupal.actions.results import ANONYMOUS_FROM
from chaupal.actions.rules import Action
from chaupal.auth.sealing import SecretKey
from chaupal.responses.anonymity_queries import (
    delete_answer_keys,
    insert_answer_key,
    insert_answered,
    mark_told,
    rewrite_responses,
    select_answer_key,
    select_around,
    select_has_answered,
)
from chaupal.responses.queries import ResponseRow, select_over, select_untold
from chaupal.responses.telling import maker_of
from chaupal.store.transaction import Transaction

HOUR_US = 3_600_000_000
MIXED_WITH = 50
"""So many others are written with each anonymous answer, if there are as many: a millisecond's work."""

_random = secrets.SystemRandom()


def random_id() -> str:
    """An id that tells no time."""
    return str(uuid.uuid4())


def hour_of(now_ms: int) -> int:
    """The beginning of the hour, in microseconds since 1970."""
    now_us = now_ms * 1000
    return now_us - now_us % HOUR_US


def note_answered(tx: Transaction, action: Action, user_id: str, secret_key: SecretKey) -> bool:
    """Note that someone has answered; whether they had not before. Inside tx, for an action that is open."""
    hash_key = select_answer_key(tx, action.action_id)
    if hash_key is None:
        hash_key = secrets.token_bytes(32)
        insert_answer_key(tx, action.action_id, hash_key)
    hashed = secret_key.hash("answered", f"{hash_key.hex()}:{user_id}").hex()
    if select_has_answered(tx, action.action_id, hashed):
        return False
    insert_answered(tx, action.action_id, hashed)
    return True


def write_among_others(tx: Transaction, response: ResponseRow) -> None:
    """Write an anonymous answer so that neither its place in the file nor the transaction that wrote it tells which of
    its hour it is. Inside tx.

    It stands anywhere among those that are written with it: if it always stood first, that would tell it again.
    """
    before, after = select_around(tx, response, row_count=MIXED_WITH)
    if len(before) + len(after) > MIXED_WITH:
        least, most = max(0, MIXED_WITH - len(after)), min(MIXED_WITH, len(before))
        before_count = _random.randint(least, most)
        before = before[len(before) - before_count :]
        after = after[: MIXED_WITH - before_count]
    others = [*before, *after]
    mixed = [*others, response]
    _random.shuffle(mixed)
    rewrite_responses(tx, response.action_id, others, mixed)


def tell_answers(tx: Transaction, *, limit: int) -> int:
    """Append the events of anonymous answers whose hour is over, at most `limit`; how many. For the sweep."""
    now_us = tx.now_ms * 1000
    untold = select_untold(tx, least=ANONYMOUS_FROM, now_us=now_us, row_count=limit)
    for row in untold:
        make = maker_of(row.action_type)
        event = make(
            row.group_id,
            row.response_id,
            action_id=row.action_id,
            actor_id="",
            via_group_id=row.group_id,
            is_update=False,
        )
        tx.append(event)
    if untold:
        mark_told(tx, [row.response_id for row in untold])
    return len(untold)


def forget_answer_keys(tx: Transaction, *, limit: int) -> int:
    """Delete the keys of actions that are over, at most `limit`; how many. Inside tx; for the sweep.

    Who closes or retracts an action deletes its key at once; this is for those that the clock has closed.
    """
    over = select_over(tx, row_count=limit)
    return delete_answer_keys(tx, over) if over else 0
