"""Files on their way in: written to a temporary file and hashed as they come, off the event loop, a piece at a time.

What a killed process leaves behind lies in the folder `incoming` alone, and a sweep removes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from chaupal.store.clock import new_id
from chaupal.store.connection import StorageFull

ResultT = TypeVar("ResultT")

_PIECE_BYTES = 1024 * 1024
"""Written at a time; two such pieces of each upload are in memory at most. Smaller ones cost more changes between
threads, larger ones more fresh memory: either takes up to twice the processor's time."""

_FORCED_BYTES = 16 * 1024 * 1024
"""Forced to disk at a time, while more is coming: of a large file, little is then left to be waited for at the end."""

_STALE_S = 3_600.0
"""No upload stands still as long as this and goes on."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM})


@contextmanager
def telling_full_disk() -> Iterator[None]:
    """Turn an error of the disk into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(error) from error
        raise


class MediaThreads:
    """Where the disk is touched: a few threads for files, and one for pictures, whose memory is thus taken once."""

    def __init__(self) -> None:
        self._files = ThreadPoolExecutor(4, thread_name_prefix="media")
        self._pictures = ThreadPoolExecutor(1, thread_name_prefix="pictures")

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Run blocking work on files."""
        return await asyncio.get_running_loop().run_in_executor(self._files, work)

    async def run_on_picture(self, work: Callable[[], ResultT]) -> ResultT:
        """Run blocking work on a picture; one at a time in this process."""
        return await asyncio.get_running_loop().run_in_executor(self._pictures, work)


class StoredContent(msgspec.Struct, frozen=True):
    """A whole file on disk, and what its bytes hash to (SHA-256, hexadecimal)."""

    path: Path
    sha256: str
    size_bytes: int


class IncomingFolder:
    """The folder of temporary files."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def new_path(self) -> Path:
        """A path that nobody else uses. The folder is made where it is missing."""
        with telling_full_disk():
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._path / new_id()

    def remove_stale(self, *, now_s: float | None = None) -> int:
        """Remove what no upload is writing to any more; how many files. Blocks."""
        before_s = (time.time() if now_s is None else now_s) - _STALE_S
        removed = 0
        if self._path.is_dir():
            for entry in os.scandir(self._path):
                with contextlib.suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_mtime < before_s:
                        Path(entry.path).unlink()
                        removed += 1
        return removed


class IncomingFile:
    """One file that is being written. `discard` it in the end, whatever has become of it.

    `is_to_stay`: this very file will be kept, so it is forced to disk while it comes.
    """

    def __init__(self, path: Path, threads: MediaThreads, *, is_to_stay: bool) -> None:
        self.path = path
        self.size_bytes = 0
        self._threads = threads
        self._is_to_stay = is_to_stay
        with telling_full_disk():
            self._file: IO[bytes] = path.open("xb")
        self._hash = hashlib.sha256()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._unforced_bytes = 0
        self._forcing: asyncio.Task[None] | None = None

    async def write(self, chunk: bytes) -> None:
        """Add bytes. They are written while the next ones come.

        Raises:
            StorageFull.
        """
        self.size_bytes += len(chunk)
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)
        if self._waiting_bytes >= _PIECE_BYTES:
            await self._settle()
            pieces, self._waiting, self._waiting_bytes = self._waiting, [], 0
            await self._force_some()
            self._writing = asyncio.create_task(self._threads.run(lambda: self._write_now(pieces)))

    async def _force_some(self) -> None:
        """Let what has been written be forced to disk, beside what goes on; not while an earlier part still is."""
        if not self._is_to_stay or self._unforced_bytes < _FORCED_BYTES:
            return
        if self._forcing is None or self._forcing.done():
            await self._settle_forcing()
            self._unforced_bytes = 0
            self._forcing = asyncio.create_task(self._threads.run(self._force_now))

    async def finish(self) -> StoredContent:
        """The whole file, written but not yet all forced to disk.

        Raises:
            StorageFull.
        """
        await self._settle()
        pieces, self._waiting = self._waiting, []
        if pieces:
            await self._threads.run(lambda: self._write_now(pieces))
        await self._settle_forcing()
        with telling_full_disk():
            self._file.close()
        return StoredContent(self.path, self._hash.hexdigest(), self.size_bytes)

    async def discard(self) -> None:
        """Close, and remove the file if it is still there. Harmless when repeated."""
        for settle in (self._settle, self._settle_forcing):
            with contextlib.suppress(StorageFull, OSError):
                await settle()
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)

    async def _settle(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    async def _settle_forcing(self) -> None:
        forcing, self._forcing = self._forcing, None
        if forcing is not None:
            await forcing

    def _force_now(self) -> None:
        """A failure is told once, so it must not be passed over: nobody else would hear of it."""
        with telling_full_disk():
            os.fsync(self._file.fileno())

    def _write_now(self, pieces: list[bytes]) -> None:
        with telling_full_disk():
            whole = b"".join(pieces)
            self._file.write(whole)
            self._file.flush()
            self._hash.update(whole)
        self._unforced_bytes += len(whole)


def hash_file(path: Path) -> StoredContent:
    """What a file on disk hashes to. Blocks."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredContent(path, digest, path.stat().st_size)
