"""The deliveries of an event lie together, whichever webhook each is for."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    # By webhook first, each new delivery went to a place of its own in the index: of all pages that a write of fifty
    # deliveries to ten webhooks changed, a third were of this index. It ends without the delivery's own id: PostgreSQL
    # would else go through the whole of it for ids, as long as it has no statistics of the table.
    op.create_index("webhook_deliveries_by_event", "webhook_deliveries", ["tenant_id", "event_id", "webhook_id"])
    op.drop_index("webhook_deliveries_of_event", "webhook_deliveries")
