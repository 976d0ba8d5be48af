"""Webhooks, the cursors into the event log that they are matched by, and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_webhooks()
    _make_deliveries()
    _make_small_tables()


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("via_group_id", sa.Text(), nullable=False),
        sa.Column("event_types", sa.Text(), nullable=False),
        sa.Column("sealed_target", sa.LargeBinary(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("from_position", _WIDE, nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("valid_until_ms", _WIDE, nullable=False),
        sa.Column("disabled_at_ms", _WIDE, nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=False),
        sa.Column("deleted_at_ms", _WIDE, nullable=True),
        sa.Column("next_due_ms", _WIDE, nullable=True),
        sa.Column("failing_since_ms", _WIDE, nullable=True),
        sa.Column("last_success_at_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "webhook_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    there, gone = "deleted_at_ms IS NULL", "deleted_at_ms IS NOT NULL"
    columns = ["tenant_id", "object_type", "object_id", "webhook_id"]
    _make_index("webhooks_of_object", "webhooks", columns, there)
    _make_index("webhooks_of_owner", "webhooks", ["tenant_id", "owner_id", "webhook_id"], there)
    _make_index("webhooks_deleted", "webhooks", ["tenant_id", "deleted_at_ms", "webhook_id"], gone)
    _make_index("webhooks_due", "webhooks", ["next_due_ms"], "next_due_ms IS NOT NULL")


def _make_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("position", _WIDE, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_bytes", sa.Integer(), nullable=False),
        sa.Column("try_count", sa.Integer(), nullable=False),
        sa.Column("happened_at_ms", _WIDE, nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("due_at_ms", _WIDE, nullable=False),
        sa.Column("first_tried_at_ms", _WIDE, nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("finished_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "delivery_id"),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'retrying', 'delivered', 'exhausted', 'skipped')",
            name="webhook_deliveries_states",
        ),
        sa.CheckConstraint(
            "(state IN ('delivered', 'exhausted', 'skipped')) = (finished_at_ms IS NOT NULL)",
            name="webhook_deliveries_finished",
        ),
        sa.CheckConstraint("(state = 'sending') = (worker_id <> '')", name="webhook_deliveries_worker"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("webhook_deliveries_listed", "webhook_deliveries", ["tenant_id", "webhook_id", "delivery_id"])
    op.create_index(
        "webhook_deliveries_of_event", "webhook_deliveries", ["tenant_id", "webhook_id", "event_id", "delivery_id"]
    )
    for name, columns, where in (
        ("waiting", ["tenant_id", "webhook_id", "lane", "position", "delivery_id"], "state = 'waiting'"),
        ("retrying", ["tenant_id", "webhook_id", "due_at_ms", "delivery_id"], "state = 'retrying'"),
        ("sending", ["tenant_id", "webhook_id", "worker_id"], "state = 'sending'"),
        ("by_worker", ["worker_id"], "state = 'sending'"),
        ("finished", ["tenant_id", "finished_at_ms", "delivery_id"], "finished_at_ms IS NOT NULL"),
    ):
        _make_index(f"webhook_deliveries_{name}", "webhook_deliveries", columns, where)


def _make_small_tables() -> None:
    op.create_table(
        "webhook_cursors",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("position", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhook_tries",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("try_number", _WIDE, autoincrement=False, nullable=False),
        sa.Column("tried_at_ms", _WIDE, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "delivery_id", "try_number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhook_workers",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("lease_until_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "worker_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _make_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
