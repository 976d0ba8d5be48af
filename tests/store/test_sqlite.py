"""The connection to SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import pytest

from chaupal.members.queries import select_members
from chaupal.messages.queries import select_timeline
from chaupal.store.sqlite import SqliteConnection
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import EVERYONE, Branch, Place, Reading
from tests.stores import Database


@pytest.fixture
def connection(sqlite_database: Database) -> Iterator[SqliteConnection]:
    connection = SqliteConnection(sqlite_database.settings.sqlite_path, read_only=True)
    yield connection
    connection.close()


class Preparations:
    """Counts what SQLite asks while it prepares a statement, and only then: whether it may read a column."""

    def __init__(self, connection: SqliteConnection) -> None:
        self.count = 0
        connection._connection.authorizer = self

    def __call__(self, *_asked: object) -> int:
        self.count += 1
        return apsw.SQLITE_OK


class TestPreparing:
    """SQLite looks at bound values when it plans, if it is let, and then prepares at each new value."""

    def test_a_page_of_another_length_is_read_by_the_statement_that_is_prepared(
        self, connection: SqliteConnection
    ) -> None:
        tx = Transaction(connection, tenant_id="tenant", now_us=0)
        preparations = Preparations(connection)
        select_members(tx, "group", after_id="", row_count=5)
        prepared = preparations.count
        assert prepared > 0
        for row_count in (6, 7):
            select_members(tx, "group", after_id="somebody", row_count=row_count)
        assert preparations.count == prepared

    @pytest.mark.parametrize("branch_count", [1, 11])
    def test_a_timeline_is_prepared_once(self, connection: SqliteConnection, branch_count: int) -> None:
        tx = Transaction(connection, tenant_id="tenant", now_us=0)
        preparations = Preparations(connection)
        branches = [Branch(str(number), EVERYONE, 0, 1_000) for number in range(branch_count)]
        counts = []
        for row_count in (5, 6, 7):
            select_timeline(tx, Reading(branches, "0", "", Place(row_count, ""), is_older=True, row_count=row_count))
            counts.append(preparations.count)
        assert counts[0] > 0
        assert counts[1:] == [counts[0]] * 2
