"""Jobs, polls and invitations: what people answer with one choice."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from chaupal.actions.bodies.forms import PostedOption, read_options
from chaupal.actions.bodies.places import PostedPlace, read_numbers, read_place
from chaupal.actions.contents import JobContent, LetsMeetContent, PollContent
from chaupal.actions.drafts import ActionBody, MediaUse, Visibility
from chaupal.actions.limits import (
    ASSIGNEES_MAX,
    CHOICES_MAX,
    CHOICES_MIN,
    DEFAULT_DUE_HOURS,
    DEFAULT_MEETING_MIN,
    DEFAULT_POLL_HOURS,
    DURATION_MAX_MIN,
    check_count,
    checked_hours,
    checked_minutes,
    checked_text,
    checked_title,
)
from chaupal.errors import InvalidParameters
from chaupal.wire.values import read_instant


class PostedJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Job. `dueDate` in hours from now."""

    title: str
    assigned_to: list[str]
    due_date: float | None = None


def read_job(posted: PostedJob) -> ActionBody:
    """Something that the people named are to do, each for themselves."""
    numbers = read_numbers("actionBody.assignedTo", posted.assigned_to)
    check_count("actionBody.assignedTo", numbers, least=1, most=ASSIGNEES_MAX)
    return ActionBody(
        content=JobContent(title=checked_title("actionBody.title", posted.title)),
        life_ms=checked_hours("actionBody.dueDate", posted.due_date, DEFAULT_DUE_HOURS),
        assigned_numbers=numbers,
    )


class PostedPoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Poll. Choices may be bare texts."""

    spellings: ClassVar[dict[str, str]] = {"title": "question", "options": "choices", "dueDate": "expiryInHours"}

    question: str
    choices: list[PostedOption | str]
    expiry_in_hours: float | None = None
    is_sender_only: bool | None = None


def read_poll(posted: PostedPoll) -> ActionBody:
    """One question, and what to choose from."""
    media: list[MediaUse] = []
    choices = read_options("actionBody.choices", posted.choices, media)
    check_count("actionBody.choices", choices, least=CHOICES_MIN, most=CHOICES_MAX)
    return ActionBody(
        content=PollContent(title=checked_title("actionBody.question", posted.question), choices=choices),
        life_ms=checked_hours("actionBody.expiryInHours", posted.expiry_in_hours, DEFAULT_POLL_HOURS),
        visibility=_for_all_or(posted.is_sender_only),
        media=tuple(media),
    )


class PostedLetsMeet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """LetsMeet. Evidence: `DurationInMins` in the reference, `duration` in its sample (contract, section 8)."""

    spellings: ClassVar[dict[str, str]] = {"durationInMins": "duration", "startTime": "startingTime"}

    title: str
    starting_time: int | float | str
    duration: float | None = None
    place: PostedPlace | str | None = None
    agenda: str | None = None
    is_sender_only: bool | None = None


def read_lets_meet(posted: PostedLetsMeet) -> ActionBody:
    """An invitation; it takes answers until it is closed, because meetings are moved and go on longer."""
    try:
        starts_at_ms = read_instant(posted.starting_time)
    except ValueError as error:
        raise InvalidParameters(field="actionBody.startingTime", value=posted.starting_time, rule=str(error)) from None
    place: Any = posted.place
    if isinstance(place, str):
        place = PostedPlace(name=place)
    content = LetsMeetContent(
        title=checked_title("actionBody.title", posted.title),
        starts_at_ms=starts_at_ms,
        duration_min=checked_minutes(
            "actionBody.duration", posted.duration, default=DEFAULT_MEETING_MIN, most=DURATION_MAX_MIN
        ),
        place=read_place(place, "actionBody.place", may_be_named_only=True) if place is not None else None,
        agenda=checked_text("actionBody.agenda", posted.agenda),
    )
    return ActionBody(content=content, visibility=_for_all_or(posted.is_sender_only))


def _for_all_or(is_sender_only: bool | None) -> Visibility:
    return Visibility.SENDER if is_sender_only else Visibility.ALL
