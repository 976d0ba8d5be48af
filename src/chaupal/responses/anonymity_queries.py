"""The statements that keep anonymous answers so, but for those that look at their actions: they are in `queries`."""

from __future__ import annotations

from sqlalchemy import BindParameter, Integer, bindparam, delete, insert, select, update

from chaupal.responses.queries import COLUMNS, DELETE_RESPONSES, ResponseRow, insert_responses
from chaupal.responses.tables import answer_keys, answered, responses
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction

_LIMIT: BindParameter[int] = bindparam("row_count", type_=Integer())

_SELECT_KEY = statement(
    select(answer_keys.c.hash_key).where(
        answer_keys.c.tenant_id == bindparam("tenant_id"), answer_keys.c.action_id == bindparam("which_action")
    )
)
_INSERT_KEY = statement(insert(answer_keys))
_DELETE_KEYS = statement(
    delete(answer_keys).where(
        answer_keys.c.tenant_id == bindparam("tenant_id"), in_list(answer_keys.c.action_id, "action_ids")
    )
)
_SELECT_ANSWERED = statement(
    select(answered.c.responder_hash).where(
        answered.c.tenant_id == bindparam("tenant_id"),
        answered.c.action_id == bindparam("which_action"),
        answered.c.responder_hash == bindparam("responder_hash"),
    )
)
_INSERT_ANSWERED = statement(insert(answered))

_OF_HOUR = (
    responses.c.tenant_id == bindparam("tenant_id"),
    responses.c.action_id == bindparam("which_action"),
    responses.c.responded_at_us == bindparam("hour_us"),
)
_SELECT_BEFORE = statement(
    select(*COLUMNS)
    .where(*_OF_HOUR, responses.c.response_id < bindparam("around_id"))
    .order_by(responses.c.response_id.desc())
    .limit(_LIMIT)
)
_SELECT_AFTER = statement(
    select(*COLUMNS)
    .where(*_OF_HOUR, responses.c.response_id > bindparam("around_id"))
    .order_by(responses.c.response_id)
    .limit(_LIMIT)
)

_MARK_TOLD = statement(
    update(responses)
    .where(responses.c.tenant_id == bindparam("tenant_id"), in_list(responses.c.response_id, "response_ids"))
    .values(tell_after_us=None)
)


def select_answer_key(tx: Transaction, action_id: str) -> bytes | None:
    """The key of an action's hashes; None before the first answer and after the close."""
    row = tx.one_or_none(_SELECT_KEY, which_action=action_id)
    return bytes(row[0]) if row else None


def insert_answer_key(tx: Transaction, action_id: str, hash_key: bytes) -> None:
    """Inside tx."""
    tx.run(_INSERT_KEY, action_id=action_id, hash_key=hash_key)


def delete_answer_keys(tx: Transaction, action_ids: list[str]) -> int:
    """Inside tx; how many."""
    return tx.run(_DELETE_KEYS, action_ids=action_ids)


def select_has_answered(tx: Transaction, action_id: str, responder_hash: str) -> bool:
    """Whether this hash has answered."""
    return tx.one_or_none(_SELECT_ANSWERED, which_action=action_id, responder_hash=responder_hash) is not None


def insert_answered(tx: Transaction, action_id: str, responder_hash: str) -> None:
    """Inside tx; at once, because a second answer may stand in the same batch."""
    tx.run(_INSERT_ANSWERED, action_id=action_id, responder_hash=responder_hash)


def select_around(
    tx: Transaction, response: ResponseRow, *, row_count: int
) -> tuple[list[ResponseRow], list[ResponseRow]]:
    """The answers of the same hour whose ids stand before and after this one's, at most `row_count` on either side.

    The order has no end: the first follows the last. No answer stands on both sides.
    """
    bound = {"which_action": response.action_id, "hour_us": response.responded_at_us, "row_count": row_count}
    before = _rows(tx.all(_SELECT_BEFORE, **bound, around_id=response.response_id))[::-1]
    after = _rows(tx.all(_SELECT_AFTER, **bound, around_id=response.response_id))
    if len(before) < row_count and len(after) == row_count:
        last = _rows(tx.all(_SELECT_BEFORE, **bound, around_id=_BEYOND_ALL))[::-1]
        before = [row for row in last[len(before) :] if row not in after] + before
    elif len(after) < row_count and len(before) == row_count:
        first = _rows(tx.all(_SELECT_AFTER, **bound, around_id=""))
        after += [row for row in first[: row_count - len(after)] if row not in before]
    return before, after


_BEYOND_ALL = "g"
"""Greater than any id: they are hexadecimal."""


def _rows(rows: list[tuple[object, ...]]) -> list[ResponseRow]:
    return [ResponseRow(*row) for row in rows]  # type: ignore[arg-type]


def rewrite_responses(tx: Transaction, action_id: str, old: list[ResponseRow], new: list[ResponseRow]) -> None:
    """Delete answers and write them again in the order of `new`. Inside tx."""
    if old:
        tx.run(DELETE_RESPONSES, which_action=action_id, response_ids=[row.response_id for row in old])
    insert_responses(tx, new)


def mark_told(tx: Transaction, response_ids: list[str]) -> None:
    """Inside tx."""
    tx.run(_MARK_TOLD, response_ids=response_ids)
