"""A server that was put back to an earlier time: its clients' cursors go on, or are refused; nothing is skipped, also
not by those who pass over the events whose ids they know already."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash.posting import Place, settle
from tests.crash.test_backups import beside
from tests.installations import Installation


def page(installation: Installation, place: Place, cursor: str = "") -> tuple[int, Any]:
    """GET /sync: a cursor for now, or what comes after one."""
    query = f"?cursor={cursor}" if cursor else ""
    return installation.call("GET", f"/v1/sync{query}", {"accessToken": place.token})


class Past:
    """A message, and a cursor after it, which are kept; what is done from `lose` on will be gone."""

    def __init__(self, place: Place) -> None:
        self.place = place
        status, answer = place.post("kept")
        assert status == 200, answer
        self.message_path = f"{place.path}/{answer['referenceId']}"
        self.kept = page(place.installation, place)[1]["cursor"]
        self.gone: list[str] = []
        self.event_ids: list[str] = []

    def lose(self) -> None:
        """Change the message a few times, and read of it."""
        self.change(self.place.installation, 3)
        cursor = self.kept
        for _ in range(3):
            status, answer = page(self.place.installation, self.place, f"{cursor}&limit=1")
            assert status == 200, answer
            self.event_ids += [event["eventId"] for event in answer["events"]]
            cursor = answer["cursor"]
            self.gone.append(cursor)
        assert len(set(self.event_ids)) == 3

    def change(self, installation: Installation, count: int) -> list[str]:
        texts = [f"{number} of {count}" for number in range(count)]
        for text in texts:
            assert installation.call("PUT", self.message_path, self.place.headers, {"message": text})[0] == 200
        return texts


def check_goes_on(installation: Installation, past: Past) -> None:
    """Let more happen than was lost, and come back with the cursors from before."""
    place = past.place
    count = len(past.change(installation, 5))
    status, answer = page(installation, place, past.kept)
    assert status == 200, answer
    assert [event["eventType"] for event in answer["events"]] == ["MessageEdited"] * count
    ids = {event["eventId"] for event in answer["events"]}
    assert len(ids) == count
    assert ids.isdisjoint(past.event_ids)
    for cursor in past.gone:
        for status, answer in (
            page(installation, place, cursor),
            installation.call("GET", "/v1/events", {"accessToken": place.token, "Last-Event-ID": cursor}),
        ):
            assert (status, answer["errorCode"]) == (410, "CursorExpired")


def test_cursors_from_after_a_backup_are_refused_once_it_was_restored(
    installation: Installation, new_postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    place = settle(installation)
    past = Past(place)
    file = tmp_path / "all.zip"
    installation.result("backup", str(file))
    past.lose()
    installation.stop()

    there = beside(installation, "there", new_postgres_database() if installation.is_postgres else "")
    there.result("restore", str(file))
    there.start()
    check_goes_on(there, past)
    there.stop()


def test_cursors_from_after_a_copy_of_the_data_folder_are_refused_once_it_is_in_its_place_again(
    sqlite_installation: Installation, tmp_path: Path
) -> None:
    place = settle(sqlite_installation)
    past = Past(place)
    sqlite_installation.stop()
    shutil.copytree(sqlite_installation.data, tmp_path / "copy")
    sqlite_installation.start()
    past.lose()
    sqlite_installation.stop()

    shutil.rmtree(sqlite_installation.data)
    shutil.copytree(tmp_path / "copy", sqlite_installation.data)
    sqlite_installation.start()
    check_goes_on(sqlite_installation, past)
