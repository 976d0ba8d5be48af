"""Several installations as one: the cells, their keys, and where each tenant lives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Boolean(create_constraint=False).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # With values of their own, so that servers of the version before can go on making tenants and keys.
    op.add_column("tenants", sa.Column("gate", sa.Text(), nullable=False, server_default=""))
    op.add_column("tenants", sa.Column("move_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("signing_keys", sa.Column("signs_from_ms", _WIDE, nullable=True))
    _create_cells()
    _create_places()


def _create_cells() -> None:
    op.create_table(
        "cells",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("cell_name", sa.Text(), nullable=False),
        sa.Column("endpoint_url", sa.Text(), nullable=False),
        sa.Column("is_self", _FLAG, nullable=False),
        sa.Column("is_root", _FLAG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("added_at_ms", _WIDE, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("tenant_count", sa.Integer(), nullable=False),
        sa.Column("seen_at_ms", _WIDE, nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "cell_name"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cell_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("cell_name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "cell_name", "key_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cell_calls_heard",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("until_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "call_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("cell_calls_heard_by_end", "cell_calls_heard", ["tenant_id", "until_ms"])


def _create_places() -> None:
    op.create_table(
        "tenant_places",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("cell_name", sa.Text(), nullable=False),
        sa.Column("endpoint_url", sa.Text(), nullable=False),
        sa.Column("move_count", sa.Integer(), nullable=False),
        sa.Column("left_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "tenant_places_left",
        "tenant_places",
        ["left_at_ms"],
        sqlite_where=sa.text("left_at_ms IS NOT NULL"),
        postgresql_where=sa.text("left_at_ms IS NOT NULL"),
    )
    op.create_table(
        "application_places",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "application_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("application_places_by_application", "application_places", ["application_id"])
    op.create_table(
        "tenant_origins",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("cell_name", sa.Text(), nullable=False),
        sa.Column("until_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "cell_name"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "untold_tenants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
