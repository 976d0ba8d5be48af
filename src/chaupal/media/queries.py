"""The statements on media, their files, and their objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, delete, func, insert, or_, select, update

from chaupal.media.tables import media, media_files, media_objects
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction

PENDING, KEPT, LOOSE, DOOMED = "pending", "kept", "loose", "doomed"

_ROW_LIMIT = bindparam("row_limit", type_=Integer())


class MediaRow(NamedTuple):
    """One media resource."""

    media_id: str
    kind: str
    secret: bytes
    owner_id: str
    connector_id: str
    created_at_ms: int
    attached_at_ms: int | None


class FileRow(NamedTuple):
    """One file of a media resource."""

    media_id: str
    file_number: int
    object_id: str
    content_type: str
    extension: str
    file_name: str
    size_bytes: int
    width_px: int | None
    height_px: int | None
    thumbnail_object_id: str | None
    thumbnail_content_type: str | None
    thumbnail_size_bytes: int | None
    latitude_e7: int | None
    longitude_e7: int | None


class ObjectRow(NamedTuple):
    """One object. `sha256` is hexadecimal."""

    object_id: str
    sha256: str
    size_bytes: int
    state: str
    touched_at_ms: int


_MEDIA_HERE = media.c.tenant_id == bindparam("tenant_id")
_FILES_HERE = media_files.c.tenant_id == bindparam("tenant_id")
_OBJECTS_HERE = media_objects.c.tenant_id == bindparam("tenant_id")

_SELECT_MEDIA = statement(
    select(*(media.c[name] for name in MediaRow._fields)).where(_MEDIA_HERE, in_list(media.c.media_id, "media_ids"))
)
_SELECT_FILES = statement(
    select(*(media_files.c[name] for name in FileRow._fields))
    .where(_FILES_HERE, in_list(media_files.c.media_id, "media_ids"))
    .order_by(media_files.c.media_id, media_files.c.file_number)
)
_SELECT_FILE = statement(
    select(*(media_files.c[name] for name in FileRow._fields)).where(
        _FILES_HERE,
        media_files.c.media_id == bindparam("which_id"),
        media_files.c.file_number == bindparam("which_number"),
    )
)
_INSERT_MEDIA = statement(insert(media))
_INSERT_FILES = statement(insert(media_files))
_ATTACH = statement(
    update(media)
    .where(_MEDIA_HERE, media.c.media_id == bindparam("which_id"), media.c.attached_at_ms.is_(None))
    .values(attached_at_ms=bindparam("at_ms"))
)
_FORGET_PLACES = statement(
    update(media_files)
    .where(_FILES_HERE, media_files.c.media_id == bindparam("which_id"), media_files.c.latitude_e7.is_not(None))
    .values(latitude_e7=None, longitude_e7=None)
)
_SELECT_ORPHANS = statement(
    select(media.c.media_id)
    .where(_MEDIA_HERE, media.c.attached_at_ms.is_(None), media.c.created_at_ms < bindparam("before_ms"))
    .order_by(media.c.created_at_ms)
    .limit(_ROW_LIMIT)
)
_DELETE_MEDIA = statement(delete(media).where(_MEDIA_HERE, in_list(media.c.media_id, "media_ids")))
_DELETE_FILES = statement(delete(media_files).where(_FILES_HERE, in_list(media_files.c.media_id, "media_ids")))

_SELECT_BY_CONTENT = statement(
    select(*(media_objects.c[name] for name in ObjectRow._fields)).where(
        _OBJECTS_HERE,
        in_list(media_objects.c.sha256, "hashes"),
        or_(media_objects.c.state == KEPT, media_objects.c.state == LOOSE),
    )
)
_SELECT_OBJECTS = statement(
    select(*(media_objects.c[name] for name in ObjectRow._fields)).where(
        _OBJECTS_HERE, in_list(media_objects.c.object_id, "object_ids")
    )
)
_SUM_OBJECTS = statement(
    select(func.coalesce(func.sum(media_objects.c.size_bytes), 0)).where(
        _OBJECTS_HERE, or_(media_objects.c.state == KEPT, media_objects.c.state == LOOSE)
    )
)
_INSERT_OBJECTS = statement(insert(media_objects))
_SET_STATE = statement(
    update(media_objects)
    .where(_OBJECTS_HERE, in_list(media_objects.c.object_id, "object_ids"))
    .values(state=bindparam("new_state"), touched_at_ms=bindparam("at_ms"))
)
_TOUCH = statement(
    update(media_objects)
    .where(_OBJECTS_HERE, in_list(media_objects.c.object_id, "object_ids"))
    .values(touched_at_ms=bindparam("at_ms"))
)
_is_referred_to = (
    select(media_files.c.media_id)
    .where(
        _FILES_HERE,
        or_(
            media_files.c.object_id == media_objects.c.object_id,
            media_files.c.thumbnail_object_id == media_objects.c.object_id,
        ),
    )
    .exists()
)
_LOOSEN = statement(
    update(media_objects)
    .where(
        _OBJECTS_HERE,
        in_list(media_objects.c.object_id, "object_ids"),
        media_objects.c.state == KEPT,
        ~_is_referred_to,
    )
    .values(state=LOOSE, touched_at_ms=bindparam("at_ms"))
)
_DOOM_OLD = statement(
    update(media_objects)
    .where(
        _OBJECTS_HERE,
        or_(media_objects.c.state == PENDING, media_objects.c.state == LOOSE),
        media_objects.c.touched_at_ms < bindparam("before_ms"),
    )
    .values(state=DOOMED)
)
_SELECT_DOOMED = statement(
    select(*(media_objects.c[name] for name in ObjectRow._fields))
    .where(_OBJECTS_HERE, media_objects.c.state == DOOMED)
    .limit(_ROW_LIMIT)
)
_DELETE_DOOMED = statement(
    delete(media_objects).where(
        and_(_OBJECTS_HERE, in_list(media_objects.c.object_id, "object_ids"), media_objects.c.state == DOOMED)
    )
)


def select_media(tx: Transaction, media_ids: Sequence[str]) -> list[MediaRow]:
    """Those of the tenant, in no order."""
    rows = tx.all(_SELECT_MEDIA, media_ids=list(media_ids))
    return [MediaRow(*row)._replace(secret=bytes(row[2])) for row in rows]


def select_files(tx: Transaction, media_ids: Sequence[str]) -> list[FileRow]:
    """The files of these media, those of one in order."""
    return [FileRow(*row) for row in tx.all(_SELECT_FILES, media_ids=list(media_ids))]


def select_file(tx: Transaction, media_id: str, file_number: int) -> FileRow | None:
    """One file."""
    row = tx.one_or_none(_SELECT_FILE, which_id=media_id, which_number=file_number)
    return FileRow(*row) if row else None


def insert_media(tx: Transaction, row: MediaRow, files: Sequence[FileRow]) -> None:
    """Inside tx; the files at once, because a rule of the same batch may look who refers to an object."""
    tx.append_row(_INSERT_MEDIA, **row._asdict())
    tx.run_many(_INSERT_FILES, [file._asdict() for file in files])


def mark_attached(tx: Transaction, media_id: str) -> None:
    """Inside tx; the first time counts."""
    tx.run(_ATTACH, which_id=media_id, at_ms=tx.now_ms)


def forget_places(tx: Transaction, media_id: str) -> None:
    """Inside tx."""
    tx.run(_FORGET_PLACES, which_id=media_id)


def select_orphans(tx: Transaction, *, before_ms: int, limit: int) -> list[str]:
    """The ids of media that were made before and never used, the oldest first."""
    return [row[0] for row in tx.all(_SELECT_ORPHANS, before_ms=before_ms, row_limit=limit)]


def delete_media_rows(tx: Transaction, media_ids: Sequence[str]) -> int:
    """Inside tx; the number of media deleted, their files beside them."""
    tx.run(_DELETE_FILES, media_ids=list(media_ids))
    return tx.run(_DELETE_MEDIA, media_ids=list(media_ids))


def select_usable_objects(tx: Transaction, hashes: Sequence[str]) -> list[ObjectRow]:
    """Objects with one of these contents whose bytes are there."""
    return [ObjectRow(*row) for row in tx.all(_SELECT_BY_CONTENT, hashes=list(hashes))]


def select_objects(tx: Transaction, object_ids: Sequence[str]) -> dict[str, ObjectRow]:
    """By id."""
    rows: list[Any] = tx.all(_SELECT_OBJECTS, object_ids=list(object_ids))
    return {row[0]: ObjectRow(*row) for row in rows}


def insert_objects(tx: Transaction, rows: Sequence[ObjectRow]) -> None:
    """Inside tx; at once, because another rule of the batch may meet on them."""
    tx.run_many(_INSERT_OBJECTS, [row._asdict() for row in rows])


def set_object_state(tx: Transaction, object_ids: Sequence[str], state: str) -> None:
    """Inside tx."""
    if object_ids:
        tx.run(_SET_STATE, object_ids=list(object_ids), new_state=state, at_ms=tx.now_ms)


def touch_objects(tx: Transaction, object_ids: Sequence[str]) -> None:
    """Inside tx: somebody is about to use them."""
    if object_ids:
        tx.run(_TOUCH, object_ids=list(object_ids), at_ms=tx.now_ms)


def loosen_objects(tx: Transaction, object_ids: Sequence[str]) -> None:
    """Mark those that no file refers to any more. Inside tx, after the files are deleted."""
    tx.run(_LOOSEN, object_ids=list(object_ids), at_ms=tx.now_ms)


def doom_old_objects(tx: Transaction, *, before_ms: int) -> int:
    """Pending and loose objects that nobody has touched since are not to be used again. Inside tx; how many."""
    return tx.run(_DOOM_OLD, before_ms=before_ms)


def select_doomed(tx: Transaction, *, limit: int) -> list[ObjectRow]:
    """Objects whose bytes are to be removed."""
    return [ObjectRow(*row) for row in tx.all(_SELECT_DOOMED, row_limit=limit)]


def delete_doomed(tx: Transaction, object_ids: Sequence[str]) -> int:
    """Inside tx; the number deleted."""
    return tx.run(_DELETE_DOOMED, object_ids=list(object_ids))


def sum_objects(tx: Transaction) -> int:
    """Bytes of all that is kept, the same content once."""
    row = tx.one_or_none(_SUM_OBJECTS)
    return int(row[0]) if row else 0
