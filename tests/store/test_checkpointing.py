"""What is in SQLite's write-ahead log comes into the database file beside the writer, and the log stays short."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from chaupal.store import checkpointing
from chaupal.store.sqlite import SqliteConnection
from chaupal.store.statements import CompiledStatement
from tests.store.rules import WAIT_S

PAGE_BYTES = 4_096
_INSERT = CompiledStatement("INSERT INTO notes VALUES (zeroblob(4000))", (), {}, (), str, (), "", "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.sqlite3"
    with apsw.Connection(str(path)) as connection:
        connection.execute("CREATE TABLE notes (octets BLOB)")
    return path


@pytest.fixture
def writer(path: Path) -> Iterator[SqliteConnection]:
    connection = SqliteConnection(path)
    yield connection
    connection.close()


def write(writer: SqliteConnection, pages: int) -> None:
    for _ in range(pages):
        writer.begin_write(is_forced=False)
        writer.run(_INSERT, ())
        writer.commit()


def log_bytes(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def wait_for_file(path: Path, size_bytes: int) -> None:
    give_up_at = time.monotonic() + WAIT_S
    while path.stat().st_size < size_bytes:
        assert time.monotonic() < give_up_at, f"{path.stat().st_size} of {size_bytes} bytes"
        time.sleep(0.005)


def test_what_was_committed_comes_into_the_file_and_the_log_begins_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "_EVERY_PAGES", 50)
    pages: list[int] = []
    note = checkpointing.Checkpointing.note

    def noted(self: checkpointing.Checkpointing, connection: apsw.Connection, name: str, in_log: int) -> int:
        pages.append(in_log)
        return note(self, connection, name, in_log)

    monkeypatch.setattr(checkpointing.Checkpointing, "note", noted)
    writer = SqliteConnection(path)
    write(writer, 60)
    wait_for_file(path, 40 * PAGE_BYTES)
    give_up_at = time.monotonic() + WAIT_S
    while pages[-1] >= pages[-2]:  # as soon as all of it is in the file
        assert time.monotonic() < give_up_at, pages[-1]
        write(writer, 1)
        time.sleep(0.005)
    writer.close()


def test_a_log_that_finds_no_quiet_moment_is_brought_in_by_the_writer(
    path: Path, writer: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "_EVERY_PAGES", 10**9)
    monkeypatch.setattr(checkpointing, "_LOG_MAX_PAGES", 100)
    write(writer, 500)
    assert path.stat().st_size > 300 * PAGE_BYTES
    assert log_bytes(path) < 300 * (PAGE_BYTES + 24)


def test_where_it_fails_writing_goes_on_and_it_is_tried_again(
    path: Path, writer: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "_EVERY_PAGES", 50)
    failed: list[bool] = []
    bring_in = checkpointing.Checkpointing._bring_in

    def fail_first(self: checkpointing.Checkpointing) -> None:
        if not failed:
            failed.append(True)
            raise apsw.FullError("the disk is full")
        bring_in(self)

    monkeypatch.setattr(checkpointing.Checkpointing, "_bring_in", fail_first)
    write(writer, 60)
    give_up_at = time.monotonic() + WAIT_S
    while not failed:
        assert time.monotonic() < give_up_at
        time.sleep(0.005)
    write(writer, 120)
    wait_for_file(path, 100 * PAGE_BYTES)


def test_a_connection_that_is_closed_leaves_no_log_and_no_thread(path: Path) -> None:
    connection = SqliteConnection(path)
    write(connection, 1_100)
    connection.close()
    assert not path.with_name(f"{path.name}-wal").exists()
    assert path.stat().st_size > 1_000 * PAGE_BYTES
