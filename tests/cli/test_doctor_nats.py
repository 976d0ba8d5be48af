"""`chaupal doctor` where servers wake each other through NATS: it sends one message and waits for it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.test_doctor import examine
from tests.installations import Installation, free_port
from tests.parts.nats import NatsServer


@pytest.fixture
def on_postgres(sqlite_installation: Installation, new_postgres_database: Callable[[], str]) -> Installation:
    """An installation whose database is PostgreSQL; NATS is of no use elsewhere."""
    sqlite_installation.database = new_postgres_database()
    return sqlite_installation


def look(installation: Installation) -> tuple[int, dict[str, Any]]:
    """(exit code, the check of NATS)."""
    code, examination = examine(installation)
    [check] = [check for check in examination["checks"] if check["name"] == "NATS"]
    return code, check


class TestNats:
    def test_a_server_that_passes_messages_on_is_fine(self, on_postgres: Installation, nats_server: NatsServer) -> None:
        on_postgres.settings |= {"CHAUPAL_NATS": nats_server.url, "CHAUPAL_NATS_SUBJECT": f"c-{uuid.uuid4().hex}"}
        code, check = look(on_postgres)
        assert (code, check["state"]) == (0, "ok"), check

    def test_a_server_that_is_not_there_is_a_warning_without_the_password(self, on_postgres: Installation) -> None:
        on_postgres.settings["CHAUPAL_NATS"] = f"nats://us3r:s3cret@127.0.0.1:{free_port()}"
        done = on_postgres.command("doctor", "--json")
        [check] = [check for check in done.json["checks"] if check["name"] == "NATS"]
        assert (done.code, check["state"]) == (0, "warning")
        assert "CHAUPAL_NATS" in check["advice"]
        assert "s3cret" not in done.out + done.err

    def test_where_it_is_not_used_nothing_is_said(self, on_postgres: Installation) -> None:
        _, examination = examine(on_postgres)
        assert "NATS" not in {check["name"] for check in examination["checks"]}
