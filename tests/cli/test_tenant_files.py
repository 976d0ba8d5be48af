"""`chaupal tenant export` and `import`: an organization leaves as a file and is elsewhere what it was."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.lives import Lived, Other, digests
from tests.installations import Installation, ended

PASSPHRASE = "एक लंबा वाक्य 2026"


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n", encoding="utf-8")
    return str(file)


def exported(installation: Installation, tenant: str, file: Path, passphrase: str) -> Any:
    return installation.result("tenant", "export", tenant, "--to", str(file), "--passphrase-file", passphrase)


def imported(installation: Installation, file: Path, passphrase: str) -> Any:
    return installation.result("tenant", "import", str(file), "--passphrase-file", passphrase)


class TestTenantFile:
    @pytest.mark.parametrize("database", ["sqlite", "postgresql"])
    @pytest.mark.parametrize("is_running", [True, False], ids=["running", "stopped"])
    def test_an_organization_goes_on_elsewhere_as_it_was(
        self, lived: Lived, other: Other, database: str, passphrase: str, tmp_path: Path, *, is_running: bool
    ) -> None:
        here = lived.installation
        here.result("init", "--tenant", "Other", "--admin", "+14155550199", "--connector", "Other's")
        file = tmp_path / "tenant.zip"
        made = exported(here, "ज़िला परिषद", file, passphrase)
        assert made["tenantId"] == lived.installed["tenantId"]
        assert made["mediaFiles"] == 2
        assert made["missingMedia"] == []
        assert file.stat().st_mode & 0o777 == 0o600
        before, picture = lived.answers(here), lived.picture(here)

        there = other(database)
        theirs = there.init("Theirs")
        if is_running:
            there.start()
        assert imported(there, file, passphrase) | {"file": ""} == made | {"file": ""}
        if not is_running:
            there.start()
        again = tmp_path / "again.zip"
        exported(there, made["tenantId"], again, passphrase)
        # The tenant's own row tells of the batch that took it in.
        assert {**digests(again), "tenants": 1} == {**digests(file), "tenants": 1}
        lived.token = there.access_token(lived.installed)
        assert lived.answers(there) == before
        assert lived.picture(there) == picture
        assert there.call("GET", "/v1/users/me", {"accessToken": there.access_token(theirs)})[0] == 200
        listed = [each["name"] for each in there.result("tenant", "list")["tenants"]]
        assert sorted(listed) == ["Theirs", "ज़िला परिषद"]

    def test_one_that_is_here_already_is_refused_and_not_touched(
        self, lived: Lived, passphrase: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "tenant.zip"
        exported(lived.installation, lived.installed["tenantId"], file, passphrase)
        before = lived.answers(lived.installation)
        refusal = lived.installation.refusal("tenant", "import", str(file), "--passphrase-file", passphrase)
        assert "is here already" in refusal
        assert lived.answers(lived.installation) == before

    def test_an_application_id_that_is_taken_is_refused_and_leaves_nothing_that_counts(
        self, lived: Lived, other: Other, passphrase: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "tenant.zip"
        exported(lived.installation, lived.installed["tenantId"], file, passphrase)
        there = other("sqlite")
        there.result(
            *("init", "--tenant", "T", "--admin", "+14155550199", "--connector", "C"),
            *("--application-id", lived.installed["applicationId"]),
        )
        refusal = there.refusal("tenant", "import", str(file), "--passphrase-file", passphrase)
        assert lived.installed["applicationId"] in refusal
        assert [each["name"] for each in there.result("tenant", "list")["tenants"]] == ["T"]
        there.result("connector", "delete", lived.installed["applicationId"], "--yes")
        assert imported(there, file, passphrase)["tenantId"] == lived.installed["tenantId"]

    def test_the_key_cannot_be_had_without_the_passphrase(
        self, lived: Lived, other: Other, passphrase: str, tmp_path: Path
    ) -> None:
        file, wrong = tmp_path / "tenant.zip", tmp_path / "wrong"
        exported(lived.installation, lived.installed["tenantId"], file, passphrase)
        with zipfile.ZipFile(file) as archive:
            assert "secret.key" not in archive.namelist()
            tables = {each["table"]["name"] for each in json.loads(archive.read("manifest.json"))["tables"]}
        assert not tables & {"signing_keys", "tenant_keys"}
        wrong.write_text("another sentence\n")
        there = other("sqlite")
        there.init("Theirs")
        refusal = there.refusal("tenant", "import", str(file), "--passphrase-file", str(wrong))
        assert "passphrase" in refusal
        wrong.write_text("short\n")
        assert "at least 12" in there.refusal("tenant", "import", str(file), "--passphrase-file", str(wrong))

    def test_each_kind_of_file_belongs_to_its_own_command(
        self, lived: Lived, other: Other, passphrase: str, tmp_path: Path
    ) -> None:
        tenant, whole = tmp_path / "tenant.zip", tmp_path / "all.zip"
        exported(lived.installation, lived.installed["tenantId"], tenant, passphrase)
        lived.installation.result("backup", str(whole))
        there = other("sqlite")
        assert "chaupal tenant export" in there.refusal("restore", str(tenant))
        there.init("Theirs")
        refusal = there.refusal("tenant", "import", str(whole), "--passphrase-file", passphrase)
        assert "chaupal backup" in refusal

    def test_nobody_is_exported_under_a_name_that_is_nobodys(
        self, lived: Lived, passphrase: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "tenant.zip"
        refusal = lived.installation.refusal(
            "tenant", "export", "Nobody", "--to", str(file), "--passphrase-file", passphrase
        )
        assert refusal == "There is no tenant 'Nobody'."
        assert not file.exists()

    @pytest.mark.parametrize("database", ["sqlite", "postgresql"])
    def test_an_import_that_is_killed_left_nothing_that_counts_and_is_run_again(
        self, lived: Lived, other: Other, database: str, passphrase: str, tmp_path: Path
    ) -> None:
        for number in range(200):
            lived._post(lived.paths[3].partition("?")[0], {"message": f"संदेश {number}"})
        file = tmp_path / "tenant.zip"
        made = exported(lived.installation, lived.installed["tenantId"], file, passphrase)
        before = lived.answers(lived.installation)
        there = other(database)
        there.init("Theirs")
        there.start()
        for _ in range(3):
            importing = there.begin("tenant", "import", str(file), "--passphrase-file", passphrase)
            wait_for_rows(there)
            importing.kill()
            assert ended(importing).code == -9
            assert [each["name"] for each in there.result("tenant", "list")["tenants"]] == ["Theirs"]
        there.kill()
        there.start()
        assert imported(there, file, passphrase)["rows"] == made["rows"]
        lived.token = there.access_token(lived.installed)
        assert lived.answers(there) == before


def wait_for_rows(installation: Installation) -> None:
    """Until something of the tenant has been put in."""
    import psycopg

    from tests.crash.test_media_uploads import wait_until
    from tests.stores import ask_sqlite

    def some() -> bool:
        question = "SELECT count(*) FROM arriving_rows"
        if installation.is_postgres:
            with psycopg.connect(installation.database) as connection:
                row = connection.execute(question).fetchone()
                return row is not None and row[0] > 0
        return bool(ask_sqlite(installation.data / "chaupal.sqlite3", question)[0][0])

    wait_until(some)
