"""Bodies of actions: what is posted is what is stored, in its one form; nothing that is posted is more than refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaupal.actions.bodies.forms import _QUESTION_TYPES
from chaupal.actions.bodies.reading import POSTED, read_body, read_package_id, read_type
from chaupal.actions.contents import MULTI_OPTION, SINGLE_OPTION
from chaupal.actions.limits import CONTENT_MAX_BYTES, HOUR_MS
from chaupal.actions.routes import _POSTS
from chaupal.actions.shapes import PostAction
from chaupal.actions.types import ACTION_TYPES, PACKAGE_TYPE
from chaupal.errors import ChaupalError
from chaupal.wire.bodies import read_shape

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
TITLES = TEXTS.filter(str.strip)
HOURS = st.integers(1, 1_000)
CLAIMS = st.booleans()
# The same value in another spelling that clients use.
NUMBER_SPELLINGS = st.sampled_from([int, str, float])
CLAIM_SPELLINGS = st.sampled_from([bool, str, int])
NAME_SPELLINGS = st.sampled_from([str, str.upper, lambda name: name[:1].upper() + name[1:]])


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    word = draw(st.sampled_from(sorted(_QUESTION_TYPES)))
    question: dict[str, Any] = {"title": draw(TITLES), "type": draw(st.sampled_from([word, word.upper()]))}
    titles = draw(st.lists(TITLES, min_size=1, max_size=4, unique_by=str.strip))
    if _QUESTION_TYPES[word] in (SINGLE_OPTION, MULTI_OPTION):
        question["options"] = [draw(st.sampled_from([title, {"title": title}])) for title in titles]
    for name in ("isOptional", "isInvisible"):
        question[name] = draw(CLAIMS)
    return question


def title_of(option: Any) -> str:
    return (option if isinstance(option, str) else str(option["title"])).strip()


class TestWhatIsPostedIsStored:
    @given(
        title=TITLES,
        description=TEXTS,
        asked=st.lists(questions(), min_size=1, max_size=5),
        hours=HOURS,
        claims=st.tuples(CLAIMS, CLAIMS, CLAIMS),
        spell_number=NUMBER_SPELLINGS,
        spell_claim=CLAIM_SPELLINGS,
        spell_name=NAME_SPELLINGS,
    )
    @settings(max_examples=150)
    def test_a_survey_however_it_is_spelled(
        self,
        title: str,
        description: str,
        asked: list[dict[str, Any]],
        hours: int,
        claims: tuple[bool, bool, bool],
        spell_number: Any,
        spell_claim: Any,
        spell_name: Any,
    ) -> None:
        names = ("isAnonymous", "isSenderOnly", "acceptMultipleResponses")
        posted = {
            "title": title,
            "description": description,
            "questions": [{spell_name(name): value for name, value in question.items()} for question in asked],
            "dueDate": spell_number(hours),
            **{name: spell_claim(claim) for name, claim in zip(names, claims, strict=True)},
        }
        body, stored = read_body("Survey", {spell_name(name): value for name, value in posted.items()})
        content = ACTION_TYPES["Survey"].decode(stored)
        assert (content.title, content.description) == (title.strip(), description)
        assert body.life_ms == hours * HOUR_MS
        assert (body.is_anonymous, body.visibility.value == "Sender", body.accepts_multiple) == claims
        assert len(content.questions) == len(asked)
        for question, given_question in zip(content.questions, asked, strict=True):
            assert question.title == given_question["title"].strip()
            assert question.type == _QUESTION_TYPES[given_question["type"].casefold()]
            assert [option.title for option in question.options] == [
                title_of(option) for option in given_question.get("options", [])
            ]
            assert question.is_optional == given_question["isOptional"]
            assert question.is_invisible == given_question["isInvisible"]

    @given(values=st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=6))
    def test_the_properties_of_a_package(self, values: dict[str, str]) -> None:
        body, _ = read_body(PACKAGE_TYPE, {"properties": [{"name": n, "value": v} for n, v in values.items()]})
        assert [(each.name, each.property_type, each.value) for each in body.properties] == [
            (name, "Text", value) for name, value in values.items()
        ]

    @given(titles=st.lists(TITLES, min_size=2, max_size=10, unique_by=str.strip), question=TITLES)
    def test_a_polls_choices_in_their_order(self, titles: list[str], question: str) -> None:
        _, stored = read_body("Poll", {"question": question, "choices": [{"title": title} for title in titles]})
        content = ACTION_TYPES["Poll"].decode(stored)
        assert content.title == question.strip()
        assert [choice.title for choice in content.choices] == [title.strip() for title in titles]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(
    {name for shape, _ in POSTED.values() for name in shape.__struct_encode_fields__} | {"name", "latitude", "lt"}
)


@pytest.mark.parametrize("action_type", POSTED)
class TestAnythingAtAll:
    @given(raw=st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=6))
    @settings(max_examples=60)
    def test_is_read_or_refused(self, action_type: str, raw: dict[str, Any]) -> None:
        try:
            body, stored = read_body(action_type, raw)
        except ChaupalError as error:
            assert error.status == 400
            return
        assert len(stored.encode()) <= CONTENT_MAX_BYTES
        assert ACTION_TYPES[action_type].decode(stored) == body.content
        json.loads(stored)


def taken(read: Callable[[bytes], PostAction], body: bytes) -> Any:
    """What becomes of a request whose body is read so: a draft's parts, or the refusal."""
    try:
        posted = read(body)
        name, package = read_type(posted.id, posted.action_type)
        return name, package, posted.reply_to_reference_id, *read_body(name, posted.action_body or {})
    except ChaupalError as error:
        return type(error), str(error), error.fields


