"""Any JSON at all as the body of an action or of an answer: taken and read back in one form, or refused by field, value
and rule; never an error of the server."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chaupal.wire.instants import write_instant
from tests.api.answering import SURVEY, answer, answered, ask, seen
from tests.api.answering import TYPES as ASKED
from tests.api.posted_actions import TYPES, details, with_media
from tests.api.worlds import MOHAN, Caller, World
from tests.property.test_action_bodies import TEXTS
from tests.property.test_answer_bodies import MEANT

REFUSED = re.compile(r"(?P<field>actionBody[^:]*): (?P<rule>.+) \(got: .*\)", re.DOTALL)
MEDIA_FIELDS = {"media", "mediaUrl", "mediaFileName", "imageUrl"}
CHANGED = ("Job", "Poll", "LetsMeet", "Survey", "com.example.Visit.2")
# One organization serves all examples; add Phase.shrink to look into a failure.
WORLDS = settings(phases=[Phase.generate], suppress_health_check=list(HealthCheck))

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)

# Of a type, the fields of an answer as it is shown that can be sent again as they are.
SENT_AGAIN = ("isCompleted", "choice", "response", "responseName", "responseLocation", "answers", "status", "location",
              "note")  # fmt: skip


def assert_refused_by_field(refused: httpx.Response, *, code: str = "InvalidParameters") -> None:
    assert refused.json()["errorCode"] == code, refused.text
    if code == "InvalidParameters":
        assert REFUSED.fullmatch(refused.json()["message"]), refused.text


@st.composite
def nearly(draw: st.DrawFn, valid: Any) -> Any:
    """The body with up to two of its values, at any depth, replaced by anything or left out."""
    body = copy.deepcopy(valid)
    for _ in range(draw(st.integers(0, 2))):
        holder, key = draw(st.sampled_from(list(places_in(body)) or [({}, "")]))
        if draw(st.booleans()):
            holder[key] = copy.deepcopy(draw(MEANT | ANYTHING))
        elif key in holder or isinstance(holder, list):
            del holder[key]
    return body


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """(what holds it, its key) of every value inside."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places_in(inner)


@pytest.mark.parametrize("action_type", ASKED)
class TestAnAnswer:
    @given(data=st.data())
    @settings(WORLDS, max_examples=15)
    def test_is_read_back_or_refused(self, world: World, action_type: str, data: st.DataObject) -> None:
        """Several bodies for one action: an answer changes the one before where that is possible."""
        asked = {**ASKED[action_type][0], "acceptMultipleResponses": True, "needsLocation": False}
        action_id = ask(world, action_type, asked)
        responder = world.group_admin if action_type == "LiveLocation" else world.member
        given_id = ""
        for _ in range(6):
            body = data.draw(ANYTHING | nearly(ASKED[action_type][1]) | nearly(ASKED[action_type][1]))
            sent = answer(responder, world.group_id, action_id, body, response_id=given_id)
            if sent.status_code != 200:
                is_undone = action_type == "Checklist" and sent.status_code == 409
                assert_refused_by_field(sent, code="Conflict" if is_undone else "InvalidParameters")
                continue
            shown = shown_of(responder, world.group_id, action_id, sent.json()["responseId"])
            if action_type in CHANGED:
                given_id = shown["responseId"]
            assert_same_again(responder, world.group_id, action_id, shown, given_id)


def shown_of(reader: Caller, group_id: str, action_id: str, response_id: str) -> dict[str, Any]:
    found = {one["responseId"]: one for one in seen(reader, group_id, action_id)["responses"]}
    return found[response_id]


def assert_same_again(responder: Caller, group_id: str, action_id: str, shown: dict[str, Any], given_id: str) -> None:
    """What is shown is an answer, and means what it says."""
    body = {name: shown[name] for name in SENT_AGAIN if name in shown}
    if not body or "item" in shown:
        return
    again = answered(responder, group_id, action_id, body, response_id=given_id)
    found = shown_of(responder, group_id, action_id, again)
    assert {name: found[name] for name in body} == body


def spelled(number: float) -> Any:
    return st.sampled_from([number, str(number), f" {number} "])


SINGLE = st.sampled_from([("Good", "Good"), ("GOOD ", "Good"), (["Bad"], "Bad"), ("bad", "Bad")])
MULTI = st.sampled_from([
    (["Red"], ["Red"]), ("red", ["Red"]), ("Blue, dark", ["Blue, dark"]), (["blue,  DARK", "Red", "Red"],
    ["Red", "Blue, dark"]), ([], None), (None, None), ("", None),
])  # fmt: skip
TEXT = TEXTS.filter(str.strip).map(lambda text: (text, text)) | st.sampled_from([(5, "5"), (True, "true")])
NUMERIC = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
).flatmap(lambda number: spelled(number).map(lambda sent: (sent, number)))  # fmt: skip
DEGREES = st.floats(-90, 90)


