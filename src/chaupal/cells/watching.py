"""Keeps what a process has in memory of cells, and of this cell's signing keys, as the database has it.

Each process looks every ten seconds, and at once when another one, or a command, says that something has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Set
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import structlog

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.auth.keys import read_signing_keys
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import PeerKey, SigningKey, TokenSigner, read_public_key
from chaupal.cells.roster import Peer, Roster
from chaupal.cells.rules import BELONGING, LEFT, Known, read_known
from chaupal.directory.places import TenantPlace, list_left, list_origins
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction

if TYPE_CHECKING:
    from chaupal.serving.house import House
    from chaupal.serving.metrics import Metrics

CELLS_CHANGED = "cells changed"
"""Stands among the ids that listeners are told, as `store.store.WORK_WAITS` does."""

LOOK_EVERY_S = 10.0

ADVICE_TAKEN_OUT = "Stop it, or run `chaupal cell add` on the root and `chaupal cell join CODE` here."

log = structlog.get_logger("cells")


class Wanted(msgspec.Struct, frozen=True):
    """What is to be read."""

    secret_key: SecretKey


class Found(msgspec.Struct, frozen=True):
    """What was read. Of an installation that is alone, the keys."""

    keys: list[SigningKey]
    known: Known
    left: list[TenantPlace] = []
    origins: list[tuple[str, str, int]] = []


def read_all(tx: Transaction, caller: Operator, wanted: Wanted) -> Found:
    """Everything that a process keeps in memory, as it is at one moment."""
    keys, known = read_signing_keys(tx, caller, wanted.secret_key), read_known(tx, caller, None)
    if not known.cells:
        return Found(keys, known)
    return Found(keys, known, list_left(tx, caller, 0), list_origins(tx, caller, None))


def build_roster(found: Found) -> Roster:
    """The same, to be looked up in."""
    keys: dict[str, dict[str, bytes]] = {}
    for key in found.known.keys:
        keys.setdefault(key.cell_name, {})[key.key_id] = bytes(key.public_key)
    own = next((cell for cell in found.known.cells if cell.is_self), None)
    if own is not None and own.state == LEFT:
        root_url = next((cell.endpoint_url for cell in found.known.cells if cell.is_root), "")
        return Roster(own_name=own.cell_name, taken_out_by=root_url or own.endpoint_url)
    origins: dict[str, dict[str, int]] = {}
    for tenant_id, cell_name, until_ms in found.origins:
        origins.setdefault(tenant_id, {})[cell_name] = until_ms
    return Roster(
        own_name=own.cell_name if own else "",
        is_root=own is not None and own.is_root,
        peers={
            cell.cell_name: Peer(
                name=cell.cell_name,
                endpoint_url=cell.endpoint_url,
                is_root=cell.is_root,
                state=cell.state,
                keys={key_id: read_public_key(public) for key_id, public in keys.get(cell.cell_name, {}).items()},
            )
            for cell in found.known.cells
            if not cell.is_self and cell.state in BELONGING
        },
        removed={key.key_id: read_public_key(bytes(key.public_key)) for key in found.known.removed},
        departures={place.tenant_id: place for place in found.left},
        origins=origins,
    )


class CellWatch:
    """Start it in the event loop it lives in, `stop` it there. `look` at any time.

    From its making on the house tells it of changes.
    """

    def __init__(self, house: House, metrics: Metrics) -> None:
        self._house = house
        self._metrics = metrics
        self._signal = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last: Found | None = None
        house.tell_cells = partial(house.store.tell_all, frozenset({CELLS_CHANGED}))

    def start(self) -> None:
        """Start the loop."""
        self._loop = asyncio.get_running_loop()
        self._house.store.listen(self._hear)
        self._task = asyncio.create_task(self._run(), name="cells")

    async def stop(self) -> None:
        """End the loop. Harmless when repeated."""
        self._loop = None
        self._stopping.set()
        self._signal.set()
        task, self._task = self._task, None
        if task is not None:
            await task

    async def look(self) -> None:
        """Take over what the database has now."""
        house = self._house
        found = await house.store.read(read_all, INSTALLATION, wanted_by(house))
        for cell in found.known.cells:
            if not cell.is_self and cell.seen_at_ms is not None:
                self._metrics.cell_heard_at.labels(cell.cell_name).set(cell.seen_at_ms / 1000)
        if self._is_as_before(found):
            return
        self._last = found
        take_over(house, found)

    def _is_as_before(self, found: Found) -> bool:
        last = self._last
        if last is None or _times(last.keys) != _times(found.keys):
            return False
        return (last.known.keys, last.known.removed, last.left, last.origins, _lasting(last.known)) == (
            found.known.keys,
            found.known.removed,
            found.left,
            found.origins,
            _lasting(found.known),
        )

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._signal.clear()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._signal.wait()
            except TimeoutError:
                pass
            if self._stopping.is_set():
                return
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the loop must live; what is known stays
                log.warning("cells not read", cause=str(error) or type(error).__name__)

    def _hear(self, ids: Set[str]) -> None:
        """In a thread of the store's."""
        loop = self._loop
        if loop is not None and CELLS_CHANGED in ids:
            with suppress(RuntimeError):  # the loop has ended since
                loop.call_soon_threadsafe(self._signal.set)


def _times(keys: list[SigningKey]) -> list[tuple[object, ...]]:
    return [(key.key_id, key.signs_from_ms, key.valid_until_ms) for key in keys]


def _lasting(known: Known) -> list[tuple[object, ...]]:
    return [(cell.cell_name, cell.endpoint_url, cell.is_self, cell.is_root, cell.state) for cell in known.cells]


def wanted_by(house: House) -> Wanted:
    """What the process of this house needs."""
    return Wanted(house.secret_key)


def take_over(house: House, found: Found) -> None:
    """Keep in memory what was read."""
    before = house.roster
    house.roster = roster = build_roster(found)
    if house.live_streams is not None:
        for tenant_id in roster.departures.keys() - before.departures.keys():
            house.live_streams.end_tenant(tenant_id)
    if roster.taken_out_by and not before.taken_out_by:
        log.error("taken out by the root: nobody is served", root=roster.taken_out_by, advice=ADVICE_TAKEN_OUT)
        if house.live_streams is not None:
            house.live_streams.end_all()
    house.signer.learn(found.keys)
    teach_signer(house.signer, roster, house.store)


def teach_signer(signer: TokenSigner, roster: Roster, store: Store) -> None:
    """Let the signer accept what the roster says of other cells' tokens."""
    peer_keys = {
        key_id: PeerKey(peer.name, public_key)
        for peer in roster.peers.values()
        for key_id, public_key in peer.keys.items()
    }

    def trusts(tenant_id: str, cell_name: str) -> bool:
        return roster.trusts(tenant_id, cell_name, now_ms=store.clock() // 1000)

    signer.learn_peers(peer_keys, trusts)
