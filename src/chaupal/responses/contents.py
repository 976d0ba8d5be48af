"""What an answer holds, as it is stored, and the sums that are kept of all answers to an action.

Unknown fields are passed over, so that an older node reads what a newer one wrote. Must not know how answers are
spelled (that is `bodies`) or who may see them (that is `actions.results`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.actions import contents as actions
from chaupal.actions.contents import MULTI_OPTION, SINGLE_OPTION, Option, Question
from chaupal.actions.drafts import MediaUse


class Spot(msgspec.Struct, omit_defaults=True, frozen=True):
    """A place on earth in degrees, named as forms name them; `acc` is its accuracy in metres."""

    lt: float
    lg: float
    n: str = ""
    acc: float | None = None


class Phone(msgspec.Struct, frozen=True):
    """A telephone number: the country's code with its plus, and the rest."""

    cc: str
    pn: str


class ResponseContent(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One answer. Of a form, `answers` by the index of the question, None where there is none.

    By type: SingleOption the option's index, MultiOption a list of them; Text, Image text; AttachmentList a list of
    texts; Numeric a number; Date and DateTime milliseconds since 1970; Location a `Spot`; PhoneNumber a `Phone`.
    `questions` are only of an answer to a form without any: what it answers, as far as it says so itself.
    """

    answers: list[Any] = []
    questions: list[Question] = []
    status: str = ""
    is_late: bool = False
    spot: Spot | None = None
    photo: str = ""
    note: str = ""
    item: int | None = None
    score_percent: int | None = None
    has_passed: bool | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as a type has read it, not yet held against those that are there."""

    content: ResponseContent
    is_completed: bool = False
    name: str = ""
    spot: Spot | None = None
    media: tuple[MediaUse, ...] = ()


MEETING_REPLIES = ("Yes", "No", "Maybe")

CHECKED_IN, CHECKED_OUT = "CheckIn", "CheckOut"
"""Of a roll call; its own statuses stand beside them."""

DONE, UNDONE, VERIFIED = "Done", "NotDone", "Verified"
"""Of an item of a checklist."""


def questions_of(content: actions.Content) -> list[Question]:
    """What an action asks, in the form of questions: a poll, a meeting and a roll call ask one with options."""
    match content:
        case actions.SurveyContent() | actions.TrainingContent():
            return content.questions
        case actions.PollContent():
            return [Question(content.title, SINGLE_OPTION, content.choices)]
        case actions.LetsMeetContent():
            return [Question(content.title, SINGLE_OPTION, [Option(title) for title in MEETING_REPLIES])]
        case actions.AttendanceContent():
            return [Question(content.title, SINGLE_OPTION, [Option(title) for title in statuses_of(content)])]
        case _:
            return []


def answered_in(asked: actions.Content, content: ResponseContent) -> list[Question]:
    """What an answer answers: the questions of the action, or where it has none, the answer's own."""
    return questions_of(asked) or content.questions


def statuses_of(content: actions.AttendanceContent) -> list[str]:
    """What people can answer to a roll call."""
    ends = [CHECKED_IN, CHECKED_OUT] if content.has_check_out else [CHECKED_IN]
    return [*ends, *content.statuses]


def resources_in(asked: actions.Content, content: ResponseContent) -> list[str]:
    """The mediaResources in an answer."""
    resources = [content.photo] if content.photo else []
    for question, answer in zip(answered_in(asked, content), content.answers, strict=False):
        if answer is not None and question.type == "Image":
            resources.append(answer)
        elif answer is not None and question.type == "AttachmentList":
            resources += answer
    return resources


class QuestionSums(msgspec.Struct, rename="camel"):
    """How many have answered a question, and how often each of its options was chosen."""

    answer_count: int
    choice_counts: list[int]


class ItemState(msgspec.Struct, rename="camel", omit_defaults=True):
    """An item of a checklist that was done: by whom and when, and who has confirmed it."""

    response_id: str
    done_by: str
    done_at_ms: int
    verified_by: str = ""
    verification_id: str = ""


class Sums(msgspec.Struct, rename="camel", omit_defaults=True):
    """What is kept of all answers to one action. `items` by the item's index."""

    questions: list[QuestionSums] = []
    items: dict[int, ItemState] = {}


_encode = msgspec.json.Encoder().encode
_content_decoder = msgspec.json.Decoder(ResponseContent)
_sums_decoder = msgspec.json.Decoder(Sums)


def write_json(stored: ResponseContent | Sums | Spot) -> str:
    """As it is stored."""
    return _encode(stored).decode()


def read_content(stored: str) -> ResponseContent:
    """What is stored of an answer."""
    return _content_decoder.decode(stored)


def read_sums(stored: str | None, questions: list[Question]) -> Sums:
    """What is stored of an action's sums; zeros where nobody has answered yet."""
    if stored is not None:
        return _sums_decoder.decode(stored)
    return Sums([QuestionSums(0, [0] * len(question.options)) for question in questions])


def add_answers(sums: Sums, questions: list[Question], answers: list[Any], by: int) -> None:
    """Count the answers to an action's questions, or with `by` -1 take them out again."""
    for question, counted, answer in zip(questions, sums.questions, answers, strict=False):
        if answer is None:
            continue
        counted.answer_count += by
        if question.type == SINGLE_OPTION:
            counted.choice_counts[answer] += by
        elif question.type == MULTI_OPTION:
            for index in answer:
                counted.choice_counts[index] += by


_spot_decoder = msgspec.json.Decoder(Spot)


def read_spot(stored: str) -> Spot:
    """What is stored of a place."""
    return _spot_decoder.decode(stored)