@st.composite
def places(draw: st.DrawFn) -> tuple[Any, Any]:
    lt, lg, name = draw(DEGREES), draw(DEGREES), draw(TEXTS)
    sent = draw(st.sampled_from([
        {"lt": lt, "lg": lg, "n": name}, {"latitude": str(lt), "Longitude": lg, "name": name},
        {"lat": lt, "lng": str(lg), "placeName": name},
    ]))  # fmt: skip
    named = name.strip()
    return sent, {"lt": lt, "lg": lg, "n": named, "latitude": lt, "longitude": lg, "name": named}


@st.composite
def times(draw: st.DrawFn) -> tuple[Any, Any]:
    at_s = draw(st.integers(200_000_000, 4_000_000_000))
    return draw(st.sampled_from([at_s, str(at_s), at_s * 1000, f"{at_s}000", float(at_s)])), at_s * 1000


PHONES = st.sampled_from([
    ({"cc": "+254", "pn": "712 345-678"}, {"cc": "+254", "pn": "712345678"}),
    ({"cc": 254, "pn": 712345678}, {"cc": "+254", "pn": "712345678"}),
    ({"countryCode": "00254", "phoneNumber": "712345678"}, {"cc": "+254", "pn": "712345678"}),
    ("+91 98765 43210", {"cc": "+91", "pn": "9876543210"}), ("0091-9876543210", {"cc": "+91", "pn": "9876543210"}),
])  # fmt: skip
ABSENT = st.sampled_from([(None, None), ("", None), ([], None)])


class TestEveryQuestion:
    @given(given_answers=st.tuples(SINGLE, MULTI, TEXT, NUMERIC, places(), times(), times(), ABSENT, ABSENT, PHONES))
    @settings(WORLDS, max_examples=80)
    def test_however_it_is_spelled_reads_back_in_one_form(
        self, world: World, given_answers: tuple[tuple[Any, Any], ...]
    ) -> None:
        action_id = kept(world, "survey", lambda: ask(world, "Survey", {**SURVEY, "acceptMultipleResponses": True}))
        sent = [each for each, _ in given_answers]
        response_id = answered(world.member, world.group_id, action_id, {"answers": sent})
        shown = shown_of(world.member, world.group_id, action_id, response_id)
        assert shown["answers"] == [expected for _, expected in given_answers]


def kept(world: World, name: str, make: Callable[[], Any]) -> Any:
    """Made in the first example, for all of them."""
    made: dict[str, Any] = world.__dict__.setdefault("made_once", {})
    if name not in made:
        made[name] = make()
    return made[name]


@pytest.mark.parametrize("action_type", TYPES)
class TestAnAction:
    @given(data=st.data())
    @settings(WORLDS, max_examples=25)
    def test_is_read_back_or_refused(self, world: World, action_type: str, data: st.DataObject) -> None:
        valid = kept(world, action_type, lambda: with_media(world, TYPES[action_type][0]))
        body = data.draw(ANYTHING | nearly(valid) | nearly(valid))
        sent = posted(world, action_type, body)
        if sent.status_code != 200:
            assert_refused_by_field(sent, code="NotFound" if sent.status_code == 404 else "InvalidParameters")
            return
        shown = details(world, sent.json()["actionId"], by=world.member)
        listed = world.member.get(f"/groups/{world.group_id}/actions", count=1).json()["actions"]
        assert listed == shown["actions"]
        again = {name: value for name, value in (body or {}).items() if name.casefold().startswith("media")}
        again |= {name: value for name, value in comparable(shown).items() if value != ""}
        same = posted(world, action_type, again)
        assert same.status_code == 200, same.text
        assert comparable(details(world, same.json()["actionId"], by=world.member)) == comparable(shown)


def posted(world: World, action_type: str, body: Any) -> httpx.Response:
    named = {"id" if "." in action_type else "actionType": action_type}
    return world.member.post(f"/groups/{world.group_id}/actions", {**named, "actionBody": body})


def comparable(shown: dict[str, Any]) -> dict[str, Any]:
    """What was posted and is shown in the same form; not what is counted from now on, nor media and their links."""
    others = {"actionId", "status", "dueDate", "expiryDate", "responseCount", "isCompleted", "isAssignedToMe"}
    body = {name: value for name, value in shown["actionDetails"].items() if name not in others | MEDIA_FIELDS}
    if "startingTime" in body:
        body["startingTime"] = write_instant(body["startingTime"])
    return body


class TestWholeRequests:
    @given(
        fields=st.dictionaries(
            st.sampled_from(["id", "actionType", "responseId", "actionBody", "type"]), ANYTHING | MEANT, max_size=4
        )
    )
    @settings(WORLDS, max_examples=60)
    def test_of_an_answer_are_taken_or_refused(self, world: World, fields: dict[str, Any]) -> None:
        action_id = ask(world, "Job", {"title": "Load", "assignedTo": [MOHAN]})
        sent = world.member.post(f"/groups/{world.group_id}/actions/{action_id}/responses", fields)
        assert sent.status_code in (200, 400, 404), sent.text
