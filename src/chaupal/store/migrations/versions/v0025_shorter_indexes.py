"""The indexes of deliveries by webhook and by event begin with those, whose ids are of one tenant alone."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    for name, columns in (("listed", ["webhook_id", "delivery_id"]), ("by_event", ["event_id"])):
        op.drop_index(f"webhook_deliveries_{name}", "webhook_deliveries")
        op.create_index(f"webhook_deliveries_{name}", "webhook_deliveries", columns)
