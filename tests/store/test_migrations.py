"""The migrations make the tables that the program works with, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
import sqlalchemy
from sqlalchemy.dialects import sqlite

import chaupal.app
import chaupal.webhooks.tables  # noqa: F401 - declares, with the server's own imports, every table
from chaupal.settings import Settings
from chaupal.store import apsw_dbapi, migrating
from chaupal.store.schema import SCHEMA_VERSION, metadata
from tests.stores import Database, ask_sqlite


def test_the_newest_migration_is_the_version_that_the_program_names() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_VERSION]


def test_migrated_tables_differ_in_nothing_from_the_declared_ones(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    if database.is_postgres:
        url = sqlalchemy.make_url(database.settings.database).set(drivername="postgresql+psycopg")
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    else:
        path = str(database.settings.sqlite_path)
        engine = sqlalchemy.create_engine(
            "sqlite://", module=apsw_dbapi, creator=lambda: apsw_dbapi.connect(path), poolclass=sqlalchemy.NullPool
        )
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_partial_indexes_hold_the_rows_that_are_declared(sqlite_database: Database) -> None:
    declared = {
        index.name: str(index.info["where"].compile(dialect=sqlite.dialect()))
        .replace(f"{table.name}.", "")
        .replace("!=", "<>")
        for table in metadata.tables.values()
        for index in table.indexes
        if "where" in index.info
    }
    made = dict(
        ask_sqlite(
            sqlite_database.settings.sqlite_path,
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'",
        )
    )
    assert made.keys() == declared.keys()
    for name, where in declared.items():
        assert made[name].endswith(f" WHERE {where}")


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(sqlite_database: Database) -> None:
    ask_sqlite(sqlite_database.settings.sqlite_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrating.SchemaTooNew, match="install the newer version again"):
        migrating.migrate(sqlite_database.settings)


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert migrating.migrate(settings) == (None, SCHEMA_VERSION)
    assert migrating.migrate(settings) == (SCHEMA_VERSION, SCHEMA_VERSION)


def test_tenants_from_before_keep_the_key_that_their_rows_are_hashed_with(database: Database) -> None:
    for step in (
        "ALTER TABLE tenants DROP COLUMN gate",
        "ALTER TABLE tenants DROP COLUMN move_count",
        "ALTER TABLE signing_keys DROP COLUMN signs_from_ms",
        "DROP TABLE cells",
        "DROP TABLE cell_keys",
        "DROP TABLE cell_calls_heard",
        "DROP TABLE tenant_places",
        "DROP TABLE application_places",
        "DROP TABLE tenant_origins",
        "DROP TABLE untold_tenants",
        "DROP TABLE tenant_keys",
        "UPDATE alembic_version SET version_num = '0014'",
        "INSERT INTO tenants (tenant_id, name, created_at_ms, last_position, last_at_us, rows_version)"
        " VALUES ('old', 'Old', 1, 0, 0, 0)",
    ):
        change(database, step)
    assert migrating.migrate(database.settings) == ("0014", SCHEMA_VERSION)
    assert database.ask("SELECT tenant_id, sealed_key FROM tenant_keys") == [("old", b"")]


def change(database: Database, statement: LiteralString) -> None:
    """Past the store, as an older program would have left it."""
    if database.is_postgres:
        with psycopg.connect(database.settings.database) as connection:
            connection.execute(statement)
    else:
        ask_sqlite(database.settings.sqlite_path, statement)
