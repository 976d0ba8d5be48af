"""What several servers on one database have counted against the limits of a minute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "limit_counts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("minute", _WIDE, nullable=False, autoincrement=False),
        sa.Column("limit_key", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("used", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "minute", "limit_key", "process_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
