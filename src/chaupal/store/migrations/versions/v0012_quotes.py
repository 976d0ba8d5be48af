"""Messages name what they reply to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("messages", sa.Column("reply_to", sa.Text(), nullable=False, server_default=""))
