"""Keys of tenants. Those that are there already go on with the installation's own, which the empty key stands for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "tenant_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    empty = "x''" if op.get_bind().dialect.name == "sqlite" else "'\\x'::bytea"
    op.execute(
        f"INSERT INTO tenant_keys (tenant_id, sealed_key) SELECT tenant_id, {empty} FROM tenants WHERE tenant_id <> ''"
    )
