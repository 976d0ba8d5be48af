"""Tenants that are on their way in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("arrival_id", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "arriving_rows",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("packed_row", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "table_name", "row_key"),
        sqlite_strict=True,
    )