def plainly(body: bytes) -> PostAction:
    return read_shape(body, PostAction)


class TestReadInOnePass:
    """As in two: what is taken, what is refused, and with which words."""

    @given(
        action_type=st.sampled_from([*POSTED, "survey", "com.example.form", ""]),
        named=st.sampled_from(["actionType", "id", "ActionType", "type"]),
        part=st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=5) | ANYTHING,
        asked=st.lists(questions(), max_size=3),
        is_last=st.booleans(),
    )
    @settings(max_examples=300)
    def test_any_body(self, action_type: str, named: str, part: Any, asked: list[Any], is_last: bool) -> None:
        if isinstance(part, dict) and asked:
            part = {"title": "t", **part, "questions": asked}
        posted = {named: action_type, "actionBody": part}
        body = json.dumps(dict(reversed(posted.items())) if is_last else posted).encode()
        assert taken(_POSTS.read, body) == taken(plainly, body)

    @pytest.mark.parametrize(
        "part",
        [
            '{"title": "a\\u0000b", "questions": [{"title": "q", "type": "Text"}]}',
            '{"title": "a", "questions": [{"title": "q", "type": "Text"}], "dueDate": 1e400}',
            '{"properties": [{"name": "n", "value": ' + "[" * 70 + "]" * 70 + "}]}",
            '{"properties": [{"name": "n", "value": ' + "[" * 60 + "]" * 60 + "}]}",
            '{"properties": [{"name": "n", "value": 123456789012345678901234567890}]}',
            '{"title": "a", "title": "b", "questions": [{"title": "q", "type": "Text"}]}',
            "null",
            '"text"',
            "[]",
            "{",
        ],
    )
    @pytest.mark.parametrize("name", ["Survey", "com.example.form"])
    def test_what_is_near_a_limit(self, name: str, part: str) -> None:
        body = f'{{"id": "{name}", "actionBody": {part}}}'.encode()
        assert taken(_POSTS.read, body) == taken(plainly, body)

    def test_bytes_that_are_no_text(self) -> None:
        body = b'{"id": "Survey", "actionBody": {"title": "\xff", "questions": [{"title": "q", "type": "Text"}]}}'
        assert taken(_POSTS.read, body) == taken(plainly, body)

    def test_strict_json_is_in_its_shape_already(self) -> None:
        body = b'{"actionType": "Survey", "actionBody": {"title": "t", "questions": [{"title": "q", "type": "Text"}]}}'
        assert isinstance(_POSTS.read(body).action_body, POSTED["Survey"][0])


class TestNames:
    @given(package_id=TEXTS, action_type=TEXTS)
    def test_any_are_read_or_refused(self, package_id: str, action_type: str) -> None:
        try:
            name, package = read_type(package_id, action_type)
        except ChaupalError as error:
            assert error.status == 400
            return
        assert (name == PACKAGE_TYPE) == (package is not None)

    @given(bare=st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}(\.[A-Za-z][A-Za-z0-9_-]{0,8}){0,3}", fullmatch=True),
           version=st.integers(0, 999_999_999))  # fmt: skip
    def test_an_id_and_its_version_come_apart_and_together(self, bare: str, version: int) -> None:
        full = f"{bare}.{version}" if version else bare
        package = read_package_id(full)
        assert (package.package_id, package.version, package.full_id) == (bare, version, full)
