"""Recording which rows of one tenant change, while it is taken elsewhere: triggers that note their keys.

The event log does not hold every row, and statements change rows by conditions; a trigger misses nothing, whoever
writes. Only the tenant's own rows pay for it, and only as long as it is recorded. Definitions lock a table for a
moment, so each is a transaction of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chaupal.store.transaction import Transaction

_KINDS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def record_changes(tx: Transaction, table: str, key_columns: Sequence[str]) -> None:
    """From this commit on note the key of each row of the tenant's that changes in the table. Idempotent."""
    tx.lock_beside()  # whoever writes beside the calls sees from then on that it is recorded (`store.beside`)
    for kind, rows in _KINDS.items():
        name, tenant = _name(_shortened(tx.tenant_id), table, kind), _text(tx.tenant_id)
        condition = f"{rows[0]}.tenant_id = {tenant}"
        if tx.dialect == "postgresql":
            tx.define("SET LOCAL lock_timeout = '2s'")
            arguments = ", ".join(map(_text, key_columns))
            tx.define(
                f"CREATE OR REPLACE TRIGGER {name} AFTER {kind} ON {table} FOR EACH ROW WHEN ({condition}) "
                f"EXECUTE FUNCTION chaupal_note_change({arguments})"
            )
        else:
            notes = " ".join(_note(table, row, key_columns, tenant) for row in rows)
            tx.define(f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {kind} ON {table} WHEN {condition} BEGIN {notes} END")


def stop_recording(tx: Transaction, table: str) -> None:
    """Note nothing more. Idempotent."""
    for kind in _KINDS:
        name = _name(_shortened(tx.tenant_id), table, kind)
        if tx.dialect == "postgresql":
            tx.define("SET LOCAL lock_timeout = '2s'")
            tx.define(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        else:
            tx.define(f"DROP TRIGGER IF EXISTS {name}")


def _note(table: str, row: str, key_columns: Sequence[str], tenant: str) -> str:
    key = ", ".join(f"{row}.{column}" for column in key_columns)
    return (
        "INSERT INTO row_changes (tenant_id, number, table_name, row_key) "
        f"SELECT {tenant}, coalesce(max(number), 0) + 1, {_text(table)}, json_array({key}) "
        f"FROM row_changes WHERE tenant_id = {tenant};"
    )


def names_of_recordings(tenant_id: str, tables: Sequence[str]) -> list[str]:
    """Of triggers: each table whose changes are recorded for the tenant has one of these names."""
    tenant = _shortened(tenant_id)
    return [_name(tenant, table, "INSERT") for table in tables]


def _name(tenant: str, table: str, kind: str) -> str:
    return f"moving_{table}_{kind.lower()}_{tenant}"


def _shortened(tenant_id: str) -> str:
    return hashlib.sha256(tenant_id.encode()).hexdigest()[:16]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
