"""The statements on grants, PINs and the tries that limit them."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, insert, select, tuple_, update

from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction
from chaupal.tokens.tables import grants, pin_tries, pins


class GrantRow(NamedTuple):
    """A grant: the right behind a refresh token."""

    grant_id: str
    connector_id: str
    kind: str
    user_id: str
    group_id: str
    origin: str
    created_at_ms: int
    expires_at_ms: int
    renewed_at_ms: int | None
    revoked_at_ms: int | None
    maker_id: str = ""


_GRANT_COLUMNS = (
    grants.c.grant_id,
    grants.c.connector_id,
    grants.c.kind,
    grants.c.user_id,
    grants.c.group_id,
    grants.c.origin,
    grants.c.created_at_ms,
    grants.c.expires_at_ms,
    grants.c.renewed_at_ms,
    grants.c.revoked_at_ms,
    grants.c.maker_id,
)
_GRANTS_HERE = grants.c.tenant_id == bindparam("tenant_id")

_SELECT_GRANT_BY_HASH = statement(
    select(*_GRANT_COLUMNS)
    .where(
        _GRANTS_HERE,
        grants.c.refresh_hash == bindparam("refresh_hash"),
        grants.c.connector_id == bindparam("connector_id"),
    )
    # A token that the operator gave may have been given, and revoked, before: the grant that holds is meant.
    .order_by(grants.c.revoked_at_ms.is_not(None), grants.c.created_at_ms.desc(), grants.c.grant_id.desc())
    .limit(1)
)
_SELECT_GRANT = statement(select(*_GRANT_COLUMNS).where(_GRANTS_HERE, grants.c.grant_id == bindparam("grant_id")))
_SELECT_GRANTS = statement(
    select(*_GRANT_COLUMNS)
    .where(_GRANTS_HERE, grants.c.connector_id == bindparam("connector_id"), grants.c.revoked_at_ms.is_(None))
    .order_by(grants.c.created_at_ms, grants.c.grant_id)
)
_SELECT_GRANTS_OF_PERSON = statement(
    select(*_GRANT_COLUMNS)
    .where(_GRANTS_HERE, grants.c.user_id == bindparam("user_id"), grants.c.revoked_at_ms.is_(None))
    .order_by(grants.c.created_at_ms, grants.c.grant_id)
)
_INSERT_GRANT = statement(insert(grants))
_MARK_RENEWED = statement(
    update(grants)
    .where(_GRANTS_HERE, grants.c.grant_id == bindparam("which_id"))
    .values(renewed_at_ms=bindparam("at_ms"))
)
_REVOKE_GRANT = statement(
    update(grants)
    .where(_GRANTS_HERE, grants.c.grant_id == bindparam("which_id"), grants.c.revoked_at_ms.is_(None))
    .values(revoked_at_ms=bindparam("at_ms"))
)


def select_grant_by_hash(tx: Transaction, refresh_hash: bytes, *, connector_id: str) -> GrantRow | None:
    """A connector's grant of a refresh token; a revoked one where none holds."""
    row = tx.one_or_none(_SELECT_GRANT_BY_HASH, refresh_hash=refresh_hash, connector_id=connector_id)
    return GrantRow(*row) if row else None


def select_grant(tx: Transaction, grant_id: str) -> GrantRow | None:
    """By id, revoked or not."""
    row = tx.one_or_none(_SELECT_GRANT, grant_id=grant_id)
    return GrantRow(*row) if row else None


def select_grants(tx: Transaction, connector_id: str) -> list[GrantRow]:
    """A connector's grants that were not revoked, oldest first."""
    return [GrantRow(*row) for row in tx.all(_SELECT_GRANTS, connector_id=connector_id)]


def select_grants_of_person(tx: Transaction, user_id: str) -> list[GrantRow]:
    """The grants that act as a person or bot and were not revoked, oldest first."""
    return [GrantRow(*row) for row in tx.all(_SELECT_GRANTS_OF_PERSON, user_id=user_id)]


def insert_grant(tx: Transaction, grant: GrantRow, *, refresh_hash: bytes) -> None:
    """Inside tx."""
    tx.run(_INSERT_GRANT, **grant._asdict(), refresh_hash=refresh_hash)


def mark_grant_renewed(tx: Transaction, grant_id: str) -> None:
    """Inside tx."""
    tx.run(_MARK_RENEWED, which_id=grant_id, at_ms=tx.now_ms)


def revoke_grant_row(tx: Transaction, grant_id: str) -> int:
    """0 where it was revoked already. Inside tx."""
    return tx.run(_REVOKE_GRANT, which_id=grant_id, at_ms=tx.now_ms)


class PinRow(NamedTuple):
    """A PIN that waits to be used."""

    pin_id: str
    connector_id: str
    pin_hash: bytes
    sealed_pin: bytes
    created_at_ms: int
    expires_at_ms: int


