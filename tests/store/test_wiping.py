"""What is erased leaves no trace in the SQLite file, not even where pages were split before."""

from __future__ import annotations

import random
import re
from pathlib import Path

import apsw
import pytest

from chaupal.store.sqlite import SqliteConnection
from chaupal.store.wiping import wipe_remains

ROWS = 1_500
MARK = re.compile(rb"SECRET(\d{6})E")


def fill(path: Path) -> set[int]:
    """A file in which rows of all sizes were written and half of them erased; the numbers of the others."""
    SqliteConnection(path).close()  # the journal's mode is the file's
    chance = random.Random(5)
    connection = apsw.Connection(str(path))
    connection.pragma("synchronous", "OFF")
    connection.pragma("secure_delete", "ON")
    connection.execute(
        "CREATE TABLE texts (place TEXT, at INTEGER, text TEXT, PRIMARY KEY (place, at)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE names (id TEXT PRIMARY KEY, name TEXT) STRICT;"
        "CREATE INDEX names_by_name ON names (name);"
    )
    with connection:
        for number in range(ROWS):
            text = f"SECRET{number:06d}E" * chance.choice([1, 4, 15, 80, 320])
            connection.execute("INSERT INTO texts VALUES (?, ?, ?)", (f"place {number % 5}", number, text))
            values = (str(chance.random()), f"SECRET{number:06d}E")
            connection.execute("INSERT INTO names VALUES (?, ?)", values)
    erased = set(chance.sample(range(ROWS), ROWS // 2))
    for number in sorted(erased):
        with connection:
            action = "DELETE FROM texts" if number % 2 else "UPDATE texts SET text = ''"
            connection.execute(f"{action} WHERE place = ? AND at = ?", (f"place {number % 5}", number))
            connection.execute("UPDATE names SET name = '' WHERE name = ?", (f"SECRET{number:06d}E",))
    connection.close()
    return set(range(ROWS)) - erased


def numbers_in(path: Path) -> set[int]:
    return {int(number) for number in MARK.findall(path.read_bytes())}


def content_of(path: Path) -> list[tuple[object, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        texts = connection.execute("SELECT place, at, text FROM texts ORDER BY place, at").fetchall()
        return [*texts, *connection.execute("SELECT id, name FROM names INDEXED BY names_by_name ORDER BY name, id")]
    finally:
        connection.close()


class TestWipeRemains:
    def test_nothing_erased_is_left_and_nothing_else_is_touched(self, tmp_path: Path) -> None:
        path = tmp_path / "database"
        kept = fill(path)
        before = content_of(path)
        assert numbers_in(path) > kept, "SQLite left nothing behind, so there is nothing to prove"
        assert wipe_remains(path, limit_s=60)
        assert numbers_in(path) == kept
        assert content_of(path) == before
        wiped = path.read_bytes()
        assert wipe_remains(path, limit_s=60)
        assert path.read_bytes() == wiped

    @pytest.mark.parametrize("page_bytes", [512, 65_536])
    def test_pages_of_every_size_are_read(self, tmp_path: Path, page_bytes: int) -> None:
        path = tmp_path / "database"
        connection = apsw.Connection(str(path))
        connection.pragma("page_size", page_bytes)
        connection.execute("CREATE TABLE unrelated (a)")
        connection.close()
        kept = fill(path)
        before = content_of(path)
        assert wipe_remains(path, limit_s=60)
        assert numbers_in(path) == kept
        assert content_of(path) == before

    def test_a_file_with_a_write_ahead_log_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "database"
        fill(path)
        connection = apsw.Connection(str(path))
        connection.execute("INSERT INTO names VALUES ('new', 'new')")
        before = path.read_bytes()
        assert not wipe_remains(path, limit_s=60)
        assert path.read_bytes() == before
        connection.close()

    def test_what_is_no_database_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "database"
        assert not wipe_remains(path, limit_s=60)
        path.write_bytes(b"\x0d" * 50)
        assert not wipe_remains(path, limit_s=60)
        assert path.read_bytes() == b"\x0d" * 50

    def test_it_ends_when_the_time_is_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chaupal.store.wiping._BUFFER_PAGES", 8)
        path = tmp_path / "database"
        fill(path)
        before = content_of(path)
        assert not wipe_remains(path, limit_s=-1)
        assert content_of(path) == before
