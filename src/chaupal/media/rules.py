"""The rules of media: taking files, finding them again, using them, forgetting them. Contract, section 7.

A `mediaResource` is the media's id and a secret of its own, so that none can be guessed; it is looked up within the
tenant, and another tenant's is none. The bytes are kept by `intake` and `sweeping`, outside any transaction.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Sequence

import msgspec

from chaupal.auth.access import Access, access_caller
from chaupal.auth.caller import Caller, Operator
from chaupal.errors import InvalidParameters, NotFound, Unavailable
from chaupal.media.events import media_added, media_removed
from chaupal.media.file_types import MediaKind
from chaupal.media.objects import ObjectKey
from chaupal.media.queries import (
    DOOMED,
    KEPT,
    PENDING,
    FileRow,
    MediaRow,
    ObjectRow,
    delete_doomed,
    delete_media_rows,
    doom_old_objects,
    forget_places,
    insert_media,
    insert_objects,
    loosen_objects,
    mark_attached,
    select_doomed,
    select_file,
    select_files,
    select_media,
    select_objects,
    select_orphans,
    select_usable_objects,
    set_object_state,
    sum_objects,
    touch_objects,
)
from chaupal.media.resources import NO_RESOURCE, SECRET_BYTES, read_resource, write_resource
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

MediaFile = FileRow
"""A file as other slices see it. Its place, if it has one, is told only by an action that is about places."""

_UNUSED_OBJECT_KEEP_MS = 3_600_000
"""Longer than any upload takes: what has been reserved stays usable until the upload that reserved it has ended."""


class UploadTookTooLong(Unavailable):
    """The bytes were kept for the upload as long as they are kept, and are gone."""

    def __init__(self) -> None:
        super().__init__(reason="The upload took too long.", retry_after_s=1)


class Media(msgspec.Struct, frozen=True):
    """A media resource with its files, in order."""

    media_id: str
    resource: str
    kind: MediaKind
    owner_id: str
    created_at_ms: int
    files: tuple[MediaFile, ...]


class Content(msgspec.Struct, frozen=True):
    """The bytes of a file: their hash (SHA-256, hexadecimal) and their number."""

    sha256: str
    size_bytes: int


class Reservation(msgspec.Struct, frozen=True):
    """An object for a content. Where its bytes are not there yet, whoever reserved it puts them there."""

    object_id: str
    has_bytes: bool


class FileDraft(msgspec.Struct, frozen=True):
    """A file whose bytes are kept. Pixels and place only of pictures; `place_e7` is (latitude, longitude)."""

    content: Content
    object_id: str
    content_type: str
    extension: str
    file_name: str
    size_px: tuple[int, int] | None = None
    place_e7: tuple[int, int] | None = None
    thumbnail: Content | None = None
    thumbnail_object_id: str | None = None
    thumbnail_content_type: str | None = None


class MediaDraft(msgspec.Struct, frozen=True):
    """Files to make a media resource of; several make an album."""

    kind: MediaKind
    files: tuple[FileDraft, ...]


def check_may_upload(tx: Transaction, caller: Caller, _request: None) -> None:
    """Pass where the caller may upload, before a large body is read.

    Raises:
        InvalidToken, Forbidden.
    """
    access_caller(tx, caller)


def reserve_objects(tx: Transaction, caller: Caller, contents: Sequence[Content]) -> list[Reservation]:
    """An object for each content, in order: the tenant's own of the same content, or a new one without bytes.

    Raises:
        InvalidToken, Forbidden.
    """
    access_caller(tx, caller)
    return reserve(tx, contents)


def reserve(tx: Transaction, contents: Sequence[Content]) -> list[Reservation]:
    """An object for each content, in order. Inside tx; the caller may upload."""
    usable = {row.sha256: row.object_id for row in select_usable_objects(tx, [each.sha256 for each in contents])}
    new = {each.sha256: each for each in contents if each.sha256 not in usable}
    rows = [ObjectRow(new_id(), sha256, each.size_bytes, PENDING, tx.now_ms) for sha256, each in new.items()]
    insert_objects(tx, rows)
    touch_objects(tx, list(usable.values()))
    reserved = {row.sha256: row.object_id for row in rows}
    return [Reservation({**usable, **reserved}[each.sha256], each.sha256 in usable) for each in contents]


def add_media(tx: Transaction, caller: Caller, draft: MediaDraft) -> str:
    """Make a media resource of files whose bytes are kept; its `mediaResource`.

    Raises:
        InvalidToken, Forbidden, UploadTookTooLong.
    """
    access = access_caller(tx, caller)
    objects = take_objects(tx, draft)
    row = MediaRow(
        media_id=new_id(),
        kind=draft.kind.value,
        secret=secrets.token_bytes(SECRET_BYTES),
        owner_id=access.user_id,
        connector_id=access.connector_id,
        created_at_ms=tx.now_ms,
        attached_at_ms=None,
    )
    insert_media(tx, row, [file_row(row, number, file, objects) for number, file in enumerate(draft.files, 1)])
    size_bytes = sum(file.content.size_bytes for file in draft.files)
    tx.append(
        media_added(
            row.media_id,
            owner_id=row.owner_id,
            kind=row.kind,
            file_count=len(draft.files),
            size_bytes=size_bytes,
        )
    )
    return write_resource(row.media_id, row.secret)


def take_objects(tx: Transaction, draft: MediaDraft) -> dict[str, str]:
    """The object to use for each reserved one: another, where the same content was uploaded twice at once."""
    reserved = [file.object_id for file in draft.files]
    reserved += [file.thumbnail_object_id for file in draft.files if file.thumbnail_object_id is not None]
    rows = select_objects(tx, reserved)
    usable = {row.sha256: row.object_id for row in select_usable_objects(tx, [row.sha256 for row in rows.values()])}
    if any(object_id not in rows or rows[object_id].state == DOOMED for object_id in reserved):
        raise UploadTookTooLong
    taken = {row.object_id: usable.get(row.sha256, row.object_id) for row in rows.values()}
    # What two uploads both brought is kept once; the other copy is removed by the sweep.
    set_object_state(tx, sorted({object_id for object_id, used in taken.items() if object_id != used}), DOOMED)
    set_object_state(tx, sorted(set(taken.values())), KEPT)
    return taken


def file_row(row: MediaRow, number: int, file: FileDraft, objects: dict[str, str]) -> FileRow:
    thumbnail = file.thumbnail_object_id
    return FileRow(
        media_id=row.media_id,
        file_number=number,
        object_id=objects[file.object_id],
        content_type=file.content_type,
        extension=file.extension,
        file_name=file.file_name,
        size_bytes=file.content.size_bytes,
        width_px=file.size_px[0] if file.size_px else None,
        height_px=file.size_px[1] if file.size_px else None,
        thumbnail_object_id=objects[thumbnail] if thumbnail is not None else None,
        thumbnail_content_type=file.thumbnail_content_type,
        thumbnail_size_bytes=file.thumbnail.size_bytes if file.thumbnail else None,
        latitude_e7=file.place_e7[0] if file.place_e7 else None,
        longitude_e7=file.place_e7[1] if file.place_e7 else None,
    )


def read_media(tx: Transaction, caller: Caller, media_resource: str) -> Media:
    """A media resource.

    Raises:
        InvalidToken, Forbidden, NotFound.
    """
    return access_media(tx, access_caller(tx, caller), media_resource)


def access_media(
    tx: Transaction,
    access: Access,
    media_resource: str,
    *,
    kinds: Collection[MediaKind] = tuple(MediaKind),
    field: str = "mediaResource",
) -> Media:
    """One media resource of the caller's tenant that is of one of the kinds. `field` is what a refusal names.

    Raises:
        NotFound: not made here, of another tenant, or removed.
        InvalidParameters: it is of another kind.
    """
    return access_all_media(tx, access, [media_resource], kinds=kinds, field=field)[0]


def access_all_media(
    tx: Transaction,
    _access: Access,
    media_resources: Sequence[str],
    *,
    kinds: Collection[MediaKind] = tuple(MediaKind),
    field: str = "mediaResource",
) -> list[Media]:
    """Like `access_media` for several, in order, with two statements however many. An `Access` is the proof of one."""
    asked = [read_resource(text) or NO_RESOURCE for text in media_resources]
    found = find_media(tx, [media_id for media_id, _ in asked])
    secret_of = {row.media_id: read_resource(row.resource) for row in found.values()}
    media = []
    for (media_id, secret), text in zip(asked, media_resources, strict=True):
        kept = secret_of.get(media_id) or NO_RESOURCE
        if not hmac.compare_digest(kept[1], secret) or media_id not in found:
            raise NotFound("media", media_resource=text)
        one = found[media_id]
        if one.kind not in kinds:
            wanted = ", ".join(kind.value for kind in kinds)
            rule = f"must be media of kind {wanted}, not {one.kind.value}"
            raise InvalidParameters(field=field, value=text, rule=rule)
        media.append(one)
    return media


def find_media(tx: Transaction, media_ids: Sequence[str]) -> dict[str, Media]:
    """Those media that are there, by id, with two statements however many. For what refers to media by id already."""
    files: dict[str, list[MediaFile]] = {}
    for file in select_files(tx, media_ids):
        files.setdefault(file.media_id, []).append(file)
    return {
        row.media_id: Media(
            media_id=row.media_id,
            resource=write_resource(row.media_id, row.secret),
            kind=MediaKind(row.kind),
            owner_id=row.owner_id,
            created_at_ms=row.created_at_ms,
            files=tuple(files.get(row.media_id, ())),
        )
        for row in select_media(tx, media_ids)
    }


def attach(tx: Transaction, media_id: str, *, keep_location: bool = False) -> None:
    """Mark a media resource as used, so that it is kept. Inside tx; idempotent.

    Where its pictures were taken is forgotten, unless they are used by an action that tells of places.
    """
    mark_attached(tx, media_id)
    if not keep_location:
        forget_places(tx, media_id)


def delete_media(tx: Transaction, media_ids: Sequence[str]) -> int:
    """Remove media: their links stop at once, their bytes are removed by the sweep. Inside tx; how many there were."""
    files = select_files(tx, media_ids)
    there = sorted({row.media_id for row in select_media(tx, media_ids)})
    if not there:
        return 0
    delete_media_rows(tx, there)
    objects = {file.object_id for file in files} | {file.thumbnail_object_id for file in files}
    loosen_objects(tx, sorted(object_id for object_id in objects if object_id is not None))
    for media_id in there:
        tx.append(media_removed(media_id))
    return len(there)


class ServedFile(msgspec.Struct, frozen=True):
    """What is needed to give out one file, or its small picture. A small picture's is the picture itself."""

    key: ObjectKey
    content_type: str
    extension: str
    file_name: str
    size_bytes: int


