"""Media, their files, and the objects that hold the files' bytes.

A media resource is one row; its files are numbered from 1. Several files may share one object: the same content is
kept once per tenant. An object is `pending` while its bytes are on their way, `kept` while a file refers to it, `loose`
when none does any more, and `doomed` when its bytes are being removed; a doomed one is never used again.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql_text

from chaupal.store.schema import (
    define_table,
    instant,
    key,
    number_key,
    octets,
    optional_count,
    optional_instant,
    optional_size,
    optional_text,
    partial_index,
    size,
    text,
)

_UNATTACHED = sql_text("attached_at_ms IS NULL")

media = define_table(
    "media",
    key("media_id"),
    text("kind"),
    octets("secret"),
    text("owner_id"),
    text("connector_id"),
    instant("created_at_ms"),
    optional_instant("attached_at_ms"),
    partial_index("media_unattached", "tenant_id", "created_at_ms", where=_UNATTACHED),
)

media_files = define_table(
    "media_files",
    key("media_id"),
    number_key("file_number"),
    text("object_id"),
    text("content_type"),
    text("extension"),
    text("file_name"),
    size("size_bytes"),
    optional_count("width_px"),
    optional_count("height_px"),
    optional_text("thumbnail_object_id"),
    optional_text("thumbnail_content_type"),
    optional_size("thumbnail_size_bytes"),
    optional_count("latitude_e7"),
    optional_count("longitude_e7"),
    Index("media_files_by_object", "tenant_id", "object_id"),
    Index("media_files_by_thumbnail", "tenant_id", "thumbnail_object_id"),
)

media_objects = define_table(
    "media_objects",
    key("object_id"),
    text("sha256"),
    size("size_bytes"),
    text("state"),
    instant("touched_at_ms"),
    Index("media_objects_by_content", "tenant_id", "sha256"),
    Index("media_objects_by_state", "tenant_id", "state", "touched_at_ms"),
)
