"""The rules of PINs: making one, and proving a number by it, within limits that survive a restart.

Limits (contract, section 12): 5 PINs an hour for a number and 100 for a connector; 10 wrong tries a day for a number
and 30 from an address, with growing waits for a number from one address. Unknown numbers count like known ones.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.connectors.rules import Connector
from chaupal.errors import NotFound, TooManyRequests, Unauthenticated
from chaupal.jobs.rules import NewJob, queue_job
from chaupal.people.rules import find_person_by_number
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.tokens.queries import (
    PinRow,
    TriesRow,
    delete_old_pins,
    delete_old_tries,
    insert_pin,
    select_live_pins,
    select_pin_of_connector,
    select_pin_of_number,
    select_tries,
    use_pins,
    write_tries,
)

PIN_DIGITS = 6
SMS_JOB = "sms"
_PURPOSE = "pin"
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_FIRST_WAITS_MS = (0, 0, 2_000, 5_000, 15_000, 60_000, 300_000)
"""How long a number waits, from one address, after its 1st, 2nd, ... wrong PIN; then the last."""


class WrongPin(Unauthenticated):
    """The PIN is wrong, used, expired, or was never made: one answer for all."""

    template = "The PIN is wrong or has expired."


class PinDraft(msgspec.Struct, frozen=True):
    """A PIN to make."""

    mobile_number: str
    connector: Connector
    settings: Settings
    secret_key: SecretKey


def generate_pin(tx: Transaction, _caller: Operator, draft: PinDraft) -> None:
    """Make a PIN and queue its SMS; nothing of it is sent where the number is nobody's.

    The same rows are written for unknown numbers, so that neither the answer nor the limits tell who belongs here.

    Raises:
        TooManyRequests.
    """
    _check_made(tx, draft)
    pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
    row = PinRow(
        pin_id=new_id(),
        connector_id=draft.connector.connector_id,
        pin_hash=draft.secret_key.hash(_PURPOSE, pin),
        sealed_pin=draft.secret_key.seal(_PURPOSE, pin.encode()),
        created_at_ms=tx.now_ms,
        expires_at_ms=tx.now_ms + draft.settings.pin_life_s * 1000,
    )
    insert_pin(tx, row, mobile_number=draft.mobile_number)
    if find_person_by_number(tx, draft.mobile_number) is not None:
        text = f"{pin} is your Chaupal PIN for {draft.connector.name}. Do not tell it to anyone."
        queue_job(
            tx,
            NewJob(
                kind=SMS_JOB,
                payload={"number": draft.mobile_number, "text": text},
                expires_at_ms=row.expires_at_ms,
            ),
            draft.secret_key,
        )


def _check_made(tx: Transaction, draft: PinDraft) -> None:
    """Raise TooManyRequests where one more PIN would be too many; its wait is over when another may be made."""
    settings, since_ms = draft.settings, tx.now_ms - _HOUR_MS
    refusals: list[_Refusal] = []
    if limit := settings.pins_per_hour_number:
        made_at_ms = select_pin_of_number(tx, draft.mobile_number, since_ms=since_ms, skipped=limit - 1)
        if made_at_ms is not None:
            refusals.append(_Refusal(made_at_ms - since_ms, f"PINs for this number: at most {limit} an hour."))
    if limit := settings.pins_per_hour_connector:
        connector_id = draft.connector.connector_id
        made_at_ms = select_pin_of_connector(tx, connector_id, since_ms=since_ms, skipped=limit - 1)
        if made_at_ms is not None:
            refusals.append(_Refusal(made_at_ms - since_ms, f"PINs made by this connector: at most {limit} an hour."))
    _refuse(refusals)


class _Refusal(NamedTuple):
    """A limit that is reached, and for how long."""

    wait_ms: int
    limit: str


def _refuse(refusals: list[_Refusal]) -> None:
    """Raise the one that holds longest, so that whoever waits as long is not refused by another."""
    if refusals:
        longest = max(refusals)
        raise TooManyRequests(limit=longest.limit, retry_after_s=-(-longest.wait_ms // 1000))


class PinTry(msgspec.Struct, frozen=True):
    """A PIN to be proved."""

    mobile_number: str
    pin: str
    connector_id: str
    address: str
    """What counts as one client's."""


