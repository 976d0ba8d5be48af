"""Bodies of answers: whatever is sent is read into one form that is stored as it is, or refused by field and rule."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaupal.actions.bodies.reading import read_body
from chaupal.actions.contents import Content
from chaupal.actions.types import ACTION_TYPES, ANSWERED_TYPES
from chaupal.errors import InvalidParameters
from chaupal.responses.bodies import reading
from chaupal.responses.bodies.reading import read_answer
from chaupal.responses.contents import Sums, add_answers, questions_of, read_content, read_sums, write_json
from tests.api.answering import SURVEY, TYPES
from tests.property.test_action_bodies import ANYTHING

CONTENTS: dict[str, Content] = {}
for _word, (_body, _, _, _) in TYPES.items():
    _type = "ActionPackage" if "." in _word else _word
    CONTENTS[_type] = ACTION_TYPES[_type].decode(read_body(_type, _body)[1])

FIELDS = sorted(
    {
        name
        for shape in vars(reading).values()
        if isinstance(shape, type) and shape.__name__.startswith("Posted")
        for name in shape.__struct_encode_fields__
    }
    | {"latitude", "lg", "answer", "choice"}
)
# Words that mean something to one type or another, so that not everything is refused.
MEANT = st.sampled_from(
    ["Yes", " no", "Maybe", "Run", "CheckIn", "On leave", "Tyres", 0, 1, True, {"lt": 1, "lg": "2"}]
)


def test_every_type_that_is_answered_is_here() -> None:
    assert CONTENTS.keys() == ANSWERED_TYPES


@pytest.mark.parametrize("action_type", CONTENTS)
class TestAnythingAtAll:
    @given(raw=ANYTHING | st.dictionaries(st.sampled_from(FIELDS), MEANT | ANYTHING, max_size=5))
    @settings(max_examples=60)
    def test_is_read_and_stored_or_refused(self, action_type: str, raw: Any) -> None:
        content = CONTENTS[action_type]
        try:
            answer = read_answer(content, raw)
        except InvalidParameters as error:
            assert_names_what_is_wrong(error)
            return
        stored = write_json(answer.content)
        assert write_json(read_content(stored)) == stored
        if answer.spot is not None:
            assert -90 <= answer.spot.lt <= 90

    @given(raws=st.lists(st.dictionaries(st.sampled_from(FIELDS), MEANT, max_size=3), max_size=6))
    @settings(max_examples=30)
    def test_what_is_counted_and_taken_out_again_leaves_nothing(self, action_type: str, raws: list[Any]) -> None:
        content = CONTENTS[action_type]
        questions = questions_of(content)
        sums = read_sums(None, questions)
        nothing = write_json(sums)
        taken = []
        for raw in raws:
            try:
                taken.append(read_answer(content, raw).content.answers)
            except InvalidParameters:
                continue
            add_answers(sums, questions, taken[-1], 1)
        assert_adds_up(sums, taken)
        for answers in taken:
            add_answers(sums, questions, answers, -1)
        assert write_json(sums) == nothing


class TestAnswersToQuestions:
    @given(answers=st.lists(MEANT | ANYTHING, max_size=12))
    def test_a_refusal_names_the_question(self, answers: list[Any]) -> None:
        try:
            read_answer(CONTENTS["Survey"], {"answers": answers})
        except InvalidParameters as error:
            assert_names_what_is_wrong(error)
            titles = [question["title"] for question in SURVEY["questions"]]
            field: str = error.fields["field"]
            named = [f"actionBody.answers[{number}] ({title})" for number, title in enumerate(titles)]
            assert field == "actionBody.answers" or field.startswith(tuple(named))


def assert_names_what_is_wrong(error: InvalidParameters) -> None:
    assert error.fields["field"].startswith("actionBody")
    assert error.fields["rule"].startswith(("must ", "is ", "needs ", "cannot "))
    assert str(error).startswith(f"{error.fields['field']}: {error.fields['rule']} (got: ")


def assert_adds_up(sums: Sums, taken: list[list[Any]]) -> None:
    for index, counted in enumerate(sums.questions):
        given_here = [answers[index] for answers in taken if answers[index] is not None]
        assert counted.answer_count == len(given_here)
        if counted.choice_counts:
            chosen = [choice for each in given_here for choice in (each if isinstance(each, list) else [each])]
            assert counted.choice_counts == [chosen.count(option) for option in range(len(counted.choice_counts))]
