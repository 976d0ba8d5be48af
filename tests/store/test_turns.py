"""One process at a time sweeps a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Callable

from chaupal.store.turns import Turn


def take_soon(turn: Turn) -> None:
    """The database notices the end of a connection a moment later."""
    while not turn.take():
        pass


def test_a_turn_is_one_processs_until_it_ends_or_its_connection_does(new_postgres_database: Callable[[], str]) -> None:
    url = new_postgres_database()
    first, second, other = Turn(url, "sweeps"), Turn(url, "sweeps"), Turn(url, "something else")
    assert first.take()
    assert not second.take()
    assert other.take()
    first.end()
    first.end()
    take_soon(second)
    assert not first.take()
    assert second._connection is not None
    second._connection.close()
    take_soon(first)
    first.end()
    other.end()
