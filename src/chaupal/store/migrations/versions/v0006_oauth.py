"""OAuth: authorizations that wait for consent, and authorization codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "authorizations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("authorization_id", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("code_challenge_method", sa.Text(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("expires_at_ms", _WIDE, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "authorization_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("authorizations_by_age", "authorizations", ["tenant_id", "created_at_ms"], unique=False)
    op.create_table(
        "authorization_codes",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("authorization_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("expires_at_ms", _WIDE, nullable=False),
        sa.Column("used_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "code_hash"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("authorization_codes_by_age", "authorization_codes", ["tenant_id", "created_at_ms"], unique=False)
