"""The webhooks of a soak: what has not come, and what should not have come, is found."""

from __future__ import annotations

import json
import random

import pytest

from bench.product import Product
from bench.soak_backlog import check_backlog
from bench.soak_hooks import CREATED, EDITED, FAILING, FAILING_TRIES, HEALTHY, RETRACTED, STRANGER, Hook, check_hook
from bench.soak_load import Client, Sent

GROUP = "group"
TOLD = [(CREATED, "plain", "plain"), (EDITED, "plain", "1"), (EDITED, "plain", "2"), (RETRACTED, "gone", "3")]
"""Type, message, and the event's id, of all that must be told of what the client has sent."""

Call = tuple[str, str, str]


def client() -> Client:
    """Has sent two messages, edited one twice, and edited and retracted the other."""
    sender = Client(Product.__new__(Product), "one", [GROUP], 1.0, random.Random(1))
    sender.sent[GROUP] = {"plain": Sent("text", edit_count=2), "gone": Sent("text", is_retracted=True, edit_count=1)}
    return sender


def hook(kind: str = HEALTHY, *, called: list[Call]) -> Hook:
    one = Hook(0, GROUP, kind, random.Random(1))
    for event_type, message_id, event_id in called:
        assert call(one, event_type, message_id, event_id) == 200
    return one


def call(one: Hook, event_type: str, message_id: str, event_id: str, *, attempt: int = 1) -> int:
    event = {"eventType": event_type, "eventId": event_id, "data": {"referenceId": message_id}}
    return one.answer(json.dumps(event).encode(), attempt)[0]


class TestCheckHook:
    def test_nothing_is_wrong_with_everything_once_or_again(self) -> None:
        assert check_hook(hook(called=TOLD), [client()]) == []
        assert check_hook(hook(called=TOLD + TOLD), [client()]) == []

    def test_of_what_was_retracted_more_may_have_been_told(self) -> None:
        more = [(CREATED, "gone", "gone"), (EDITED, "gone", "4")]
        assert check_hook(hook(called=more + TOLD), [client()]) == []

    @pytest.mark.parametrize("index", range(len(TOLD)))
    def test_each_event_that_is_missing_is_named(self, index: int) -> None:
        (fault,) = check_hook(hook(called=TOLD[:index] + TOLD[index + 1 :]), [client()])
        assert fault.startswith(f"webhook 0 (healthy) has not had 1 events, as {TOLD[index][0]} of {TOLD[index][1]}")

    @pytest.mark.parametrize(
        "foreign", [(CREATED, "of another group", "x"), (EDITED, "plain", "5"), ("SurveyCreated", "plain", "6")]
    )
    def test_each_event_that_should_not_have_come_is_named(self, foreign: Call) -> None:
        (fault,) = check_hook(hook(called=[*TOLD, foreign]), [client()])
        assert fault.startswith(f"webhook 0 (healthy) has had 1 that it should not, as {foreign[0]} of {foreign[1]}")

    def test_a_stranger_is_to_hear_nothing(self) -> None:
        assert check_hook(hook(STRANGER, called=[]), [client()]) == []
        assert check_hook(hook(STRANGER, called=TOLD[:1]), [client()]) != []


def test_one_that_fails_takes_what_it_refused_when_it_comes_again() -> None:
    failing = Hook(0, GROUP, FAILING, random.Random(1))
    answers = [call(failing, CREATED, f"{number}", f"{number}") for number in range(100)]
    assert 5 < answers.count(503) < 50
    refused = [f"{number}" for number, status in enumerate(answers) if status == 503]
    assert {call(failing, CREATED, each, each, attempt=FAILING_TRIES + 1) for each in refused} == {200}
    assert len(failing.arrived) == 100


def test_a_backlog_that_takes_memory_is_a_fault() -> None:
    assert check_backlog(80.0, 94.0, 1_000_000) == []
    assert check_backlog(80.0, 96.0, 1_000_000) == ["1000000 waiting deliveries took 16.0 MB more, at most 15.0 MB"]
