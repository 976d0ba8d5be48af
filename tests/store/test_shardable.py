"""What a PostgreSQL that is spread over machines by tenant (Citus and its like) asks of a schema, asked of ours.

Such a database keeps all rows of a tenant on one machine. It refuses unique indexes that do not hold the tenant, and
cannot check foreign keys or number rows across machines.
"""

from __future__ import annotations

import pytest

from chaupal.store.statements import ACROSS_TENANTS
from tests.store.test_statements import MODULES
from tests.stores import Database

MIGRATIONS = "alembic_version"
"""One row about the schema itself, which every machine may hold."""

OF_THE_INSTALLATION = {
    ("connectors", "connectors_by_application"): "an application id is all that a client names when it signs in",
}
"""What is unique beyond a tenant, and why. Spread over machines, such a table is kept whole on each of them."""


@pytest.fixture
def database(postgres_database: Database) -> Database:
    return postgres_database


UNIQUE = """
SELECT t.relname, i.relname, a.attname
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
WHERE x.indisunique ORDER BY 1, 2
"""


class TestTheSchemaItself:
    def test_every_key_and_unique_index_begins_with_the_tenant(self, database: Database) -> None:
        found = [row for row in database.ask(UNIQUE) if row[0] != MIGRATIONS]
        others = {(table, index) for table, index, first in found if first != "tenant_id"}
        assert others == {(table, index) for table, index in OF_THE_INSTALLATION}
        tables = database.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert {table for table, _, _ in found} == {table for (table,) in tables} - {MIGRATIONS}, "each has a key"

    def test_there_are_no_foreign_keys_triggers_or_sequences(self, database: Database) -> None:
        assert database.ask("SELECT conname FROM pg_constraint WHERE contype = 'f'") == []
        assert database.ask("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == []
        assert database.ask("SELECT relname FROM pg_class WHERE relkind = 'S'") == []

    def test_the_tenant_of_a_row_is_never_null(self, database: Database) -> None:
        nullable = (
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'tenant_id' AND is_nullable = 'YES'"
        )
        assert database.ask(nullable) == []


def test_only_background_work_signing_in_and_the_operator_ask_all_machines() -> None:
    """Each such statement is one that docs/operate/scale.md counts; calls of users name their tenant."""
    assert len(MODULES) > 100, "all statements are there"
    assert 5 < len(ACROSS_TENANTS) <= 21, sorted(ACROSS_TENANTS.values())
