"""The root remembers the keys of cells that were taken out, so that one that comes back is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "removed_cell_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("cell_name", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("removed_at_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
