"""The types of actions: what each holds, and which event tells of it. How each is sent and shown is in `bodies`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from chaupal.actions import contents
from chaupal.actions.contents import Content
from chaupal.actions.events import (
    action_created,
    announcement_created,
    attachment_created,
    job_created,
    lets_meet_created,
    location_shared,
    photo_with_location_shared,
    poll_created,
    survey_created,
)
from chaupal.events.catalogue import Event

PACKAGE_TYPE = "ActionPackage"

DUE_ONLY = frozenset({"Job", "Checklist"})
"""What can be done late: such an action has a due date, and does not end there."""

ANSWERED_TYPES = frozenset(
    {
        "Job",
        "Poll",
        "LetsMeet",
        "Survey",
        PACKAGE_TYPE,
        "RequestLocation",
        "LiveLocation",
        "Checklist",
        "Attendance",
        "Training",
    }
)
"""What people answer. The others are only read."""


@dataclass(frozen=True, slots=True)
class ActionType:
    """One type."""

    name: str
    content: type[Content]
    created: Callable[..., Event]
    """(group id, action id, sender_id=...) -> the event; of a package's instance also package_id=..."""
    decode: Callable[[str | bytes], Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decode", msgspec.json.Decoder(self.content).decode)


_FURTHER = (
    ("RequestLocation", contents.RequestLocationContent),
    ("Contact", contents.ContactContent),
    ("Checklist", contents.ChecklistContent),
    ("Attendance", contents.AttendanceContent),
    ("Training", contents.TrainingContent),
    (PACKAGE_TYPE, contents.SurveyContent),
)
MEDIA_TYPES = ("Image", "Album", "Audio", "Document", "Video")
_PLACE_TYPES = ("ShareLocation", "LiveLocation")

_ALL = (
    ActionType("Announcement", contents.AnnouncementContent, announcement_created),
    ActionType("Job", contents.JobContent, job_created),
    ActionType("Poll", contents.PollContent, poll_created),
    ActionType("LetsMeet", contents.LetsMeetContent, lets_meet_created),
    ActionType("Survey", contents.SurveyContent, survey_created),
    *(ActionType(name, contents.MediaContent, partial(attachment_created, action_type=name)) for name in MEDIA_TYPES),
    *(ActionType(name, contents.PlaceContent, partial(location_shared, action_type=name)) for name in _PLACE_TYPES),
    ActionType("PhotoWithLocation", contents.PhotoContent, photo_with_location_shared),
    *(ActionType(name, content, partial(action_created, action_type=name)) for name, content in _FURTHER),
)

ACTION_TYPES: dict[str, ActionType] = {each.name: each for each in _ALL}


def _folded(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


_BY_WORD = {_folded(name): name for name in ACTION_TYPES}


def find_type(word: str) -> str | None:
    """The name of the type that a word means; None where it means none. In any case, with blanks or without.

    Evidence: types come in any case (contract, section 8), and Flow's connector says `Action Package`.
    """
    return word if word in ACTION_TYPES else _BY_WORD.get(_folded(word))
