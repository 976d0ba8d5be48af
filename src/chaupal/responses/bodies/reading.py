"""From the body of a POST of an answer to an `Answer`: each type of action that can be answered reads its own.

What an answer may hold is known from the action alone, so the rule calls this, with the body as it came. Source:
contract, section 8 (responses); for the types that Kaizala's API did not have, docs/api/responses.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from chaupal.actions import contents
from chaupal.actions.contents import SINGLE_OPTION, Option, Question
from chaupal.actions.drafts import MediaUse
from chaupal.actions.limits import NAME_MAX_CHARS, checked_text
from chaupal.errors import InvalidParameters
from chaupal.responses.bodies.questions import (
    PostedSpot,
    check_spot,
    find_option,
    read_answers,
    read_resource,
    read_spot,
    read_unasked,
)
from chaupal.responses.contents import (
    CHECKED_IN,
    CHECKED_OUT,
    DONE,
    UNDONE,
    VERIFIED,
    Answer,
    ResponseContent,
    Spot,
    questions_of,
    statuses_of,
)
from chaupal.wire.bodies import read_part
from chaupal.wire.readings import refusal
from chaupal.wire.values import read_integer

NOTE_MAX_CHARS = 1_000
_BODY = "actionBody"


class PostedJobReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Job."""

    spellings: ClassVar[dict[str, str]] = {"isComplete": "isCompleted", "completed": "isCompleted"}

    is_completed: bool


class PostedPollReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Poll: `choice`, or `answers` with one title."""

    spellings: ClassVar[dict[str, str]] = {"answer": "answers"}

    choice: str | None = None
    answers: Any = None


class PostedMeetingReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """LetsMeet."""

    spellings: ClassVar[dict[str, str]] = {"choice": "response", "answer": "response", "answers": "response"}

    response: Any


class PostedFormReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Survey, instance of a package, training. Evidence: the official samples say `Answers` and `answers`."""

    spellings: ClassVar[dict[str, str]] = {"answer": "answers"}

    response_name: str | None = None
    response_location: PostedSpot | None = None
    answers: Any = None


class PostedRollReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Attendance."""

    spellings: ClassVar[dict[str, str]] = {"mediaResource": "photo"}

    status: str | None = None
    location: PostedSpot | None = None
    photo: str | None = None
    note: str | None = None


class PostedItemReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Checklist: `item` is a title or an index."""

    item: int | str
    is_done: bool | None = None
    is_verified: bool | None = None


class PostedWhereabouts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """RequestLocation and LiveLocation, where the place is in a field of its own."""

    location: Any


def read_answer(content: contents.Content, raw: object) -> Answer:
    """An answer to an action with this content.

    Raises:
        InvalidParameters: naming field, value and rule, and of a form the question.
    """
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise refusal(_BODY, raw, "must be an object")
    return _READERS[type(content)](content, raw)


def _job(_content: contents.JobContent, raw: dict[str, Any]) -> Answer:
    return Answer(content=ResponseContent(), is_completed=read_part(raw, PostedJobReply, _BODY).is_completed)


def _poll(content: contents.PollContent, raw: dict[str, Any]) -> Answer:
    posted = read_part(raw, PostedPollReply, _BODY)
    given: Any = posted.answers
    if posted.choice is not None:
        given = posted.choice
    answers, _ = read_answers([given] if isinstance(given, str) else given, questions_of(content))
    return Answer(content=ResponseContent(answers=answers))


def _meeting(content: contents.LetsMeetContent, raw: dict[str, Any]) -> Answer:
    given = read_part(raw, PostedMeetingReply, _BODY).response
    while isinstance(given, list) and len(given) == 1:
        given = given[0]
    [question] = questions_of(content)
    return Answer(content=ResponseContent(answers=[find_option(given, "actionBody.response", question)]))


def _form(content: contents.SurveyContent, raw: dict[str, Any]) -> Answer:
    posted = read_part(raw, PostedFormReply, _BODY)
    if content.questions:
        answers, media = read_answers(posted.answers, content.questions)
        found = ResponseContent(answers=answers)
    else:
        found, media = read_unasked(posted.answers), ()
    return Answer(
        content=found,
        name=checked_text("actionBody.responseName", posted.response_name, NAME_MAX_CHARS).strip(),
        spot=_optional_spot(posted.response_location, "actionBody.responseLocation"),
        media=media,
    )


def _optional_spot(posted: PostedSpot | None, at: str) -> Spot | None:
    return check_spot(posted, at) if posted is not None else None


