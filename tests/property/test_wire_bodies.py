"""Whatever the spelling, a body reads the same; whatever the body, the reader answers or refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chaupal.errors import InvalidParameters
from chaupal.wire.bodies import read_shape
from chaupal.wire.query_strings import read_query
from chaupal.wire.tolerant import TolerantReader, UnreadableJson, read_tolerant_json

IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    title: str
    image_url: str | None = None


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    question: str
    is_sender_only: bool | None = None
    expiry_in_hours: int | None = None
    share: float | None = None
    subscribers: list[str] | None = None
    choices: list[Choice] | None = None
    properties: object = None


def quoted(text: str, opening: str, closing: str) -> str:
    """JSON's own escapes, but for quotes, which are escaped where they would close the text."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    for quote in {closing, *("“”„‟" if opening == "“" else "‘’‚‛" if opening == "‘" else "")}:
        inner = inner.replace(quote, "\\" + quote)
    return opening + inner + closing


def print_with(
    value: object, write_text: Callable[[str], str], write_name: Callable[[str], str], comma_at_end: str
) -> str:
    def write(value: object) -> str:
        if isinstance(value, str):
            return write_text(value)
        if isinstance(value, list):
            items = [write(each) for each in value]
            return "[" + ", ".join(items) + (comma_at_end if items else "") + "]"
        if isinstance(value, dict):
            items = [f"{write_name(name)} : {write(each)}" for name, each in value.items()]
            return "{" + ",\n".join(items) + (comma_at_end if items else "") + "}"
        return json.dumps(value)

    return write(value)


def print_json5(value: object) -> str:
    def write_name(name: str) -> str:
        return name if IDENTIFIER.fullmatch(name) else quoted(name, "'", "'")

    return print_with(value, lambda text: quoted(text, "'", "'"), write_name, " , /* that was all */ ")


def print_typographic(value: object) -> str:
    return print_with(value, lambda text: quoted(text, "“", "”"), lambda name: quoted(name, "‘", "’"), "")


def print_with_raw_newlines(value: object) -> str:
    def write_text(text: str) -> str:
        return re.sub(r"(?<!\\)((?:\\\\)*)\\n", "\\1\n", json.dumps(text, ensure_ascii=False))

    return print_with(value, write_text, json.dumps, "")


SPELLINGS: dict[str, Callable[[Any], str]] = {
    "strict JSON": json.dumps,
    "strict JSON, not ASCII": lambda value: json.dumps(value, ensure_ascii=False, indent=1),
    "JSON5": print_json5,
    "Python": repr,
    "typographic quotes": print_typographic,
    "raw newlines": print_with_raw_newlines,
}

