"""Bringing the schema up to date: at boot, by `chaupal migrate`, never backwards.

SQLite: after a copy of the database file is made. PostgreSQL: under an advisory lock, so that nodes that start together
do not meet. A database of a newer version is refused with a sentence. Alembic is imported only when there is work.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from chaupal.settings import Settings
from chaupal.store.schema import SCHEMA_VERSION

_MIGRATION_LOCK = 0x43686175
"""Any constant that other programs on the same PostgreSQL do not use: "Chau"."""

log = structlog.get_logger("store.migrating")


class SchemaTooNew(RuntimeError):
    """The database was written by a newer version of the program."""


def current_version(settings: Settings) -> str | None:
    """The schema version found in the database, or None where it is empty."""
    rows = _version_on_postgres(settings.database) if settings.is_postgres else _version_on_sqlite(settings.sqlite_path)
    return str(rows[0][0]) if rows else None


def _version_on_postgres(url: str) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(url, connect_timeout=5) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchall() == [(None,)]:
            return []
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def _version_on_sqlite(path: Path) -> list[tuple[Any, ...]]:
    import apsw

    if not path.exists():
        return []
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(5_000)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchall():
            return []
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()
    finally:
        connection.close()


def migrate(settings: Settings, *, target: str = SCHEMA_VERSION) -> tuple[str | None, str]:
    """Bring the schema to this program's version; (version found, version now). Harmless when repeated.

    An older `target` is for what has to be put into the tables of that time; newer ones are left as they are.

    Raises:
        SchemaTooNew: a newer program has been here.
    """
    found = current_version(settings)
    if found is not None and target <= found <= SCHEMA_VERSION:
        return found, found
    if found is not None and found > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"the database has schema {found}, this version of chaupal knows up to {SCHEMA_VERSION}: "
            "install the newer version again, or restore the copy in the backups folder"
        )
    if not settings.is_postgres and found is not None:
        log.info("database copied before migration", copy=str(_copy_sqlite(settings.sqlite_path, settings.data, found)))
    with _connection(settings) as connection:
        _upgrade(connection, target)
        if not settings.is_postgres:
            from chaupal.store.planning import write_statistics

            write_statistics(connection)
    log.info("schema migrated", found=found or "none", now=target)
    return found, target


def _copy_sqlite(path: Path, data: Path, version: str) -> Path:
    import apsw

    folder = data / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"schema-{version}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.sqlite3"
    source, target = apsw.Connection(str(path)), apsw.Connection(str(copy))
    try:
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(1_000)
        if target.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise RuntimeError(f"the copy {copy} is damaged; nothing was migrated")
    finally:
        source.close()
        target.close()
    return copy


@contextmanager
def _connection(settings: Settings) -> Iterator[Any]:
    import sqlalchemy

    if settings.is_postgres:
        url = sqlalchemy.make_url(settings.database).set(drivername="postgresql+psycopg")
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:number)"), {"number": _MIGRATION_LOCK})
            connection.commit()
            try:
                yield connection
            finally:
                connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:number)"), {"number": _MIGRATION_LOCK})
                connection.commit()
        return
    from chaupal.store import apsw_dbapi

    engine = sqlalchemy.create_engine(
        "sqlite://",
        module=apsw_dbapi,
        creator=lambda: apsw_dbapi.connect(str(settings.sqlite_path)),
        poolclass=sqlalchemy.NullPool,
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous = FULL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()


def _upgrade(connection: Any, target: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
