"""The process is killed under load: what was answered is there once, nothing is half-written, the log has no gap."""

from __future__ import annotations

import threading
from collections import Counter

import apsw
import psycopg

from tests.crash.posting import Place, Poster, settle
from tests.installations import Installation

KILLS = {"sqlite": 20, "postgresql": 8}
POSTERS = 8


def events_of(installation: Installation) -> list[tuple[int, str]]:
    """(position, type) of the tenant's log, read behind the server's back."""
    sql = "SELECT position, event_type FROM events WHERE tenant_id <> '' ORDER BY position"
    if installation.is_postgres:
        with psycopg.connect(installation.database) as connection:
            return [(row[0], row[1]) for row in connection.execute(sql).fetchall()]
    connection = apsw.Connection(str(installation.data / "chaupal.sqlite3"))
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [(row[0], row[1]) for row in connection.execute(sql)]
    finally:
        connection.close()


def post_until_killed(place: Place) -> list[Poster]:
    posters = [Poster(place) for _ in range(POSTERS)]
    run_until_killed(place, posters)
    return posters


def run_until_killed(place: Place, posters: list[Poster]) -> None:
    is_over, under_load = threading.Event(), threading.Event()
    threads = [threading.Thread(target=poster.run, args=(is_over, under_load)) for poster in posters]
    for thread in threads:
        thread.start()
    assert under_load.wait(60), "no message was answered"
    place.installation.kill()
    is_over.set()
    for thread in threads:
        thread.join()


class TestKilledServer:
    def test_keeps_every_answered_message_once_however_often_it_is_killed(self, installation: Installation) -> None:
        place = settle(installation)
        answered: dict[str, str] = {}
        retried: list[str] = []
        for _ in range(KILLS["postgresql" if installation.is_postgres else "sqlite"]):
            posters = post_until_killed(place)
            place.installation.start()
            for poster in posters:
                answered.update(poster.answered)
                for text, key in poster.unanswered:
                    headers = place.headers | {"Idempotency-Key": key}
                    status, receipt = installation.call("POST", place.path, headers, {"message": text})
                    assert status == 200, receipt
                    answered[receipt["referenceId"]] = text
                    retried.append(text)
        assert retried, "no kill hit a call in flight"
        there = Counter(place.texts())
        assert there == Counter(answered.values())
        assert max(there.values()) == 1
        installation.stop()
        events = events_of(installation)
        assert [position for position, _ in events] == list(range(1, len(events) + 1))
        assert sum(event_type == "TextMessageCreated" for _, event_type in events) == len(there)
