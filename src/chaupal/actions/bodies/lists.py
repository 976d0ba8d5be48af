"""Checklists, roll calls and trainings: cards that Kaizala had and its API could not post."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.actions.bodies.forms import PostedQuestion, correct_options, read_questions, read_visibility
from chaupal.actions.contents import AttendanceContent, ChecklistContent, TrainingContent, TrainingPart
from chaupal.actions.drafts import ANY_MEDIA, ActionBody, MediaUse
from chaupal.actions.limits import (
    DEFAULT_DUE_HOURS,
    ITEMS_MAX,
    MEDIA_MAX,
    NAME_MAX_CHARS,
    OPTIONS_MAX,
    PARTS_MAX,
    QUESTIONS_MAX,
    TITLE_MAX_CHARS,
    check_count,
    checked_hours,
    checked_text,
    checked_title,
)
from chaupal.errors import InvalidParameters
from chaupal.wire.values import read_instant


class PostedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A thing to do."""

    title: str


class PostedChecklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Checklist. Items may be bare texts; without `dueDate` (hours) it does not expire."""

    title: str
    description: str | None = None
    items: list[PostedItem | str]
    needs_verification: bool | None = None
    due_date: float | None = None


def read_checklist(posted: PostedChecklist) -> ActionBody:
    """Things to do, of which each is done once, by whoever does it."""
    titles = [
        checked_title(f"actionBody.items[{index}].title", each if isinstance(each, str) else each.title)
        for index, each in enumerate(posted.items)
    ]
    check_count("actionBody.items", titles, least=1, most=ITEMS_MAX)
    content = ChecklistContent(
        title=checked_title("actionBody.title", posted.title),
        description=checked_text("actionBody.description", posted.description),
        items=titles,
        needs_verification=bool(posted.needs_verification),
    )
    return ActionBody(
        content=content,
        life_ms=None if posted.due_date is None else checked_hours("actionBody.dueDate", posted.due_date, 0),
        accepts_multiple=True,
    )


class PostedAttendance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Attendance. `cutOffTime` is a point in time; `statuses` are further answers, such as "On leave"."""

    title: str
    cut_off_time: int | float | str | None = None
    needs_location: bool | None = None
    needs_photo: bool | None = None
    has_check_out: bool | None = None
    accept_multiple_responses: bool | None = None
    statuses: list[str] | None = None
    due_date: float | None = None
    is_sender_only: bool | None = None
    visibility: str | None = None


def read_attendance(posted: PostedAttendance) -> ActionBody:
    """A roll call: people check in, and out where that is asked for."""
    cut_off_at_ms = None
    if posted.cut_off_time is not None:
        try:
            cut_off_at_ms = read_instant(posted.cut_off_time)
        except ValueError as error:
            raise InvalidParameters(field="actionBody.cutOffTime", value=posted.cut_off_time, rule=str(error)) from None
    statuses = [
        checked_title(f"actionBody.statuses[{index}]", each, NAME_MAX_CHARS)
        for index, each in enumerate(posted.statuses or [])
    ]
    check_count("actionBody.statuses", statuses, least=0, most=OPTIONS_MAX)
    content = AttendanceContent(
        title=checked_title("actionBody.title", posted.title),
        cut_off_at_ms=cut_off_at_ms,
        needs_location=bool(posted.needs_location),
        needs_photo=bool(posted.needs_photo),
        has_check_out=bool(posted.has_check_out),
        statuses=list(dict.fromkeys(statuses)),
    )
    return ActionBody(
        content=content,
        life_ms=checked_hours("actionBody.dueDate", posted.due_date, DEFAULT_DUE_HOURS),
        visibility=read_visibility(posted.visibility, posted.is_sender_only),
        accepts_multiple=bool(posted.accept_multiple_responses),
    )


class PostedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A page of a training."""

    spellings: ClassVar[dict[str, str]] = {"mediaResource": "mediaResources"}

    title: str | None = None
    text: str | None = None
    media_resources: list[str] | None = None


class PostedTraining(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Training: `content` to read, `questions` of the quiz. `passMarkPercent` 0: there is nothing to pass."""

    title: str
    description: str | None = None
    content: list[PostedPart] | None = None
    questions: list[PostedQuestion] | None = None
    pass_mark_percent: int | None = None
    due_date: float | None = None
    is_sender_only: bool | None = None
    accept_multiple_responses: bool | None = None
    visibility: str | None = None


def read_training(posted: PostedTraining) -> ActionBody:
    """Something to learn, and a quiz whose right answers only the sender is shown."""
    parts, media = _read_parts(posted.content or [])
    check_count("actionBody.questions", posted.questions or [], least=0, most=QUESTIONS_MAX)
    questions, media_of_questions = read_questions("actionBody.questions", posted.questions or [])
    if not parts and not questions:
        raise InvalidParameters(
            field="actionBody.content", value=[], rule="must have a page, or there must be questions"
        )
    for index, (question, given) in enumerate(zip(questions, posted.questions or [], strict=True)):
        question.correct = correct_options(given)
        is_single = question.type == "SingleOption"
        if is_single and len(question.correct) > 1:
            at = f"actionBody.questions[{index}].options"
            raise InvalidParameters(field=at, value=len(question.correct), rule="must have at most one that is right")
    pass_mark = posted.pass_mark_percent or 0
    if not 0 <= pass_mark <= 100:
        raise InvalidParameters(field="actionBody.passMarkPercent", value=pass_mark, rule="must be 0 to 100")
    if pass_mark and not any(question.correct for question in questions):
        rule = "needs a question with an option that is right"
        raise InvalidParameters(field="actionBody.passMarkPercent", value=pass_mark, rule=rule)
    content = TrainingContent(
        title=checked_title("actionBody.title", posted.title),
        description=checked_text("actionBody.description", posted.description),
        parts=parts,
        questions=questions,
        pass_mark_percent=pass_mark,
    )
    return ActionBody(
        content=content,
        life_ms=None if posted.due_date is None else checked_hours("actionBody.dueDate", posted.due_date, 0),
        visibility=read_visibility(posted.visibility, posted.is_sender_only),
        accepts_multiple=bool(posted.accept_multiple_responses),
        media=(*media, *media_of_questions),
    )


def _read_parts(posted: list[PostedPart]) -> tuple[list[TrainingPart], list[MediaUse]]:
    check_count("actionBody.content", posted, least=0, most=PARTS_MAX)
    parts: list[TrainingPart] = []
    media: list[MediaUse] = []
    for index, each in enumerate(posted):
        at = f"actionBody.content[{index}]"
        resources = each.media_resources or []
        check_count(f"{at}.mediaResources", resources, least=0, most=MEDIA_MAX)
        part = TrainingPart(
            title=checked_text(f"{at}.title", each.title, TITLE_MAX_CHARS).strip(),
            text=checked_text(f"{at}.text", each.text),
            media=resources,
        )
        if part == TrainingPart():
            raise InvalidParameters(field=at, value="nothing", rule="must have a title, a text or media")
        media += [
            MediaUse(f"{at}.mediaResources[{number}]", resource, ANY_MEDIA) for number, resource in enumerate(resources)
        ]
        parts.append(part)
    return parts, media
