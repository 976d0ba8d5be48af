"""What a delivery's text belongs to, so that it goes where that is taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    # With a value of its own, so that servers of the version before can go on adding deliveries.
    op.add_column("webhook_deliveries", sa.Column("about_id", sa.Text(), nullable=False, server_default=""))
    condition = sa.text("about_id <> ''")
    op.create_index(
        "webhook_deliveries_about",
        "webhook_deliveries",
        ["tenant_id", "about_id", "delivery_id"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
