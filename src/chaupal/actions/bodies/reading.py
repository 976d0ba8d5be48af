"""From the body of a POST to a draft: which type it names, and that type's own reading of `actionBody`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from chaupal.actions.bodies.choices import (
    PostedJob,
    PostedLetsMeet,
    PostedPoll,
    read_job,
    read_lets_meet,
    read_poll,
)
from chaupal.actions.bodies.forms import PostedForm, read_package, read_survey
from chaupal.actions.bodies.lists import (
    PostedAttendance,
    PostedChecklist,
    PostedTraining,
    read_attendance,
    read_checklist,
    read_training,
)
from chaupal.actions.bodies.places import (
    PostedLiveLocation,
    PostedPhotoWithLocation,
    PostedRequestLocation,
    PostedShareLocation,
    read_live_location,
    read_photo,
    read_request_location,
    read_share_location,
)
from chaupal.actions.bodies.posts import (
    PostedAnnouncement,
    PostedContact,
    PostedMedia,
    read_announcement,
    read_contact,
    read_media_of,
)
from chaupal.actions.drafts import ActionBody, Package
from chaupal.actions.limits import CONTENT_MAX_BYTES, bytes_of_properties
from chaupal.actions.types import MEDIA_TYPES, PACKAGE_TYPE, find_type
from chaupal.errors import InvalidParameters
from chaupal.wire.bodies import read_part

_Read = Callable[[Any], ActionBody]

POSTED: dict[str, tuple[type[msgspec.Struct], _Read]] = {
    "Announcement": (PostedAnnouncement, read_announcement),
    "Job": (PostedJob, read_job),
    "Poll": (PostedPoll, read_poll),
    "LetsMeet": (PostedLetsMeet, read_lets_meet),
    "Survey": (PostedForm, read_survey),
    PACKAGE_TYPE: (PostedForm, read_package),
    **{name: (PostedMedia, partial(read_media_of, name)) for name in MEDIA_TYPES},
    "ShareLocation": (PostedShareLocation, read_share_location),
    "LiveLocation": (PostedLiveLocation, read_live_location),
    "PhotoWithLocation": (PostedPhotoWithLocation, read_photo),
    "RequestLocation": (PostedRequestLocation, read_request_location),
    "Contact": (PostedContact, read_contact),
    "Checklist": (PostedChecklist, read_checklist),
    "Attendance": (PostedAttendance, read_attendance),
    "Training": (PostedTraining, read_training),
}
"""The shape of each type's body, and what reads it."""

_encode = msgspec.json.Encoder().encode

_PACKAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
PACKAGE_ID_RULE = "must be a package's id: 1 to 100 letters, digits, points, dashes and underscores"
_VERSIONED = re.compile(r"(?P<id>.*[^.])\.(?P<version>[1-9][0-9]{0,8})", re.ASCII)


def read_type(package_id: str | None, action_type: str | None) -> tuple[str, Package | None]:
    """The type that a request names, and of which package it is an instance, if of one.

    Raises:
        InvalidParameters: it names neither a type nor a package.
    """
    word = (package_id or "").strip()
    if word and find_type(word) is None:
        return PACKAGE_TYPE, read_package_id(word)
    word = word or (action_type or "").strip()
    if not word:
        raise InvalidParameters(field="actionType", value="nothing", rule="is required, or id for a package")
    name = find_type(word)
    if name is None:
        known = ", ".join(each for each in POSTED if each != PACKAGE_TYPE)
        raise InvalidParameters(
            field="actionType", value=word, rule=f"must be one of {known}; packages are named by id"
        )
    if name == PACKAGE_TYPE:
        raise InvalidParameters(field="id", value="nothing", rule="is required: it names the package")
    return name, None


def shape_of_body(package_id: str | None, action_type: str | None) -> type[msgspec.Struct] | None:
    """The shape of the body of the type that a request names; None where it names none that is known."""
    try:
        name, _ = read_type(package_id, action_type)
    except InvalidParameters:
        return None
    return POSTED[name][0]


def is_package_id(word: str) -> bool:
    """Whether a package could be named so, with its version or without."""
    return _PACKAGE_ID.fullmatch(word) is not None


def read_package_id(word: str) -> Package:
    """`com.x.y`, or `com.x.y.2` for a version of it (contract, section 8).

    Raises:
        InvalidParameters.
    """
    if not is_package_id(word):
        raise InvalidParameters(field="id", value=word, rule=PACKAGE_ID_RULE)
    match = _VERSIONED.fullmatch(word)
    return Package(match["id"], int(match["version"])) if match is not None else Package(word)


def read_body(action_type: str, raw: object) -> tuple[ActionBody, str]:
    """The body as its type reads it, and its content as it is stored.

    Raises:
        InvalidParameters: naming field, value and rule.
    """
    shape, read = POSTED[action_type]
    body = read(read_part(raw, shape, "actionBody"))
    encoded = _encode(body.content)
    size_bytes = len(encoded) + bytes_of_properties(body.properties)
    if size_bytes > CONTENT_MAX_BYTES:
        rule = f"must be at most {CONTENT_MAX_BYTES} bytes in all, not {size_bytes}"
        raise InvalidParameters(field="actionBody", value=f"{size_bytes} bytes", rule=rule)
    return body, encoded.decode()
