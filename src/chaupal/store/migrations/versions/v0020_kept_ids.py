"""Ids of old that are kept with a scale unit. What was imported before has its ids bare, and keeps them so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "kept_ids",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("kept_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "guid"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
