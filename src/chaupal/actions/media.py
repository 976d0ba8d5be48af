"""The media in actions: held against the tenant's own when they are posted, found again when they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from chaupal.actions.contents import (
    AnnouncementContent,
    Content,
    MediaContent,
    PhotoContent,
    Place,
    PollContent,
    SurveyContent,
    TrainingContent,
)
from chaupal.actions.drafts import ActionDraft, MediaUse
from chaupal.actions.property_queries import PropertyRow
from chaupal.auth.access import Access
from chaupal.errors import InvalidParameters
from chaupal.media.resources import read_resource
from chaupal.media.rules import Media, access_all_media, attach, find_media
from chaupal.store.transaction import Transaction

_TELLS_PLACES = "PhotoWithLocation"
_E7 = 10_000_000
_encode = msgspec.json.Encoder().encode


def use_media(tx: Transaction, access: Access, uses: Sequence[MediaUse], *, keep_location: bool = False) -> list[Media]:
    """Mark media as used; what they are, in order. Inside tx.

    Raises:
        NotFound: one is no media of the tenant.
        InvalidParameters: one is of another kind than fits.
    """
    if not uses:
        return []
    found = access_all_media(tx, access, [use.resource for use in uses], field=uses[0].field)
    for use, media in zip(uses, found, strict=True):
        if media.kind.value not in use.kinds:
            rule = f"must be media of kind {', '.join(use.kinds)}, not {media.kind.value}"
            raise InvalidParameters(field=use.field, value=use.resource, rule=rule)
    for media_id in dict.fromkeys(media.media_id for media in found):
        attach(tx, media_id, keep_location=keep_location)
    return found


def use_media_of(tx: Transaction, access: Access, draft: ActionDraft) -> str:
    """Mark the media that a draft names as used; its content as it is to be stored. Inside tx.

    A photo posted without a place is given the one that the photo itself tells.

    Raises:
        NotFound, InvalidParameters.
    """
    found = use_media(tx, access, draft.body.media, keep_location=draft.action_type == _TELLS_PLACES)
    content = draft.body.content
    if isinstance(content, PhotoContent) and content.place is None:
        place = _place_of(found[0])
        if place is not None:
            return _encode(msgspec.structs.replace(content, place=place)).decode()
    return draft.content_json


def _place_of(media: Media) -> Place | None:
    file = media.files[0]
    if file.latitude_e7 is None or file.longitude_e7 is None:
        return None
    return Place(latitude=file.latitude_e7 / _E7, longitude=file.longitude_e7 / _E7)


def find_media_of(tx: Transaction, resources: Iterable[str]) -> dict[str, Media]:
    """Those that are still there, by mediaResource, with two statements however many; none where none are named."""
    ids = {resource: read[0] for resource in resources if (read := read_resource(resource)) is not None}
    if not ids:
        return {}
    found = find_media(tx, sorted(set(ids.values())))
    return {resource: found[media_id] for resource, media_id in ids.items() if media_id in found}


def resources_in(content: Content, *, has_details: bool) -> list[str]:
    """The mediaResources that an answer shows of a content, in a list's entry or with all details."""
    match content:
        case MediaContent() | PhotoContent():
            return [content.media]
        case AnnouncementContent():
            return content.media
        case PollContent():
            return [choice.image for choice in content.choices if choice.image]
        case SurveyContent() if has_details:
            images = [option.image for question in content.questions for option in question.options if option.image]
            return [content.cover_image, *images] if content.cover_image else images
        case TrainingContent() if has_details:
            images = [option.image for question in content.questions for option in question.options if option.image]
            return [resource for part in content.parts for resource in part.media] + images
        case _:
            return []


def resources_in_properties(rows: list[PropertyRow]) -> list[str]:
    """The mediaResources that properties name."""
    resources: list[str] = []
    for row in rows:
        if row.property_type == "Attachment" and row.value:
            resources.append(row.value)
        elif row.property_type == "AttachmentList" and row.value:
            resources.extend(resources_of_list(row.value))
    return resources


def resources_of_list(value: str) -> list[str]:
    """What the value of an AttachmentList holds."""
    return msgspec.json.decode(value, type=list[str])
