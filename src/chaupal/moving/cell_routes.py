"""The calls of another cell that brings a tenant: the steps of `moving.arrivals`, at the door of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from chaupal.auth.caller import INSTALLATION
from chaupal.cells.door import CellRequest, CellRoute
from chaupal.cells.routes import EMPTY_PATH
from chaupal.directory.places import Arrival, Home
from chaupal.errors import Forbidden, InvalidParameters
from chaupal.media.objects import ObjectKey, ObjectMissing
from chaupal.moving import shapes
from chaupal.store.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from chaupal.moving.beginning import Emptied

PREFIX = "/cells/v1/moves/{tenantId}/"
_ROWS_MAX_BYTES = 16 * 1_048_576
_MEDIA_MAX_BYTES = 10 * 1_073_741_824

ShapeT = TypeVar("ShapeT", bound=msgspec.Struct)


def _read(request: CellRequest, shape: type[ShapeT]) -> ShapeT:
    try:
        return msgspec.msgpack.decode(request.body, type=shape)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidParameters(field="body", value="", rule=f"cannot be read: {error}") from error


def _packed(answer: shapes.Answer) -> bytes:
    return msgspec.msgpack.encode(answer)


async def take_begin(request: CellRequest) -> bytes:
    """A tenant is to come."""
    from chaupal.moving import arrivals
    from chaupal.moving.rules import SchemaDiffers
    from chaupal.store.tenant_rows import hash_of_sample

    begin, house, tenant_id = _read(request, shapes.Begin), request.house, request.path["tenantId"]
    if begin.schema_version != SCHEMA_VERSION:
        raise SchemaDiffers(here=SCHEMA_VERSION, there=begin.schema_version or "an older one")
    await arrivals.begin(house, tenant_id, begin.arrival_id, begin.key, is_move=True)
    sample = await house.store.read(hash_of_sample, INSTALLATION, None)
    return _packed(shapes.Answer(schema_version=SCHEMA_VERSION, hash_of_sample=sample))


async def take_clear(request: CellRequest) -> bytes:
    """What an earlier try has left is to go."""
    from chaupal.moving import arrivals

    place = _read(request, shapes.Place)
    more = await arrivals.clear(request.house, request.path["tenantId"], place.arrival_id)
    return _packed(shapes.Answer(has_more=more))


async def take_rows(request: CellRequest) -> bytes:
    """Rows come."""
    from chaupal.moving import arrivals
    from chaupal.moving.rules import RowsOf

    rows = _read(request, shapes.Rows)
    await arrivals.put(request.house, request.path["tenantId"], RowsOf(rows.arrival_id, rows.table, rows.rows))
    return _packed(shapes.Answer())


async def take_copied(request: CellRequest) -> bytes:
    """Rows come as PostgreSQL has given them."""
    from chaupal.moving import arrivals
    from chaupal.moving.rules import CopiedRows

    copied = _read(request, shapes.Copied)
    rows = CopiedRows(copied.arrival_id, copied.table, copied.columns, copied.data)
    await arrivals.put_copied(request.house, request.path["tenantId"], rows)
    return _packed(shapes.Answer())


async def take_changes(request: CellRequest) -> bytes:
    """Rows have changed."""
    from chaupal.moving import arrivals
    from chaupal.moving.rules import Changes

    changed = _read(request, shapes.Changed)
    changes = Changes(changed.arrival_id, changed.removed, changed.rows)
    return _packed(shapes.Answer(digest=await arrivals.change(request.house, request.path["tenantId"], changes)))


async def take_sum(request: CellRequest) -> bytes:
    """What tables, or parts of them, add up to here."""
    from chaupal.moving import arrivals

    asked = _read(request, shapes.SumsOf)
    return _packed(shapes.Answer(sums=await arrivals.sum_up_all(request.house, request.path["tenantId"], asked.tables)))


async def take_media(request: CellRequest) -> bytes:
    """The bytes of a file; what is in its place already is replaced by itself."""
    from chaupal.media.incoming import IncomingFile

    house, path = request.house, request.path
    key = ObjectKey(path["tenantId"], path["sha256"], path["objectId"])
    media = house.media_store
    incoming = IncomingFile(media.incoming.new_path(), media.threads, is_to_stay=media.objects.takes_files_over)
    try:
        async for piece in request.pieces():
            await incoming.write(piece)
        content = await incoming.finish()
        if content.sha256 != key.sha256:
            raise InvalidParameters(field="body", value="", rule="must be the bytes that its name promises")
        await media.objects.put(key, content.path)
    finally:
        await incoming.discard()
    return _packed(shapes.Answer())


async def take_probe(request: CellRequest) -> bytes:
    """Whether an object of the other cell can be seen here: then both keep files in one place."""
    probe = _read(request, shapes.Probe)
    key = ObjectKey(request.path["tenantId"], probe.sha256, probe.object_id)
    try:
        async for _piece in request.house.media_store.objects.read(key, 0, probe.size_bytes):
            continue
    except ObjectMissing:
        return _packed(shapes.Answer())
    return _packed(shapes.Answer(has_more=True))


async def take_finish(request: CellRequest) -> bytes:
    """The tenant lives here from now on."""
    from chaupal.moving import arrivals
    from chaupal.moving.rules import Finish

    asked = _read(request, shapes.FinishOf)
    arrival = Arrival(request.cell.name, Home(asked.move_count, asked.origins), asked.tokens_until_ms)
    await arrivals.finish(request.house, request.path["tenantId"], Finish(asked.arrival_id, arrival))
    return _packed(shapes.Answer())


async def take_give_up(request: CellRequest) -> bytes:
    """The tenant stays where it was."""
    from chaupal.moving import arrivals

    place = _read(request, shapes.Place)
    await arrivals.give_up(request.house, request.path["tenantId"], place.arrival_id)
    return _packed(shapes.Answer())


async def take_empty(request: CellRequest) -> Emptied:
    """All tenants here are to go to another cell; the root says so, and nobody else may."""
    from chaupal.cells.shapes import EmptyRequest
    from chaupal.moving.beginning import Goal, begin_all

    if not request.cell.is_root:
        raise Forbidden(lacking="only the root empties cells")
    asked = request.read(EmptyRequest)
    return await begin_all(request.house, Goal(asked.to_cell, asked.with_installation_key))


MOVE_ROUTES = [
    CellRoute("POST", EMPTY_PATH, take_empty),
    CellRoute("POST", PREFIX + "begin", take_begin),
    CellRoute("POST", PREFIX + "clear", take_clear),
    CellRoute("POST", PREFIX + "rows", take_rows, max_bytes=_ROWS_MAX_BYTES),
    CellRoute("POST", PREFIX + "copied", take_copied, max_bytes=_ROWS_MAX_BYTES),
    CellRoute("POST", PREFIX + "changes", take_changes, max_bytes=_ROWS_MAX_BYTES),
    CellRoute("POST", PREFIX + "sum", take_sum),
    CellRoute("POST", PREFIX + "media/{sha256}/{objectId}", take_media, streams=True, max_bytes=_MEDIA_MAX_BYTES),
    CellRoute("POST", PREFIX + "probe", take_probe),
    CellRoute("POST", PREFIX + "finish", take_finish),
    CellRoute("POST", PREFIX + "give-up", take_give_up),
]
