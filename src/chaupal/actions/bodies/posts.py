"""What is posted to be read: announcements, media, contacts."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.actions.bodies.places import read_numbers
from chaupal.actions.contents import AnnouncementContent, ContactContent, MediaContent
from chaupal.actions.drafts import ANY_MEDIA, ActionBody, MediaUse
from chaupal.actions.limits import MEDIA_MAX, NAME_MAX_CHARS, check_count, checked_text, checked_title


class PostedAnnouncement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Announcement. Evidence: the official samples say `Message`, `message`, `MediaResources`."""

    spellings: ClassVar[dict[str, str]] = {"text": "message", "mediaResource": "mediaResources"}

    title: str | None = None
    message: str
    media_resources: list[str] | None = None


def read_announcement(posted: PostedAnnouncement) -> ActionBody:
    """An announcement; the title may be left out, as in an official sample."""
    media = posted.media_resources or []
    check_count("actionBody.MediaResources", media, least=0, most=MEDIA_MAX)
    content = AnnouncementContent(
        title=checked_text("actionBody.Title", posted.title).strip(),
        message=checked_title("actionBody.Message", posted.message, 4_000),
        media=media,
    )
    uses = tuple(
        MediaUse(f"actionBody.MediaResources[{index}]", resource, ANY_MEDIA) for index, resource in enumerate(media)
    )
    return ActionBody(content=content, media=uses)


class PostedMedia(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Image, Album, Audio, Document, Video."""

    media_resource: str
    caption: str | None = None


# An album of one picture is a picture, and a picture may be posted as an album.
_KINDS_OF = {"Image": ("Image",), "Album": ("Album", "Image")}


def read_media_of(action_type: str, posted: PostedMedia) -> ActionBody:
    """Media of the type's kind."""
    content = MediaContent(media=posted.media_resource, caption=checked_text("actionBody.caption", posted.caption))
    kinds = _KINDS_OF.get(action_type, (action_type,))
    return ActionBody(content=content, media=(MediaUse("actionBody.mediaResource", posted.media_resource, kinds),))


class PostedContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Contact."""

    spellings: ClassVar[dict[str, str]] = {
        "title": "name",
        "mobileNumber": "mobileNumbers",
        "phoneNumber": "mobileNumbers",
        "phoneNumbers": "mobileNumbers",
    }

    name: str
    mobile_numbers: list[str]
    email: str | None = None
    organization: str | None = None
    note: str | None = None


def read_contact(posted: PostedContact) -> ActionBody:
    """Someone's card, with at least one number."""
    numbers = read_numbers("actionBody.mobileNumbers", posted.mobile_numbers)
    check_count("actionBody.mobileNumbers", numbers, least=1, most=20)
    content = ContactContent(
        title=checked_title("actionBody.name", posted.name, NAME_MAX_CHARS),
        mobile_numbers=list(numbers),
        email=checked_text("actionBody.email", posted.email, NAME_MAX_CHARS),
        organization=checked_text("actionBody.organization", posted.organization, NAME_MAX_CHARS),
        note=checked_text("actionBody.note", posted.note),
    )
    return ActionBody(content=content)
