"""The floor's two databases: how each is opened and how a batch of rows is written in one transaction. Nothing but
that. Described in bench/README.md, "The floor".
"""

from collections.abc import Callable

from bench.floor.group_commit import Insert, Row

SQLITE_TABLE = """
    CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, text TEXT NOT NULL, sent_at_ms INTEGER NOT NULL)
    WITHOUT ROWID, STRICT
"""
SQLITE_INSERT = "INSERT INTO message VALUES (?, ?, ?)"

POSTGRESQL_TABLE = """
    CREATE TABLE IF NOT EXISTS message (id text PRIMARY KEY, text text NOT NULL, sent_at_ms bigint NOT NULL)
"""
POSTGRESQL_INSERT_ONE = "INSERT INTO message VALUES (%s, %s, %s)"
# Binary arrays: of a pipelined executemany, COPY and this, this costs the client the least for 2 to 256 rows.
POSTGRESQL_INSERT_MANY = "INSERT INTO message SELECT * FROM unnest(%b::text[], %b::text[], %b::bigint[])"


def choose_database(address: str) -> Callable[[], Insert]:
    """`address` is `sqlite:PATH` or `postgresql://...`; each driver is imported only where it is used."""
    if address.startswith("sqlite:"):
        return lambda: open_sqlite(address.removeprefix("sqlite:"))
    return lambda: open_postgresql(address)


def open_sqlite(path: str) -> Insert:
    import apsw

    connection = apsw.Connection(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(SQLITE_TABLE)

    def insert(rows: list[Row]) -> None:
        if len(rows) == 1:
            connection.execute(SQLITE_INSERT, rows[0])
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(SQLITE_INSERT, rows)
            connection.execute("COMMIT")
        except apsw.Error:
            connection.execute("ROLLBACK")
            raise

    return insert


def open_postgresql(address: str) -> Insert:
    import psycopg

    # One statement is one transaction here, so a batch costs a single round trip, commit included.
    connection = psycopg.connect(address, autocommit=True, prepare_threshold=1)
    connection.execute(POSTGRESQL_TABLE)
    cursor = connection.cursor()

    def insert(rows: list[Row]) -> None:
        if len(rows) == 1:
            cursor.execute(POSTGRESQL_INSERT_ONE, rows[0])
            return
        ids, texts, times = zip(*rows, strict=True)
        cursor.execute(POSTGRESQL_INSERT_MANY, (list(ids), list(texts), list(times)))

    return insert
