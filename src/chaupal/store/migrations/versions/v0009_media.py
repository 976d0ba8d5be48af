"""Media: resources, their files, and the objects that hold the files' bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_media()
    _create_media_files()
    _create_media_objects()


def _create_media() -> None:
    op.create_table(
        "media",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.Text(), nullable=False),
        sa.Column("created_at_ms", _WIDE, nullable=False),
        sa.Column("attached_at_ms", _WIDE, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "media_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "media_unattached",
        "media",
        ["tenant_id", "created_at_ms"],
        sqlite_where=sa.text("attached_at_ms IS NULL"),
        postgresql_where=sa.text("attached_at_ms IS NULL"),
    )


def _create_media_files() -> None:
    op.create_table(
        "media_files",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Text(), nullable=False),
        sa.Column("file_number", _WIDE, nullable=False, autoincrement=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size_bytes", _WIDE, nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=True),
        sa.Column("height_px", sa.Integer(), nullable=True),
        sa.Column("thumbnail_object_id", sa.Text(), nullable=True),
        sa.Column("thumbnail_content_type", sa.Text(), nullable=True),
        sa.Column("thumbnail_size_bytes", _WIDE, nullable=True),
        sa.Column("latitude_e7", sa.Integer(), nullable=True),
        sa.Column("longitude_e7", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "media_id", "file_number"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("media_files_by_object", "media_files", ["tenant_id", "object_id"])
    op.create_index("media_files_by_thumbnail", "media_files", ["tenant_id", "thumbnail_object_id"])


def _create_media_objects() -> None:
    op.create_table(
        "media_objects",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", _WIDE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("touched_at_ms", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "object_id"),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("media_objects_by_content", "media_objects", ["tenant_id", "sha256"])
    op.create_index("media_objects_by_state", "media_objects", ["tenant_id", "state", "touched_at_ms"])
