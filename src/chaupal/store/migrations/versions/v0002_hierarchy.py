"""Groups below groups, and items that not everyone in a group sees: links, recipients, counts of both."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("subscriber_count", "subgroup_count", "parent_count"):
        op.add_column("groups", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("groups", sa.Column("was_linked", _FLAG, nullable=False, server_default=sa.false()))
    op.create_table(
        "links",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("child_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=False),
        sa.Column("from_position", _WIDE, autoincrement=False, nullable=False),
        sa.Column("from_at_us", _WIDE, nullable=False),
        sa.Column("until_position", _WIDE, nullable=True),
        sa.Column("until_at_us", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "child_id", "parent_id", "from_position"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "links_that_hold",
        "links",
        ["tenant_id", "parent_id", "child_id"],
        unique=True,
        sqlite_where=sa.text("until_position IS NULL"),
        postgresql_where=sa.text("until_position IS NULL"),
    )
    op.create_table(
        "recipients",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("sent_at_us", _WIDE, autoincrement=False, nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "user_id", "sent_at_us", "item_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("recipients_of_item", "recipients", ["tenant_id", "item_id", "user_id"])
    for name, condition in (("members_of_group", "<>"), ("subscribers_of_group", "=")):
        op.create_index(
            name,
            "memberships",
            ["tenant_id", "group_id", "user_id"],
            unique=False,
            sqlite_where=sa.text(f"until_position IS NULL AND role {condition} 'Subscriber'"),
            postgresql_where=sa.text(f"until_position IS NULL AND role {condition} 'Subscriber'"),
        )
