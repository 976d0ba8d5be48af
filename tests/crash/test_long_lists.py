"""Subscribers, groups and trees of groups by the thousand on a real server: in pages, in flat memory, each once.

Members are in `test_long_answers.py`.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.groups.queries import GroupRow, add_to_counts, add_to_link_counts, insert_group
from chaupal.members.queries import MembershipRow, insert_memberships
from chaupal.people.queries import PersonRow, insert_people
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.opening import open_store
from chaupal.store.transaction import Transaction
from chaupal.subgroups.queries import insert_link
from tests.crash.posting import Place, settle
from tests.crash.test_bad_ends import server_process
from tests.crash.test_long_answers import MIB, PIECE_BYTES, asked
from tests.installations import Installation
from tests.stores import ask_postgres

SUBSCRIBERS, GROUPS, GROUPS_BELOW = 42_000, 12_000, 9_000
SEEDED_AT_ONCE = 3_000
GROWS_AT_MOST = 25 * MIB
"""The answers take 8 to 16 MB; building one as a whole takes several times that."""
HELD_AT_MOST = 8 * MIB
"""Of an answer that nobody takes: a page of groups, what of it is on its way, and which groups there are."""


class Seeds:
    """Rows as the calls make them, without their events: the lists do not read the log."""

    def __init__(self, user_id: str, group_id: str) -> None:
        self._user_id, self._group_id = user_id, group_id

    def subscribers(self, tx: Transaction, _caller: Operator, first: int) -> None:
        people, rows = [], []
        for number in range(first, first + SEEDED_AT_ONCE):
            user_id = new_id()
            people.append(PersonRow(user_id, f"+91{7_000_000_000 + number}", f"Person {number}", "", "Member", False))
            rows.append(MembershipRow(user_id, 1, 1, None, "Subscriber", welcome_audience=""))
        insert_people(tx, people)
        insert_memberships(tx, self._group_id, rows)
        add_to_counts(tx, self._group_id, members=0, admins=0, unprovisioned=0, subscribers=SEEDED_AT_ONCE)

    def groups(self, tx: Transaction, _caller: Operator, first: int) -> None:
        for number in range(first, first + SEEDED_AT_ONCE):
            insert_group(tx, self._group(number))
            rows = [MembershipRow(self._user_id, 1, 1, None, "Admin", welcome_audience="")]
            insert_memberships(tx, self._last_id, rows)

    def groups_below(self, tx: Transaction, _caller: Operator, first: int) -> None:
        for number in range(first, first + SEEDED_AT_ONCE):
            insert_group(
                tx, self._group(number)._replace(member_count=0, admin_count=0, parent_count=1, was_linked=True)
            )
            insert_link(tx, parent_id=self._group_id, child_id=self._last_id, position=1, at_us=1)
        add_to_link_counts(tx, self._group_id, subgroups=SEEDED_AT_ONCE, parents=0)

    def _group(self, number: int) -> GroupRow:
        self._last_id = new_id()
        return GroupRow(
            self._last_id, f"Depot {number}", "", "", "", "", "", "Group", False, 1, self._user_id,
            member_count=1, admin_count=1,
        )  # fmt: skip


def seed(place: Place, rows: Callable[[Transaction, Operator, int], None], count: int) -> None:
    """Put rows into the stopped server's database, and start it again."""
    installation = place.installation
    [tenant] = installation.result("tenant", "list")["tenants"]
    installation.stop()
    store = open_store(Settings(data=installation.data, database=installation.database))
    try:
        for first in range(0, count, SEEDED_AT_ONCE):
            asyncio.run(store.write(rows, Operator(tenant["tenantId"]), first))
    finally:
        store.stop()
    if installation.is_postgres:
        ask_postgres(installation.database, "ANALYZE")  # what it does by itself within a minute of such a change
    installation.start()


def read_flat(place: Place, path: str) -> Any:
    """The answer, after it came in pieces while the server's memory stayed as it was. It is read twice: the first time
    fills the database's caches."""
    process = server_process(place.installation)
    body, before, highest = b"", 0, 0
    for _ in range(2):
        before = highest = process.memory_info().rss
        with asked(place, path) as answer:
            assert (answer.status, answer.getheader("Content-Length")) == (200, None)
            pieces = []
            while piece := answer.read(PIECE_BYTES):
                pieces.append(piece)
                highest = max(highest, process.memory_info().rss)
        body = b"".join(pieces)
    assert len(body) > 5 * MIB, "too small to show anything"
    assert highest - before < GROWS_AT_MOST
    return json.loads(body)


@pytest.fixture
def place(installation: Installation) -> Place:
    return settle(installation)


@pytest.fixture
def seeds(place: Place) -> Seeds:
    status, me = place.installation.me(place.token)
    assert status == 200
    return Seeds(me["id"], place.group_id)


class TestLongLists:
    def test_subscribers(self, place: Place) -> None:
        body = {"name": "News", "groupType": "ConnectGroup"}
        news = place.installation.call("POST", "/v1/groups", place.headers, body)[1]["groupId"]
        seed(place, Seeds("", news).subscribers, SUBSCRIBERS)
        ids = [each["id"] for each in read_flat(place, f"/v1/groups/{news}/subscribers")["subscribers"]]
        assert len(ids) == SUBSCRIBERS
        assert ids == sorted(set(ids))

    def test_groups(self, place: Place, seeds: Seeds) -> None:
        seed(place, seeds.groups, GROUPS)
        ids = [each["groupId"] for each in read_flat(place, "/v1/groups?showDetail=true")["groups"]]
        assert len(ids) == GROUPS + 1
        assert ids == sorted(set(ids))

    @pytest.mark.parametrize("query", ["", "?fetchAllGroups=true"], ids=["direct", "the whole tree"])
    def test_groups_below_one(self, place: Place, seeds: Seeds, query: str) -> None:
        seed(place, seeds.groups_below, GROUPS_BELOW)
        tree = read_flat(place, f"/v1/groups/{place.group_id}/subGroups{query}")
        ids = [each["groupId"] for each in tree["subGroups"]]
        assert len(ids) == len(set(ids)) == GROUPS_BELOW
        assert [each["groupId"] for each in tree["groups"][0]["subGroups"]] == ids


class TestClientsThatStopReading:
    def test_cost_nobody_else_anything(self, place: Place, seeds: Seeds) -> None:
        """Ten of them hold their connections with little read; others are served, and each costs a bounded part."""
        seed(place, seeds.groups_below, GROUPS_BELOW)
        path = f"/v1/groups/{place.group_id}/subGroups"
        read_flat(place, path)
        process = server_process(place.installation)
        before = process.memory_info().rss
        held: list[Any] = []
        answers: list[http.client.HTTPResponse] = []
        try:
            for _ in range(10):
                held.append(asked(place, path))
                answers.append(held[-1].__enter__())
                assert answers[-1].read(5) == b'{"gro'
            assert place.post("still here")[0] == 200
            assert process.memory_info().rss - before < len(held) * HELD_AT_MOST
        finally:
            for each in held:
                each.__exit__(None, None, None)
        assert place.post("still here")[0] == 200
        assert place.installation.server is not None
        assert "cut short" not in place.installation.server.log.read_text()
