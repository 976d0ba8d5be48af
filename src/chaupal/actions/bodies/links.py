"""The links to media that answers show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import UNSET

from chaupal.actions.shapes import ShownFile
from chaupal.media.links import LinkTarget, MediaLinks
from chaupal.media.rules import Media, MediaFile


@dataclass(frozen=True, slots=True)
class ShownMedia:
    """The media that an answer shows, by mediaResource; what was removed is not among them."""

    links: MediaLinks
    tenant_id: str
    media: Mapping[str, Media]

    def files(self, resource: str) -> list[ShownFile]:
        """The files of a mediaResource, in order; none where it was removed."""
        media = self.media.get(resource)
        return [self._file(file) for file in media.files] if media is not None else []

    def url(self, resource: str) -> str:
        """The link to the first file; "" where it was removed."""
        files = self.files(resource)
        return files[0].media_url if files else ""

    def _file(self, file: MediaFile) -> ShownFile:
        target = LinkTarget(self.tenant_id, file.media_id, file.file_number, file.extension)
        return ShownFile(
            media_url=self.links.url(target),
            media_file_name=file.file_name,
            thumbnail_url=UNSET if file.width_px is None else self.links.thumbnail_url(target),
        )