class FilePlace(msgspec.Struct, frozen=True):
    """Which file; `is_thumbnail`: its small picture."""

    media_id: str
    file_number: int
    is_thumbnail: bool


def read_served_file(tx: Transaction, _caller: Operator, place: FilePlace) -> ServedFile | None:
    """The file behind a link whose signature holds; None where it is not there any more."""
    file = select_file(tx, place.media_id, place.file_number)
    is_small = place.is_thumbnail and file is not None and file.thumbnail_object_id is not None
    object_id = "" if file is None else (file.thumbnail_object_id if is_small else file.object_id) or ""
    row = select_objects(tx, [object_id]).get(object_id)
    if file is None or row is None or (place.is_thumbnail and file.width_px is None):
        return None
    return ServedFile(
        key=ObjectKey(tx.tenant_id, row.sha256, row.object_id),
        content_type=(file.thumbnail_content_type if is_small else file.content_type) or "",
        extension=file.extension,
        file_name=file.file_name,
        size_bytes=row.size_bytes,
    )


def forget_orphans(tx: Transaction, *, before_ms: int, limit: int) -> int:
    """Remove media that were made before and never used; how many. Inside tx; for the sweep."""
    orphans = select_orphans(tx, before_ms=before_ms, limit=limit)
    return delete_media(tx, orphans) if orphans else 0


def doom_unused_objects(tx: Transaction, _caller: Operator, limit: int) -> list[ObjectKey]:
    """Objects whose bytes nobody uses any more and nobody will; at most `limit`. For the sweep."""
    doom_old_objects(tx, before_ms=tx.now_ms - _UNUSED_OBJECT_KEEP_MS)
    return [ObjectKey(tx.tenant_id, row.sha256, row.object_id) for row in select_doomed(tx, limit=limit)]


def forget_objects(tx: Transaction, _caller: Operator, object_ids: Sequence[str]) -> int:
    """Forget objects whose bytes are removed; how many. For the sweep."""
    return delete_doomed(tx, object_ids)


def sum_media_bytes(tx: Transaction, _caller: Operator, _request: None) -> int:
    """Bytes of the tenant's files, the same content once."""
    return sum_objects(tx)
