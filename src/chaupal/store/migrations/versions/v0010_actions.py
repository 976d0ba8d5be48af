"""Actions with their properties, assignees and reminders; the answers to them with their counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_actions()
    _make_parts_of_actions()
    _make_responses()
    _make_counts()


def _make_actions() -> None:
    op.create_table(
        "actions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("sent_at_us", _WIDE, autoincrement=False, nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("position", _WIDE, nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("action_type", sa.Text(), nullable=False),
        sa.Column("package_id", sa.Text(), nullable=False),
        sa.Column("package_version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("is_anonymous", _FLAG, nullable=False),
        sa.Column("accepts_multiple", _FLAG, nullable=False),
        sa.Column("assignee_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("expires_at_ms", _WIDE, nullable=True),
        sa.Column("closed_at_ms", _WIDE, nullable=True),
        sa.Column("retracted_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "audience", "sent_at_us", "action_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("actions_by_id", "actions", ["tenant_id", "action_id"])
    op.create_index(
        "actions_by_package",
        "actions",
        ["tenant_id", "group_id", "audience", "package_id", "sent_at_us", "action_id"],
        sqlite_where=sa.text("package_id <> ''"),
        postgresql_where=sa.text("package_id <> ''"),
    )
    op.create_index(
        "actions_by_type", "actions", ["tenant_id", "group_id", "audience", "action_type", "sent_at_us", "action_id"]
    )


def _make_parts_of_actions() -> None:
    op.create_table(
        "action_properties",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("property_type", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id", "name"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "action_assignees",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id", "user_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("actions_of_assignee", "action_assignees", ["tenant_id", "user_id", "action_id"])
    op.create_table(
        "action_reminders",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("position", _WIDE, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id", "position", "user_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _make_responses() -> None:
    op.create_table(
        "responses",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("responded_at_us", _WIDE, autoincrement=False, nullable=False),
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("responder_id", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("response_name", sa.Text(), nullable=False),
        sa.Column("response_location", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("is_completed", _FLAG, nullable=False),
        sa.Column("updated_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "action_id", "responded_at_us", "response_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("responses_by_id", "responses", ["tenant_id", "response_id"])
    op.create_index(
        "responses_of_person", "responses", ["tenant_id", "action_id", "responder_id", "responded_at_us", "response_id"]
    )


def _make_counts() -> None:
    op.create_table(
        "response_counts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("response_count", sa.Integer(), nullable=False),
        sa.Column("responder_count", sa.Integer(), nullable=False),
        sa.Column("completed_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "response_tallies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("question_index", _WIDE, autoincrement=False, nullable=False),
        sa.Column("option_index", _WIDE, autoincrement=False, nullable=False),
        sa.Column("choice_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id", "question_index", "option_index"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answered",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("responder_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id", "responder_hash"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answer_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("hash_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "action_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
