"""What an action holds, as it is stored: one struct for each type, filled by `bodies`, read by everyone else.

Unknown fields are passed over, so that an older node reads what a newer one wrote. Media are named by the
`mediaResource` that the sender gave.
"""

from __future__ import annotations

import msgspec


class Content(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What all have: a title, "" where the type has none."""

    title: str = ""


class Place(msgspec.Struct, rename="camel", omit_defaults=True):
    """A place: on earth, in degrees, or only named."""

    latitude: float | None = None
    longitude: float | None = None
    name: str = ""


class Option(msgspec.Struct, rename="camel", omit_defaults=True):
    """One that can be chosen; `image` is a mediaResource."""

    title: str
    image: str = ""


class Question(msgspec.Struct, rename="camel", omit_defaults=True):
    """A question; `type` is one of `QUESTION_TYPES`. `correct` are the indexes of a quiz question's right options."""

    title: str
    type: str
    options: list[Option] = []
    is_optional: bool = False
    is_invisible: bool = False
    correct: list[int] = []


SINGLE_OPTION = "SingleOption"
MULTI_OPTION = "MultiOption"
QUESTION_TYPES = (
    SINGLE_OPTION,
    MULTI_OPTION,
    "Text",
    "Numeric",
    "Location",
    "Date",
    "DateTime",
    "Image",
    "AttachmentList",
    "PhoneNumber",
)


class SurveyContent(Content, kw_only=True):
    """A survey, or an instance of a package."""

    description: str = ""
    cover_image: str = ""
    questions: list[Question] = []


class AnnouncementContent(Content, kw_only=True):
    """`media` are mediaResources."""

    message: str
    media: list[str] = []


class JobContent(Content, kw_only=True):
    """Whom it is assigned to is in `action_assignees`, when it is due in the row."""


class PollContent(Content, kw_only=True):
    """The title is the question."""

    choices: list[Option]


class LetsMeetContent(Content, kw_only=True):
    """An invitation. `starts_at_ms` since 1970."""

    starts_at_ms: int
    duration_min: int
    place: Place | None = None
    agenda: str = ""


class MediaContent(Content, kw_only=True):
    """An image, album, audio, document or video."""

    media: str
    caption: str = ""


class PlaceContent(Content, kw_only=True):
    """A shared or a live location. What is shared live later are its answers."""

    place: Place


class PhotoContent(Content, kw_only=True):
    """A photo with the place where it was taken; None where neither the sender nor the photo tells it."""

    media: str
    caption: str = ""
    place: Place | None = None


class RequestLocationContent(Content, kw_only=True):
    """A request for people's whereabouts; the title says what for."""


class ContactContent(Content, kw_only=True):
    """Someone's card; the title is the name."""

    mobile_numbers: list[str]
    email: str = ""
    organization: str = ""
    note: str = ""


class ChecklistContent(Content, kw_only=True):
    """Things to do. `needs_verification`: another person confirms each that was done."""

    description: str = ""
    items: list[str]
    needs_verification: bool = False


class AttendanceContent(Content, kw_only=True):
    """A roll call. Whoever checks in after `cut_off_at_ms` is late; None: nobody is."""

    cut_off_at_ms: int | None = None
    needs_location: bool = False
    needs_photo: bool = False
    has_check_out: bool = False
    statuses: list[str] = []


class TrainingPart(msgspec.Struct, rename="camel", omit_defaults=True):
    """A page of a training."""

    title: str = ""
    text: str = ""
    media: list[str] = []


class TrainingContent(Content, kw_only=True):
    """Pages to read, then a quiz, which is passed with `pass_mark_percent` of its questions right."""

    description: str = ""
    parts: list[TrainingPart] = []
    questions: list[Question] = []
    pass_mark_percent: int = 0
