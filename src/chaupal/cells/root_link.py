"""What a cell and the root say to each other: that the cell lives, and which tenants live in it.

All of it may be repeated, and what was not answered is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec
import structlog

from chaupal import __version__
from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.auth.keys import PROCESSES_LEARN_MS, hasten_signing_key, read_past_keys
from chaupal.cells.calls import CellAnswer, CellUnreachable, check_cell_url
from chaupal.cells.proofs import CellRemoved
from chaupal.cells.removing import note_own_removal
from chaupal.cells.renewing import Shown, hasten_own_key, list_known_keys, list_unaware, newest_of, shared_keys
from chaupal.cells.roster import Peer
from chaupal.cells.routes import DIRECTORY_PATH, HEALTH_PATH
from chaupal.cells.rules import Contact, Health, forget_heard, note_contact, note_health, share_cells, take_roster
from chaupal.cells.shapes import DirectoryNoted, DirectoryReport, HealthReport, Roster
from chaupal.directory.places import (
    ToldPlace,
    describe_tenant,
    describe_untold,
    note_all_changed,
    note_one_changed,
    note_place,
    note_told,
)
from chaupal.directory.rules import list_tenants
from chaupal.store.transaction import Transaction

if TYPE_CHECKING:
    from chaupal.auth.signing import SigningKey
    from chaupal.cells.door import CellRequest
    from chaupal.serving.house import House

RECONCILE_EVERY_BEATS = 8_640
"""Once a day the root is told of everything again."""

_TIMEOUT_S = 10.0
_NOT_KNOWN = 401

RequestT = TypeVar("RequestT")

log = structlog.get_logger("cells")


class TakenOutByRoot(CellUnreachable):
    """The root does not count this installation among its cells any more. Fields: `name`, `cause`."""


class RootLink:
    """What a cell says to the root. Its calls may be repeated, and come in any order."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._beats = 0
        self._is_failing = False

    async def beat(self) -> None:
        """Tell the root once; at the root, tidy up."""
        house, root = self._house, self._house.roster.root
        await house.store.write(forget_heard, INSTALLATION, None)
        if root is None:
            await _hasten_roots_key(house)
            return
        try:
            if await self._report_health(root):
                await self._report_health(root)  # that what was just learned is known here
            if self._beats % RECONCILE_EVERY_BEATS == RECONCILE_EVERY_BEATS - 1:
                await self._note_everything()
            self._beats += 1
            await self._tell_tenants(root)
        except CellUnreachable as error:
            if not isinstance(error, TakenOutByRoot):
                self._warn(root, str(error.cause))
            await house.store.write(note_contact, INSTALLATION, Contact(root.name, str(error.cause)))
            return
        self._is_failing = False
        await house.store.write(note_contact, INSTALLATION, Contact(root.name, ""))

    async def is_known(self) -> bool:
        """Whether the root takes this cell's report."""
        root = self._house.roster.root
        if root is None:
            return False
        try:
            await self._report_health(root)
        except CellUnreachable:
            return False
        return True

    async def _report_health(self, root: Peer) -> bool:
        """Whether the root had something new."""
        house, keys = self._house, shared_keys(self._house.signer)
        report = HealthReport(
            endpoint_url=house.settings.endpoint_url,
            version=__version__,
            tenant_count=len(await house.store.read(list_tenants, INSTALLATION, None)),
            keys=keys,
            known_keys=await house.store.read(list_known_keys, INSTALLATION, None),
        )
        answer = await self._send_report(root, msgspec.json.encode(report))
        if says_removed(answer):
            await house.store.write(note_own_removal, INSTALLATION, None)
            house.tell_cells()
            raise TakenOutByRoot(root.name, "it has taken this cell out")
        roster = msgspec.json.decode(_good(root, answer), type=Roster)
        was_new = (await house.store.write(take_roster, INSTALLATION, roster.cells)).result
        if roster.unaware == []:
            await _hasten(house, hasten_signing_key, newest_of(keys))
        if was_new:
            house.tell_cells()
        return was_new

    async def _send_report(self, root: Peer, body: bytes) -> CellAnswer:
        """Signed with an older key where the root does not know the newest: it could not be reached for long, or has
        been put back from a backup. The report then tells it of the others."""
        house = self._house

        async def send(key: SigningKey | None) -> CellAnswer:
            return await house.cell_calls.call(root.name, "POST", HEALTH_PATH, body, key=key, timeout_s=_TIMEOUT_S)

        answer = await send(None)
        if answer.status == _NOT_KNOWN:
            for key in await house.store.read(read_past_keys, INSTALLATION, house.secret_key):
                again = await send(key)
                if again.status != _NOT_KNOWN:
                    return again
        return answer

    async def _note_everything(self) -> None:
        store = self._house.store
        for tenant_id in await store.read(note_all_changed, INSTALLATION, None):
            await store.write(note_one_changed, Operator(tenant_id, passes_gate=True), None)

    async def _tell_tenants(self, root: Peer) -> None:
        """All that the root has to know, a hundred at a time. Where a tenant has left, the next cell tells."""
        store = self._house.store
        while untold := await store.read(describe_untold, INSTALLATION, None):
            tenants = [
                await store.read(describe_tenant, Operator(each.tenant_id), each)
                for each in untold
                if not each.has_left
            ]
            if tenants:
                body = msgspec.json.encode(DirectoryReport(tenants))
                answer = await self._house.cell_calls.call(
                    root.name, "POST", DIRECTORY_PATH, body, timeout_s=_TIMEOUT_S
                )
                noted = msgspec.json.decode(_good(root, answer), type=DirectoryNoted)
                if noted.refused:
                    log.warning("the root knows of tenants elsewhere", tenant_ids=noted.refused)
            for each in untold:
                await store.write(note_told, Operator(each.tenant_id, passes_gate=True), each.change_id)

    def _warn(self, root: Peer, cause: str) -> None:
        if not self._is_failing:
            log.warning("the root does not answer", root=root.endpoint_url, cause=cause)
        self._is_failing = True


