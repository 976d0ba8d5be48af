"""Answers to questions, by the type of the question. Source: contract, section 8 (responses).

A refusal names the question by its index and its title. What is "", [] or null is no answer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from chaupal.actions.bodies.places import PostedPlace
from chaupal.actions.contents import Option, Question
from chaupal.actions.drafts import ANY_MEDIA, MediaUse
from chaupal.actions.limits import (
    MEDIA_MAX,
    NAME_MAX_CHARS,
    OPTIONS_MAX,
    QUESTIONS_MAX,
    TEXT_MAX_CHARS,
    check_count,
    checked_text,
)
from chaupal.errors import InvalidParameters, shorten
from chaupal.responses.contents import Phone, ResponseContent, Spot
from chaupal.wire.bodies import read_part
from chaupal.wire.numbers import read_mobile_number, split_mobile_number
from chaupal.wire.readings import refusal
from chaupal.wire.values import is_storable_integer, read_instant, read_list, read_number, read_text

MEDIA_RESOURCE_MAX_CHARS = 500
_DIGITS = re.compile(r"[0-9]{1,15}")


class PostedSpot(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A place. Evidence: `{lt, lg, n}` of forms with `acc`, and the long names (contract, sections 8 and 11)."""

    spellings: ClassVar[dict[str, str]] = {**PostedPlace.spellings, "acc": "accuracy"}

    latitude: float
    longitude: float
    name: str | None = None
    accuracy: float | None = None