def try_pin(tx: Transaction, attempt: PinTry, settings: Settings, secret_key: SecretKey) -> WrongPin | None:
    """Use up the number's PIN where it is right; else note the wrong try and return the error.

    Returned, not raised, because the noted try has to be committed. Inside tx.

    Raises:
        TooManyRequests: nothing is compared any more, and nothing noted.
    """
    check_tries(tx, attempt, settings)
    digits = attempt.pin.strip().zfill(PIN_DIGITS)
    is_right = False
    for row in select_live_pins(tx, attempt.mobile_number):
        is_right |= secret_key.matches(_PURPOSE, digits, row.pin_hash) and row.connector_id == attempt.connector_id
    if not is_right:
        note_wrong_try(tx, attempt)
        return WrongPin()
    use_pins(tx, attempt.mobile_number)
    return None


def check_tries(tx: Transaction, attempt: PinTry, settings: Settings) -> None:
    """Raise TooManyRequests where nobody may try now: for this number, or from this address."""
    limits = (
        ("number", attempt.mobile_number, settings.wrong_pins_per_day_number, "Wrong PINs for this number"),
        ("address", attempt.address, settings.wrong_pins_per_day_address, "Wrong PINs from this address"),
    )
    refusals: list[_Refusal] = []
    for kind, who, limit, what in limits:
        if limit and (tries := _running(tx, kind, who)).wrong_count >= limit:
            refusals.append(_Refusal(tries.window_start_ms + _DAY_MS - tx.now_ms, f"{what}: at most {limit} a day."))
    if any(limit for _, _, limit, _ in limits):
        wait_ms = _running(tx, "pair", _pair(attempt)).next_try_at_ms - tx.now_ms
        if wait_ms > 0:
            refusals.append(_Refusal(wait_ms, "The last PIN was wrong."))
    _refuse(refusals)


def note_wrong_try(tx: Transaction, attempt: PinTry) -> None:
    """Count a wrong try against number and address. Inside tx, which has to be committed."""
    for kind, who in (("number", attempt.mobile_number), ("address", attempt.address), ("pair", _pair(attempt))):
        tries = _running(tx, kind, who)
        wrong_count = tries.wrong_count + 1
        wait_ms = _FIRST_WAITS_MS[min(wrong_count, len(_FIRST_WAITS_MS)) - 1] if kind == "pair" else 0
        write_tries(tx, kind=kind, who=who, tries=TriesRow(tries.window_start_ms, wrong_count, tx.now_ms + wait_ms))


def _running(tx: Transaction, kind: str, who: str) -> TriesRow:
    """The tries of the running day; a new day where there are none or the last began 24 hours ago."""
    tries = select_tries(tx, kind=kind, who=who)
    if tries is None or tries.window_start_ms + _DAY_MS <= tx.now_ms:
        return TriesRow(tx.now_ms, 0, 0)
    return tries


def _pair(attempt: PinTry) -> str:
    return f"{attempt.mobile_number} {attempt.address}"


class WaitingPin(msgspec.Struct, frozen=True):
    """A PIN that the operator reads out to its person."""

    pin: str
    connector_id: str
    expires_at_ms: int


def read_waiting_pin(tx: Transaction, _caller: Operator, request: tuple[str, SecretKey]) -> WaitingPin:
    """The newest PIN that waits for a number, for installations that send no SMS.

    Raises:
        NotFound: none waits, or the number is nobody's.
    """
    mobile_number, secret_key = request
    rows = select_live_pins(tx, mobile_number)
    if not rows or find_person_by_number(tx, mobile_number) is None:
        raise NotFound("PIN waiting for this number")
    pin = secret_key.unseal(_PURPOSE, rows[0].sealed_pin).decode()
    return WaitingPin(pin, rows[0].connector_id, rows[0].expires_at_ms)


def forget_old_pins(tx: Transaction, *, limit: int) -> int:
    """Delete PINs and tries that no limit looks at any more, at most `limit` rows; how many. For the sweep."""
    before_ms = tx.now_ms - 2 * _DAY_MS
    deleted = delete_old_pins(tx, before_ms=before_ms, limit=limit)
    return deleted + delete_old_tries(tx, before_ms=before_ms, limit=limit - deleted)
