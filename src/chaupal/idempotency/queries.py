"""The statements on stored answers."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, delete, insert, select, tuple_

from chaupal.idempotency.tables import stored_answers
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction

_SELECT_ANSWER = statement(
    select(stored_answers.c.request_hash, stored_answers.c.answer, stored_answers.c.created_at_ms).where(
        stored_answers.c.tenant_id == bindparam("tenant_id"),
        stored_answers.c.scope == bindparam("scope"),
        stored_answers.c.idempotency_key == bindparam("idempotency_key"),
    )
)

_INSERT_ANSWER = statement(insert(stored_answers))

_DELETE_ANSWER = statement(
    delete(stored_answers).where(
        stored_answers.c.tenant_id == bindparam("tenant_id"),
        stored_answers.c.scope == bindparam("which_scope"),
        stored_answers.c.idempotency_key == bindparam("which_key"),
    )
)

_DELETE_OLD_ANSWERS = statement(
    delete(stored_answers).where(
        stored_answers.c.tenant_id == bindparam("tenant_id"),
        tuple_(stored_answers.c.scope, stored_answers.c.idempotency_key).in_(
            select(stored_answers.c.scope, stored_answers.c.idempotency_key)
            .where(
                stored_answers.c.tenant_id == bindparam("tenant_id"),
                stored_answers.c.created_at_ms < bindparam("before_ms"),
            )
            .limit(bindparam("row_limit", type_=Integer()))
        ),
    )
)


def select_answer(tx: Transaction, *, scope: str, key: str) -> tuple[bytes, bytes, int] | None:
    """(request hash, answer, when) of a key, or None."""
    row = tx.one_or_none(_SELECT_ANSWER, scope=scope, idempotency_key=key)
    return (bytes(row[0]), bytes(row[1]), row[2]) if row else None


def insert_answer(tx: Transaction, *, scope: str, key: str, request_hash: bytes, answer: bytes) -> None:
    """Inside tx; at once, because a second call with the same key may stand in the same batch."""
    tx.run(
        _INSERT_ANSWER,
        scope=scope,
        idempotency_key=key,
        request_hash=request_hash,
        answer=answer,
        created_at_ms=tx.now_ms,
    )


def delete_answer(tx: Transaction, *, scope: str, key: str) -> None:
    """Inside tx."""
    tx.run(_DELETE_ANSWER, which_scope=scope, which_key=key)


def delete_old_answers(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Inside tx; the number deleted, at most `limit`."""
    return tx.run(_DELETE_OLD_ANSWERS, before_ms=before_ms, row_limit=limit)