class PostedPhone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A telephone number in two parts (contract, section 8)."""

    spellings: ClassVar[dict[str, str]] = {"countryCode": "cc", "phoneNumber": "pn"}

    cc: str
    pn: str


def read_spot(raw: object, at: str) -> Spot:
    """A place whose coordinates are on earth.

    Raises:
        InvalidParameters.
    """
    return check_spot(read_part(raw, PostedSpot, at), at)


def check_spot(posted: PostedSpot, at: str) -> Spot:
    """The same, of what was read already."""
    for name, degrees, most in (("latitude", posted.latitude, 90), ("longitude", posted.longitude, 180)):
        if not -most <= degrees <= most:
            rule = f"must be -{most} to {most} degrees"
            raise InvalidParameters(field=f"{at}.{name}", value=degrees, rule=rule)
    accuracy = posted.accuracy
    if accuracy is not None and not 0 <= accuracy < math.inf:
        raise InvalidParameters(field=f"{at}.accuracy", value=accuracy, rule="must be metres, 0 or more")
    name = checked_text(f"{at}.name", posted.name, NAME_MAX_CHARS).strip()
    return Spot(lt=posted.latitude, lg=posted.longitude, n=name, acc=accuracy)


def read_answers(raw: object, questions: list[Question]) -> tuple[list[Any], tuple[MediaUse, ...]]:
    """An answer for each question in order, None where there is none, and the media in them.

    Raises:
        InvalidParameters: naming the question.
    """
    given = [] if raw is None else _read_entries(raw, questions)
    if any(not _is_none(each) for each in given[len(questions) :]):
        rule = f"must have an answer for each of the {len(questions)} questions, and no more"
        raise InvalidParameters(field="actionBody.answers", value=len(given), rule=rule)
    given += [None] * (len(questions) - len(given))
    answers: list[Any] = []
    media: list[MediaUse] = []
    for index, (question, value) in enumerate(zip(questions, given, strict=False)):
        at = place_of(index, question)
        answer = None if _is_none(value) else _READERS[question.type](value, at, question, media)
        if answer is None and not question.is_optional and not question.is_invisible:
            raise InvalidParameters(field=at, value="nothing", rule="needs an answer")
        answers.append(answer)
    return answers, tuple(media)


def read_unasked(raw: object) -> ResponseContent:
    """Answers to a form without questions, each in the form in which it comes: text, number, texts, place.

    Evidence: the official sample answers an instance that holds no questions, because its package does.

    Raises:
        InvalidParameters.
    """
    given = [] if raw is None else raw if isinstance(raw, list) else [raw]
    check_count("actionBody.answers", given, least=0, most=QUESTIONS_MAX)
    found = ResponseContent()
    for index, each in enumerate(given):
        at = f"actionBody.answers[{index}]"
        value = [one for one in each if not _is_none(one)] if isinstance(each, list) else each
        question = _question_in(value, at)
        found.answers.append(None if _is_none(value) else _READERS[question.type](value, at, question, []))
        found.questions.append(question)
    return found


def _question_in(value: object, at: str) -> Question:
    if isinstance(value, list):
        titles = [checked_text(at, _read_text(each, at)) for each in value]
        check_count(at, titles, least=0, most=OPTIONS_MAX)
        return Question("", "MultiOption", [Option(title) for title in dict.fromkeys(titles)])
    if isinstance(value, dict):
        return Question("", "PhoneNumber" if "pn" in value else "Location")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Question("", "Numeric" if is_number else "Text")


def place_of(index: int, question: Question) -> str:
    """How a refusal names a question."""
    title = shorten(question.title)
    return f"actionBody.answers[{index}] ({title})" if title else f"actionBody.answers[{index}]"


def _read_entries(raw: object, questions: list[Question]) -> list[Any]:
    """A single value is the answer to the only question: its commas are its own."""
    if isinstance(raw, dict) or (isinstance(raw, str) and len(questions) == 1):
        return [raw]
    if isinstance(raw, list) and len(questions) == 1 and questions[0].type == "MultiOption" and len(raw) > 1:
        # Evidence: `answers: [title]` of a poll (contract, section 8); of several options the brackets are easily lost.
        return [raw] if all(isinstance(each, str) for each in raw) else raw
    return read_list(raw)


def _is_none(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _read_text(value: object, at: str) -> str:
    try:
        return read_text(value)
    except ValueError as error:
        raise refusal(at, value, str(error)) from None


def _text(value: object, at: str, _question: Question, _media: list[MediaUse]) -> str:
    return checked_text(at, _read_text(value, at), TEXT_MAX_CHARS)


def _numeric(value: object, at: str, _question: Question, _media: list[MediaUse]) -> int | float:
    try:
        number = read_number(value)
        if isinstance(number, int) and not is_storable_integer(number):
            return float(number)
    except (ValueError, OverflowError) as error:
        rule = str(error) if isinstance(error, ValueError) else "must be a finite number"
        raise refusal(at, value, rule) from None
    return number


def _date(value: object, at: str, _question: Question, _media: list[MediaUse]) -> int:
    try:
        return read_instant(value)
    except (ValueError, OverflowError) as error:
        rule = str(error) if isinstance(error, ValueError) else "must be a time between the years 1 and 9999"
        raise refusal(at, value, rule) from None


def _single(value: object, at: str, question: Question, _media: list[MediaUse]) -> int:
    if isinstance(value, list):
        # Evidence: a single option comes as a list of one in old payloads (contract, section 11).
        if len(value) != 1:
            raise refusal(at, value, "must be one option")
        value = value[0]
    return find_option(value, at, question)


def _multi(value: object, at: str, question: Question, _media: list[MediaUse]) -> list[int]:
    titles = value
    if isinstance(value, str):
        # A title may itself hold commas.
        titles = [value] if _find(value, question) is not None else read_list(value)
    found = {find_option(each, at, question) for each in read_list(titles) if not _is_none(each)}
    if not found:
        raise refusal(at, value, "must name an option")
    return sorted(found)


def find_option(value: object, at: str, question: Question) -> int:
    """The index of the option that a title means: exactly, else without regard to case, blanks and composition.

    Raises:
        InvalidParameters: it is not offered.
    """
    title = _read_text(value, at)
    index = _find(title, question)
    if index is None:
        offered = ", ".join(shorten(option.title) for option in question.options[:20])
        raise refusal(at, title, f"must be an option that is offered: {offered}")
    return index


def _find(title: str, question: Question) -> int | None:
    titles = [option.title for option in question.options]
    if title in titles:
        return titles.index(title)
    folded = _folded(title)
    alike = [index for index, other in enumerate(titles) if _folded(other) == folded]
    return alike[0] if len(alike) == 1 else None


def _folded(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def _location(value: object, at: str, _question: Question, _media: list[MediaUse]) -> Spot:
    return read_spot(value, at)


def _image(value: object, at: str, _question: Question, media: list[MediaUse]) -> str | None:
    if isinstance(value, list):
        if len(value) != 1:
            raise refusal(at, value, "must be one mediaResource")
        value = value[0]
    return _resource(value, at, ("Image",), media)


def _attachments(value: object, at: str, _question: Question, media: list[MediaUse]) -> list[str] | None:
    resources = [_resource(each, at, ANY_MEDIA, media) for each in read_list(value) if not _is_none(each)]
    if len(resources) > MEDIA_MAX:
        raise InvalidParameters(field=at, value=len(resources), rule=f"must have at most {MEDIA_MAX} attachments")
    return resources or None


def _resource(value: object, at: str, kinds: tuple[str, ...], media: list[MediaUse]) -> str:
    resource = read_resource(value, at)
    media.append(MediaUse(at, resource, kinds))
    return resource


def read_resource(value: object, at: str) -> str:
    """A mediaResource, not yet looked up.

    Raises:
        InvalidParameters.
    """
    resource = _read_text(value, at).strip()
    if not 0 < len(resource) <= MEDIA_RESOURCE_MAX_CHARS:
        raise refusal(at, resource or "nothing", "must be a mediaResource")
    return resource


def _phone(value: object, at: str, _question: Question, _media: list[MediaUse]) -> Phone:
    """Evidence: `{cc: "+254", pn: "7..."}` or an E.164 string (contract, section 8)."""
    if not isinstance(value, dict):
        return Phone(*split_mobile_number(read_mobile_number(value, at)))
    posted = read_part(value, PostedPhone, at)
    code = posted.cc.strip().removeprefix("+").removeprefix("00")
    number = re.sub(r"[\s\-().]", "", posted.pn)
    if not _DIGITS.fullmatch(code) or not _DIGITS.fullmatch(number):
        raise refusal(at, f"{posted.cc} {posted.pn}", "must be a country's code and a number, in digits")
    e164 = read_mobile_number(f"+{code}{number}", at)
    # Where the two parts are no code and number of one country, the number itself says where it is divided.
    return (
        Phone(f"+{code}", e164[1 + len(code) :]) if e164.startswith(f"+{code}") else Phone(*split_mobile_number(e164))
    )


_READERS: dict[str, Callable[[object, str, Question, list[MediaUse]], Any]] = {
    "SingleOption": _single,
    "MultiOption": _multi,
    "Text": _text,
    "Numeric": _numeric,
    "Location": _location,
    "Date": _date,
    "DateTime": _date,
    "Image": _image,
    "AttachmentList": _attachments,
    "PhoneNumber": _phone,
}
