"""Likes and comments, and their counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reactions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("reaction_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("via_group_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("reaction_type", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("is_by_subscriber", _FLAG, nullable=False),
        sa.Column("is_removed", _FLAG, nullable=False),
        sa.Column("changed_at_us", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "reaction_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("reactions_of_item", "reactions", ["tenant_id", "item_id", "changed_at_us"])
    op.create_index("reactions_of_person", "reactions", ["tenant_id", "group_id", "user_id", "changed_at_us"])
    op.create_index("reactions_of_item_by_person", "reactions", ["tenant_id", "item_id", "user_id"])
    op.create_table(
        "reaction_counts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("sent_at_us", _WIDE, nullable=False),
        sa.Column("like_count", sa.Integer(), nullable=False),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("changed_at_us", _WIDE, nullable=False),
        sa.Column("inner_like_count", sa.Integer(), nullable=False),
        sa.Column("inner_comment_count", sa.Integer(), nullable=False),
        sa.Column("inner_changed_at_us", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "item_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("reaction_counts_changed", "reaction_counts", ["tenant_id", "group_id", "changed_at_us"])
    op.create_index("reaction_counts_inner", "reaction_counts", ["tenant_id", "group_id", "inner_changed_at_us"])
