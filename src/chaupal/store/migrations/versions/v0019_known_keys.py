"""Which new keys of others each cell says that it knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    # With a value of its own, so that servers of the version before can go on inviting cells.
    op.add_column("cells", sa.Column("known_keys", sa.Text(), nullable=False, server_default=""))
