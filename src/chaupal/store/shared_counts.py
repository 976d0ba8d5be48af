"""What the servers on one PostgreSQL have counted against the limits of a minute, told to each other through a table.

A connection of its own, which does not wait for the disk: what a crash of the database loses is a minute's counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from chaupal.store.clock import new_id
from chaupal.store.connection import DatabaseGone

_CONNECT_TIMEOUT_S = 5
_NO_TENANT = ""
_KEPT_MINUTES = 2

_TELL = """
INSERT INTO limit_counts (tenant_id, minute, limit_key, process_id, used)
SELECT %(tenant)s, %(minute)s, told.limit_key, %(process)s, told.used
FROM unnest(%(keys)s::text[], %(counts)s::bigint[]) AS told (limit_key, used)
ON CONFLICT (tenant_id, minute, limit_key, process_id) DO UPDATE SET used = excluded.used
"""
_HEAR = """
SELECT limit_key, sum(used)::bigint FROM limit_counts
WHERE tenant_id = %(tenant)s AND minute = %(minute)s AND process_id <> %(process)s GROUP BY limit_key
"""
_FORGET = "DELETE FROM limit_counts WHERE tenant_id = %(tenant)s AND minute < %(oldest)s"


class SharedCounts:
    """This process's place among those that count on the database at `url`. Blocks; for one thread at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._process_id = new_id()
        self._connection: psycopg.Connection | None = None
        self._minute = 0

    def exchange(self, minute: int, counts: Mapping[str, int]) -> dict[str, int]:
        """Tell what this process has counted in the minute, by key; what all others have.

        Raises:
            DatabaseGone.
        """
        values = {
            "tenant": _NO_TENANT,
            "minute": minute,
            "process": self._process_id,
            "keys": list(counts),
            "counts": list(counts.values()),
            "oldest": minute - _KEPT_MINUTES,
        }
        try:
            connection = self._open()
            with connection.pipeline():
                connection.execute(_TELL, values)
                heard = connection.execute(_HEAR, values)
                if minute != self._minute:
                    connection.execute(_FORGET, values)
            self._minute = minute
            return dict(heard.fetchall())
        except psycopg.Error as error:
            self.close()
            raise DatabaseGone(error) from error

    def close(self) -> None:
        """Harmless when repeated."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="chaupal"
            )
            self._connection.execute("SET synchronous_commit = off")
        return self._connection
