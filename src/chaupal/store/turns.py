"""Whose turn it is, among the processes on one PostgreSQL database, to do what one at a time should do.

A turn is an advisory lock, held by a connection of its own: whatever ends the process ends the turn. It spares work,
and is no proof that nobody else does it: whoever loses the connection does not notice.
"""

from __future__ import annotations

import zlib

import psycopg

from chaupal.store.connection import DatabaseGone

_CLASS = 0x63686174
_CONNECT_TIMEOUT_S = 5
_SIGNED_HALF = 2**31


class Turn:
    """The turn called `name` on the database at `url`. Take it, `end` it; both block. For one thread at a time."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._number = zlib.crc32(name.encode()) - _SIGNED_HALF
        self._connection: psycopg.Connection | None = None

    def take(self) -> bool:
        """Whether it is this process's now.

        Raises:
            DatabaseGone.
        """
        try:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="chaupal"
            )
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_CLASS, self._number)).fetchone()
        except psycopg.Error as error:
            self.end()
            raise DatabaseGone(error) from error
        if row is None or not row[0]:
            self.end()
            return False
        return True

    def end(self) -> None:
        """Let others have it. Harmless when it was not taken."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
