"""Bots: their rows, their place among the people, and who took a bot's token."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bots",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("creator_id", sa.Text(), nullable=False),
        sa.Column("profile_media", sa.Text(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("deleted_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "user_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "bots_that_live",
        "bots",
        ["tenant_id", "creator_id", "user_id"],
        sqlite_where=sa.text("deleted_at_ms IS NULL"),
        postgresql_where=sa.text("deleted_at_ms IS NULL"),
    )
    op.add_column("people", sa.Column("is_bot", _FLAG, nullable=False, server_default=sa.false()))
    # Bots have no number, so the index of numbers leaves them out.
    op.drop_index("people_by_number", "people")
    op.create_index(
        "people_by_number",
        "people",
        ["tenant_id", "mobile_number"],
        unique=True,
        sqlite_where=sa.text("removed_at_ms IS NULL AND is_bot IS 0"),
        postgresql_where=sa.text("removed_at_ms IS NULL AND is_bot IS false"),
    )
    op.add_column("grants", sa.Column("maker_id", sa.Text(), nullable=False, server_default=""))
    op.create_index("grants_by_person", "grants", ["tenant_id", "user_id"])
