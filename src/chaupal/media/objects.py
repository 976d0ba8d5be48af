"""Where the bytes lie: a folder, or a bucket (`bucket`). One object is one content of one tenant.

An object's name is made of the tenant's id, the content's hash and an id of its own, all of them ours: no path comes
from what a person wrote. The id makes a removed object's name one that is never used again, so that a sweep can remove
bytes without looking whether somebody has just uploaded the same.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import IO, Protocol

import msgspec

from chaupal.errors import Unavailable
from chaupal.media.incoming import MediaThreads, telling_full_disk

_READ_BYTES = 262_144
_PLAIN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HASH = re.compile(r"[0-9a-f]{64}")


class ObjectMissing(Exception):
    """The database knows of an object whose bytes are not there."""


class MediaStoreGone(Unavailable):
    """The bucket cannot be reached, or refuses."""

    def __init__(self, cause: object) -> None:
        super().__init__(reason="The store of media cannot be reached.", retry_after_s=5)
        self.cause = cause


class ObjectKey(msgspec.Struct, frozen=True):
    """The name of one object."""

    tenant_id: str
    sha256: str
    object_id: str

    @property
    def path(self) -> str:
        """Relative, of letters, digits, dots, dashes and slashes alone."""
        assert _HASH.fullmatch(self.sha256) and _PLAIN_ID.fullmatch(self.object_id)
        return f"{_folder_of(self.tenant_id)}/{self.sha256[:2]}/{self.sha256}.{self.object_id}"


def _folder_of(tenant_id: str) -> str:
    if _PLAIN_ID.fullmatch(tenant_id):
        return tenant_id
    return hashlib.sha256(tenant_id.encode()).hexdigest()[:32]


class ObjectStore(Protocol):
    """What the product needs of a place for bytes."""

    @property
    def takes_files_over(self) -> bool:
        """Whether a file that is put becomes the object, so that what is on disk of it need not be written again."""

    async def put(self, key: ObjectKey, path: Path) -> None:
        """Take the file over; on return its bytes are kept for good. The file at `path` may be gone then.

        Raises:
            StorageFull, MediaStoreGone.
        """

    def read(self, key: ObjectKey, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` up to `end`, a piece at a time.

        Raises:
            ObjectMissing, MediaStoreGone: both before the first piece.
        """

    async def delete(self, key: ObjectKey) -> None:
        """Remove the bytes. Harmless when repeated.

        Raises:
            MediaStoreGone.
        """


class FolderObjects:
    """Objects as files below a folder."""

    takes_files_over = True

    def __init__(self, root: Path, threads: MediaThreads) -> None:
        self._root = root
        self._threads = threads

    async def put(self, key: ObjectKey, path: Path) -> None:
        """Force the file to disk, move it to its place, and force the folder to disk."""
        await self._threads.run(lambda: self._put_now(path, self._root / key.path))

    async def read(self, key: ObjectKey, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """A piece at a time, each read in a thread."""
        file = await self._threads.run(lambda: self._open(key, start))
        try:
            left = end - start
            while left > 0:
                piece = await self._threads.run(partial(file.read, min(left, _READ_BYTES)))
                if not piece:
                    raise ObjectMissing(key.path)
                left -= len(piece)
                yield piece
        finally:
            file.close()

    async def delete(self, key: ObjectKey) -> None:
        """Remove the file."""
        await self._threads.run(lambda: (self._root / key.path).unlink(missing_ok=True))

    def _open(self, key: ObjectKey, start: int) -> IO[bytes]:
        try:
            file = (self._root / key.path).open("rb", buffering=0)
        except FileNotFoundError:
            raise ObjectMissing(key.path) from None
        file.seek(start)
        return file

    def _put_now(self, path: Path, place: Path) -> None:
        with telling_full_disk():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            made = _make_folders(place.parent)
            path.rename(place)
            for folder in (place.parent, *made):
                force_folder(folder)


def _make_folders(folder: Path) -> list[Path]:
    """Make what is missing; the folders that got an entry, which has to be forced to disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    return [each.parent for each in missing]


def force_folder(folder: Path) -> None:
    """Force a folder's entries to disk. Blocks."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
