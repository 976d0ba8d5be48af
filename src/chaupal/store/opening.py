"""Opening the store of an installation: the data folder and its lock, the schema, the connections.

On SQLite one process at a time may write: it holds the folder's lock. On PostgreSQL several may.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Set
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chaupal.settings import Settings
from chaupal.store.clock import Clock, wall_clock
from chaupal.store.connection import Connection
from chaupal.store.migrating import migrate
from chaupal.store.store import Signals, Store
from chaupal.store.writer import Writer

if TYPE_CHECKING:
    from chaupal.store.turns import Turn

_LOCK_NAME = "lock"


class DataFolderBusy(RuntimeError):
    """Another process writes to this data folder."""


class DataFolder:
    """The folder that holds everything, private to its owner, and its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_fd: int | None = None

    def prepare(self) -> None:
        """Make the folder, readable by its owner alone. Harmless when repeated."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def take_lock(self) -> None:
        """Become the one process that writes here; the lock ends with the process, however it ends.

        Raises:
            DataFolderBusy: another process holds it.
        """
        fd = os.open(self.path / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise DataFolderBusy(f"another process is using the data folder {self.path}") from None
        self._lock_fd = fd

    def release_lock(self) -> None:
        """Let go of the lock; harmless when not held."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None


def open_store(
    settings: Settings,
    *,
    clock: Clock = wall_clock,
    before_commit: Callable[[], None] = lambda: None,
    sqlite_vfs: str | None = None,
) -> Store:
    """Migrate, check what durability rests on, and start the store's threads. Blocks meanwhile.

    The caller has prepared and, on SQLite, locked the data folder.

    Raises:
        RuntimeError: the database is too old, too new, or would lose answered changes.
        Unavailable: the database cannot be reached.
    """
    connect_writer, connect_reader = _connects(settings, sqlite_vfs)
    migrate(settings)
    store = Store(
        connect_writer=connect_writer,
        connect_reader=connect_reader,
        writers=[Writer] * (settings.store_writers if settings.is_postgres else 1),
        reader_count=settings.store_readers,
        queue_max=settings.store_queue_max,
        clock=clock,
        before_commit=before_commit,
    )
    if settings.is_postgres:
        store.find_neighbours = partial(_neighbours_of, settings)
        store.make_turn = partial(_turn_on, settings.database)
    store.start()
    return store


StoreT = TypeVar("StoreT", bound=Store)


def open_store_beside(settings: Settings, kind: type[StoreT]) -> StoreT:
    """A store beside the process that writes: it reads, with one thread, and on PostgreSQL writes beside the
    calls of users (`store.beside`), with another. The schema must be in place."""
    connect_writer, connect_reader = _connects(settings, None, is_beside=True)
    writers: list[type[Writer]] = []
    if settings.is_postgres:
        from chaupal.store.beside import BesideWriter

        writers.append(BesideWriter)
    store = kind(
        connect_writer=connect_writer,
        connect_reader=connect_reader,
        writers=writers,
        reader_count=1,
        queue_max=settings.store_queue_max,
    )
    store.start()
    return store


def _neighbours_of(settings: Settings, on_signal: Callable[[Set[str]], None]) -> Signals:
    if settings.nats:
        from chaupal.store.nats_signals import NatsNeighbours

        return NatsNeighbours(settings.nats_urls, settings.nats_subject, on_signal)
    from chaupal.store.neighbours import Neighbours

    return Neighbours(settings.database, on_signal)


def _turn_on(url: str, name: str) -> Turn:
    from chaupal.store.turns import Turn

    return Turn(url, name)


def _connects(
    settings: Settings, sqlite_vfs: str | None, *, is_beside: bool = False
) -> tuple[Callable[[], Connection], Callable[[], Connection]]:
    limit_ms = settings.read_timeout_ms
    if settings.is_postgres:
        from chaupal.store.postgres import PostgresConnection, check_durability

        if not is_beside:
            check_durability(settings.database)
        return (
            lambda: PostgresConnection(settings.database),
            lambda: PostgresConnection(settings.database, read_limit_ms=limit_ms),
        )
    from chaupal.store.sqlite import SqliteConnection, check_sqlite_version

    check_sqlite_version()
    path = settings.sqlite_path
    return (
        lambda: SqliteConnection(path, vfs=sqlite_vfs),
        lambda: SqliteConnection(path, read_only=True, read_limit_ms=limit_ms, vfs=sqlite_vfs),
    )
