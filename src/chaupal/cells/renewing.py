"""Renewing a cell's signing key: the new one signs once every other cell has said that it knows it.

The root hears in every report which of the others' newest keys a cell knows, and tells each cell who does not know its
own yet. A cell that cannot be reached holds a key up for an hour at most: back again, it first asks the root, and knows
all keys before anybody can have come to it with what the new one has signed.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.keys import PROCESSES_LEARN_MS, Renewal, hasten_signing_key, renew_signing_key
from chaupal.auth.signing import SigningKey, TokenSigner, public_bytes
from chaupal.cells.queries import select_cells, select_keys
from chaupal.cells.rules import BELONGING
from chaupal.cells.shapes import SharedKey
from chaupal.store.transaction import Transaction

CONFIRM_LIMIT_MS = 3_600_000
"""A cell that is being restarted, upgraded or restored is back by then; one that is gone must not keep an old key."""


def renew_key(tx: Transaction, caller: Operator, renewal: Renewal) -> tuple[SigningKey, list[str]]:
    """(the new key, the cells that have to confirm it); `waits_ms` is decided here.

    Raises:
        RenewalWaits: the key before does not sign yet.
    """
    others = _others(tx, but="")
    waits_ms = CONFIRM_LIMIT_MS if others else PROCESSES_LEARN_MS
    return renew_signing_key(tx, caller, Renewal(renewal.secret_key, renewal.token_life_s, waits_ms)), sorted(others)


def shared_keys(signer: TokenSigner) -> list[SharedKey]:
    """This installation's public keys, as other cells are told them; those that do not sign yet as well."""
    return [SharedKey(key.key_id, public_bytes(key.public_key), key.valid_until_ms) for key in signer.keys]


def list_known_keys(tx: Transaction, _caller: Operator, _request: None) -> list[str]:
    """The ids of the other cells' newest keys, as they are known here: what a cell tells the root."""
    return [key.key_id for key in select_keys(tx) if key.valid_until_ms is None]


class Shown(msgspec.Struct, frozen=True):
    """The keys that a cell has shown; `cell_name` "" where the cell is this one."""

    cell_name: str
    keys: list[SharedKey]


def list_unaware(tx: Transaction, _caller: Operator, shown: Shown) -> list[str]:
    """At the root: the other cells that have not said that they know the newest of these keys."""
    newest = newest_of(shown.keys)
    return sorted(name for name, known in _others(tx, but=shown.cell_name).items() if newest not in known)


def hasten_own_key(tx: Transaction, caller: Operator, keys: list[SharedKey]) -> bool:
    """At the root, whose keys these are: whether the newest signs earlier now, because all others know it."""
    return not list_unaware(tx, caller, Shown("", keys)) and hasten_signing_key(tx, caller, newest_of(keys))


def newest_of(keys: list[SharedKey]) -> str:
    """The id of the one that has no end; "" where somebody tells of none."""
    return next((key.key_id for key in reversed(keys) if key.valid_until_ms is None), "")


def _others(tx: Transaction, *, but: str) -> dict[str, list[str]]:
    """The keys that the other cells know, by the cells' names."""
    return {
        cell.cell_name: cell.known_keys.split()
        for cell in select_cells(tx)
        if not cell.is_self and cell.state in BELONGING and cell.cell_name != but
    }
