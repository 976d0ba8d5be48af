"""Surveys and instances of packages: questions, who sees the results, properties."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from chaupal.actions.bodies.properties import PostedProperty, read_properties
from chaupal.actions.contents import MULTI_OPTION, QUESTION_TYPES, SINGLE_OPTION, Option, Question, SurveyContent
from chaupal.actions.drafts import ActionBody, MediaUse, Visibility
from chaupal.actions.limits import (
    DEFAULT_DUE_HOURS,
    OPTIONS_MAX,
    QUESTIONS_MAX,
    TITLE_MAX_CHARS,
    check_count,
    checked_hours,
    checked_text,
    checked_title,
)
from chaupal.errors import InvalidParameters


class PostedOption(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """One that can be chosen. `isCorrect` counts in a quiz alone."""

    spellings: ClassVar[dict[str, str]] = {"text": "title", "pictureUrl": "image", "mediaResource": "image"}

    title: str
    image: str | None = None
    is_correct: bool | None = None


class PostedQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A question. Options may be bare texts."""

    title: str
    type: str
    is_invisible: bool | None = None
    is_optional: bool | None = None
    options: list[PostedOption | str] | None = None


class PostedForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Survey, and an instance of a package: which of its fields must be there differs."""

    spellings: ClassVar[dict[str, str]] = {
        "validity": "dueDate",
        "expiryInHours": "dueDate",
        "isResponseAppended": "acceptMultipleResponses",
    }

    title: str | None = None
    description: str | None = None
    cover_image: str | None = None
    due_date: float | None = None
    is_anonymous: bool | None = None
    is_sender_only: bool | None = None
    accept_multiple_responses: bool | None = None
    visibility: str | None = None
    questions: list[PostedQuestion] | None = None
    properties: list[PostedProperty] | None = None


def read_survey(posted: PostedForm) -> ActionBody:
    """A survey: it has a title and questions, and no properties."""
    checked_title("actionBody.title", posted.title or "")
    check_count("actionBody.questions", posted.questions or [], least=1, most=QUESTIONS_MAX)
    if posted.properties:
        raise InvalidParameters(
            field="actionBody.properties", value=len(posted.properties), rule="are only for instances of packages"
        )
    return _read_form(posted)


def read_package(posted: PostedForm) -> ActionBody:
    """An instance of a package: many have properties alone, and nothing else that they must have."""
    check_count("actionBody.questions", posted.questions or [], least=0, most=QUESTIONS_MAX)
    return _read_form(posted)


def _read_form(posted: PostedForm) -> ActionBody:
    questions, media = read_questions("actionBody.questions", posted.questions or [])
    properties, media_of_properties = read_properties("actionBody.properties", posted.properties or [])
    if posted.cover_image:
        media.append(MediaUse("actionBody.coverImage", posted.cover_image, ("Image",)))
    content = SurveyContent(
        title=checked_text("actionBody.title", posted.title, TITLE_MAX_CHARS).strip(),
        description=checked_text("actionBody.description", posted.description),
        cover_image=posted.cover_image or "",
        questions=questions,
    )
    return ActionBody(
        content=content,
        life_ms=checked_hours("actionBody.dueDate", posted.due_date, DEFAULT_DUE_HOURS),
        visibility=read_visibility(posted.visibility, posted.is_sender_only),
        is_anonymous=bool(posted.is_anonymous),
        accepts_multiple=bool(posted.accept_multiple_responses),
        properties=properties,
        media=(*media, *media_of_properties),
    )


_VISIBILITIES = {
    **{str(index): visibility for index, visibility in enumerate(Visibility)},
    **{visibility.value.casefold(): visibility for visibility in Visibility},
    "admin": Visibility.ADMINS,
}


def read_visibility(word: str | None, is_sender_only: bool | None) -> Visibility:
    """Who sees the results; `isSenderOnly` is the narrower and wins. Evidence: "0" to "3" (contract, section 8), and
    the words of the forms themselves.

    Raises:
        InvalidParameters.
    """
    visibility = _VISIBILITIES.get((word or "0").strip().casefold())
    if visibility is None:
        rule = "must be 0 (all), 1 (sender), 2 (admins) or 3 (members and subscribers)"
        raise InvalidParameters(field="actionBody.visibility", value=word, rule=rule)
    return Visibility.SENDER if is_sender_only else visibility


# Evidence: the names of forms' own question types, which packages and their flows use for the same.
_QUESTION_TYPES = {
    **{name: name for name in QUESTION_TYPES},
    **{name.casefold(): name for name in QUESTION_TYPES},
    "singleselect": SINGLE_OPTION,
    "multiselect": MULTI_OPTION,
    "largetext": "Text",
    "dateonly": "Date",
}
_WITH_OPTIONS = (SINGLE_OPTION, MULTI_OPTION)


def read_questions(field: str, posted: list[PostedQuestion]) -> tuple[list[Question], list[MediaUse]]:
    """Questions, and the media in their options.

    The names of fields are put together only where one is refused: that was half of the time that a form took.

    Raises:
        InvalidParameters: naming the question by its index.
    """
    questions: list[Question] = []
    media: list[MediaUse] = []
    for index, each in enumerate(posted):
        question_type = _QUESTION_TYPES.get(each.type) or _read_question_type(f"{field}[{index}].type", each.type)
        title = each.title.strip()
        if not 0 < len(title) <= TITLE_MAX_CHARS:
            checked_title(f"{field}[{index}].title", title)
        question = Question(title, question_type)
        if each.options:
            options = read_options(f"{field}[{index}].options", each.options, media)
            if question_type in _WITH_OPTIONS:
                question.options = options
        if question_type in _WITH_OPTIONS and not 0 < len(question.options) <= OPTIONS_MAX:
            check_count(f"{field}[{index}].options", question.options, least=1, most=OPTIONS_MAX)
        if each.is_optional:
            question.is_optional = True
        if each.is_invisible:
            question.is_invisible = True
        questions.append(question)
    return questions, media


def _read_question_type(field: str, word: str) -> str:
    question_type = _QUESTION_TYPES.get(word.strip().casefold())
    if question_type is None:
        raise InvalidParameters(field=field, value=word, rule=f"must be one of {', '.join(QUESTION_TYPES)}")
    return question_type


def read_options(field: str, posted: list[PostedOption | str], media: list[MediaUse]) -> list[Option]:
    """Options whose titles differ, because an answer names them by title; their media are added to `media`.

    Raises:
        InvalidParameters.
    """
    options: list[Option] = []
    seen: set[str] = set()
    for index, each in enumerate(posted):
        title = (each if isinstance(each, str) else each.title).strip()
        if not 0 < len(title) <= TITLE_MAX_CHARS:
            checked_title(f"{field}[{index}].title", title)
        if title in seen:
            rule = "must differ from the other options"
            raise InvalidParameters(field=f"{field}[{index}].title", value=title, rule=rule)
        seen.add(title)
        option = Option(title)
        if not isinstance(each, str) and each.image:
            option.image = each.image
            media.append(MediaUse(f"{field}[{index}].image", each.image, ("Image",)))
        options.append(option)
    return options


def correct_options(posted: PostedQuestion) -> list[int]:
    """The indexes of the options that are said to be right."""
    given: list[Any] = list(posted.options or [])
    return [index for index, each in enumerate(given) if isinstance(each, PostedOption) and each.is_correct]
