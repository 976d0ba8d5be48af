"""The statements on authorizations and their codes."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, insert, select, update

from chaupal.oauth.tables import authorization_codes, authorizations
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction


class AuthorizationRow(NamedTuple):
    """A person who has proved their number; `answer` is "" until they have said whether the connector may."""

    authorization_id: str
    connector_id: str
    user_id: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    created_at_ms: int
    expires_at_ms: int
    answer: str
    answered_at_ms: int | None


class CodeRow(NamedTuple):
    """A code, used or not; `grant_id` is "" where it gave nothing."""

    code_hash: str
    authorization_id: str
    grant_id: str
    created_at_ms: int
    expires_at_ms: int
    used_at_ms: int | None


_AUTHORIZATIONS_HERE = authorizations.c.tenant_id == bindparam("tenant_id")
_CODES_HERE = authorization_codes.c.tenant_id == bindparam("tenant_id")

_SELECT_AUTHORIZATION = statement(
    select(*(authorizations.c[name] for name in AuthorizationRow._fields)).where(
        _AUTHORIZATIONS_HERE, authorizations.c.authorization_id == bindparam("authorization_id")
    )
)
_INSERT_AUTHORIZATION = statement(insert(authorizations))
_ANSWER_AUTHORIZATION = statement(
    update(authorizations)
    .where(_AUTHORIZATIONS_HERE, authorizations.c.authorization_id == bindparam("which_id"))
    .values(answer=bindparam("new_answer"), answered_at_ms=bindparam("at_ms"))
)
_SELECT_CODE = statement(
    select(*(authorization_codes.c[name] for name in CodeRow._fields)).where(
        _CODES_HERE, authorization_codes.c.code_hash == bindparam("code_hash")
    )
)
_INSERT_CODE = statement(insert(authorization_codes))
_USE_CODE = statement(
    update(authorization_codes)
    .where(_CODES_HERE, authorization_codes.c.code_hash == bindparam("which_hash"))
    .values(used_at_ms=bindparam("at_ms"), grant_id=bindparam("new_grant_id"))
)
_DELETE_OLD_AUTHORIZATIONS = statement(
    delete(authorizations).where(
        _AUTHORIZATIONS_HERE,
        authorizations.c.authorization_id.in_(
            select(authorizations.c.authorization_id)
            .where(_AUTHORIZATIONS_HERE, authorizations.c.created_at_ms < bindparam("before_ms"))
            .limit(bindparam("row_limit", type_=Integer()))
        ),
    )
)
_DELETE_OLD_CODES = statement(
    delete(authorization_codes).where(
        _CODES_HERE,
        authorization_codes.c.code_hash.in_(
            select(authorization_codes.c.code_hash)
            .where(_CODES_HERE, authorization_codes.c.created_at_ms < bindparam("before_ms"))
            .limit(bindparam("row_limit", type_=Integer()))
        ),
    )
)


def select_authorization(tx: Transaction, authorization_id: str) -> AuthorizationRow | None:
    """By id, answered or not."""
    row = tx.one_or_none(_SELECT_AUTHORIZATION, authorization_id=authorization_id)
    return AuthorizationRow(*row) if row else None


def insert_authorization(tx: Transaction, authorization: AuthorizationRow) -> None:
    """Inside tx."""
    tx.run(_INSERT_AUTHORIZATION, **authorization._asdict())


def write_answer(tx: Transaction, authorization_id: str, answer: str) -> None:
    """Inside tx."""
    tx.run(_ANSWER_AUTHORIZATION, which_id=authorization_id, new_answer=answer, at_ms=tx.now_ms)


def select_code(tx: Transaction, code_hash: str) -> CodeRow | None:
    """A code, used or not."""
    row = tx.one_or_none(_SELECT_CODE, code_hash=code_hash)
    return CodeRow(*row) if row else None


def insert_code(tx: Transaction, code: CodeRow) -> None:
    """Inside tx."""
    tx.run(_INSERT_CODE, **code._asdict())


def use_code(tx: Transaction, code_hash: str, *, grant_id: str) -> None:
    """The code gives nothing more; `grant_id` is what it gave, or "". Inside tx."""
    tx.run(_USE_CODE, which_hash=code_hash, new_grant_id=grant_id, at_ms=tx.now_ms)


def delete_old_authorizations(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Inside tx; the number deleted, at most `limit`."""
    return tx.run(_DELETE_OLD_AUTHORIZATIONS, before_ms=before_ms, row_limit=limit)


def delete_old_codes(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Inside tx; the number deleted, at most `limit`."""
    return tx.run(_DELETE_OLD_CODES, before_ms=before_ms, row_limit=limit)