_PINS_HERE = pins.c.tenant_id == bindparam("tenant_id")
_SELECT_LIVE_PINS = statement(
    select(
        pins.c.pin_id,
        pins.c.connector_id,
        pins.c.pin_hash,
        pins.c.sealed_pin,
        pins.c.created_at_ms,
        pins.c.expires_at_ms,
    )
    .where(
        _PINS_HERE,
        pins.c.mobile_number == bindparam("mobile_number"),
        pins.c.used_at_ms.is_(None),
        pins.c.expires_at_ms > bindparam("now_ms"),
    )
    .order_by(pins.c.created_at_ms.desc(), pins.c.pin_id.desc())
)
_INSERT_PIN = statement(insert(pins))
_USE_PINS = statement(
    update(pins)
    .where(_PINS_HERE, pins.c.mobile_number == bindparam("which_number"), pins.c.used_at_ms.is_(None))
    .values(used_at_ms=bindparam("at_ms"))
)
_SELECT_PIN_OF_NUMBER = statement(
    select(pins.c.created_at_ms)
    .where(_PINS_HERE, pins.c.mobile_number == bindparam("mobile_number"), pins.c.created_at_ms > bindparam("since_ms"))
    .order_by(pins.c.created_at_ms.desc())
    .limit(1)
    .offset(bindparam("skipped", type_=Integer()))
)
_SELECT_PIN_OF_CONNECTOR = statement(
    select(pins.c.created_at_ms)
    .where(_PINS_HERE, pins.c.connector_id == bindparam("connector_id"), pins.c.created_at_ms > bindparam("since_ms"))
    .order_by(pins.c.created_at_ms.desc())
    .limit(1)
    .offset(bindparam("skipped", type_=Integer()))
)
_DELETE_OLD_PINS = statement(
    delete(pins).where(
        _PINS_HERE,
        pins.c.pin_id.in_(
            select(pins.c.pin_id)
            .where(_PINS_HERE, pins.c.created_at_ms < bindparam("before_ms"))
            .limit(bindparam("row_limit", type_=Integer()))
        ),
    )
)


def select_live_pins(tx: Transaction, mobile_number: str) -> list[PinRow]:
    """The PINs that a number may still use, newest first."""
    return [PinRow(*row) for row in tx.all(_SELECT_LIVE_PINS, mobile_number=mobile_number, now_ms=tx.now_ms)]


def insert_pin(tx: Transaction, pin: PinRow, *, mobile_number: str) -> None:
    """Inside tx."""
    tx.run(_INSERT_PIN, **pin._asdict(), mobile_number=mobile_number, used_at_ms=None)


def use_pins(tx: Transaction, mobile_number: str) -> None:
    """No waiting PIN of the number may be used again. Inside tx."""
    tx.run(_USE_PINS, which_number=mobile_number, at_ms=tx.now_ms)


def select_pin_of_number(tx: Transaction, mobile_number: str, *, since_ms: int, skipped: int) -> int | None:
    """When the newest but `skipped` of the number's PINs was made, if that was since then."""
    row = tx.one_or_none(_SELECT_PIN_OF_NUMBER, mobile_number=mobile_number, since_ms=since_ms, skipped=skipped)
    return row[0] if row else None


def select_pin_of_connector(tx: Transaction, connector_id: str, *, since_ms: int, skipped: int) -> int | None:
    """When the newest but `skipped` of the PINs that the connector has made was, if that was since then."""
    row = tx.one_or_none(_SELECT_PIN_OF_CONNECTOR, connector_id=connector_id, since_ms=since_ms, skipped=skipped)
    return row[0] if row else None


def delete_old_pins(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Inside tx; the number deleted, at most `limit`."""
    return tx.run(_DELETE_OLD_PINS, before_ms=before_ms, row_limit=limit)


class TriesRow(NamedTuple):
    """The wrong PINs of one number, or from one address, in the running day."""

    window_start_ms: int
    wrong_count: int
    next_try_at_ms: int


_THIS_TRY = (
    pin_tries.c.tenant_id == bindparam("tenant_id"),
    pin_tries.c.number_or_address == bindparam("which_one"),
    pin_tries.c.kind == bindparam("which_kind"),
)
_SELECT_TRIES = statement(
    select(pin_tries.c.window_start_ms, pin_tries.c.wrong_count, pin_tries.c.next_try_at_ms).where(*_THIS_TRY)
)
_INSERT_TRIES = statement(insert(pin_tries))
_UPDATE_TRIES = statement(
    update(pin_tries)
    .where(*_THIS_TRY)
    .values(
        window_start_ms=bindparam("new_start_ms"),
        wrong_count=bindparam("new_count"),
        next_try_at_ms=bindparam("new_next_ms"),
    )
)
_DELETE_OLD_TRIES = statement(
    delete(pin_tries).where(
        pin_tries.c.tenant_id == bindparam("tenant_id"),
        tuple_(pin_tries.c.number_or_address, pin_tries.c.kind).in_(
            select(pin_tries.c.number_or_address, pin_tries.c.kind)
            .where(
                pin_tries.c.tenant_id == bindparam("tenant_id"),
                pin_tries.c.window_start_ms < bindparam("before_ms"),
            )
            .limit(bindparam("row_limit", type_=Integer()))
        ),
    )
)


def select_tries(tx: Transaction, *, kind: str, who: str) -> TriesRow | None:
    """The wrong tries noted for a number, an address, or a pair of both."""
    row = tx.one_or_none(_SELECT_TRIES, which_one=who, which_kind=kind)
    return TriesRow(*row) if row else None


def write_tries(tx: Transaction, *, kind: str, who: str, tries: TriesRow) -> None:
    """Insert or update. Inside tx."""
    changed = tx.run(
        _UPDATE_TRIES,
        which_one=who,
        which_kind=kind,
        new_start_ms=tries.window_start_ms,
        new_count=tries.wrong_count,
        new_next_ms=tries.next_try_at_ms,
    )
    if not changed:
        tx.run(_INSERT_TRIES, number_or_address=who, kind=kind, **tries._asdict())


def delete_old_tries(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Inside tx; the number deleted, at most `limit`."""
    return tx.run(_DELETE_OLD_TRIES, before_ms=before_ms, row_limit=limit)
