"""The calls by which this cell brings a tenant to another one: each short, each harmless when repeated or cut off."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator

import msgspec

from chaupal.archive.contents import RowDigest, encode_row
from chaupal.auth.caller import INSTALLATION
from chaupal.directory.places import Home
from chaupal.errors import Unavailable
from chaupal.media.archiving import StoredObject
from chaupal.media.objects import ObjectKey, ObjectMissing
from chaupal.moving import shapes
from chaupal.moving.moves import Move
from chaupal.moving.rules import SchemaDiffers
from chaupal.moving.snapshots import Changed, TableSum
from chaupal.serving.house import House
from chaupal.store.clock import new_id
from chaupal.store.schema import SCHEMA_VERSION
from chaupal.store.tenant_rows import hash_of_sample
from chaupal.store.whole_database import Row

_CALL_TIMEOUT_S = 60.0
_MEDIA_TIMEOUT_S = 3_600.0
_SUM_TIMEOUT_S = 600.0
_SUMMED_AT_ONCE = 5_000_000
"""Rows that the other cell's PostgreSQL sums before it answers; some seconds' work, minutes on slow disks."""
_ROWS_AT_ONCE = 500
_SUCCESS, _UNKNOWN, _UNAVAILABLE = 200, 401, 500
_PROBE_BYTES = 32


class MoveRefused(Exception):
    """The other cell does not take the tenant; the sentence says why."""


class RowsDiffer(Exception):
    """What is there is not what was sent."""


class Bringing:
    """One try to bring a tenant to another cell."""

    def __init__(self, house: House, move: Move) -> None:
        self._house = house
        self._move = move
        self._sent: set[str] = set()
        self._is_shared: bool | None = None

    async def begin(self, key: bytes) -> bool:
        """Begin, and have removed what an earlier try has left there; whether it takes what PostgreSQL's COPY gives:
        both are on PostgreSQL, and hash rows alike."""
        begun = await self._call("begin", shapes.Begin(self._move.arrival_id, key, SCHEMA_VERSION))
        if begun.schema_version != SCHEMA_VERSION:  # it is too old to have refused by itself
            raise MoveRefused(str(SchemaDiffers(here=SCHEMA_VERSION, there="an older one")))
        await self._clear()
        own = await self._house.store.read(hash_of_sample, INSTALLATION, None)
        return bool(own) and own == begun.hash_of_sample

    async def _clear(self) -> None:
        place = shapes.Place(self._move.arrival_id)
        while (await self._call("clear", place)).has_more:
            continue

    async def put(self, table: str, rows: list[Row]) -> None:
        """Send rows that are not there."""
        await self._call("rows", shapes.Rows(self._move.arrival_id, table, rows))

    async def put_copied(self, table: str, columns: list[str], data: bytes) -> None:
        """Send rows that are not there, as PostgreSQL's COPY has given them."""
        await self._call("copied", shapes.Copied(self._move.arrival_id, table, columns, data))

    async def compare(self, sums: dict[str, TableSum]) -> None:
        """Have these tables read there, and compare.

        Raises:
            RowsDiffer.
        """
        found = {table: RowDigest() for table in sums}
        asked = [_asked(table, summed) for table, summed in sums.items()]
        while asked:
            answer = await self._call("sum", shapes.SumsOf(asked), timeout_s=_SUM_TIMEOUT_S)
            parts = list(zip(asked, answer.sums, strict=True))
            for each, part in parts:
                found[each.table].add_part(part.row_count, part.digest)
            asked = [msgspec.structs.replace(each, after=part.after) for each, part in parts if part.after is not None]
        for table, summed in sums.items():
            if (found[table].row_count, found[table].hex) != (summed.row_count, summed.digest):
                raise RowsDiffer(f"the table {table} has other rows there than here")

    async def change(self, changed: Changed) -> None:
        """Do there what was done here, and compare each row.

        All that is removed goes first: a number or name that has gone from one row to another is unique.

        Raises:
            RowsDiffer.
        """
        arrival_id = self._move.arrival_id
        for start in range(0, len(changed.removed), _ROWS_AT_ONCE):
            part = changed.removed[start : start + _ROWS_AT_ONCE]
            await self._call("changes", shapes.Changed(arrival_id, part, {}))
        for table, rows in changed.rows.items():
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                some = rows[start : start + _ROWS_AT_ONCE]
                digest = RowDigest()
                for row in some:
                    digest.add(encode_row(row))
                answer = await self._call("changes", shapes.Changed(arrival_id, [], {table: list(some)}))
                if answer.digest != digest.hex:
                    raise RowsDiffer(f"the table {table} has other rows there than were sent")

    async def shares_media(self) -> bool:
        """Whether both cells keep files in the same place, where what one removes the other misses: an object that is
        put there by this one is seen by the other."""
        media = self._house.media_store
        content, path = secrets.token_bytes(_PROBE_BYTES), media.incoming.new_path()
        await media.threads.run(lambda: path.write_bytes(content))
        key = ObjectKey(self._move.tenant_id, hashlib.sha256(content).hexdigest(), new_id())
        await media.objects.put(key, path)
        try:
            return (await self._call("probe", shapes.Probe(key.sha256, key.object_id, _PROBE_BYTES))).has_more
        finally:
            path.unlink(missing_ok=True)
            await media.objects.delete(key)

    async def send_media(self, stored: list[StoredObject]) -> None:
        """Send the bytes of files that have not been sent. One that is not there any more has been erased."""
        if stored and self._is_shared is None:
            self._is_shared = await self.shares_media()
        for each in stored:
            if self._is_shared:
                return
            if each.key.object_id in self._sent:
                continue
            try:
                first = self._house.media_store.objects.read(each.key, 0, min(1, each.size_bytes))
                async for _piece in first:
                    break
            except ObjectMissing:
                continue
            pieces = self._house.media_store.objects.read(each.key, 0, each.size_bytes)
            path = f"media/{each.key.sha256}/{each.key.object_id}"
            await self._send(path, _as_iterator(pieces), timeout_s=_MEDIA_TIMEOUT_S)
            self._sent.add(each.key.object_id)

    async def finish(self, home: Home, tokens_until_ms: int) -> None:
        """The tenant lives there from this answer on, or from before it, if it is lost."""
        asked = shapes.FinishOf(self._move.arrival_id, home.move_count, home.origins, tokens_until_ms)
        await self._call("finish", asked)

    async def give_up(self) -> None:
        """From this answer on it never will."""
        await self._call("give-up", shapes.Place(self._move.arrival_id))

    async def take_back(self) -> None:
        """Nothing is left there of what was sent, and it never will be finished."""
        await self._clear()
        await self.give_up()

    async def _call(self, step: str, shape: msgspec.Struct, *, timeout_s: float = _CALL_TIMEOUT_S) -> shapes.Answer:
        answered = await self._send(step, msgspec.msgpack.encode(shape), timeout_s=timeout_s)
        return msgspec.msgpack.decode(answered, type=shapes.Answer)

    async def _send(
        self, step: str, body: bytes | AsyncIterator[bytes], *, timeout_s: float = _CALL_TIMEOUT_S
    ) -> bytes:
        path = f"/cells/v1/moves/{self._move.tenant_id}/{step}"
        answer = await self._house.cell_calls.call(self._move.to_cell, "POST", path, body, timeout_s=timeout_s)
        if answer.status == _SUCCESS:
            return answer.body
        said = _sentence(answer.body)
        # A cell that has joined a moment ago may not know its own name yet.
        if answer.status >= _UNAVAILABLE or answer.status == _UNKNOWN:
            raise Unavailable(reason=f"The cell '{self._move.to_cell}' answered: {said}", retry_after_s=5)
        raise MoveRefused(said)


def _asked(table: str, summed: TableSum) -> shapes.SumOf:
    row_limit = _SUMMED_AT_ONCE if summed.row_count > _SUMMED_AT_ONCE else None
    return shapes.SumOf(table, None, summed.is_by_database, row_limit)


async def _as_iterator(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece


class _Refusal(msgspec.Struct):
    message: str = ""


def _sentence(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Refusal).message
    except msgspec.DecodeError:
        return "something that cannot be read"
