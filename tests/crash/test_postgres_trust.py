"""What the server does with a PostgreSQL that cannot be trusted, and with one whose answer to COMMIT is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.crash.posting import Place, settle
from tests.installations import Installation, ended, free_port
from tests.parts.cutting_proxy import Cut, CuttingProxy
from tests.parts.postgres import PostgresOfItsOwn
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands
from tests.stores import postgres_url


@pytest.fixture
def installation_on(run: Run, warm_commands: WarmCommands, tmp_path: Path) -> Iterator[Callable[[str], Installation]]:
    """Call it for an installation on the database with this URL."""
    made: list[Installation] = []

    def make(url: str) -> Installation:
        made.append(Installation(run, warm_commands, tmp_path / "data", tmp_path, free_port(), url))
        return made[-1]

    yield make
    for installation in made:
        installation.stop()


class TestUnsafePostgres:
    def assert_refused(self, installation: Installation, setting: str) -> None:
        sentence = f"PostgreSQL runs with {setting}=off: it would lose answered messages; turn it on."
        done = ended(installation.begin("serve"))
        assert (done.code, done.out, done.err) == (1, "", f"chaupal: {sentence}\n")
        assert installation.refusal("tenant", "list") == sentence

    @pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
    def test_a_server_that_may_lose_commits_is_refused(
        self, run: Run, tmp_path: Path, installation_on: Callable[[str], Installation], setting: str
    ) -> None:
        server = PostgresOfItsOwn(run, f"unsafe-{os.getpid()}-{tmp_path.name}"[:60], **{setting: "off"})
        server.start()
        try:
            database = server.create_database()
            self.assert_refused(installation_on(database), setting)
            with psycopg.connect(database) as connection:
                tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            assert tables == (0,), "nothing was made in it"
        finally:
            server.stop()

    def test_so_is_a_database_that_has_it_turned_off_for_itself(
        self, new_postgres_database: Callable[..., str], installation_on: Callable[[str], Installation]
    ) -> None:
        url = new_postgres_database()
        with psycopg.connect(url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
        self.assert_refused(installation_on(url), "synchronous_commit")


class TestCommitCutOnTheWire:
    @pytest.fixture
    def proxy(self, new_postgres_database: Callable[..., str]) -> Iterator[CuttingProxy]:
        self.parts = conninfo_to_dict(new_postgres_database())
        proxy = CuttingProxy(self.parts)
        yield proxy
        proxy.close()

    @pytest.fixture
    def place(self, proxy: CuttingProxy, installation_on: Callable[[str], Installation]) -> Place:
        return settle(installation_on(postgres_url(host="127.0.0.1", port=proxy.port, parts=self.parts)))

    def outcomes(self, place: Place) -> list[str]:
        """What the server's log says of lost COMMITs."""
        assert place.installation.server is not None
        lines = [line for line in place.installation.server.log.read_text().splitlines() if line.startswith("{")]
        events = [json.loads(line) for line in lines]
        return [event["outcome"] for event in events if event["event"] == "connection lost in commit"]

    def cut_next(self, proxy: CuttingProxy, place: Place, cut: Cut, text: str) -> int:
        """The status of a message whose COMMIT is cut."""
        proxy.cut = cut
        count = proxy.cut_count
        status, answer = place.post(text)
        assert proxy.cut_count == count + 1, "no COMMIT passed the proxy"
        assert status == 200 or answer["errorCode"] == "Unavailable"
        return status

    def test_a_lost_answer_is_found_out_and_nothing_is_done_twice(self, proxy: CuttingProxy, place: Place) -> None:
        sent = []
        for number in range(8):
            sent += [f"cut {number}", f"whole {number}"]
            assert self.cut_next(proxy, place, "after", f"cut {number}") == 200
            assert place.post(f"whole {number}")[0] == 200
        assert place.texts() == sent[::-1]
        assert self.outcomes(place) == ["committed"] * 8

    def test_a_commit_that_never_arrived_is_a_503_and_leaves_nothing(self, proxy: CuttingProxy, place: Place) -> None:
        for number in range(3):
            assert self.cut_next(proxy, place, "before", f"cut {number}") == 503
            assert place.post(f"whole {number}")[0] == 200
        assert place.texts() == ["whole 2", "whole 1", "whole 0"]
        assert self.outcomes(place) == ["not committed"] * 3
