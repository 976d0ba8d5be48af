"""The shapes of the media calls."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.wire.bounds import INSTANT, Bounds


class PostMediaUrl(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body of a fetch."""

    bounds: ClassVar[dict[str, Bounds]] = {"mediaUrl": {"format": "uri", "pattern": "^https?://"}}

    media_url: str


class MediaReceipt(msgspec.Struct, rename="camel"):
    """What later calls name the media by."""

    media_resource: str


class MediaFileAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """One file. Pixels and thumbnail only of pictures."""

    media_url: str
    media_file_name: str
    content_type: str
    size_bytes: int
    thumbnail_url: str | UnsetType = UNSET
    width_px: int | UnsetType = UNSET
    height_px: int | UnsetType = UNSET


class MediaAnswer(MediaFileAnswer, kw_only=True):
    """A media resource: its first file's fields, and all of its files."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "mediaType": {"enum": ["Image", "Album", "Audio", "Document", "Video"]},
        "createdAt": INSTANT,
    }

    media_resource: str
    media_type: str
    created_at: str
    media: list[MediaFileAnswer]


class FileQuery(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What a link may be asked with."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "size": {"enum": ["thumbnail"], "description": "`thumbnail` for the small picture of a picture"}
    }

    size: str | None = None
