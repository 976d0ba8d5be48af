"""Counts what a server has kept, in its own database: an answer of success whose row is missing must not become a
figure. It only reads.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.load import RunRefused
from bench.measure import Measurement


@contextmanager
def all_stored(address: str, table: str, taken: Sequence[Measurement]) -> Iterator[None]:
    """Refuses the block's runs, which are in `taken` at its end, if they left fewer rows than answers.

    More rows are right: a warm-up, and what was under way when a load ended, are stored as well.
    """
    before_count = count_rows(address, table)
    yield
    stored_count = count_rows(address, table) - before_count
    answered_count = sum(measurement.load.requests for measurement in taken)
    if stored_count < answered_count:
        raise RunRefused(f"{answered_count} requests were answered, but {table} has only {stored_count} new rows")


def count_rows(address: str, table: str) -> int:
    """`address` is `sqlite:PATH` or `postgresql://...`; the server may be running."""
    if address.startswith("sqlite:"):
        return _count_sqlite(address.removeprefix("sqlite:"), table)
    import psycopg
    from psycopg import sql

    with psycopg.connect(address) as connection:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


def _count_sqlite(path: str, table: str) -> int:
    import apsw

    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    try:
        row = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608 (a name of this code)
    finally:
        connection.close()
    assert row is not None
    return int(row[0])
