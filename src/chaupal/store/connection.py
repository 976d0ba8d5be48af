"""What the store needs of a database connection, and the failures it tells apart. One class per database fulfils it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from chaupal.errors import Unavailable
from chaupal.store.statements import CompiledStatement, Dialect


class DatabaseRefused(Exception):
    """The database refused one statement: a constraint, or a value it cannot hold. Hurts only its own rule."""


class DatabaseGone(Unavailable):
    """The connection is lost or cannot be made. Whatever was uncommitted is gone; COMMIT itself has its own answer."""

    def __init__(self, cause: object) -> None:
        super().__init__(reason="The database cannot be reached.", retry_after_s=2)
        self.cause = cause


class StorageFull(Unavailable):
    """The disk takes no more, or cannot be written."""

    def __init__(self, cause: object) -> None:
        super().__init__(reason="The server's storage is full or cannot be written.", retry_after_s=30)
        self.cause = cause


class ReadTooLong(Unavailable):
    """A read ran longer than the limit that protects the others."""

    def __init__(self, limit_ms: int) -> None:
        super().__init__(reason=f"The read took longer than {limit_ms} ms.", retry_after_s=2)


class PlaceMoved(Exception):
    """Another writer has moved the tenant's place since: nothing was committed, all is to be run again."""


class Assumed(msgspec.Struct, frozen=True):
    """The rows that a transaction takes for granted, and the statement that locks and reads them."""

    compiled: CompiledStatement
    arguments: tuple[Any, ...]
    rows: list[tuple[Any, ...]]


class Connection(Protocol):
    """One connection, used by one thread at a time."""

    dialect: Dialect
    can_assume: bool
    """Whether `begin_write` takes assumptions: where a statement is a round trip, not to lock saves half of a write."""

    @property
    def is_assuming(self) -> bool:
        """Whether something is assumed that has not been locked and compared yet."""

    def begin_write(self, assumed: Assumed | None = None, *, is_forced: bool = True) -> None:
        """Begin a transaction that may write. One that is not forced may be lost with the machine's power, after its
        commit has returned; all that came before a forced one is on disk with it.

        What is assumed is locked and compared together with the first statement, or else by the commit; either raises
        PlaceMoved where it is not so. So does this, where the connection is in doubt.
        """

    def check_assumed(self) -> None:
        """Lock and compare now what is assumed, if that has not happened.

        Raises:
            PlaceMoved: it is not so.
        """

    def begin_read(self) -> None:
        """Begin a transaction that sees one state of the database."""

    def defer_insert(self, compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows at the latest with the commit, which then also raises what they raise."""

    def defer_run(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> None:
        """Execute at the latest with the commit, which then also raises what it raises.

        While the connection is assuming: an UPDATE that changes no row where the assumption does not hold.
        """

    def commit(self) -> None:
        """Commit; on return everything is on disk, if it is forced.

        Raises:
            PlaceMoved: what was assumed is not so; nothing was committed.
        """

    def rollback(self) -> None:
        """Undo the open transaction, if there is one."""

    def savepoint(self) -> None:
        """Mark the place that `rollback_to_savepoint` returns to."""

    def release_savepoint(self) -> None:
        """Forget the mark, keep what was written."""

    def rollback_to_savepoint(self) -> None:
        """Undo what was written since the mark, and forget it."""

    def all(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Execute and fetch every row."""

    def run(self, compiled: CompiledStatement, arguments: tuple[Any, ...]) -> int:
        """Execute and count the rows changed."""

    def insert_many(self, compiled: CompiledStatement, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert all rows, in bulk."""

    def copy_in(self, text: str, data: bytes) -> int:
        """Insert the rows that another PostgreSQL's COPY has given; how many.

        Raises:
            DatabaseRefused: this database is none, or does not take them.
        """

    def close(self) -> None:
        """Close; harmless when closed, and never raises: there is nothing left to lose."""
