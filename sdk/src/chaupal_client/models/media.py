"""Of the resource `media`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class MediaAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A media resource: its first file's fields, and all of its files."""

    media_url: str
    """The link to the file."""

    media_file_name: str
    """Of the file as it is kept."""

    content_type: str
    """Of the file as it is kept."""

    size_bytes: int
    """Of the file as it is kept."""

    thumbnail_url: str | None = None
    """Only of pictures: the link to a small one."""

    width_px: int | None = None
    """Only of pictures: their size, before they are turned."""

    height_px: int | None = None
    """Only of pictures: their size, before they are turned."""

    media_resource: str
    """The one that was asked for."""

    media_type: str
    """`Image`, `Album`, `Audio`, `Document` or `Video`."""

    created_at: str
    """When it was uploaded."""

    media: tuple[MediaFileAnswer, ...]
    """Its files, in order: one, or those of the album. Each has the fields below; beside `media` stand those of the
    first."""


class MediaFileAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One file. Pixels and thumbnail only of pictures."""

    media_url: str
    """The link to the file."""

    media_file_name: str
    """Of the file as it is kept."""

    content_type: str
    """Of the file as it is kept."""

    size_bytes: int
    """Of the file as it is kept."""

    thumbnail_url: str | None = None
    """Only of pictures: the link to a small one."""

    width_px: int | None = None
    """Only of pictures: their size, before they are turned."""

    height_px: int | None = None
    """Only of pictures: their size, before they are turned."""


class MediaReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What later calls name the media by."""

    media_resource: str
    """The one that was asked for."""
