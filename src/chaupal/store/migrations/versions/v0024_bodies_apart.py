"""Little is written of a delivery when it is over: its body lies apart, the try that got through is in its row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # A server of the version before may be adding deliveries; from here on it cannot, and leaves that to this one.
        op.execute("LOCK TABLE webhook_deliveries IN ACCESS EXCLUSIVE MODE")
    op.create_table(
        "webhook_bodies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "delivery_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.execute(
        "INSERT INTO webhook_bodies (tenant_id, delivery_id, body) "
        "SELECT tenant_id, delivery_id, body FROM webhook_deliveries ORDER BY tenant_id, delivery_id"
    )
    for name in ("by_worker", "finished"):
        op.drop_index(f"webhook_deliveries_{name}", "webhook_deliveries")
    op.execute("ALTER TABLE webhook_deliveries DROP COLUMN body")
    op.add_column("webhook_deliveries", sa.Column("arrived_at_ms", _WIDE, nullable=True))
    op.add_column("webhook_deliveries", sa.Column("arrived_after_ms", sa.Integer(), nullable=True))
    op.add_column("webhook_deliveries", sa.Column("arrived_status", sa.Integer(), nullable=True))
    op.add_column("webhook_deliveries", sa.Column("arrived_answer", sa.Text(), nullable=False, server_default=""))
    condition = sa.text("state = 'skipped'")
    op.create_index(
        "webhook_deliveries_skipped",
        "webhook_deliveries",
        ["tenant_id", "finished_at_ms", "delivery_id"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
