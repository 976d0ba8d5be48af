"""One upload from its bytes to a `MediaDraft`: temporary files, checks, pictures made clean, bytes put to their place.

Used as `async with Intake(...)`: whatever happens, no temporary file is left. Nothing is visible to anybody before
`rules.add_media` has committed; bytes that were put for a draft that was never committed are removed by the sweep.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from chaupal.auth.caller import Caller, Operator
from chaupal.errors import InvalidParameters, PayloadTooLarge, UnsupportedMedia
from chaupal.media.claims import check_claim
from chaupal.media.file_names import fit_name
from chaupal.media.file_types import FileType, MediaKind
from chaupal.media.incoming import IncomingFile, StoredContent, hash_file, telling_full_disk
from chaupal.media.media_store import MediaStore
from chaupal.media.objects import ObjectKey
from chaupal.media.pictures import Picture, clean_picture, make_thumbnail
from chaupal.media.rules import Content, FileDraft, MediaDraft, Reservation
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction

CallerT = TypeVar("CallerT", bound=Caller | Operator)
Reserving = Callable[[Transaction, CallerT, Sequence[Content]], list[Reservation]]

FILES_MAX = 10
"""Of one album."""


class AlbumOfOthers(UnsupportedMedia):
    """Several files make an album, and one of them is no picture. Fields: `field`, `kind`."""

    template = "{field}: several files make an album, which holds pictures alone; this one is {kind}."


class ReceivedFile(msgspec.Struct, frozen=True):
    """A whole file, and what was said of it. `field` is what a refusal of it names."""

    content: StoredContent
    field: str
    name: str
    content_type: str


class PreparedFile(msgspec.Struct, frozen=True):
    """A checked file, ready to be kept. The content is that of the cleaned picture where it is one."""

    content: StoredContent
    file_type: FileType
    name: str
    picture: Picture | None = None
    thumbnail: StoredContent | None = None
    thumbnail_type: str | None = None


class _OpenFile(msgspec.Struct, frozen=True):
    file: IncomingFile
    field: str
    name: str
    content_type: str
    is_optional: bool


class Intake:
    """One upload. Files are begun, written and ended one after another; then all are kept at once."""

    def __init__(self, media_store: MediaStore, *, max_bytes: int, limit: str) -> None:
        """`max_bytes` is for all files together; `limit` names it in a refusal."""
        self._media_store = media_store
        self._max_bytes = max_bytes
        self._limit = limit
        self._open: _OpenFile | None = None
        self._received: list[ReceivedFile] = []
        self._received_bytes = 0
        self._paths: list[Path] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            await self._open.file.discard()
        for path in self._paths:
            path.unlink(missing_ok=True)

    def begin(self, *, field: str, name: str, content_type: str, is_optional: bool = False) -> None:
        """A file begins. An optional one without a byte counts as none: browsers send an input that nobody filled in.

        Raises:
            PayloadTooLarge: there are too many.
            StorageFull.
        """
        if len(self._received) >= FILES_MAX:
            raise PayloadTooLarge(what="The album", limit=f"{FILES_MAX} files")
        file = self._media_store.new_file()
        self._paths.append(file.path)
        self._open = _OpenFile(file, field, name, content_type, is_optional)

    async def write(self, chunk: bytes) -> None:
        """More of the file.

        Raises:
            PayloadTooLarge, StorageFull.
        """
        assert self._open is not None
        self._received_bytes += len(chunk)
        if self._received_bytes > self._max_bytes:
            raise PayloadTooLarge(what="The upload", limit=self._limit)
        await self._open.file.write(chunk)

    async def end(self, *, content_type: str = "", name: str = "") -> None:
        """The file is whole. What has become known of it only now replaces what was said when it began.

        Raises:
            StorageFull.
        """
        assert self._open is not None
        opened = self._open
        content = await opened.file.finish()
        self._open = None
        if content.size_bytes or not opened.is_optional:
            received = ReceivedFile(content, opened.field, name or opened.name, content_type or opened.content_type)
            self._received.append(received)

    @property
    def digest(self) -> bytes:
        """Equal for uploads of the same files under the same names and types."""
        digest = hashlib.sha256()
        for file in self._received:
            said = (file.content.sha256, file.field, file.name, file.content_type)
            digest.update("\n".join(repr(each) for each in said).encode())
        return digest.digest()

    async def keep(self, store: Store, caller: CallerT, reserving: Reserving[CallerT]) -> MediaDraft:
        """Check everything and put the bytes to their place; what is left is to commit the draft. `reserving` is the
        rule that gives each content its object, such as `reserve_objects`.

        Raises:
            InvalidParameters, UnsupportedMedia, PayloadTooLarge, StorageFull, MediaStoreGone.
            InvalidToken, Forbidden.
        """
        if not self._received:
            raise InvalidParameters(field="body", value="no file", rule="must hold a file: a part with a file name")
        prepared = [await self._prepare(number, file) for number, file in enumerate(self._received, 1)]
        if len(prepared) > 1:
            for file, received in zip(prepared, self._received, strict=True):
                if file.picture is None:
                    raise AlbumOfOthers(field=received.field, kind=file.file_type.content_type)
        contents = [file.content for file in prepared]
        contents += [file.thumbnail for file in prepared if file.thumbnail is not None]
        wanted = [Content(content.sha256, content.size_bytes) for content in contents]
        reserved = (await store.write(reserving, caller, wanted)).result
        objects: dict[str, str] = {}
        for content, reservation in zip(contents, reserved, strict=True):
            await self._put(caller.tenant_id, content, reservation, objects)
        kind = prepared[0].file_type.kind if len(prepared) == 1 else MediaKind.ALBUM
        return MediaDraft(kind, tuple(_draft(file, objects) for file in prepared))

    async def _put(
        self, tenant_id: str, content: StoredContent, reservation: Reservation, objects: dict[str, str]
    ) -> None:
        """Bytes that are there already, from before or from this upload, are not put again."""
        if not reservation.has_bytes and content.sha256 not in objects:
            key = ObjectKey(tenant_id, content.sha256, reservation.object_id)
            await self._media_store.objects.put(key, content.path)
        objects[content.sha256] = reservation.object_id

    async def _prepare(self, number: int, file: ReceivedFile) -> PreparedFile:
        threads = self._media_store.threads
        check = partial(
            check_claim, file.content.path, field=file.field, content_type=file.content_type, name=file.name
        )
        file_type = await threads.run(check)
        prepared = PreparedFile(file.content, file_type, fit_name(file.name, file_type, number=number))
        if file_type.kind is not MediaKind.IMAGE:
            return prepared
        cleaned, small = self._new_path(), self._new_path()
        return await threads.run_on_picture(lambda: _prepare_picture(prepared, cleaned, small, field=file.field))

    def _new_path(self) -> Path:
        path = self._media_store.incoming.new_path()
        self._paths.append(path)
        return path


def _prepare_picture(prepared: PreparedFile, cleaned: Path, small: Path, *, field: str) -> PreparedFile:
    with telling_full_disk():
        picture = clean_picture(prepared.content.path, cleaned, prepared.file_type, field=field)
    thumbnail_type = make_thumbnail(cleaned, small)
    return msgspec.structs.replace(
        prepared,
        content=hash_file(cleaned),
        picture=picture,
        thumbnail=hash_file(small) if thumbnail_type else None,
        thumbnail_type=thumbnail_type,
    )


def _draft(file: PreparedFile, objects: dict[str, str]) -> FileDraft:
    picture, thumbnail = file.picture, file.thumbnail
    extension = file.name.rpartition(".")[2].lower()
    return FileDraft(
        content=Content(file.content.sha256, file.content.size_bytes),
        object_id=objects[file.content.sha256],
        content_type=file.file_type.content_type,
        extension=extension,
        file_name=file.name,
        size_px=(picture.width_px, picture.height_px) if picture else None,
        place_e7=(picture.place.latitude_e7, picture.place.longitude_e7) if picture and picture.place else None,
        thumbnail=Content(thumbnail.sha256, thumbnail.size_bytes) if thumbnail else None,
        thumbnail_object_id=objects[thumbnail.sha256] if thumbnail else None,
        thumbnail_content_type=file.thumbnail_type,
    )
