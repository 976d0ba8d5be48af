"""The foundation: tenants, people, connectors, tokens, groups, members, messages, the event log, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "connectors",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("shown_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("redirect_urls", sa.Text(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("deleted_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "connector_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "connectors_by_application",
        "connectors",
        ["application_id"],
        unique=True,
        sqlite_where=sa.text("deleted_at_ms IS NULL"),
        postgresql_where=sa.text("deleted_at_ms IS NULL"),
    )
    op.create_table(
        "events",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("position", _WIDE, autoincrement=False, nullable=False),
        sa.Column("at_us", _WIDE, nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "position"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("events_by_group", "events", ["tenant_id", "group_id", "position"], unique=False)
    op.create_table(
        "grants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("expires_at_ms", _WIDE, nullable=False),
        sa.Column("renewed_at_ms", _WIDE, nullable=True),
        sa.Column("revoked_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "grant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("grants_by_connector", "grants", ["tenant_id", "connector_id", "user_id"], unique=False)
    op.create_index("grants_by_refresh", "grants", ["tenant_id", "refresh_hash"], unique=False)
    op.create_table(
        "groups",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("welcome_message", sa.Text(), nullable=False),
        sa.Column("short_description", sa.Text(), nullable=False),
        sa.Column("long_description", sa.Text(), nullable=False),
        sa.Column("image_url", sa.Text(), nullable=False),
        sa.Column("background_url", sa.Text(), nullable=False),
        sa.Column("group_type", sa.Text(), nullable=False),
        sa.Column("is_mapped_to_tenant", _FLAG, nullable=False),
        sa.Column("shows_history", _FLAG, nullable=False),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.Column("admin_count", sa.Integer(), nullable=False),
        sa.Column("unprovisioned_count", sa.Integer(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("deleted_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "group_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("groups_by_name", "groups", ["tenant_id", "folded_name", "group_id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed_payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("try_count", sa.Integer(), nullable=False),
        sa.Column("due_at_ms", _WIDE, nullable=False),
        sa.Column("expires_at_ms", _WIDE, nullable=False),
        sa.Column("lease_until_ms", _WIDE, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "job_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("jobs_due", "jobs", ["state", "due_at_ms"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("from_position", _WIDE, autoincrement=False, nullable=False),
        sa.Column("from_at_us", _WIDE, nullable=False),
        sa.Column("until_position", _WIDE, nullable=True),
        sa.Column("until_at_us", _WIDE, nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("welcome_audience", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "user_id", "from_position"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "memberships_of_person",
        "memberships",
        ["tenant_id", "user_id", "group_id"],
        unique=False,
        sqlite_where=sa.text("until_position IS NULL"),
        postgresql_where=sa.text("until_position IS NULL"),
    )
    op.create_index(
        "memberships_that_hold",
        "memberships",
        ["tenant_id", "group_id", "user_id"],
        unique=True,
        sqlite_where=sa.text("until_position IS NULL"),
        postgresql_where=sa.text("until_position IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("sent_at_us", _WIDE, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("position", _WIDE, nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("edited_at_ms", _WIDE, nullable=True),
        sa.Column("retracted_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "audience", "sent_at_us", "message_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("messages_by_id", "messages", ["tenant_id", "message_id"], unique=False)
    op.create_table(
        "people",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("mobile_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profile_pic", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_provisioned", _FLAG, nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("removed_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "user_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "people_by_number",
        "people",
        ["tenant_id", "mobile_number"],
        unique=True,
        sqlite_where=sa.text("removed_at_ms IS NULL"),
        postgresql_where=sa.text("removed_at_ms IS NULL"),
    )
    op.create_table(
        "pin_tries",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("number_or_address", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("window_start_ms", _WIDE, nullable=False),
        sa.Column("wrong_count", sa.Integer(), nullable=False),
        sa.Column("next_try_at_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number_or_address", "kind"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "pins",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("pin_id", sa.Text(), nullable=False),
        sa.Column("mobile_number", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_pin", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("expires_at_ms", _WIDE, nullable=False),
        sa.Column("used_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "pin_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("pins_by_connector", "pins", ["tenant_id", "connector_id", "created_at_ms"], unique=False)
    op.create_index("pins_by_number", "pins", ["tenant_id", "mobile_number", "created_at_ms"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("retired_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "key_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "stored_answers",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "idempotency_key"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("stored_answers_by_age", "stored_answers", ["tenant_id", "created_at_ms"], unique=False)
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("last_position", _WIDE, nullable=False),
        sa.Column("last_at_us", _WIDE, nullable=False),
        sa.Column("last_batch_id", sa.Text(), nullable=True),
        sa.Column("rows_version", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    # The installation's own row: locking it orders those who write what belongs to no tenant.
    op.execute(
        "INSERT INTO tenants (tenant_id, name, created_at_ms, last_position, last_at_us, rows_version) "
        "VALUES ('', '', 0, 0, 0, 0)"
    )
