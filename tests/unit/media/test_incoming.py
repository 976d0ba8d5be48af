"""Files on their way in: what of them is on disk when, and what a disk that fails does to them."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chaupal.media import incoming
from chaupal.media.incoming import IncomingFile, MediaThreads, StoredContent
from chaupal.store.connection import StorageFull

PIECE = bytes(range(256)) * 4
PIECE_COUNT = 64


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "_PIECE_BYTES", len(PIECE))
    monkeypatch.setattr(incoming, "_FORCED_BYTES", 4 * len(PIECE))


class Disk:
    """Stands for `os.fsync`: notes how long the file was each time, and does what it is told."""

    def __init__(self, then: Callable[[int], None] = lambda _: None) -> None:
        self.sizes: list[int] = []
        self._then = then

    def fsync(self, fd: int) -> None:
        self.sizes.append(os.fstat(fd).st_size)
        self._then(len(self.sizes))


@pytest.fixture
def receive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., StoredContent]:
    """A file comes in to its end."""

    def run(disk: Disk, *, is_to_stay: bool = True) -> StoredContent:
        monkeypatch.setattr(incoming.os, "fsync", disk.fsync)

        async def take() -> StoredContent:
            file = IncomingFile(tmp_path / "file", MediaThreads(), is_to_stay=is_to_stay)
            try:
                for _ in range(PIECE_COUNT // 2):
                    await file.write(PIECE)
                await file._settle_forcing()
                for _ in range(PIECE_COUNT // 2):
                    await file.write(PIECE)
                return await file.finish()
            except StorageFull:
                await file.discard()
                raise

        return asyncio.run(take())

    return run


class TestForcing:
    def test_a_large_file_is_forced_to_disk_while_it_comes(self, receive: Callable[..., StoredContent]) -> None:
        disk = Disk()
        content = receive(disk)
        assert content.path.read_bytes() == PIECE * PIECE_COUNT
        assert content.sha256 == hashlib.sha256(PIECE * PIECE_COUNT).hexdigest()
        assert disk.sizes
        assert disk.sizes[0] <= content.size_bytes // 2

    def test_a_file_that_goes_elsewhere_is_not(self, receive: Callable[..., StoredContent]) -> None:
        disk = Disk()
        receive(disk, is_to_stay=False)
        assert disk.sizes == []

    def test_a_failure_of_the_disk_is_not_passed_over(
        self, receive: Callable[..., StoredContent], tmp_path: Path
    ) -> None:
        """The kernel tells of it once: whoever forces the file again later hears nothing."""

        def fail_once(count: int) -> None:
            if count == 1:
                raise OSError(errno.EIO, "Input/output error")

        with pytest.raises(StorageFull):
            receive(Disk(fail_once))
        assert list(tmp_path.iterdir()) == []
