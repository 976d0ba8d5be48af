"""An action on its way in: read and checked by itself, not yet held against the group. Made by `bodies`."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from chaupal.actions.contents import Content, PhotoContent
from chaupal.media.file_types import MediaKind
from chaupal.timelines.rules import Addressees


class Visibility(StrEnum):
    """Who sees the results. On the wire "0" to "3", in this order (contract, section 8)."""

    ALL = "All"
    SENDER = "Sender"
    ADMINS = "Admins"
    MEMBERS_AND_SUBSCRIBERS = "MembersAndSubscribers"


ANY_MEDIA = tuple(kind.value for kind in MediaKind)
"""For the places in a request where media of each kind fit."""


class MediaUse(msgspec.Struct, frozen=True):
    """A mediaResource in an action: where it stands in the request, and the kinds of media that fit there."""

    field: str
    resource: str
    kinds: tuple[str, ...]


class Property(msgspec.Struct, frozen=True):
    """A named value of a package instance. The value is text, of lists and places their JSON."""

    name: str
    property_type: str
    value: str


_NO_CONTENT = Content()


class ActionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A body as a type has read it. `life_ms` None: it does not expire. Numbers are E.164."""

    content: Content
    life_ms: int | None = None
    visibility: Visibility = Visibility.ALL
    is_anonymous: bool = False
    accepts_multiple: bool = False
    assigned_numbers: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    media: tuple[MediaUse, ...] = ()

    def to_keep(self) -> ActionBody:
        """What a draft needs beside the stored content: only a photo's own is still looked at, for its place."""
        return self if isinstance(self.content, PhotoContent) else msgspec.structs.replace(self, content=_NO_CONTENT)


class Package(msgspec.Struct, frozen=True):
    """A package that an action is an instance of: its bare id, and the version named; 0 where none is."""

    package_id: str
    version: int = 0

    @property
    def full_id(self) -> str:
        """The id with the version that was named."""
        return f"{self.package_id}.{self.version}" if self.version else self.package_id


class ActionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An action to post to a group. `content_json` is the content as it is stored, `body` what else was read."""

    group_id: str
    action_type: str
    body: ActionBody
    content_json: str
    package: Package | None = None
    addressees: Addressees = Addressees()
    reply_to: str = ""
