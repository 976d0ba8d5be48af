"""The server is killed under load while clients read the live stream, and go away and come back as they please: each
has every event that it may see exactly once, in order, and none that it may not."""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import threading
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from tests.crash.posting import Place, settle
from tests.crash.test_killed import post_until_killed
from tests.installations import OTHER, Installation

KILLS = {"sqlite": 6, "postgresql": 4}
READERS = 5
PATIENCE_S = 60.0
RECONNECT_S = 0.02
TOO_MUCH = 5_000
"""Messages of 4 kB: 20 MB, more than the buffers of any system hold for a connection."""


@dataclass
class Reader(threading.Thread):
    """One client of the stream, which drops its connection after some events and resumes by the last id."""

    place: Place
    token: str
    last_id: str
    seed: int
    ports: tuple[int, ...] = ()
    """Of servers to read from, another one each time; none: the place's own."""
    texts: list[str] = field(default_factory=list)
    breaks: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(self.seed)
        self.is_over = threading.Event()
        self.seen = threading.Condition()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.is_over.is_set():
            try:
                self._read(self.random.randint(1, 60))
            except (OSError, http.client.HTTPException):
                self.breaks += 1
                self.is_over.wait(RECONNECT_S)

    def _read(self, events_most: int) -> None:
        """Read so many events, then go away in the middle of whatever comes."""
        port = self.random.choice(self.ports or (self.place.installation.port,))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            headers = {"accessToken": self.token, "Last-Event-ID": self.last_id}
            connection.request("GET", "/v1/events", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise http.client.HTTPException(answer.read())
            fields: dict[bytes, bytes] = {}
            while events_most and not self.is_over.is_set():
                line = answer.readline()
                if not line:
                    raise http.client.HTTPException("the stream has ended")
                name, _, value = line.rstrip(b"\n").partition(b": ")
                if line != b"\n":
                    fields[name] = value
                    continue
                events_most -= b"data" in fields
                self._note(fields)
                fields = {}
        finally:
            connection.close()

    def _note(self, fields: dict[bytes, bytes]) -> None:
        """Both at once, as a client has to: what was handled, and where to go on."""
        with self.seen:
            self.last_id = fields[b"id"].decode()
            if b"data" in fields:
                self.texts.append(json.loads(fields[b"data"])["data"]["text"])
            self.seen.notify_all()

    def wait_for(self, text: str) -> None:
        with self.seen:
            assert self.seen.wait_for(lambda: text in self.texts, PATIENCE_S), f"{len(self.texts)} and no {text}"

    def stop(self) -> None:
        self.is_over.set()
        self.join(PATIENCE_S)


def cursor_of(installation: Installation, token: str) -> str:
    status, answer = installation.call("GET", "/v1/sync", {"accessToken": token})
    assert status == 200, answer
    return str(answer["cursor"])


def cut_off_count(installation: Installation) -> int:
    """How many slow readers the server has cut off, by its metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/metrics", timeout=30) as answer:
        found = re.search(r"^chaupal_live_streams_cut_off_total (\d+)", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def other_person(installation: Installation, installed: Any) -> str:
    """An access token of somebody who is in none of the groups."""
    installation.result("person", "add", OTHER, "--name", "Omar")
    created = installation.result("token", "create", "--connector", installed["applicationId"], "--user", OTHER)
    return installation.access_token({**installed, "refreshToken": created["refreshToken"]})


class TestStreamsOfAKilledServer:
    def test_each_event_comes_exactly_once_to_whoever_may_see_it(self, installation: Installation) -> None:
        place = settle(installation)
        outsider_token = other_person(installation, place.installed)
        own = installation.call("POST", "/v1/groups", {"accessToken": outsider_token}, {"name": "Own"})[1]["groupId"]
        tokens = [place.token] * READERS + [outsider_token]
        readers = [Reader(place, token, cursor_of(installation, token), seed) for seed, token in enumerate(tokens)]
        for reader in readers:
            reader.start()
        for _ in range(KILLS["postgresql" if installation.is_postgres else "sqlite"]):
            post_until_killed(place)
            installation.start()
        assert place.post("the last")[0] == 200
        own_place = Place(installation, outsider_token, own)
        assert own_place.post("the outsider's own")[0] == 200
        *insiders, outsider = readers
        for reader in insiders:
            reader.wait_for("the last")
        outsider.wait_for("the outsider's own")
        for reader in readers:
            reader.stop()
        expected = place.texts()[::-1]
        assert len(expected) > 20
        for reader in insiders:
            # The admin of the organization sees the outsider's group as well.
            assert [text for text in reader.texts if text != "the outsider's own"] == expected
            assert reader.breaks >= KILLS["postgresql" if installation.is_postgres else "sqlite"]
        assert outsider.texts == ["the outsider's own"]

    def test_who_reads_nothing_is_cut_off_and_misses_nothing(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        cursor = cursor_of(sqlite_installation, place.token)
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.connect(("127.0.0.1", sqlite_installation.port))
            head = (
                f"GET /v1/events HTTP/1.1\r\nhost: x\r\naccessToken: {place.token}\r\nLast-Event-ID: {cursor}\r\n\r\n"
            )
            connection.sendall(head.encode())
            first = connection.recv(1_000)
            texts: list[str] = []
            while not texts or cut_off_count(sqlite_installation) == 0:
                assert len(texts) < TOO_MUCH, "the server holds all of it"
                for _ in range(100):
                    texts.append(f"{len(texts)} {'x' * 3_900}")
                    assert place.post(texts[-1])[0] == 200
            assert b"text/event-stream" in first
        reader = Reader(place, place.token, cursor, seed=2)
        reader.start()
        reader.wait_for(texts[-1])
        reader.stop()
        assert reader.texts == texts

    def test_a_stop_ends_streams_cleanly_and_soon(self, sqlite_installation: Installation) -> None:
        # Whoever waited for the streams would wait too long, and be killed.
        sqlite_installation.settings["CHAUPAL_STOP_GRACE_S"] = "60"
        place = settle(sqlite_installation)
        reader = Reader(place, place.token, cursor_of(sqlite_installation, place.token), seed=1)
        reader.start()
        place.post("before")
        reader.wait_for("before")
        sqlite_installation.stop()
        assert not (sqlite_installation.data / "chaupal.sqlite3-wal").exists()
        sqlite_installation.start()
        place.post("after")
        reader.wait_for("after")
        reader.stop()
        assert reader.texts == ["before", "after"]
