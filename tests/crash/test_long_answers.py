"""Lists of many thousands on a real server: sent in pages, in flat memory, and never complete when they are not."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chaupal.auth.caller import Operator
from chaupal.groups.queries import add_to_counts
from chaupal.members.queries import MembershipRow, insert_memberships
from chaupal.people.queries import PersonRow, insert_people
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.opening import open_store
from chaupal.store.transaction import Transaction
from tests.crash.posting import Place, settle
from tests.crash.test_bad_ends import server_process
from tests.installations import Installation

MIB = 1024 * 1024
MEMBERS = 50_000
SEEDED_AT_ONCE = 10_000
PIECE_BYTES = 64 * 1024


def add_members(tx: Transaction, _caller: Operator, request: tuple[str, int]) -> None:
    """Rows as joining makes them, without its events: the lists do not read the log."""
    group_id, first = request
    people, members = [], []
    for number in range(first, first + SEEDED_AT_ONCE):
        user_id = new_id()
        people.append(PersonRow(user_id, f"+91{7_000_000_000 + number}", f"Person {number}", "", "Member", False))
        members.append(MembershipRow(user_id, 1, 1, None, "Member", welcome_audience=""))
    insert_people(tx, people)
    insert_memberships(tx, group_id, members)
    add_to_counts(tx, group_id, members=SEEDED_AT_ONCE, admins=0, unprovisioned=SEEDED_AT_ONCE, subscribers=0)


@pytest.fixture
def crowd(installation: Installation) -> Place:
    """A group with many members, on a running server."""
    place = settle(installation)
    [tenant] = installation.result("tenant", "list")["tenants"]
    installation.stop()
    store = open_store(Settings(data=installation.data, database=installation.database))
    try:
        for first in range(0, MEMBERS, SEEDED_AT_ONCE):
            asyncio.run(store.write(add_members, Operator(tenant["tenantId"]), (place.group_id, first)))
    finally:
        store.stop()
    installation.start()
    return place


@contextmanager
def asked(place: Place, path: str) -> Iterator[http.client.HTTPResponse]:
    """The answer, of which nothing has been read beyond its head; little of the rest fits on its way."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE_BYTES)
        client.settimeout(60)
        client.connect(("127.0.0.1", place.installation.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\naccessToken: {place.token}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(client)
        answer.begin()
        yield answer


def read_in_pages(place: Place, path: str) -> None:
    query = "?count=1000"
    while query:
        status, page = place.installation.call("GET", path + query, place.headers)
        assert status == 200, page
        query = f"?count=1000&cursor={page['cursor']}" if "cursor" in page else ""


class TestMembers:
    def test_come_whole_each_once_in_flat_memory(self, crowd: Place) -> None:
        process = server_process(crowd.installation)
        path = f"/v1/groups/{crowd.group_id}/members"
        read_in_pages(crowd, path)  # the database's caches are full, and every reader has worked
        before = highest = process.memory_info().rss
        with asked(crowd, path) as answer:
            assert (answer.status, answer.getheader("Content-Length")) == (200, None)
            assert answer.getheader("X-Request-Id")
            pieces = []
            while piece := answer.read(PIECE_BYTES):
                pieces.append(piece)
                highest = max(highest, process.memory_info().rss)
        body = b"".join(pieces)
        members = json.loads(body)["members"]
        ids = [member["id"] for member in members]
        assert len(ids) == MEMBERS + 1
        assert ids == sorted(set(ids))
        assert len(body) > 7 * MIB, "too small to show anything"
        assert highest - before < 25 * MIB, "built as a whole it takes more than 40"

    def test_that_cannot_be_finished_break_off(self, crowd: Place) -> None:
        path = f"/v1/groups/{crowd.group_id}"
        with asked(crowd, f"{path}/members") as answer:
            assert answer.read(5) == b'{"mem'
            assert crowd.installation.call("DELETE", path, crowd.headers)[0] == 200
            with pytest.raises(http.client.IncompleteRead) as broken:
                answer.read()
        assert not broken.value.partial.endswith(b"]}")
        assert crowd.installation.server is not None
        assert "answer cut short" in crowd.installation.server.log.read_text()
        assert crowd.installation.call("GET", path + "/members", crowd.headers)[0] == 404

    def test_a_client_that_leaves_stops_the_reading(self, crowd: Place) -> None:
        path = f"/v1/groups/{crowd.group_id}/members"
        for _ in range(5):
            with asked(crowd, path) as answer:
                assert answer.read(1) == b"{"
        assert crowd.post("still here")[0] == 200
        assert crowd.installation.server is not None
        assert "cut short" not in crowd.installation.server.log.read_text()
