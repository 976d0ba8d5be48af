"""Backups of a server under load, restores that are killed, disks that are full: done to the real process."""

from __future__ import annotations

import json
import resource
import subprocess
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.crash.posting import Poster, settle
from tests.crash.test_media_uploads import wait_until
from tests.installations import CHAUPAL, Done, Installation, ended, free_port


def beside(installation: Installation, name: str, database: str = "") -> Installation:
    """An empty installation of its own."""
    folder = installation.cwd / name
    folder.mkdir()
    return replace(
        installation, data=folder / "data", cwd=folder, port=free_port(), database=database, settings={}, server=None
    )


def under_file_limit(installation: Installation, limit_bytes: int, *arguments: str) -> Done:
    """A command that cannot make a file larger than this, as on a disk that is full."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    process = subprocess.Popen(
        [*CHAUPAL, *arguments, "--json"],
        cwd=installation.cwd,
        env=installation.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509 - no threads run in the child before it
    )
    return ended(process)


def test_a_backup_under_load_holds_every_message_answered_before_it_and_is_of_one_moment(
    installation: Installation, tmp_path: Path
) -> None:
    place = settle(installation)
    is_over, posters = threading.Event(), [Poster(place) for _ in range(4)]
    begun = [threading.Event() for _ in posters]
    threads = [
        threading.Thread(target=poster.run, args=(is_over, first)) for poster, first in zip(posters, begun, strict=True)
    ]
    for thread in threads:
        thread.start()
    for first in begun:
        assert first.wait(60)
    answered_before = {reference for poster in posters for reference in dict(poster.answered)}
    file = tmp_path / "all.zip"
    installation.result("backup", str(file))
    is_over.set()
    for thread in threads:
        thread.join()
    assert not [lost for poster in posters for lost in poster.unanswered]

    with zipfile.ZipFile(file) as archive:
        rows = {
            name: [json.loads(line) for line in archive.read(f"rows/{name}.jsonl").splitlines()]
            for name in ("messages", "events", "tenants")
        }
        shapes = {
            each["table"]["name"]: [column["name"] for column in each["table"]["columns"]]
            for each in json.loads(archive.read("manifest.json"))["tables"]
        }

    def column(table: str, name: str) -> list[str]:
        return [row[shapes[table].index(name)] for row in rows[table]]

    assert answered_before <= set(column("messages", "message_id"))
    assert answered_before
    for tenant_id, last in zip(column("tenants", "tenant_id"), column("tenants", "last_position"), strict=True):
        positions = [
            position
            for owner, position in zip(column("events", "tenant_id"), column("events", "position"), strict=True)
            if owner == tenant_id
        ]
        assert sorted(positions) == list(range(1, int(last) + 1))


def test_a_restore_that_is_killed_left_nothing_that_counts_and_is_run_again(
    sqlite_installation: Installation, new_postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    place = settle(sqlite_installation)
    for number in range(20):
        assert place.post(f"संदेश {number}")[0] == 200
    file = tmp_path / "all.zip"
    made = sqlite_installation.result("backup", str(file))

    there = beside(sqlite_installation, "sqlite")
    restoring = there.begin("restore", str(file))
    wait_until((there.data / "chaupal.sqlite3").exists)
    restoring.kill()
    assert ended(restoring).code == -9
    assert there.result("restore", str(file))["rows"] == made["rows"]

    there = beside(sqlite_installation, "postgresql", new_postgres_database())
    restoring = there.begin("restore", str(file))
    wait_until((there.data / "secret.key").exists)
    restoring.kill()
    assert ended(restoring).code == -9
    assert there.result("restore", str(file))["rows"] == made["rows"]
    there.start()
    group = there.call("GET", place.path + "?count=100", place.headers)[1]
    assert [each["message"] for each in group["messages"]] == [f"संदेश {number}" for number in reversed(range(20))]
    there.stop()


def test_a_full_disk_leaves_neither_half_a_backup_nor_half_an_installation(
    installation: Installation, tmp_path: Path
) -> None:
    place = settle(installation)
    assert place.post("kept")[0] == 200
    file = tmp_path / "all.zip"
    done = under_file_limit(installation, 4_096, "backup", str(file))
    assert done.code == 1
    assert "File too large" in done.json["message"]
    assert list(tmp_path.glob("all.zip*")) == []
    assert place.texts() == ["kept"]

    installation.result("backup", str(file))
    there = beside(installation, "there")
    done = under_file_limit(there, 64 * 1024, "restore", str(file))
    assert done.code == 1, done
    assert there.result("restore", str(file))["rows"] > 0
