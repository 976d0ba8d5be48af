"""Answers as they are told: every question in its place, and an answer only where there is one, in its type's form."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.contents import MULTI_OPTION, SINGLE_OPTION, Option, Question, SurveyContent
from chaupal.auth.sealing import SecretKey
from chaupal.auth.tenant_keys import TenantKeys
from chaupal.happenings.answers import tell_answers
from chaupal.happenings.fitting import DATA_MAX_BYTES, fitted
from chaupal.media.links import MediaLinks
from chaupal.responses.bodies.questions import read_unasked
from chaupal.responses.contents import ResponseContent, write_json
from chaupal.responses.reading import Response

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40)
DEGREES = st.floats(-90, 90)
INSTANTS_MS = st.integers(0, 4_000_000_000_000)
MEDIA = ShownMedia(MediaLinks(TenantKeys(SecretKey(b"k" * 32)), "https://chat.example.org/"), "tenant", {})


@st.composite
def question_with_answer(draw: st.DrawFn) -> tuple[Question, Any, Any]:
    """(question, its answer as it is stored, as it is told); None where there is none."""
    of_type = draw(st.sampled_from([SINGLE_OPTION, MULTI_OPTION, "Text", "Numeric", "Location", "Date", "PhoneNumber"]))
    titles = draw(st.lists(TEXTS, min_size=1, max_size=5, unique=True))
    is_choice = of_type in (SINGLE_OPTION, MULTI_OPTION)
    question = Question(
        draw(TEXTS), of_type, [Option(title) for title in titles] if is_choice else [], is_invisible=draw(st.booleans())
    )
    if draw(st.booleans()):
        return question, None, None
    if of_type == SINGLE_OPTION:
        index = draw(st.integers(0, len(titles) - 1))
        return question, index, [titles[index]]
    if of_type == MULTI_OPTION:
        chosen = draw(st.lists(st.integers(0, len(titles) - 1), min_size=1, unique=True))
        return question, chosen, [titles[index] for index in chosen]
    if of_type == "Location":
        spot = {"lt": draw(DEGREES), "lg": draw(DEGREES)}
        name = draw(st.one_of(st.just(""), TEXTS))
        return question, {**spot, **({"n": name} if name else {})}, {**spot, "n": name}
    if of_type == "PhoneNumber":
        phone = {"cc": "+254", "pn": draw(st.from_regex(r"[0-9]{6,10}", fullmatch=True))}
        return question, phone, phone
    value = draw({"Text": TEXTS, "Numeric": st.one_of(st.integers(), DEGREES), "Date": INSTANTS_MS}[of_type])
    return question, value, value


class TestTellAnswers:
    @given(st.lists(question_with_answer(), min_size=1, max_size=8))
    @settings(max_examples=200)
    def test_each_question_is_in_its_place_with_its_answer(self, asked: list[tuple[Question, Any, Any]]) -> None:
        content = SurveyContent(title="Day", questions=[question for question, _, _ in asked])
        stored = write_json(ResponseContent(answers=[answer for _, answer, _ in asked]))
        entries = tell_answers(content, _row(stored), MEDIA)
        assert len(entries) == len(asked)
        for entry, (question, _, told) in zip(json.loads(json.dumps(entries)), asked, strict=True):
            assert (entry["title"], entry["type"]) == (question.title, question.type)
            assert entry["options"] == [{"title": option.title} for option in question.options]
            assert entry.get("isInvisible", False) is question.is_invisible
            assert ("answer" in entry) == (told is not None)
            if told is not None:
                assert entry["answer"] == told

    def test_of_a_form_without_questions_each_answer_in_its_own_form(self) -> None:
        given = read_unasked(["test text", ["Red", "Blue"], None])
        entries = tell_answers(SurveyContent(title="Card"), _row(write_json(given)), MEDIA)
        assert [(entry["type"], entry.get("answer")) for entry in entries] == [
            ("Text", "test text"), (MULTI_OPTION, ["Red", "Blue"]), ("Text", None),
        ]  # fmt: skip


def _row(answers: str) -> Response:
    return Response("action", 0, "response", "user", "group", answers)


class TestFitted:
    @given(
        st.integers(1, 100),
        st.integers(0, 100),
        st.integers(1, 400),
        st.sampled_from(["x", "ह", "\U0001f600", "\\", "\0"]),
    )
    @settings(max_examples=60, deadline=None)
    def test_whatever_was_written_fits_and_keeps_its_places(
        self, questions: int, options: int, chars: int, letter: str
    ) -> None:
        text = letter * chars
        entries = [
            {"title": text, "type": MULTI_OPTION, "options": [{"title": text}] * options, "answer": [text] * options}
            for _ in range(questions)
        ]
        data = {"actionId": "a", "responseDetails": {"responseWithQuestions": entries}}
        found = fitted(data)
        assert len(msgspec.json.encode(found)) <= DATA_MAX_BYTES
        assert len(found["responseDetails"]["responseWithQuestions"]) == questions
        assert ("isShortened" in found) == (found is not data)
