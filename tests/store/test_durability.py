"""No answer leaves before its commit is on disk: proved with a file layer that knows what a power cut would leave.

kill -9 proves nothing here, since the kernel keeps what was written. The layer keeps a second image of each file that
changes only at a sync; whatever was answered must be readable from those images alone.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from chaupal.auth.caller import Operator
from chaupal.people.rules import NewPerson, add_person
from chaupal.settings import Settings
from chaupal.store.opening import DataFolder, open_store
from chaupal.store.store import Store
from tests.stores import add_tenant

WRITERS = 16
MOMENTS = 25


class Disk:
    """What each file holds for the kernel, and what it would hold after a power cut."""

    def __init__(self) -> None:
        self.written: dict[str, bytearray] = {}
        self.synced: dict[str, bytes] = {}
        self.sync_count = 0
        self.is_lying = False
        """Where set, a sync is said to have happened and has not: the proof must then fail."""

    def write(self, name: str, data: bytes, offset: int) -> None:
        held = self.written.setdefault(name, bytearray())
        held.extend(bytes(max(0, offset + len(data) - len(held))))
        held[offset : offset + len(data)] = data

    def truncate(self, name: str, size: int) -> None:
        del self.written.setdefault(name, bytearray())[size:]

    def sync(self, name: str) -> None:
        self.sync_count += 1
        if not self.is_lying:
            self.synced[name] = bytes(self.written.get(name, b""))

    def after_power_cut(self, folder: Path) -> int:
        """How many people are in the database that a power cut at this moment leaves."""
        folder.mkdir()
        for name, content in list(self.synced.items()):
            (folder / Path(name).name).write_bytes(content)
        connection = apsw.Connection(str(folder / "chaupal.sqlite3"))
        try:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            rows = connection.execute("SELECT count(*) FROM people").fetchall()
            return int(rows[0][0])
        finally:
            connection.close()


class RecordingFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's name
        super().xWrite(data, offset)
        self.disk.write(self.path, bytes(data), offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - apsw's name
        super().xTruncate(newsize)
        self.disk.truncate(self.path, newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - apsw's name
        super().xSync(flags)
        self.disk.sync(self.path)


class RecordingLayer(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        self.disk = disk
        super().__init__(name, "", iVersion=3)

    def xOpen(self, name: Any, flags: list[int]) -> RecordingFile:  # noqa: N802 - apsw's name
        return RecordingFile(self.disk, name, flags)


_names = (f"recording-{number}" for number in itertools.count())


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[Store, Disk]]:
    settings = Settings(data=tmp_path / "data")
    folder = DataFolder(settings.data)
    folder.prepare()
    open_store(settings).stop()
    disk = Disk()
    content = settings.sqlite_path.read_bytes()
    disk.written[str(settings.sqlite_path)] = bytearray(content)
    disk.synced[str(settings.sqlite_path)] = content
    name = next(_names)
    layer = RecordingLayer(name, disk)
    store = open_store(settings, sqlite_vfs=name)
    yield store, disk
    store.stop()
    layer.unregister()


async def answered_and_left(store: Store, disk: Disk, folder: Path) -> list[tuple[int, int]]:
    """(answered, left by a power cut) at moments chosen at random while writers run beside each other."""
    caller = await add_tenant(store)
    numbers = itertools.count(1)
    answered = 0
    moments: list[tuple[int, int]] = []
    chance = random.Random(7)

    async def keep_writing(operator: Operator) -> None:
        nonlocal answered
        while len(moments) < MOMENTS:
            await store.write(add_person, operator, NewPerson(f"+9198765{next(numbers):05d}"))
            answered += 1
            if chance.random() < 0.1:
                moments.append((answered, disk.after_power_cut(folder / f"cut-{len(moments)}")))

    await asyncio.gather(*(keep_writing(caller) for _ in range(WRITERS)))
    return moments


class TestDurability:
    def test_whatever_was_answered_survives_a_power_cut(self, recorded: tuple[Store, Disk], tmp_path: Path) -> None:
        store, disk = recorded
        moments = asyncio.run(answered_and_left(store, disk, tmp_path))
        assert len(moments) >= MOMENTS
        assert [moment for moment in moments if moment[1] < moment[0]] == []
        assert disk.sync_count > 0

    def test_the_proof_sees_a_sync_that_did_not_happen(self, recorded: tuple[Store, Disk], tmp_path: Path) -> None:
        store, disk = recorded
        disk.is_lying = True
        moments = asyncio.run(answered_and_left(store, disk, tmp_path))
        assert all(left < answered for answered, left in moments)
