"""The migrations make the tables that the program works with, on both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sqlalchemy.dialects import sqlite

import chaupal.app
import chaupal.kept_ids.tables
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


def test_tenants_from_before_keep_the_key_that_their_rows_are_hashed_with(database: Database, tmp_path: Path) -> None:
    settings = database.settings
    if database.is_postgres:
        with psycopg.connect(settings.database) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    else:
        settings = replace(settings, data=tmp_path / "old")
        settings.data.mkdir()
    migrating.migrate(settings, target="0014")
    old = Database(database.kind, settings)
    insert = "INSERT INTO tenants VALUES (%s, %s, 1, 0, 0, NULL, 0)"
    if database.is_postgres:
        with psycopg.connect(settings.database) as connection:
            connection.execute(insert, ("old", "Old"))
    else:
        old.ask(insert, "old", "Old")
    assert migrating.migrate(settings) == ("0014", SCHEMA_VERSION)
    assert old.ask("SELECT tenant_id, sealed_key FROM tenant_keys") == [("old", b"")]
