"""Servers of the version before the newest change of the schema, replaced one by one by this one, under load.

The version before comes from the history of this checkout; where that is missing the test is skipped.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from chaupal.store.schema import SCHEMA_VERSION
from tests.conftest import PROJECT
from tests.crash.posting import Place
from tests.crash.rolling import DRAIN_S, going_on
from tests.crash.test_several_servers import Begin, begin
from tests.installations import ADMIN, Installation

__all__ = ["begin"]

SCHEMA_FILE = "src/chaupal/store/schema.py"


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no history here: git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


@pytest.fixture
def version_before(tmp_path: Path) -> Path:
    """The folder `src` of the commit before the one that made the newest schema."""
    newest = git("log", "-1", "--format=%H", "-G^SCHEMA_VERSION = ", "--", SCHEMA_FILE).decode().strip()
    source = git("archive", f"{newest}^", "src")
    with tarfile.open(fileobj=io.BytesIO(source)) as archive:
        archive.extractall(tmp_path / "before", filter="data")
    before = tmp_path / "before" / "src"
    assert f'SCHEMA_VERSION = "{SCHEMA_VERSION}"' not in (before / "chaupal/store/schema.py").read_text()
    return before


def schema_of(server: Installation) -> str:
    import psycopg

    with psycopg.connect(server.database) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    return str(row[0])


def place_of_before(server: Installation) -> Place:
    """A group, made by the command of the version before: ours would bring the schema up to date."""
    command = server.begin("init", "--tenant", "First", "--admin", ADMIN, "--connector", "First connector", "--json")
    out, err = command.communicate(timeout=60)
    assert command.returncode == 0, err
    token = server.access_token(json.loads(out))
    status, group = server.call("POST", "/v1/groups", {"accessToken": token}, {"name": "Field staff"})
    assert status == 200, group
    return Place(server, token, group["groupId"])


def test_servers_are_upgraded_one_by_one_and_no_call_fails(begin: Begin, version_before: Path) -> None:
    roles = ("api", "api", "worker")
    servers = [
        begin(
            CHAUPAL_ROLE=role,
            CHAUPAL_STOP_DRAIN_S=str(DRAIN_S),
            CHAUPAL_CALLBACK_ALLOW="127.0.0.1",
            PYTHONPATH=str(version_before),
        )
        for role in roles
    ]
    answering = servers[:2]
    assert schema_of(servers[0]) < SCHEMA_VERSION
    place = place_of_before(servers[0])

    def start_upgraded(server: Installation) -> None:
        del server.settings["PYTHONPATH"]
        server.server = None
        server.start()
        assert schema_of(server) == SCHEMA_VERSION
        # Old and new side by side, after the first; each takes calls on the newest schema.
        for other in answering:
            assert other.call("GET", place.path + "?count=5", place.headers)[0] == 200
            assert other.call("POST", place.path, place.headers, {"message": f"at {other.port}"})[0] == 200

    with going_on(servers, place) as life:
        life.replace_each(servers, start_upgraded)