texts = st.text() | st.text(alphabet="ab'\"\\“”’{}[]:,/* \n\r\t\0u0é😀")
numbers = (
    st.integers()
    | st.integers(min_value=-(10**300), max_value=10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)

field_texts = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
actions = st.builds(
    Action,
    question=field_texts,
    is_sender_only=st.none() | st.booleans(),
    expiry_in_hours=st.none() | st.integers(min_value=-(2**63), max_value=2**63 - 1),
    share=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    subscribers=st.none() | st.lists(field_texts, max_size=3),
    choices=st.none() | st.lists(st.builds(Choice, title=field_texts, image_url=st.none() | field_texts), max_size=3),
    properties=st.none() | st.lists(field_texts | st.booleans() | st.integers(), max_size=3),
)


def in_pascal_case(fields: dict[str, Any]) -> dict[str, Any]:
    """As .NET's serializer writes them, in the nested choices too."""
    renamed = {name[0].upper() + name[1:]: value for name, value in fields.items()}
    if renamed.get("Choices"):
        renamed["Choices"] = [in_pascal_case(each) for each in renamed["Choices"]]
    return renamed


@st.composite
def mutated_bodies(draw: st.DrawFn) -> str:
    """A readable body in any spelling with a few characters taken away, put in, or doubled."""
    fields = msgspec.to_builtins(draw(actions))
    body = SPELLINGS[draw(st.sampled_from(sorted(SPELLINGS)))](draw(st.sampled_from([fields, in_pascal_case(fields)])))
    for _ in range(draw(st.integers(min_value=1, max_value=4))):
        start = draw(st.integers(min_value=0, max_value=len(body)))
        end = min(len(body), start + draw(st.integers(min_value=0, max_value=6)))
        put_in = draw(
            st.sampled_from(
                ["", body[start:end] * 2, *"{}[]:,'\"“”‘’\\/*\0\ud800 \n-+.0xeu", "\\u", "//", "/*", "\\ud83d"]
            )
        )
        body = body[:start] + put_in + body[end:]
    return body


query_pieces = ["question", "share", "choices", "properties", "a", "=", "&", "%", "%E0", "%00", "+", "1"]
queries = st.binary(max_size=80) | st.lists(st.sampled_from(query_pieces), max_size=20).map(
    lambda all_: "".join(all_).encode()
)


def read_or_refuse(body: bytes) -> None:
    for strict_only in (False, True):
        try:
            assert isinstance(read_shape(body, Action, strict_only=strict_only), Action)
        except InvalidParameters as refused:
            str(refused).encode()  # a reply must be able to hold it


class TestSameInEverySpelling:
    @pytest.mark.parametrize("spelling", SPELLINGS)
    @given(value=values)
    def test_any_value_reads_the_same(self, spelling: str, value: object) -> None:
        # repr tells 1 from 1.0 and True, which == does not.
        assert repr(read_tolerant_json(SPELLINGS[spelling](value))) == repr(value)

    @pytest.mark.parametrize("is_pascal_case", [False, True])
    @pytest.mark.parametrize("spelling", SPELLINGS)
    @given(action=actions)
    def test_any_request_reads_the_same(self, spelling: str, is_pascal_case: bool, action: Action) -> None:
        fields = msgspec.to_builtins(action)
        body = SPELLINGS[spelling](in_pascal_case(fields) if is_pascal_case else fields)
        assert read_shape(body.encode(), Action) == action
        assert read_shape(body.encode("utf-16"), Action) == action
        assert read_shape(body.encode("utf-8-sig"), Action) == action

    @given(text=st.text(alphabet=[chr(code) for code in range(32, 128)] + list("é€“”ÿ"), min_size=1, max_size=30))
    def test_windows_1252_reads_the_same_unless_it_is_utf_8(self, text: str) -> None:
        body = json.dumps({"question": text + "é"}, ensure_ascii=False).encode("cp1252")
        try:
            body.decode()
        except UnicodeDecodeError:
            assert read_shape(body, Action).question == text + "é"

    @given(words=st.lists(st.sampled_from(["a", "it's", '5"', "'", '"', " ", "b "]), max_size=8))
    def test_a_quote_in_a_flat_object_that_ends_nothing_is_text(self, words: list[str]) -> None:
        text = "".join(words)
        for quote in "'\"":
            body = f"{{'n': 1, 'question': {quote}{text}.{quote}}}"
            assert read_shape(body.encode(), Action).question == f"{text}."


class TestNeverCrashes:
    @settings(max_examples=300)
    @given(body=st.binary(max_size=200))
    def test_random_bytes(self, body: bytes) -> None:
        read_or_refuse(body)

    @settings(max_examples=300)
    @given(text=st.text(alphabet="{}[]:,'\"“”‘’\\/*\n \ud800\0aTrueNone01.-+exu", max_size=60))
    def test_random_text_in_the_grammars_letters(self, text: str) -> None:
        read_or_refuse(text.encode("utf-16", "surrogatepass"))
        read_or_refuse(text.encode("utf-8", "surrogatepass"))

    @settings(max_examples=300)
    @given(body=mutated_bodies())
    @example(body='{"question":"a","properties":' + "[" * 5_000)
    @example(body="{question:'a',properties:" + "9" * 5_000 + "}")
    def test_mutated_bodies(self, body: str) -> None:
        read_or_refuse(body.encode("utf-8", "surrogatepass"))
        read_or_refuse(body.encode("utf-16", "surrogatepass"))

    @settings(max_examples=300)
    @given(body=mutated_bodies() | st.text(st.characters()))
    def test_the_reader_alone_raises_nothing_else_and_looks_at_no_character_often(self, body: str) -> None:
        reader = TolerantReader(body)
        try:
            reader.read()
        except UnreadableJson as refused:
            lines = body.split("\n")
            assert 1 <= refused.line <= len(lines)
            assert 1 <= refused.column <= len(lines[refused.line - 1]) + 1
        assert reader.steps <= 8 * len(body) + 200

    @settings(max_examples=300)
    @given(query=queries)
    def test_random_queries(self, query: bytes) -> None:
        try:
            assert isinstance(read_query(query, Action), Action)
        except InvalidParameters as refused:
            str(refused).encode()
