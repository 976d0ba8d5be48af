"""A move between real servers, while the disk of the new cell is full, or its database crashes: the organization is in
use meanwhile, and the move goes on by itself once all is well again."""

from __future__ import annotations

import resource
import sys
from contextlib import closing
from pathlib import Path

import psycopg

from tests.cells.conftest import MakeCell, join
from tests.cells.hand_move import ask
from tests.cells.test_killed_moves import STOPPING
from tests.crash.posting import Place, settle
from tests.crash.test_bad_ends import wait_until
from tests.crash.test_delivering_in_bad_times import limit_files, log_of
from tests.installations import Installation
from tests.parts.postgres import PostgresOfItsOwn

ROOM_BYTES = 128 * 1024
TEXTS = [f"{number}: {'x' * 3_900}" for number in range(3 * ROOM_BYTES // 3_900)]
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock' AND backend_type = 'client backend'"
)


def settle_both(here: Installation, there: Installation, tmp_path: Path) -> Place:
    """A group full of messages in one cell, which is soon to try again, and another cell, both running."""
    steps = tmp_path / "steps"
    steps.write_text("")
    here.program = (sys.executable, str(STOPPING), str(steps))
    place = settle(here)
    there.start()
    join(here, there, "north")
    for text in TEXTS:
        assert place.post(text)[0] == 200
    return place


def begin(place: Place) -> None:
    place.installation.result("tenant", "move", place.installed["tenantId"], "--to", "north")


def goes_on_there(place: Place, there: Installation, texts: list[str]) -> None:
    """The move ends, everything that was answered is in the new cell, once and in order, and people go on there."""
    tenant_id = place.installed["tenantId"]

    def phase() -> tuple[str, str]:
        [found] = ask(place.installation, "SELECT phase, failure FROM moves WHERE tenant_id = %s", tenant_id)
        return found[0], found[1]

    wait_until(lambda: phase()[0] in ("done", "failed"))
    assert phase() == ("done", "")
    moved = Place(there, there.access_token(place.installed), place.group_id)
    assert moved.post("there")[0] == 200
    assert moved.texts() == ["there", *reversed(texts)]
    assert ask(place.installation, "SELECT count(*) FROM messages WHERE tenant_id = %s", tenant_id) == [(0,)]


def test_a_full_disk(make_cell: MakeCell, tmp_path: Path) -> None:
    here, there = make_cell(), make_cell()
    place = settle_both(here, there, tmp_path)
    sizes = [path.stat().st_size for path in there.data.glob("chaupal.sqlite3*")]
    limit_files(there, max(sizes) + ROOM_BYTES)
    begin(place)
    wait_until(lambda: "storage is full" in log_of(here))

    assert place.post("meanwhile")[0] == 200
    limit_files(there, resource.RLIM_INFINITY)
    goes_on_there(place, there, [*TEXTS, "meanwhile"])


def test_a_database_that_crashes(make_cell: MakeCell, postgres_of_its_own: PostgresOfItsOwn, tmp_path: Path) -> None:
    here, there = make_cell(), make_cell()
    there.database = postgres_of_its_own.create_database()
    place = settle_both(here, there, tmp_path)
    with (
        closing(psycopg.connect(there.database)) as holding,
        closing(psycopg.connect(there.database, autocommit=True)) as looking,
    ):
        holding.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
        begin(place)
        wait_until(lambda: looking.execute(WAITING).fetchall() != [(0,)])
        postgres_of_its_own.kill()
    wait_until(lambda: "database cannot be reached" in log_of(here))
    assert place.post("meanwhile")[0] == 200
    postgres_of_its_own.start()
    goes_on_there(place, there, [*TEXTS, "meanwhile"])
