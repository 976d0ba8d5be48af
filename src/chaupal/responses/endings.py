"""What becomes of an action's answers when it takes no more, for the slice of actions."""

from __future__ import annotations

from chaupal.responses.anonymity_queries import delete_answer_keys
from chaupal.responses.queries import (
    delete_erasure,
    delete_some_responses,
    erase_sums,
    insert_erasure,
    select_erasure,
)
from chaupal.store.transaction import Transaction

ERASED_AT_ONCE = 1_000
"""Answers that are erased in the call that retracts their action; more are left to the sweep, so that nobody waits."""


def end_answers(tx: Transaction, action_id: str) -> None:
    """An action was closed: from now on nobody can find out who has answered anonymously. Inside tx; idempotent."""
    delete_answer_keys(tx, [action_id])


def erase_answers(tx: Transaction, action_id: str) -> None:
    """An action was retracted: its answers are erased; how many there were stays. Inside tx, once for an action.

    Nobody is shown an answer to a retracted action, so it does no harm that the sweep erases the last of many later.
    """
    end_answers(tx, action_id)
    erase_sums(tx, action_id)
    if delete_some_responses(tx, action_id, row_count=ERASED_AT_ONCE) == ERASED_AT_ONCE:
        insert_erasure(tx, action_id)


def erase_more_answers(tx: Transaction, *, limit: int) -> int:
    """Go on erasing, at most `limit` answers; how many. Inside tx; for the sweep."""
    erased = 0
    while erased < limit and (action_id := select_erasure(tx)) is not None:
        asked = limit - erased
        found = delete_some_responses(tx, action_id, row_count=asked)
        erased += found
        if found < asked:
            delete_erasure(tx, action_id)
    return erased
