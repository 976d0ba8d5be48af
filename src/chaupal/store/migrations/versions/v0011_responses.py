"""Answers: events that are told later, sums in one row for each action, answers that are being erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("responses", sa.Column("tell_after_us", _WIDE, nullable=True))
    op.create_index(
        "responses_untold",
        "responses",
        ["tenant_id", "tell_after_us", "response_id"],
        sqlite_where=sa.text("tell_after_us IS NOT NULL"),
        postgresql_where=sa.text("tell_after_us IS NOT NULL"),
    )
    op.add_column("response_counts", sa.Column("sums", sa.Text(), nullable=True))
    # No release has written to it.
    op.drop_table("response_tallies")
    op.create_table(
        "answer_erasures",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
