"""Several servers on one PostgreSQL count against a limit together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
import pytest

from chaupal.auth.limiter import Claim, Limiter, MinuteSpent
from chaupal.auth.sharing_limits import LimitSharing
from chaupal.settings import Settings
from chaupal.store.migrating import migrate
from chaupal.store.shared_counts import SharedCounts

MINUTE = 28_333_333
CLAIM = Claim("connector:1", 10, "Calls")


@dataclass
class Server:
    """One server's limits, by a clock that stands still."""

    limiter: Limiter = field(default_factory=Limiter)
    now_s: int = MINUTE * 60
    store: Any = None

    def call(self) -> int:
        """What is left after a call."""
        budget = self.limiter.take(CLAIM, now_s=self.now_s)
        assert budget is not None
        return budget.remaining


@pytest.fixture
def url(new_postgres_database: Callable[[], str], tmp_path: Any) -> str:
    made = new_postgres_database()
    migrate(Settings(data=tmp_path, database=made))
    return made


@pytest.fixture
def shared(url: str) -> Iterator[Callable[[Server], LimitSharing]]:
    made: list[SharedCounts] = []

    def share(server: Server) -> LimitSharing:
        made.append(SharedCounts(url))
        return LimitSharing(cast(Any, server), made[-1])

    yield share
    for each in made:
        each.close()


class TestTwoServers:
    def test_what_one_has_counted_is_missing_at_the_other(self, shared: Callable[[Server], LimitSharing]) -> None:
        async def run() -> None:
            first, second = Server(), Server()
            sharing, other = shared(first), shared(second)
            assert [first.call() for _ in range(6)][-1] == 4
            assert second.call() == 9
            await sharing.exchange()
            await other.exchange()
            assert second.call() == 2
            assert second.limiter.used(CLAIM.key, now_s=second.now_s) == 8
            await other.exchange()
            await sharing.exchange()
            assert [first.call(), first.call()] == [1, 0]
            with pytest.raises(MinuteSpent):
                first.call()
            first.now_s += 60
            assert first.call() == 9

        asyncio.run(run())

    def test_telling_it_again_counts_nothing_twice_and_old_minutes_are_forgotten(
        self, shared: Callable[[Server], LimitSharing], url: str
    ) -> None:
        async def run() -> None:
            first, second = Server(), Server()
            sharing, other = shared(first), shared(second)
            first.call()
            for _ in range(3):
                await sharing.exchange()
            second.call()
            await other.exchange()
            assert second.call() == 7
            for _ in range(4):
                first.now_s += 60
                first.call()
                await sharing.exchange()

        asyncio.run(run())
        with psycopg.connect(url) as connection:
            kept = connection.execute("SELECT DISTINCT minute FROM limit_counts ORDER BY minute").fetchall()
        assert kept == [(MINUTE + number,) for number in (2, 3, 4)]

    def test_without_the_database_each_counts_its_own_and_they_meet_again_later(
        self, shared: Callable[[Server], LimitSharing], url: str
    ) -> None:
        async def run() -> None:
            first, second = Server(), Server()
            sharing, other = shared(first), shared(second)
            first.call()
            await sharing.exchange()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            first.call()
            await sharing.exchange()
            assert first.call() == 7
            await sharing.exchange()
            second.call()
            await other.exchange()
            assert second.call() == 5

        asyncio.run(run())

    def test_where_nothing_was_counted_the_database_is_not_asked(self) -> None:
        class Never:
            def exchange(self, minute: int, counts: dict[str, int]) -> dict[str, int]:
                raise AssertionError

        asyncio.run(LimitSharing(cast(Any, Server()), cast(Any, Never())).exchange())
