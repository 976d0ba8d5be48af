"""What an operator wants to know about a database without opening the installation: is it there, safe, up to date.

It only reads and takes no lock, so it works beside a running server. It is here because only the store knows drivers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from chaupal.settings import Settings
from chaupal.store.migrating import current_version
from chaupal.store.schema import SCHEMA_VERSION

_CONNECT_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class DatabaseFindings:
    """What was found. `schema_version` None: empty. `clock_ahead_s`: how far the database's time is before ours."""

    engine: str
    schema_version: str | None
    clock_ahead_s: float
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class DatabaseUnusable(Exception):
    """The database could not be examined; the sentence says why."""


def examine_database(settings: Settings) -> DatabaseFindings:
    """Look at the database; on SQLite the file has to exist.

    Raises:
        DatabaseUnusable.
    """
    try:
        return _examine_postgres(settings) if settings.is_postgres else _examine_sqlite(settings)
    except Exception as error:
        explained = explain_driver_error(error)
        if explained is None:
            raise
        raise DatabaseUnusable(explained) from error


def examine_cells(settings: Settings) -> list[tuple[str, str, bool, str]]:
    """(name, address, whether it is this one, state) of the cells that are known; none where the database is not there,
    or cannot be read.

    What is wrong with the database itself `examine_database` says.
    """
    question = "SELECT cell_name, endpoint_url, is_self, state FROM cells"
    try:
        if current_version(settings) != SCHEMA_VERSION:
            return []
        if settings.is_postgres:
            import psycopg

            with psycopg.connect(settings.database, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
                return [_cell_of(row) for row in connection.execute(question).fetchall()]
        import apsw

        file = apsw.Connection(str(settings.sqlite_path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            file.set_busy_timeout(_CONNECT_TIMEOUT_S * 1000)
            return [_cell_of(row) for row in file.execute(question)]
        finally:
            file.close()
    except Exception as error:
        if explain_driver_error(error) is None:
            raise
        return []


def _cell_of(row: tuple[Any, ...]) -> tuple[str, str, bool, str]:
    name, url, is_self, state = row
    return name, url, bool(is_self), state


def explain_driver_error(error: BaseException) -> str | None:
    """The sentence for an error that a driver raised; None where it was not a driver's."""
    module = type(error).__module__.partition(".")[0]
    if module == "psycopg":
        from psycopg import OperationalError, ProgrammingError

        # The text of an unreadable URL may hold its password; what the server says does not.
        if isinstance(error, ProgrammingError) and error.sqlstate is None:
            return "CHAUPAL_DATABASE cannot be read: it must be postgresql://user:password@host:port/name."
        lines = " ".join(str(error).split())
        if isinstance(error, OperationalError):
            return f"The database (CHAUPAL_DATABASE) cannot be reached: {lines}."
        return f"The database (CHAUPAL_DATABASE) refused: {lines}."
    if module == "apsw":
        return f"The database file cannot be used: {error}."
    return None


def bundled_sqlite_version() -> tuple[str, str | None]:
    """The version of the SQLite in use, and what is wrong with it, if anything."""
    import apsw

    from chaupal.store.sqlite import check_sqlite_version

    try:
        check_sqlite_version()
    except RuntimeError as error:
        return apsw.sqlite_lib_version(), str(error)
    return apsw.sqlite_lib_version(), None


def _examine_sqlite(settings: Settings) -> DatabaseFindings:
    import apsw

    version, too_old = bundled_sqlite_version()
    file = apsw.Connection(str(settings.sqlite_path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        file.set_busy_timeout(_CONNECT_TIMEOUT_S * 1000)
        schema_version = current_version(settings)
        newest_us = 0
        if schema_version is not None:
            rows = file.execute("SELECT max(last_at_us) FROM tenants").fetchall()
            newest_us = int(rows[0][0] or 0)
        warnings = []
        if schema_version is not None and file.pragma("journal_mode") != "wal":
            warnings.append("the database file is not in WAL mode; the next start of the server turns it on")
    finally:
        file.close()
    return DatabaseFindings(
        engine=f"SQLite {version}",
        schema_version=schema_version,
        # What was written last was written before now, unless the clock was set back.
        clock_ahead_s=max(0.0, newest_us / 1e6 - time.time()),
        faults=[too_old] if too_old else [],
        warnings=warnings,
    )


def _examine_postgres(settings: Settings) -> DatabaseFindings:
    import psycopg

    from chaupal.store.postgres import check_durability

    faults, warnings = [], []
    with psycopg.connect(settings.database, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
        number = connection.info.server_version
        before_s = time.time()
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
        theirs_s = float(row[0]) if row else before_s
        row = connection.execute("SHOW full_page_writes").fetchone()
        if row is not None and row[0] == "off":
            warnings.append(
                "PostgreSQL runs with full_page_writes=off: a crash of the machine can damage the database; turn it on"
            )
    try:
        check_durability(settings.database)
    except RuntimeError as error:
        faults.append(str(error))
    return DatabaseFindings(
        engine=f"PostgreSQL {number // 10_000}.{number % 10_000}",
        schema_version=current_version(settings),
        clock_ahead_s=theirs_s - before_s,
        faults=faults,
        warnings=warnings,
    )
