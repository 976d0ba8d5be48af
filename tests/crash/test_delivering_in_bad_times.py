"""Delivering while the disk is full, or the database is away, or crashes and forgets what was not forced to disk: once
all is well again everything goes on by itself, and whatever was answered with success arrives."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.api.hooks import HookReceiver
from tests.crash.posting import Place, settle
from tests.crash.test_bad_ends import wait_until
from tests.crash.test_delivery_process import taken
from tests.crash.test_webhooks_killed import register
from tests.installations import Installation, free_port
from tests.outbound.receivers import Received
from tests.parts.postgres import PostgresOfItsOwn
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands

STATES = "SELECT event_id, state FROM webhook_deliveries"
ROOM_BYTES = 64 * 1024
NO_ROOM_BYTES = 16 * 1024
"""The head of a write-ahead log and three pages: less than any change takes."""


@dataclass
class Holding:
    """Has a receiver's answers wait until they are let go."""

    receiver: HookReceiver
    come: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.receiver.answer_with = self.answer

    def answer(self, _: Received) -> int:
        self.come.release()
        self.may_go.wait(60)
        return 200

    def wait(self) -> None:
        """Return when one more has come."""
        assert self.come.acquire(timeout=60)


def post_each(place: Place, texts: list[str]) -> list[str]:
    """Post each text once; the ids of those that were answered with success."""
    answers = [place.post(text) for text in texts]
    assert {status for status, _ in answers} <= {200, 503}
    return [str(answer["referenceId"]) for status, answer in answers if status == 200]


def log_of(installation: Installation) -> str:
    assert installation.server is not None
    return installation.server.log.read_text(errors="replace")


def limit_files(installation: Installation, size_bytes: int) -> None:
    """Let no file of the server grow beyond so much."""
    assert installation.server is not None
    resource.prlimit(installation.server.pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


class TestFullDisk:
    def test_what_was_being_sent_and_what_waits_arrives_when_there_is_room(
        self, sqlite_installation: Installation
    ) -> None:
        sqlite_installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
        place = settle(sqlite_installation)
        with HookReceiver() as receiver:
            holding = Holding(receiver)
            register(place, receiver, place.group_id)
            sent = post_each(place, ["on its way"])
            holding.wait()
            sizes = [path.stat().st_size for path in sqlite_installation.data.glob("chaupal.sqlite3*")]
            limit_files(sqlite_installation, max(sizes) + ROOM_BYTES)
            while kept := post_each(place, ["x" * 4_000]):
                sent += kept
            # A note of what arrived is smaller, and might have had room.
            limit_files(sqlite_installation, NO_ROOM_BYTES)
            holding.may_go.set()
            wait_until(lambda: "deliveries not recorded yet" in log_of(sqlite_installation))
            assert len(taken(receiver)) == 1, "nothing is sent that could not be noted"
            limit_files(sqlite_installation, resource.RLIM_INFINITY)
            sent += post_each(place, ["afterwards"])
            wait_until(lambda: len(taken(receiver)) == len(sent))
            assert taken(receiver) == sent, "each, and in order"
        assert len(sent) > 2


@pytest.fixture
def crashing(
    postgres_of_its_own: PostgresOfItsOwn, run: Run, warm_commands: WarmCommands, tmp_path: Path
) -> Iterator[Installation]:
    """An installation on a PostgreSQL of its own."""
    made = Installation(
        run, warm_commands, tmp_path / "data", tmp_path, free_port(), postgres_of_its_own.create_database()
    )
    made.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    yield made
    made.stop()


def states(installation: Installation) -> dict[str, str]:
    """The state of each event's last delivery; {} while nobody answers."""
    with suppress(psycopg.OperationalError), psycopg.connect(installation.database, connect_timeout=30) as connection:
        return dict(connection.execute(STATES).fetchall())
    return {}


def are_delivered(installation: Installation, event_ids: list[str]) -> Callable[[], bool]:
    """Whether all of these are, and whatever else is there: what was not answered may have been kept all the same."""

    def look() -> bool:
        found = states(installation)
        return found.keys() >= set(event_ids) and set(found.values()) == {"delivered"}

    return look


WRITERS = "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('walwriter', 'background writer')"


@contextmanager
def crash_after(installation: Installation) -> Iterator[None]:
    """Have nothing written to disk in the block but what is forced. Then those who would have written it die, as of a
    defect or a lack of memory: PostgreSQL ends all sessions, and begins again with what is on disk."""
    connection = psycopg.connect(installation.database, autocommit=True)
    writers = [int(row[0]) for row in connection.execute(WRITERS)]
    assert len(writers) == 2
    for pid in writers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in writers:
            os.kill(pid, signal.SIGKILL)
    with pytest.raises(psycopg.OperationalError):
        while True:
            connection.execute("SELECT 1")
    wait_until(lambda: bool(states(installation)))


class TestDatabaseThatCrashes:
    def test_what_it_forgets_of_a_delivery_holds_up_nothing(self, crashing: Installation) -> None:
        """That it was delivered was forgotten, and that it was being sent was not: so it was, for ever."""
        place = settle(crashing)
        with HookReceiver() as receiver:
            holding = Holding(receiver)
            register(place, receiver, place.group_id)
            with crash_after(crashing):
                sent = post_each(place, ["first"])
                holding.wait()
                sent += post_each(place, ["forces to disk that the first is being sent"])
                holding.may_go.set()
                wait_until(are_delivered(crashing, sent))
            after: list[str] = []
            while not after:
                after = post_each(place, ["afterwards"])
            wait_until(are_delivered(crashing, sent + after))
            came = [body["eventId"] for body in receiver.bodies]
        assert came.count(sent[0]) == 2, "that it arrived was forgotten"
        assert set(came) >= {*sent, *after}

    def test_stopped_and_killed_in_the_middle_it_costs_no_event(
        self, crashing: Installation, postgres_of_its_own: PostgresOfItsOwn
    ) -> None:
        place = settle(crashing)
        with HookReceiver() as receiver:
            register(place, receiver, place.group_id)
            sent = post_each(place, ["first"])
            for end in (postgres_of_its_own.stop, postgres_of_its_own.kill):
                before = len(taken(receiver))
                posting = Posting(place)
                wait_until(lambda before=before: len(taken(receiver)) >= before + 5)
                end()
                postgres_of_its_own.start()
                sent += posting.end()
            sent += post_each(place, ["last"])
            wait_until(lambda: set(sent) <= set(taken(receiver)))
            wait_until(are_delivered(crashing, sent))
        assert len(sent) > 12


class Posting(threading.Thread):
    """Posts one message after another, until it is told to end."""

    def __init__(self, place: Place) -> None:
        super().__init__(daemon=True)
        self._place = place
        self._is_over = threading.Event()
        self._answers: list[tuple[int, Any]] = []
        self.start()

    def run(self) -> None:
        while not self._is_over.is_set():
            self._answers.append(self._place.post(f"number {len(self._answers)}"))

    def end(self) -> list[str]:
        """The ids of what was answered with success."""
        self._is_over.set()
        self.join()
        return [str(answer["referenceId"]) for status, answer in self._answers if status == 200]
