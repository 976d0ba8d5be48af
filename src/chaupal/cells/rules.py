"""The rules of cells: inviting one, joining, what the root hears of them, and which of them take no more tenants.

One installation is the root. It invites; whoever holds the code that it gave out joins, once. From then on the root is
the one that tells all others who there is, so no cell can bring in another.
"""

from __future__ import annotations

import hmac
import re

import msgspec

from chaupal.auth.caller import Operator
from chaupal.cells.queries import (
    CellRow,
    KeyRow,
    RemovedKeyRow,
    delete_calls,
    delete_cell,
    delete_removed_keys,
    has_call,
    insert_call,
    insert_cell,
    replace_keys,
    select_cells,
    select_keys,
    select_removed_keys,
    update_cell,
)
from chaupal.cells.shapes import SharedCell, SharedKey
from chaupal.errors import Conflict, Forbidden, InvalidParameters, NotFound
from chaupal.store.transaction import Transaction

Cell = CellRow
"""A cell as others see it."""

INVITED, JOINED, DRAINING, LEFT = "invited", "joined", "draining", "left"
"""Of the own cell `LEFT` means that the root has taken it out."""
BELONGING = (JOINED, DRAINING)
ROOT_NAME = "root"
INVITATION_LIFE_MS = 86_400_000
"""A code is typed in within minutes, or the next day."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_KEYS_MAX = 20


class CellExists(Conflict):
    """A cell of this name has joined already. Fields: `name`."""

    template = "There is a cell called '{name}' already."


class NotTheRoot(Conflict):
    """Only the root invites, drains and removes cells. Fields: `root`."""

    template = "This installation is a cell of the root at {root}; cells are looked after there."


class JoinedAlready(Conflict):
    """An installation joins once. Fields: `name`."""

    template = "This installation has joined as the cell '{name}' already, or is a root itself."


class InvitationWrong(Forbidden):
    """The code is not one that the root gave out, was used by another installation, or is too old."""

    template = "The join code is wrong, used or too old."


class Known(msgspec.Struct, frozen=True):
    """Everything about cells that a process keeps in memory. `removed`: at the root, keys of cells that were taken
    out."""

    cells: list[CellRow]
    keys: list[KeyRow]
    removed: list[RemovedKeyRow] = []


class Invitation(msgspec.Struct, frozen=True):
    """A cell to be invited by the root, which is at `root_url`."""

    name: str
    endpoint_url: str
    root_url: str
    secret_hash: bytes


class Joining(msgspec.Struct, frozen=True):
    """A cell that comes with a code's secret."""

    name: str
    endpoint_url: str
    version: str
    keys: list[SharedKey]
    secret_hash: bytes


class Belonging(msgspec.Struct, frozen=True):
    """What a cell knows once the root has let it in."""

    name: str
    endpoint_url: str
    cells: list[SharedCell]


class Health(msgspec.Struct, frozen=True):
    """What is heard of a cell."""

    name: str
    endpoint_url: str
    version: str
    tenant_count: int
    keys: list[SharedKey]
    known_keys: list[str]


def read_known(tx: Transaction, _caller: Operator, _request: None) -> Known:
    """All cells with their keys that are not over; of an installation that is alone, nothing, by one statement."""
    found = select_cells(tx)
    keys = select_keys(tx) if found else []
    removed = select_removed_keys(tx) if any(cell.is_self and cell.is_root for cell in found) else []
    valid = [key for key in keys if key.valid_until_ms is None or key.valid_until_ms > tx.now_ms]
    return Known(found, valid, removed)