def _training(content: contents.TrainingContent, raw: dict[str, Any]) -> Answer:
    answers, media = read_answers(read_part(raw, PostedFormReply, _BODY).answers, content.questions)
    score = score_percent(content.questions, answers)
    has_passed = score >= content.pass_mark_percent if score is not None and content.pass_mark_percent else None
    return Answer(content=ResponseContent(answers=answers, score_percent=score, has_passed=has_passed), media=media)


def score_percent(questions: list[Question], answers: list[Any]) -> int | None:
    """How many in a hundred of the questions that have right options were answered with exactly those, rounded down;
    None where there are no such questions."""
    asked = [(question, answer) for question, answer in zip(questions, answers, strict=True) if question.correct]
    if not asked:
        return None
    right = sum(
        1
        for question, answer in asked
        if (answer if isinstance(answer, list) else [answer]) == sorted(question.correct)
    )
    return right * 100 // len(asked)


def _roll_call(content: contents.AttendanceContent, raw: dict[str, Any]) -> Answer:
    posted = read_part(raw, PostedRollReply, _BODY)
    question = Question("", SINGLE_OPTION, [Option(title) for title in statuses_of(content)])
    status = find_option(posted.status or CHECKED_IN, "actionBody.status", question)
    title = question.options[status].title
    media: tuple[MediaUse, ...] = ()
    if posted.photo:
        photo = read_resource(posted.photo, "actionBody.photo")
        media = (MediaUse("actionBody.photo", photo, ("Image",)),)
    if title in (CHECKED_IN, CHECKED_OUT):
        if content.needs_location and posted.location is None:
            raise InvalidParameters(field="actionBody.location", value="nothing", rule="is required")
        if content.needs_photo and not media:
            raise InvalidParameters(field="actionBody.photo", value="nothing", rule="is required")
    found = ResponseContent(
        answers=[status],
        status=title,
        spot=_optional_spot(posted.location, "actionBody.location"),
        photo=media[0].resource if media else "",
        note=checked_text("actionBody.note", posted.note, NOTE_MAX_CHARS).strip(),
    )
    return Answer(content=found, media=media)


def _item(content: contents.ChecklistContent, raw: dict[str, Any]) -> Answer:
    posted = read_part(raw, PostedItemReply, _BODY)
    if posted.is_verified is not None and not content.needs_verification:
        raise InvalidParameters(
            field="actionBody.isVerified", value=posted.is_verified, rule="is only for a checklist that needs it"
        )
    if posted.is_verified:
        status = VERIFIED
    else:
        status = UNDONE if posted.is_done is False or posted.is_verified is False else DONE
    return Answer(content=ResponseContent(item=_find_item(posted.item, content), status=status))


def _find_item(item: int | str, content: contents.ChecklistContent) -> int:
    at = "actionBody.item"
    if isinstance(item, str):
        question = Question("", SINGLE_OPTION, [Option(title) for title in content.items])
        if item in content.items or not item.strip().isdecimal():
            if content.items.count(item) > 1:
                raise InvalidParameters(field=at, value=item, rule="must be an index: several items have this title")
            return find_option(item, at, question)
        try:
            item = read_integer(item)
        except ValueError as error:
            raise refusal(at, item, str(error)) from None
    if not 0 <= item < len(content.items):
        raise InvalidParameters(
            field=at, value=item, rule=f"must be a title, or an index from 0 to {len(content.items) - 1}"
        )
    return item


def _whereabouts(_content: contents.Content, raw: dict[str, Any]) -> Answer:
    """The place in `location`, or its fields in the body itself."""
    named = {str(name).casefold(): value for name, value in raw.items()}
    is_inside = named.get("location") is not None
    spot = (
        read_spot(read_part(raw, PostedWhereabouts, _BODY).location, "actionBody.location")
        if is_inside
        else read_spot(raw, _BODY)
    )
    return Answer(content=ResponseContent(spot=spot))


_READERS: dict[type[contents.Content], Callable[[Any, dict[str, Any]], Answer]] = {
    contents.JobContent: _job,
    contents.PollContent: _poll,
    contents.LetsMeetContent: _meeting,
    contents.SurveyContent: _form,
    contents.TrainingContent: _training,
    contents.AttendanceContent: _roll_call,
    contents.ChecklistContent: _item,
    contents.RequestLocationContent: _whereabouts,
    contents.PlaceContent: _whereabouts,
}
