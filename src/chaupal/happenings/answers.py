"""How answers to actions are told: each question with its answer, as receivers read them. Contract, section 11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaupal.actions import contents as actions
from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.contents import MULTI_OPTION, SINGLE_OPTION, Question
from chaupal.people.rules import Person
from chaupal.responses.contents import (
    DONE,
    UNDONE,
    VERIFIED,
    ResponseContent,
    Spot,
    answered_in,
    questions_of,
    read_content,
    read_spot,
)
from chaupal.responses.reading import Response

RESPONDER_NAME, RESPONDER_LOCATION, RESPONSE_TIME = "Responder Name", "Responder Location", "ResponseTime"
"""The system entries that end the answer to a survey, as they did in Kaizala's."""


def tell_question(title: str, question_type: str, options: list[str], *, is_invisible: bool = False) -> dict[str, Any]:
    """A question as forms are told of. `isInvisible` is there only where it holds."""
    told: dict[str, Any] = {
        "title": title,
        "type": question_type,
        "options": [{"title": option} for option in options],
    }
    if is_invisible:
        told["isInvisible"] = True
    return told


def tell_questions(questions: list[Question]) -> list[dict[str, Any]]:
    """All questions of a form, in order, hidden ones too."""
    return [_of_question(question) for question in questions]


def _of_question(question: Question) -> dict[str, Any]:
    titles = [option.title for option in question.options]
    return tell_question(question.title, question.type, titles, is_invisible=question.is_invisible)


def tell_answers(asked: actions.Content, row: Response, media: ShownMedia) -> list[dict[str, Any]]:
    """Every question of the action, in order, each with its answer; without the key `answer` where there is none."""
    content = read_content(row.answers)
    tell = _TELLERS.get(type(asked))
    if tell is not None:
        return tell(asked, content, media)
    questions = answered_in(asked, content)
    answers = content.answers + [None] * (len(questions) - len(content.answers))
    return [
        _with_answer(_of_question(question), tell_answer(question, answer, media))
        for question, answer in zip(questions, answers, strict=True)
    ]


def system_entries(row: Response, responder: Person | None, *, at_ms: int) -> list[dict[str, Any]]:
    """What ends the answer to a built-in survey: who, where and when. Of an anonymous one only the hour is known."""
    name = row.response_name or (responder.name if responder is not None else "")
    spot = _tell_spot(read_spot(row.response_location)) if row.response_location else None
    entries = (
        (RESPONDER_NAME, "Text", name or None),
        (RESPONDER_LOCATION, "Location", spot),
        (RESPONSE_TIME, "DateTime", at_ms),
    )
    return [
        _with_answer(tell_question(title, of_type, [], is_invisible=True), told) for title, of_type, told in entries
    ]


def tell_answer(question: Question, answer: Any, media: ShownMedia) -> Any:
    """An answer by its question's type; None where there is none, or its files were removed."""
    if answer is None:
        return None
    if question.type == SINGLE_OPTION:
        return [question.options[answer].title]
    if question.type == MULTI_OPTION:
        return [question.options[index].title for index in answer] or None
    if question.type == "Location":
        return _tell_spot(Spot(**answer))
    if question.type in ("Image", "AttachmentList"):
        return tell_files([answer] if isinstance(answer, str) else answer, media) or None
    return answer


def tell_files(resources: list[str], media: ShownMedia) -> list[dict[str, Any]]:
    """The files of mediaResources as `{mediaUrl, mediaFileName}`; none for those that were removed."""
    files = [file for resource in resources for file in media.files(resource)]
    return [{"mediaUrl": file.media_url, "mediaFileName": file.media_file_name} for file in files]


def _tell_spot(spot: Spot) -> dict[str, Any]:
    told: dict[str, Any] = {"lt": spot.lt, "lg": spot.lg, "n": spot.n}
    if spot.acc is not None:
        told["acc"] = spot.acc
    return told


def _with_answer(entry: dict[str, Any], answer: Any) -> dict[str, Any]:
    if answer is not None:
        entry["answer"] = answer
    return entry


def _tell_roll_call(
    asked: actions.AttendanceContent, content: ResponseContent, media: ShownMedia
) -> list[dict[str, Any]]:
    [question] = questions_of(asked)
    return [
        _with_answer(_of_question(question), [content.status]),
        _with_answer(tell_question("Location", "Location", []), _tell_spot(content.spot) if content.spot else None),
        _with_answer(tell_question("Photo", "Image", []), tell_files([content.photo], media) or None),
        _with_answer(tell_question("Note", "Text", []), content.note or None),
    ]


def _tell_item(asked: actions.ChecklistContent, content: ResponseContent, _media: ShownMedia) -> list[dict[str, Any]]:
    """All items, in order; the one that was marked has the answer."""
    statuses = [DONE, UNDONE, VERIFIED] if asked.needs_verification else [DONE, UNDONE]
    return [
        _with_answer(tell_question(title, SINGLE_OPTION, statuses), [content.status] if index == content.item else None)
        for index, title in enumerate(asked.items)
    ]


def _tell_whereabouts(asked: actions.Content, content: ResponseContent, _media: ShownMedia) -> list[dict[str, Any]]:
    entry = tell_question(asked.title or "Location", "Location", [])
    return [_with_answer(entry, _tell_spot(content.spot) if content.spot is not None else None)]


_TELLERS: dict[type[actions.Content], Callable[[Any, ResponseContent, ShownMedia], list[dict[str, Any]]]] = {
    actions.AttendanceContent: _tell_roll_call,
    actions.ChecklistContent: _tell_item,
    actions.RequestLocationContent: _tell_whereabouts,
    actions.PlaceContent: _tell_whereabouts,
}