def invite_cell(tx: Transaction, _caller: Operator, invitation: Invitation) -> CellRow:
    """Let a cell of this name join, once, within a day. Asked again before it has joined, the code before is void.

    One that has joined may join again at the same address, as long as it is not heard of: put back from an old backup,
    it may sign with keys that are not known here any more.

    Raises:
        CellExists, NotTheRoot, InvalidParameters.
    """
    name = _checked_name(invitation.name)
    known = {cell.cell_name: cell for cell in select_cells(tx)}
    own = next((cell for cell in known.values() if cell.is_self), None)
    if own is None:
        own = _new_cell(tx, ROOT_NAME, invitation.root_url, JOINED)._replace(is_self=True, is_root=True)
        insert_cell(tx, own)
        known[own.cell_name] = own
    if not own.is_root:
        raise NotTheRoot(root=next(cell.endpoint_url for cell in known.values() if cell.is_root))
    invited = _new_cell(tx, name, invitation.endpoint_url, INVITED)._replace(secret_hash=invitation.secret_hash)
    before = known.get(name)
    if before is None:
        insert_cell(tx, invited)
    elif before.state == INVITED:
        update_cell(tx, invited)
    elif before.endpoint_url == invited.endpoint_url and not before.is_self:
        update_cell(tx, before._replace(secret_hash=invited.secret_hash, added_at_ms=tx.now_ms))
    else:
        raise CellExists(name=name)
    return invited


def accept_cell(tx: Transaction, _caller: Operator, joining: Joining) -> list[SharedKey]:
    """Take in the cell that the code was made for; its keys as they are known now. The same cell may ask again, because
    it may not have heard the answer.

    Raises:
        InvitationWrong, InvalidParameters.
    """
    cell = _find(tx, joining.name)
    if cell is None or not cell.secret_hash or not hmac.compare_digest(cell.secret_hash, joining.secret_hash):
        raise InvitationWrong
    if tx.now_ms >= cell.added_at_ms + INVITATION_LIFE_MS:
        raise InvitationWrong
    is_used = cell.state != INVITED and (cell.seen_at_ms or 0) >= cell.added_at_ms
    if is_used and not {key.key_id for key in joining.keys} & _key_ids(tx, joining.name):
        raise InvitationWrong
    _write_keys(tx, joining.name, joining.keys)
    delete_removed_keys(tx, [key.key_id for key in joining.keys])
    after = cell._replace(endpoint_url=joining.endpoint_url, version=joining.version, seen_at_ms=tx.now_ms)
    update_cell(tx, after._replace(state=JOINED if cell.state == INVITED else cell.state))
    return joining.keys


def belong(tx: Transaction, _caller: Operator, belonging: Belonging) -> None:
    """Be a cell of the root that has let this installation in. Idempotent. One that was taken out begins anew.

    Raises:
        JoinedAlready: under another name.
    """
    known = select_cells(tx)
    own = next((cell for cell in known if cell.is_self), None)
    if own is not None and own.state == LEFT:
        for cell in known:
            replace_keys(tx, cell.cell_name, [])
            delete_cell(tx, cell.cell_name)
        own = None
    if own is not None and own.cell_name != belonging.name:
        raise JoinedAlready(name=own.cell_name)
    if own is None:
        insert_cell(tx, _new_cell(tx, belonging.name, belonging.endpoint_url, JOINED)._replace(is_self=True))
    take_roster(tx, Operator(""), belonging.cells)


def check_may_join(tx: Transaction, _caller: Operator, name: str) -> bool:
    """Whether this installation has joined under this name already.

    Raises:
        JoinedAlready: it has another name, or is a root.
    """
    own = next((cell for cell in select_cells(tx) if cell.is_self), None)
    if own is None or own.state == LEFT:
        return False
    if own.cell_name != name:
        raise JoinedAlready(name=own.cell_name)
    return True


def take_roster(tx: Transaction, _caller: Operator, roster: list[SharedCell]) -> bool:
    """Know the cells that the root has named; whether that was new. One that it does not name any more has left: its
    keys are forgotten."""
    was_new = False
    known = {cell.cell_name: cell for cell in select_cells(tx)}
    if any(cell.is_self and cell.state == LEFT for cell in known.values()):
        return False  # an answer of before, or of a root that was put back from a backup: it joins again, or stays out
    for shared in roster:
        before = known.pop(shared.name, None)
        if before is not None and before.is_self:
            if before.state != shared.state:
                update_cell(tx, before._replace(state=shared.state))
                was_new = True
            continue
        base = before or _new_cell(tx, shared.name, shared.endpoint_url, shared.state)
        after = base._replace(endpoint_url=shared.endpoint_url, is_root=shared.is_root, state=shared.state)
        if before is None:
            insert_cell(tx, after)
        elif before != after:
            update_cell(tx, after)
        was_new |= _write_keys(tx, shared.name, shared.keys) or before != after
    for gone in known.values():
        if not gone.is_self and gone.state != LEFT:
            update_cell(tx, gone._replace(state=LEFT))
            replace_keys(tx, gone.cell_name, [])
            was_new = True
    return was_new


