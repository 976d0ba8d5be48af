"""Bringing one tenant to another cell, step by step.

What has been done is in the database (`moving.moves`), so a move goes on after any crash: from the beginning, as long
as it only copied, or with what is left to do, once the other cell may have taken the tenant over.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial

import structlog

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.cells.watching import LOOK_EVERY_S, read_all, take_over, wanted_by
from chaupal.errors import ChaupalError, Unavailable
from chaupal.moving.bringing import Bringing, MoveRefused, RowsDiffer
from chaupal.moving.carried import carried_tables
from chaupal.moving.moves import (
    CANCELLING,
    CLEANING,
    COPYING,
    SWITCHING,
    End,
    Left,
    Move,
    MoveCancelled,
    MoveOvertaken,
    Progress,
    begin_switch,
    begin_try,
    clean_some,
    end_move,
    find_move,
    forget_recorded,
    hold_writes,
    land_deliveries,
    note_left,
    note_progress,
    record_table,
    release_writes,
    stop_recording_table,
)
from chaupal.moving.snapshots import Changed, TableSum, copy_all, read_changed, stored_objects
from chaupal.serving.house import House
from chaupal.store.whole_database import Row

_PAUSE_S, _PAUSE_MOST_S = 2.0, 30.0
_TRIES = 10
"""Over some three minutes: a database that is restarted is back by then."""

_FEW_CHANGES = 300
"""So many rows are sent, written and compared in a part of the time that writes may wait."""

_ROUNDS_MOST = 50
_HELD_MOST_S = 1.0
"""Then writes go on, and what they change is caught up with first."""

_LANDING_MOST_S = 6.0
"""Three times as long as a flight goes on (`webhooks.delivering.deliverer`): what is on its way then is a single try
that its receiver has not answered. The other cell tries it once more, before what comes after it."""
_LANDING_PAUSE_S = 0.02

_TOLD_EVERY_ROWS = 20_000
_SENT_TOGETHER = 3
"""One is written there, the next has come, and one is on its way."""

_SMALL_ROWS = 1_000
"""Tables of no more rows are compared by one call."""

log = structlog.get_logger("moves")


async def run_move(house: House, move: Move, *, tries: int = _TRIES) -> None:
    """Do what is left to do of a move.

    Raises:
        MoveOvertaken: somebody else does.
        Unavailable: this cell's database, or, once the tenant may have moved, the other cell; to be tried again.
    """
    if move.phase == CANCELLING:
        await _fail(house, move, str(MoveCancelled()))
        return
    if move.phase == COPYING:
        copied = await _copy(house, move, tries=tries)
        if copied is None:
            return
        move = copied
    if move.phase == SWITCHING:
        switched = await _switch(house, move)
        if switched is None:
            return
        move = switched
    if move.phase == CLEANING:
        await _clean(house, move)
        await house.store.write(end_move, _mover(move), End(move))
        log.info("tenant moved", tenant_id=move.tenant_id, to_cell=move.to_cell)


async def _copy(house: House, move: Move, *, tries: int) -> Move | None:
    """The move when the other cell has everything and writes wait; None where it has failed."""
    failure = ""
    for number in range(tries):
        try:
            move = (await house.store.write(begin_try, _mover(move), move)).result
            if number:
                await asyncio.sleep(min(_PAUSE_S * 2 ** (number - 1), _PAUSE_MOST_S))
            await _copy_once(house, move)
        except (MoveRefused, RowsDiffer, MoveCancelled) as error:
            failure = str(error)
            break
        except MoveOvertaken:
            raise
        except ChaupalError as error:
            failure = str(error)
            log.warning("move tried again", tenant_id=move.tenant_id, cause=failure)
        else:
            return await house.store.read(find_move, _mover(move), None)
    await _fail(house, move, failure)
    return None


async def _copy_once(house: House, move: Move) -> None:
    for table in carried_tables():
        await house.store.write(record_table, _mover(move), table.name)
    bringing = Bringing(house, move)
    takes_copies = await bringing.begin((await house.key_of(move.tenant_id)).exported()) and house.settings.is_postgres
    sending = _Sending(house, move, bringing)
    read = partial(copy_all, house.settings, move.tenant_id, sending, takes_copies=takes_copies)
    try:
        copied = await asyncio.to_thread(read)
        await sending.settle()
    finally:
        sending.end()
    await house.store.write(note_progress, _mover(move), Progress(move, sending.row_count))
    move = move._replace(row_count=sending.row_count)
    await bringing.send_media(copied.stored)
    number = await _catch_up(house, move, bringing, copied.until_number)
    for _ in range(_ROUNDS_MOST):
        await _land(house, move)
        number = await _catch_up(house, move, bringing, number)
        if await _hold_and_end(house, move, bringing, number):
            return
        number = await _catch_up(house, move, bringing, number)
    raise Unavailable(reason="The tenant changes faster than the other cell takes it in.", retry_after_s=60)


class _Sending:
    """For the thread that reads all rows: sends them, while the next ones are read, and has each large table compared
    as soon as it is there, while the next one is sent."""

    def __init__(self, house: House, move: Move, bringing: Bringing) -> None:
        self._house, self._move, self._bringing = house, move, bringing
        self._loop = asyncio.get_running_loop()
        self.row_count = 0
        self._is_over = False
        self._under_way: deque[Future[None]] = deque()
        self._comparing: list[Future[None]] = []
        self._alone = asyncio.Lock()
        self._small: dict[str, TableSum] = {}

    def end(self) -> None:
        """Whoever waited for it is gone; the thread ends at its next rows."""
        self._is_over = True
        for each in (*self._under_way, *self._comparing):
            each.cancel()

    def take(self, table: str, rows: list[Row]) -> None:
        self._begin(partial(self._bringing.put, table, rows), len(rows))

    def take_copied(self, table: str, columns: list[str], data: bytes, row_count: int) -> None:
        self._begin(partial(self._bringing.put_copied, table, columns, data), row_count)

    def end_table(self, table: str, summed: Future[TableSum]) -> None:
        comparing = self._compare(table, [*self._under_way], summed)
        self._comparing.append(asyncio.run_coroutine_threadsafe(comparing, self._loop))

    async def settle(self) -> None:
        """All has been sent and compared."""
        for each in (*self._under_way, *self._comparing):
            await asyncio.wrap_future(each)
        await self._bringing.compare(self._small)

    def _begin(self, send: Callable[[], Awaitable[None]], row_count: int) -> None:
        if len(self._under_way) >= _SENT_TOGETHER and not self._is_over:
            self._under_way.popleft().result()
        if self._is_over:
            raise MoveOvertaken
        self._under_way.append(asyncio.run_coroutine_threadsafe(self._send(send, row_count), self._loop))

    async def _compare(self, table: str, sent: list[Future[None]], summed: Future[TableSum]) -> None:
        for each in sent:
            await asyncio.wrap_future(each)
        known = await asyncio.wrap_future(summed)
        if known.row_count <= _SMALL_ROWS:
            self._small[table] = known
            return
        async with self._alone:
            await self._bringing.compare({table: known})

    async def _send(self, send: Callable[[], Awaitable[None]], row_count: int) -> None:
        await send()
        before, self.row_count = self.row_count, self.row_count + row_count
        if before // _TOLD_EVERY_ROWS != self.row_count // _TOLD_EVERY_ROWS:
            progress = Progress(self._move, self.row_count)
            await self._house.store.write(note_progress, _mover(self._move), progress)


async def _catch_up(house: House, move: Move, bringing: Bringing, number: int) -> int:
    """Bring what has changed, until little changes meanwhile; the number of the last change that was brought."""
    for _ in range(_ROUNDS_MOST):
        changed = await _bring_changed(house, move, bringing, number)
        number = changed.until_number
        if len(changed.removed) <= _FEW_CHANGES:
            break
    return number


async def _land(house: House, move: Move) -> None:
    """Have deliveries wait, and those that are on their way be over: each receiver hears things in their order, so the
    other cell must not begin before. Writes go on meanwhile."""
    from chaupal.webhooks.delivering.claiming import is_sending

    await house.store.write(land_deliveries, _mover(move), move)
    until_s = time.monotonic() + _LANDING_MOST_S
    while await house.store.read(is_sending, _mover(move), None) and time.monotonic() < until_s:  # noqa: ASYNC110 - ends elsewhere
        await asyncio.sleep(_LANDING_PAUSE_S)


async def _hold_and_end(house: House, move: Move, bringing: Bringing, number: int) -> bool:
    """Let writes wait and bring the last changes; whether all is there. Else writes go on."""
    store = house.store
    await store.write(hold_writes, _mover(move), move)
    # Never cut off: what the other cell does late would undo what it is told next.
    last = asyncio.create_task(_bring_changed(house, move, bringing, number))
    done, _ = await asyncio.wait({last}, timeout=_HELD_MOST_S)
    if not done or last.exception() is not None:
        await store.write(release_writes, _mover(move), move)
        await last
        return False
    await store.write(begin_switch, _mover(move), move)
    return True


async def _bring_changed(house: House, move: Move, bringing: Bringing, number: int) -> Changed:
    changed = await asyncio.to_thread(read_changed, house.settings, move.tenant_id, number)
    await bringing.send_media(changed.stored)
    await bringing.change(changed)
    return changed


async def _switch(house: House, move: Move) -> Move | None:
    """The move when the tenant lives in the other cell; None where that has refused it."""
    bringing = Bringing(house, move)
    home = (await house.store.write(begin_switch, _mover(move), move)).result
    until_ms = house.store.clock() // 1000 + house.settings.access_token_life_s * 1000
    try:
        await bringing.finish(home, until_ms)
    except MoveRefused as error:
        await bringing.give_up()  # what is refused has not happened, and from this answer on it cannot
        await _fail(house, move, str(error))
        return None
    peer = house.roster.peers[move.to_cell]
    left = (await house.store.write(note_left, _mover(move), Left(move, peer.endpoint_url))).result
    house.tell_cells()
    take_over(house, await house.store.read(read_all, INSTALLATION, wanted_by(house)))
    return left


async def _clean(house: House, move: Move) -> None:
    if house.store.is_shared:
        # Reads are answered from what is here until every process knows; each looks from time to time.
        await asyncio.sleep(LOOK_EVERY_S + _PAUSE_S)
    await _stop_recording(house, move)
    if not await Bringing(house, move).shares_media():
        for each in await asyncio.to_thread(stored_objects, house.settings, move.tenant_id):
            await house.media_store.objects.delete(each.key)
    while (await house.store.write(clean_some, _mover(move), move)).result:
        continue


async def _stop_recording(house: House, move: Move) -> None:
    for table in carried_tables():
        await house.store.write(stop_recording_table, _mover(move), table.name)
    while (await house.store.write(forget_recorded, _mover(move), move)).result:
        continue


async def _fail(house: House, move: Move, failure: str) -> None:
    """The tenant goes on here, and what was copied is removed there, if that cell answers."""
    await house.store.write(release_writes, _mover(move), move)
    await _stop_recording(house, move)
    try:
        await Bringing(house, move).take_back()
    except Exception as error:  # noqa: BLE001 - it never finishes what is not asked for; this only tidies up
        log.warning("the other cell was not told", cause=type(error).__name__)
    await house.store.write(end_move, _mover(move), End(move, failure))
    log.error("tenant not moved", tenant_id=move.tenant_id, to_cell=move.to_cell, cause=failure)


def _mover(move: Move) -> Operator:
    return Operator(move.tenant_id, passes_gate=True)
