"""What SQLite's planner is told of the tables, so that it chooses indexes as it would on a large installation.

Without statistics SQLite takes each further column of an index for ten times as selective as the one before, and then
prefers a primary key by `tenant_id` alone to the index that is meant: reading one message walked over all messages of
the tenant. Measured statistics would do, but there are none while the database is small. So fixed ones are written
after each migration: rows are many, a tenant has a good part of them, and each further column narrows them down.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy

_ROWS = 10_000_000
_ROWS_OF_PREFIX = (1_000_000, 1_000, 30, 5)
"""Rows that share the first column of an index, its first two, and so on; the last is for all longer prefixes."""

_HARDLY_NARROWS = "audience"
"""What is sent to a group is nearly all for the same people. What is looked for further, such as a type, is rarer."""


def write_statistics(connection: Any) -> None:
    """Replace SQLite's statistics by the fixed ones. Inside the migration's transaction; read by later connections."""
    connection.exec_driver_sql("ANALYZE")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    inspector = connection.exec_driver_sql(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    insert = sqlalchemy.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
    for table, is_clustered in inspector.fetchall():
        for row in _statistics_of(connection, table, is_clustered=bool(is_clustered)):
            connection.execute(insert, row)


def _narrowing(columns: list[str]) -> list[int]:
    """For each column of an index, the rows that share it and those before it."""
    rows: list[int] = []
    # What an index without the tenant begins with is of one tenant alone.
    place = -1 if columns[0] == "tenant_id" else 0
    for column in columns:
        if column != _HARDLY_NARROWS or place < 0:
            place += 1
        rows.append(_ROWS_OF_PREFIX[min(place, len(_ROWS_OF_PREFIX) - 1)])
    return rows


def _statistics_of(connection: Any, table: str, *, is_clustered: bool) -> list[dict[str, str]]:
    indexes = connection.exec_driver_sql(f"SELECT name, \"unique\", origin FROM pragma_index_list('{table}')")
    found = []
    for name, is_unique, origin in indexes.fetchall():
        columns = connection.exec_driver_sql(
            f"SELECT name FROM pragma_index_xinfo('{name}') WHERE key = 1 ORDER BY seqno"
        )
        narrowing = _narrowing([row[0] for row in columns.fetchall()])
        if is_unique:
            narrowing[-1] = 1
        # A clustered table's primary key is the table itself, and goes by its name.
        index = table if is_clustered and origin == "pk" else name
        found.append({"tbl": table, "idx": index, "stat": " ".join(map(str, (_ROWS, *narrowing)))})
    return found
