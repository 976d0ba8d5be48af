"""The index of deliveries by event knows whose they are: an event may be told to many webhooks, and again and again."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.drop_index("webhook_deliveries_by_event", "webhook_deliveries")
    op.create_index("webhook_deliveries_by_event", "webhook_deliveries", ["event_id", "webhook_id"])