def note_health(tx: Transaction, _caller: Operator, health: Health) -> CellRow:
    """The cell lives. It has joined for good now: the code that it came with is of no use any more.

    Raises:
        NotFound.
    """
    cell = _find(tx, health.name)
    if cell is None:
        raise NotFound("cell")
    _write_keys(tx, health.name, health.keys)
    after = cell._replace(
        endpoint_url=health.endpoint_url,
        version=health.version,
        tenant_count=health.tenant_count,
        seen_at_ms=tx.now_ms,
        secret_hash=b"",
        failure="",
        known_keys=" ".join(sorted(health.known_keys)),
    )
    update_cell(tx, after)
    return after


class Contact(msgspec.Struct, frozen=True):
    """How it went to call another cell; `failure` "" where it answered."""

    name: str
    failure: str


def note_contact(tx: Transaction, _caller: Operator, contact: Contact) -> None:
    """What became of calling another cell, for the operator's list."""
    cell = _find(tx, contact.name)
    if cell is not None:
        seen_at_ms = cell.seen_at_ms if contact.failure else tx.now_ms
        update_cell(tx, cell._replace(failure=contact.failure, seen_at_ms=seen_at_ms))


def share_cells(tx: Transaction, _caller: Operator, own_keys: list[SharedKey]) -> list[SharedCell]:
    """All cells that have joined, with their keys, as the root tells them to each."""
    keys: dict[str, list[SharedKey]] = {}
    for key in select_keys(tx):
        keys.setdefault(key.cell_name, []).append(SharedKey(key.key_id, key.public_key, key.valid_until_ms))
    return [
        SharedCell(
            name=cell.cell_name,
            endpoint_url=cell.endpoint_url,
            is_root=cell.is_root,
            state=cell.state,
            keys=own_keys if cell.is_self else keys.get(cell.cell_name, []),
        )
        for cell in select_cells(tx)
        if cell.state in BELONGING
    ]


class HeardCall(msgspec.Struct, frozen=True):
    """A call between cells, which is heard once."""

    call_id: str
    until_ms: int


def hear_once(tx: Transaction, _caller: Operator, call: HeardCall) -> bool:
    """Whether the call is heard for the first time; a second time, on whichever node, it is a copy."""
    if has_call(tx, call.call_id):
        return False
    insert_call(tx, call.call_id, until_ms=call.until_ms)
    return True


def forget_heard(tx: Transaction, _caller: Operator, _request: None) -> int:
    """Forget calls that would be refused as too old anyway; how many."""
    return delete_calls(tx, before_ms=tx.now_ms)


def _find(tx: Transaction, name: str) -> CellRow | None:
    return next((cell for cell in select_cells(tx) if cell.cell_name == name), None)


def _key_ids(tx: Transaction, name: str) -> set[str]:
    return {key.key_id for key in select_keys(tx) if key.cell_name == name}


def _write_keys(tx: Transaction, name: str, keys: list[SharedKey]) -> bool:
    """Whether they were new. Written only then: cells tell their keys again and again."""
    if not 1 <= len(keys) <= _KEYS_MAX or any(len(key.public_key) != 32 for key in keys):
        raise InvalidParameters(field="keys", value=len(keys), rule=f"must be 1 to {_KEYS_MAX} keys of 32 bytes")
    wanted = sorted(KeyRow(name, key.key_id, key.public_key, key.valid_until_ms) for key in keys)
    if [key for key in select_keys(tx) if key.cell_name == name] == wanted:
        return False
    replace_keys(tx, name, wanted)
    return True


def _checked_name(name: str) -> str:
    folded = name.strip().lower()
    if not _NAME.fullmatch(folded) or folded == ROOT_NAME:
        rule = "must be 1 to 63 letters a to z, digits and hyphens, and not 'root'"
        raise InvalidParameters(field="name", value=name, rule=rule)
    return folded


def _new_cell(tx: Transaction, name: str, endpoint_url: str, state: str) -> CellRow:
    return CellRow(name, endpoint_url, False, False, state, b"", tx.now_ms, "", 0, None, "", "")
