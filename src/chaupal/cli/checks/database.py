"""The database and the clock: reachable, safe, of a schema this program knows. Reads only, also beside a server."""

from __future__ import annotations

import time

from chaupal.cli.checks.check import Check, fault, ok, warning
from chaupal.settings import Settings

_CLOCK_FROM_S = 1_767_225_600
"""2026 UTC. A machine that believes it is earlier has lost its clock's battery; tokens and TLS would fail."""
_CLOCK_TOLERANCE_S = 60


def check_database(settings: Settings) -> list[Check]:
    """The SQLite in use or the PostgreSQL server, the schema, the durability settings, the clock."""
    from chaupal.store.examining import DatabaseUnusable, bundled_sqlite_version, examine_database

    if not settings.is_postgres and not settings.sqlite_path.exists():
        version, too_old = bundled_sqlite_version()
        engine = fault("database", f"{too_old}.", "Install chaupal again.") if too_old else None
        waiting = ok("database", f"SQLite {version}; {settings.sqlite_path.absolute()} is made by the first start.")
        return [engine or waiting, check_clock(0.0)]
    try:
        findings = examine_database(settings)
    except DatabaseUnusable as error:
        advice = (
            "Check the URL in CHAUPAL_DATABASE, and that the PostgreSQL server runs and lets this machine in."
            if settings.is_postgres
            else "Check that the file is whole and belongs to this user, or restore a copy from the backups folder."
        )
        return [fault("database", str(error), advice), check_clock(0.0)]
    checks = [ok("database", f"{findings.engine} can be reached."), _check_schema(findings.schema_version)]
    durability_advice = "Change it in the database server's configuration."
    checks += [fault("durability", f"{text}.", durability_advice) for text in findings.faults]
    checks += [warning("durability", f"{text}.", durability_advice) for text in findings.warnings]
    if not findings.faults and not findings.warnings:
        checks.append(ok("durability", "An answer is sent only when its change is on disk."))
    return [*checks, check_clock(findings.clock_ahead_s)]


def _check_schema(version: str | None) -> Check:
    from chaupal.store.schema import SCHEMA_VERSION

    if version == SCHEMA_VERSION:
        return ok("schema", f"The schema is up to date: {version}.")
    if version is None:
        return ok("schema", "The database is empty; the first start fills it.")
    if version > SCHEMA_VERSION:
        return fault(
            "schema",
            f"The database has schema {version}; this version of chaupal knows up to {SCHEMA_VERSION}.",
            "Install the newer version again, or restore the copy in the backups folder.",
        )
    return warning(
        "schema",
        f"The database has schema {version}, this program {SCHEMA_VERSION}.",
        "Restart the server, or run `chaupal migrate`.",
    )


def check_clock(ahead_s: float) -> Check:
    """The machine's clock against the calendar and against the database, which is `ahead_s` before it."""
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if time.time() < _CLOCK_FROM_S:
        return fault("clock", f"This machine's clock says {now}.", "Set the clock (NTP): tokens and TLS depend on it.")
    if abs(ahead_s) > _CLOCK_TOLERANCE_S:
        return warning(
            "clock",
            f"This machine's clock says {now}; the database's newest time differs from it by {ahead_s:+,.0f} s.",
            "Set the clocks of all machines (NTP); times never go back within a tenant, so they may stand still.",
        )
    return ok("clock", f"This machine's clock says {now}.")
