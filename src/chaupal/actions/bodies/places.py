"""Places as clients send them, and actions about them: shared, live and asked-for locations, photos with a place."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.actions.contents import PhotoContent, Place, PlaceContent, RequestLocationContent
from chaupal.actions.drafts import ActionBody, MediaUse, Visibility
from chaupal.actions.limits import (
    ASSIGNEES_MAX,
    DEFAULT_LIVE_MIN,
    LIVE_MAX_MIN,
    MINUTE_MS,
    NAME_MAX_CHARS,
    check_count,
    checked_hours,
    checked_minutes,
    checked_text,
)
from chaupal.errors import InvalidParameters
from chaupal.wire.numbers import read_mobile_number


class PostedPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A place. Evidence: `{lt, lg, n}` in forms' own answers, the long names elsewhere (contract, section 8)."""

    spellings: ClassVar[dict[str, str]] = {
        "lt": "latitude",
        "lat": "latitude",
        "lg": "longitude",
        "long": "longitude",
        "lng": "longitude",
        "n": "name",
        "placeName": "name",
    }

    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None


def read_place(posted: PostedPlace, field: str, *, may_be_named_only: bool = False) -> Place:
    """A place whose coordinates are on earth.

    Raises:
        InvalidParameters.
    """
    name = checked_text(f"{field}.name" if field else "name", posted.name, NAME_MAX_CHARS).strip()
    if posted.latitude is None and posted.longitude is None and may_be_named_only and name:
        return Place(name=name)
    prefix = f"{field}." if field else ""
    return Place(
        latitude=_degrees(f"{prefix}latitude", posted.latitude, 90),
        longitude=_degrees(f"{prefix}longitude", posted.longitude, 180),
        name=name,
    )


def _degrees(field: str, degrees: float | None, most: int) -> float:
    if degrees is None:
        raise InvalidParameters(field=field, value="nothing", rule="is required")
    if not -most <= degrees <= most:
        raise InvalidParameters(field=field, value=degrees, rule=f"must be -{most} to {most} degrees")
    return degrees


class PostedShareLocation(PostedPlace, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """ShareLocation."""


def read_share_location(posted: PostedShareLocation) -> ActionBody:
    """A place shared once."""
    return ActionBody(content=PlaceContent(place=read_place(posted, "actionBody")))


class PostedLiveLocation(PostedPlace, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """LiveLocation: `durationInMins` says for how long."""

    spellings: ClassVar[dict[str, str]] = {**PostedPlace.spellings, "duration": "durationInMins"}

    duration_in_mins: float | None = None


def read_live_location(posted: PostedLiveLocation) -> ActionBody:
    """A place shared live: where the sender is now; where they go is told by answers."""
    life_min = checked_minutes(
        "actionBody.durationInMins", posted.duration_in_mins, default=DEFAULT_LIVE_MIN, most=LIVE_MAX_MIN
    )
    content = PlaceContent(place=read_place(posted, "actionBody"))
    return ActionBody(content=content, life_ms=life_min * MINUTE_MS, accepts_multiple=True)


class PostedPhotoWithLocation(PostedPlace, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PhotoWithLocation."""

    media_resource: str
    caption: str | None = None


def read_photo(posted: PostedPhotoWithLocation) -> ActionBody:
    """A photo with its place; without coordinates, the place that the photo itself tells."""
    is_placed = posted.latitude is not None or posted.longitude is not None
    content = PhotoContent(
        media=posted.media_resource,
        caption=checked_text("actionBody.caption", posted.caption),
        place=read_place(posted, "actionBody") if is_placed else None,
    )
    use = MediaUse("actionBody.mediaResource", posted.media_resource, ("Image",))
    return ActionBody(content=content, media=(use,))


class PostedRequestLocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """RequestLocation: of those named in `assignedTo`, or of everyone who sees it."""

    spellings: ClassVar[dict[str, str]] = {"message": "title", "expiryInHours": "dueDate"}

    title: str | None = None
    assigned_to: list[str] | None = None
    due_date: float | None = None
    is_sender_only: bool | None = None


def read_request_location(posted: PostedRequestLocation) -> ActionBody:
    """A request for people's whereabouts, which only the sender sees unless the sender says otherwise."""
    sees = Visibility.ALL if posted.is_sender_only is False else Visibility.SENDER
    return ActionBody(
        content=RequestLocationContent(title=checked_text("actionBody.title", posted.title).strip()),
        life_ms=checked_hours("actionBody.dueDate", posted.due_date, 24),
        visibility=sees,
        assigned_numbers=read_numbers("actionBody.assignedTo", posted.assigned_to or []),
        accepts_multiple=True,
    )


def read_numbers(field: str, numbers: list[str]) -> tuple[str, ...]:
    """E.164 numbers, each once.

    Raises:
        InvalidParameters: one is no number, or there are too many.
    """
    read = tuple(dict.fromkeys(read_mobile_number(number, field) for number in numbers))
    check_count(field, read, least=0, most=ASSIGNEES_MAX)
    return read
