"""`chaupal backup` and `chaupal restore`: what comes back is what was there, and what is not whole never comes back."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chaupal.archive.contents import RowDigest, write_lines
from chaupal.settings import Settings, load_settings
from chaupal.store.migrating import current_version, migrate
from chaupal.store.schema import SCHEMA_VERSION
from tests.cli.lives import Lived, Other, digests
from tests.crash.test_media_uploads import wait_until
from tests.installations import Installation, ended, free_port
from tests.stores import ask_postgres


class TestBackup:
    @pytest.mark.parametrize("database", ["sqlite", "postgresql"])
    def test_a_backup_of_a_running_server_comes_back_whole_on_either_database(
        self, lived: Lived, other: Other, database: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "all.zip"
        made = lived.installation.result("backup", str(file))
        assert made["hasSecretKey"] is True
        assert made["mediaFiles"] == 2  # the picture and its thumbnail
        assert made["missingMedia"] == made["damagedMedia"] == []
        assert made["sizeBytes"] == file.stat().st_size
        assert file.stat().st_mode & 0o777 == 0o600
        before = lived.answers(lived.installation), lived.picture(lived.installation)
        lived.installation.stop()

        there = other(database)
        assert there.result("restore", str(file))["rows"] == made["rows"]
        again = tmp_path / "again.zip"
        there.result("backup", str(again))
        assert digests(again) == digests(file)
        assert digests(file)["messages"][0] == 1
        there.start()
        assert (lived.answers(there), lived.picture(there)) == before

    def test_what_was_archived_can_be_read_without_this_program(self, lived: Lived, tmp_path: Path) -> None:
        file = tmp_path / "all.zip"
        lived.installation.result("backup", str(file))
        with zipfile.ZipFile(file) as archive:
            assert archive.testzip() is None
            manifest = json.loads(archive.read("manifest.json"))
            [shape] = [each["table"] for each in manifest["tables"] if each["table"]["name"] == "messages"]
            names = [column["name"] for column in shape["columns"]]
            [row] = [json.loads(line) for line in archive.read("rows/messages.jsonl").splitlines()]
            assert dict(zip(names, row, strict=True))["message_id"] == lived.message
            pictures = [archive.read(name) for name in archive.namelist() if name.startswith("media/")]
        assert max(pictures, key=len)[:3] == b"\xff\xd8\xff"

    def test_a_file_that_exists_is_left_alone(self, lived: Lived, tmp_path: Path) -> None:
        file = tmp_path / "mine.zip"
        file.write_bytes(b"mine")
        assert "exists already" in lived.installation.refusal("backup", str(file))
        assert file.read_bytes() == b"mine"

    def test_without_an_installation_there_is_nothing_to_archive(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        assert "nothing to archive" in sqlite_installation.refusal("backup", str(tmp_path / "x.zip"))
        assert not (tmp_path / "x.zip").exists()

    def test_a_folder_that_is_not_there_is_named(self, lived: Lived, tmp_path: Path) -> None:
        assert str(tmp_path / "no" / "x.zip") in lived.installation.refusal("backup", str(tmp_path / "no" / "x.zip"))

    def test_the_name_is_made_of_the_time_where_none_is_given(self, lived: Lived) -> None:
        made = lived.installation.result("backup")
        assert (lived.installation.cwd / made["file"]).is_file()

    def test_a_lost_and_a_changed_file_of_media_are_named(self, lived: Lived, other: Other, tmp_path: Path) -> None:
        objects = sorted(
            (path for path in (lived.installation.data / "media/objects").rglob("*") if path.is_file()),
            key=lambda path: path.stat().st_size,
        )
        thumbnail, picture_file = objects
        thumbnail.unlink()
        picture_file.write_bytes(b"x" + picture_file.read_bytes()[1:])
        file = tmp_path / "all.zip"
        made = lived.installation.result("backup", str(file))
        assert [Path(name).name for name in made["missingMedia"]] == [thumbnail.name]
        assert [Path(name).name for name in made["damagedMedia"]] == [picture_file.name]
        assert other("sqlite").result("restore", str(file))["mediaFiles"] == 1


class TestKey:
    def test_without_its_key_a_backup_comes_back_only_beside_it(
        self, lived: Lived, other: Other, tmp_path: Path
    ) -> None:
        file = tmp_path / "all.zip"
        assert lived.installation.result("backup", str(file), "--without-key")["hasSecretKey"] is False
        assert "secret.key" not in zipfile.ZipFile(file).namelist()
        there = other("sqlite")
        assert str(there.data / "secret.key") in there.refusal("restore", str(file))
        shutil.copy(lived.installation.data / "secret.key", there.data / "secret.key")
        there.result("restore", str(file))
        there.start()
        assert lived.answers(there)[0]["mobileNumber"] == "+919876543210"

    def test_another_key_is_never_replaced(self, lived: Lived, other: Other, tmp_path: Path) -> None:
        file = tmp_path / "all.zip"
        lived.installation.result("backup", str(file))
        there = other("sqlite")
        there.data.mkdir()
        (there.data / "secret.key").write_text("another\n")
        assert "is not the archive's" in there.refusal("restore", str(file))
        assert (there.data / "secret.key").read_text() == "another\n"


class TestRestoreRefuses:
    def test_an_installation_that_holds_something(self, lived: Lived, tmp_path: Path) -> None:
        file = tmp_path / "all.zip"
        lived.installation.result("backup", str(file))
        before = lived.answers(lived.installation)
        lived.installation.stop()
        assert "holds data already" in lived.installation.refusal("restore", str(file))
        lived.installation.start()
        assert lived.answers(lived.installation) == before

    def test_a_data_folder_in_use(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        lived = Lived(sqlite_installation)
        file = tmp_path / "all.zip"
        sqlite_installation.result("backup", str(file))
        assert "is in use" in sqlite_installation.refusal("restore", str(file))
        assert len(lived.answers(sqlite_installation)) == len(lived.paths)

    def test_a_file_with_one_changed_byte_in_any_of_its_parts(
        self, sqlite_installation: Installation, other: Other, tmp_path: Path
    ) -> None:
        Lived(sqlite_installation)
        file, there = tmp_path / "all.zip", other("sqlite")
        sqlite_installation.result("backup", str(file))
        whole = file.read_bytes()
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if member.compress_size > 2]
        assert len(members) > 10
        for member in members:
            name_bytes = len(member.filename.encode())
            extra_bytes = int.from_bytes(whole[member.header_offset + 28 : member.header_offset + 30], "little")
            place = member.header_offset + 30 + name_bytes + extra_bytes + member.compress_size // 2
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
            assert "damaged" in there.refusal("restore", str(file), "--check"), member.filename
        assert "damaged" in there.refusal("restore", str(file))
        assert not there.data.exists()
        file.write_bytes(whole)
        assert there.result("restore", str(file), "--check")["rows"] == there.result("restore", str(file))["rows"]

    @pytest.mark.parametrize("kept", [0, 1, 2])
    def test_a_file_that_was_cut_off(
        self, sqlite_installation: Installation, other: Other, tmp_path: Path, kept: int
    ) -> None:
        sqlite_installation.init()
        file = tmp_path / "all.zip"
        sqlite_installation.result("backup", str(file))
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) * kept // 3])
        assert "no archive, or is damaged" in other("sqlite").refusal("restore", str(file))

    def test_what_is_no_archive_at_all(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        assert "there is no file" in sqlite_installation.refusal("restore", str(tmp_path / "none")).lower()
        assert "is a folder" in sqlite_installation.refusal("restore", str(tmp_path))
        with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as archive:
            archive.writestr("letter.txt", "hello")
        refusal = sqlite_installation.refusal("restore", str(tmp_path / "foreign.zip"))
        # In quotes, so that a sentence that begins with a name leaves its letters as they are.
        assert refusal.startswith(f"'{tmp_path / 'foreign.zip'}' is no archive of chaupal")

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"formatVersion": 2}, "reads chaupal-archive up to 1"),
            ({"format": "another"}, "has the format another 1"),
            ({"schemaVersion": "9999"}, "install the version that made it"),
        ],
    )
    def test_a_later_archive(
        self,
        sqlite_installation: Installation,
        other: Other,
        tmp_path: Path,
        change: dict[str, Any],
        sentence: str,
    ) -> None:
        sqlite_installation.init()
        file = tmp_path / "all.zip"
        sqlite_installation.result("backup", str(file))
        assert sentence in other("sqlite").refusal("restore", str(rewritten(file, manifest=change)))

    def test_a_name_that_leads_out_of_the_folder(
        self, sqlite_installation: Installation, other: Other, tmp_path: Path
    ) -> None:
        sqlite_installation.init()
        file = tmp_path / "all.zip"
        sqlite_installation.result("backup", str(file))
        there = other("sqlite")
        assert "is no name" in there.refusal("restore", str(rewritten(file, further={"media/../../evil": b"x"})))
        assert not (tmp_path / "evil").exists()

    def test_rows_that_were_added_by_hand(
        self, sqlite_installation: Installation, other: Other, tmp_path: Path
    ) -> None:
        sqlite_installation.init()
        file = tmp_path / "all.zip"
        sqlite_installation.result("backup", str(file))
        with zipfile.ZipFile(file) as archive:
            people = archive.read("rows/people.jsonl")
        changed = rewritten(file, further={"rows/people.jsonl": people + people})
        assert "he table people has 2 rows instead of 1" in other("sqlite").refusal("restore", str(changed))
        changed = rewritten(file, further={"rows/people.jsonl": people.replace(b"+91", b"+92")})
        assert "he table people has rows that are not those" in other("sqlite").refusal("restore", str(changed))


def rewritten(file: Path, *, manifest: dict[str, Any] | None = None, further: dict[str, bytes] | None = None) -> Path:
    """The archive with another manifest, or other or further members."""
    other_members = dict(further or {})
    copy = file.with_name("rewritten.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = other_members.pop(name, old.read(name))
            if name == "manifest.json":
                content = json.dumps(json.loads(content) | (manifest or {})).encode()
            new.writestr(name, content)
        for name, content in other_members.items():
            new.writestr(name, content)
    return copy


_ADDED_SINCE_THE_FIRST: dict[str, set[str]] = {
    "tenants": {"gate", "move_count"},
    "signing_keys": {"signs_from_ms"},
    "events": set(),
}
"""Tables of the first version, with the columns that they got later."""


def without_columns(
    archive: zipfile.ZipFile, contents: dict[str, Any], further: dict[str, bytes], *, added: set[str]
) -> dict[str, Any]:
    """A table of the manifest as it was without these columns; its rows are put into `further`."""
    table, digest = contents["table"], RowDigest()
    kept = [place for place, column in enumerate(table["columns"]) if column["name"] not in added]
    name = f"rows/{table['name']}.jsonl"
    rows = [json.loads(line) for line in archive.read(name).splitlines()]
    lines = write_lines([[row[place] for place in kept] for row in rows], digest)
    further[name] = b"".join(lines)
    columns = [table["columns"][place] for place in kept]
    return contents | {"table": table | {"columns": columns}, "digest": digest.hex}


class TestOlderArchives:
    def test_an_archive_of_an_older_schema_is_put_back_and_migrated(
        self, installation: Installation, other: Other, tmp_path: Path
    ) -> None:
        """Made by hand as the first version would have: the tables of that time, with what every one of them held."""
        installation.init("Now")
        file = tmp_path / "now.zip"
        installation.result("backup", str(file))
        with zipfile.ZipFile(file) as archive:
            now = json.loads(archive.read("manifest.json"))
            further: dict[str, bytes] = {}
            kept = [
                without_columns(archive, each, further, added=added)
                for each in now["tables"]
                if (added := _ADDED_SINCE_THE_FIRST.get(each["table"]["name"])) is not None
            ]
        there = other("postgresql" if installation.is_postgres else "sqlite")
        old = rewritten(file, manifest={"schemaVersion": "0001", "tables": kept}, further=further)
        there.result("restore", str(old))
        assert [tenant["name"] for tenant in there.result("tenant", "list")["tenants"]] == ["Now"]
        assert there.result("migrate") == {"from": now["schemaVersion"], "to": now["schemaVersion"]}


class TestMigrateDatabase:
    def test_an_installation_goes_on_in_postgresql_where_it_was_in_sqlite(
        self, sqlite_installation: Installation, new_postgres_database: Callable[[], str]
    ) -> None:
        lived, url = Lived(sqlite_installation), new_postgres_database()
        before = lived.answers(sqlite_installation), lived.picture(sqlite_installation)
        assert "stop the server first" in sqlite_installation.refusal("migrate-db", "--to", url)
        sqlite_installation.stop()
        moved = sqlite_installation.result("migrate-db", "--to", url)
        assert moved["rows"] > 20
        with psycopg.connect(url) as connection:
            known = connection.execute("SELECT reltuples FROM pg_class WHERE relname = 'events'").fetchone()
        assert known is not None
        assert known[0] > 5, "the planner knows of the rows"
        assert "holds data already" in sqlite_installation.refusal("migrate-db", "--to", url)

        there = replace(sqlite_installation, database=url, port=free_port(), server=None)
        there.start()
        assert (lived.answers(there), lived.picture(there)) == before
        path = lived.paths[1].partition("?")[0] + "/messages"
        status, answer = there.call("POST", path, {"accessToken": lived.token}, {"message": "on PostgreSQL"})
        assert (status, "referenceId" in answer) == (200, True)
        there.stop()
        assert (sqlite_installation.data / "chaupal.sqlite3").is_file()

    def test_one_that_was_killed_is_run_again(
        self, sqlite_installation: Installation, new_postgres_database: Callable[[], str]
    ) -> None:
        sqlite_installation.init("First")
        url = new_postgres_database()
        moving = sqlite_installation.begin("migrate-db", "--to", url)
        with psycopg.connect(url, autocommit=True) as connection:  # it begins with the tables, and then fills them
            question = "SELECT to_regclass('webhooks') IS NOT NULL"
            wait_until(lambda: connection.execute(question).fetchone() == (True,))
        moving.kill()
        assert ended(moving).code == -9
        sqlite_installation.result("migrate-db", "--to", url)
        there = replace(sqlite_installation, database=url, port=free_port(), server=None)
        assert [tenant["name"] for tenant in there.result("tenant", "list")["tenants"]] == ["First"]

    def test_what_cannot_be_taken_over_is_refused(
        self, sqlite_installation: Installation, new_postgres_database: Callable[[], str]
    ) -> None:
        assert "nothing to take over" in sqlite_installation.refusal("migrate-db", "--to", new_postgres_database())
        sqlite_installation.init()
        assert "must be a postgresql:// URL" in sqlite_installation.refusal("migrate-db", "--to", "mysql://x")
        there = replace(sqlite_installation, database=new_postgres_database())
        assert "is on PostgreSQL already" in there.refusal("migrate-db", "--to", new_postgres_database())
        nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
        assert "cannot be reached" in sqlite_installation.refusal("migrate-db", "--to", nowhere)

    @pytest.mark.parametrize("has_tenants", [True, False])
    def test_a_database_of_an_older_version_is_filled_only_while_nobody_is_in_it(
        self, sqlite_installation: Installation, fresh_postgres_url: str, tmp_path: Path, *, has_tenants: bool
    ) -> None:
        """As a try leaves it that was killed between two migrations, or as an installation of that time."""
        sqlite_installation.init("First")
        old = Settings(data=tmp_path, database=fresh_postgres_url)
        migrate(old, target="0014")
        if has_tenants:
            ask_postgres(fresh_postgres_url, "INSERT INTO tenants VALUES ('old', 'Old', 1, 0, 0, NULL, 0) RETURNING 1")
        tenants = "SELECT name FROM tenants WHERE tenant_id <> ''"
        if has_tenants:
            refusal = sqlite_installation.refusal("migrate-db", "--to", fresh_postgres_url)
            assert f"has tables of schema 0014 already, these rows are of {SCHEMA_VERSION}" in refusal
            assert (current_version(old), ask_postgres(fresh_postgres_url, tenants)) == ("0014", [("Old",)])
        else:
            sqlite_installation.result("migrate-db", "--to", fresh_postgres_url)
            assert (current_version(old), ask_postgres(fresh_postgres_url, tenants)) == (SCHEMA_VERSION, [("First",)])

    def test_an_installation_of_an_older_version_is_migrated_first(
        self, sqlite_installation: Installation, fresh_postgres_url: str
    ) -> None:
        sqlite_installation.data.mkdir()
        migrate(load_settings(sqlite_installation.environment), target="0014")
        advice = (
            f"The database has schema 0014, this version of chaupal archives {SCHEMA_VERSION}: run `chaupal migrate`"
        )
        assert advice in sqlite_installation.refusal("migrate-db", "--to", fresh_postgres_url)
        assert ask_postgres(fresh_postgres_url, "SELECT to_regclass('tenants')") == [(None,)]
