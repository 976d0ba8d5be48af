"""Moves of tenants to other cells, and what changes of them meanwhile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_NOTE = """
    INSERT INTO row_changes (tenant_id, number, table_name, row_key)
    SELECT {row}.tenant_id, coalesce(max(number), 0) + 1, TG_TABLE_NAME, coalesce((
        SELECT jsonb_agg(to_jsonb({row}) -> name ORDER BY place)::text
        FROM unnest(TG_ARGV) WITH ORDINALITY AS keys (name, place)), '[]')
    FROM row_changes WHERE tenant_id = {row}.tenant_id;
"""


def upgrade() -> None:
    op.add_column("arrivals", sa.Column("finished_at_ms", _WIDE, nullable=True))
    op.create_table(
        "moves",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("move_id", sa.Text(), nullable=False),
        sa.Column("arrival_id", sa.Text(), nullable=False),
        sa.Column("to_cell", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("begun_at_ms", _WIDE, nullable=False),
        sa.Column("ended_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "row_changes",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("number", _WIDE, nullable=False, autoincrement=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION chaupal_note_change() RETURNS trigger LANGUAGE plpgsql AS $note$ BEGIN "
            f"IF TG_OP <> 'INSERT' THEN {_NOTE.format(row='OLD')} END IF; "
            f"IF TG_OP <> 'DELETE' THEN {_NOTE.format(row='NEW')} END IF; "
            "RETURN NULL; END $note$"
        )