async def take_health(request: CellRequest) -> Roster:
    """At the root: a cell lives."""
    house, report = request.house, request.read(HealthReport)
    endpoint_url = check_cell_url(report.endpoint_url, house.settings)
    name = request.cell.name
    health = Health(name, endpoint_url, report.version, report.tenant_count, report.keys, report.known_keys)
    await house.store.write(note_health, INSTALLATION, health)
    await _hasten_roots_key(house)
    known = {key.key_id for key in report.keys}
    if known != request.cell.keys.keys() or request.cell.endpoint_url != endpoint_url:
        house.tell_cells()
    cells = await house.store.read(share_cells, INSTALLATION, shared_keys(house.signer))
    return Roster(cells, await house.store.read(list_unaware, INSTALLATION, Shown(name, report.keys)))


async def take_directory(request: CellRequest) -> DirectoryNoted:
    """At the root: tenants that live in the calling cell."""
    house, cell = request.house, request.cell
    refused = []
    for told in request.read(DirectoryReport).tenants:
        place = ToldPlace(cell.name, cell.endpoint_url, told)
        if not (await house.store.write(note_place, Operator(told.tenant_id, passes_gate=True), place)).result:
            refused.append(told.tenant_id)
    return DirectoryNoted(refused)


async def _hasten_roots_key(house: House) -> None:
    if house.roster.is_root:
        await _hasten(house, hasten_own_key, shared_keys(house.signer))


async def _hasten(house: House, rule: Callable[[Transaction, Operator, RequestT], bool], request: RequestT) -> None:
    newest = house.signer.keys[-1]
    if newest.signs_from_ms <= house.now_s * 1000 + PROCESSES_LEARN_MS:
        return  # the usual case, for which nothing is written
    if (await house.store.write(rule, INSTALLATION, request)).result:
        log.info("all cells know the new key", key_id=newest.key_id)
        house.tell_cells()


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    error_code: str = ""


def says_removed(answer: CellAnswer) -> bool:
    """Whether it is the root that says that this cell was taken out, and not something between the two."""
    if answer.status != CellRemoved.status:
        return False
    try:
        return msgspec.json.decode(answer.body, type=_Said).error_code == CellRemoved.code
    except (msgspec.DecodeError, UnicodeError):
        return False


def _good(root: Peer, answer: CellAnswer) -> bytes:
    if answer.status != 200:
        raise CellUnreachable(root.name, f"it answered with status {answer.status}")
    return answer.body
