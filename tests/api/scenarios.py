"""Scenario tables: one row says who calls what and what comes of it: answer, what it must not say, and events.

    TABLE = (
        Scenario("a member posts", "POST {group}/messages", "member", {"message": "hi"},
                 answer={"referenceId": GUID}, events={"TextMessageCreated": 1}),
    )

    @scenarios(TABLE)
    def test_posting(world, scenario):
        scenario.play(world)

A row names all events that its call emits; where it names none, none may have been emitted. The words in braces are
those of `_PLACES`; `{group}` is the path of the world's group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.api.client import assert_error
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UNKNOWN_ID = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Scenario:
    """One row."""

    sentence: str
    call: str
    caller: str
    body: Any = None
    status: int = 200
    answer: Any = field(default_factory=dict)
    forbidden: Sequence[str] = ()
    events: dict[str, int] = field(default_factory=dict)
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | str | None = None

    def play(self, world: World) -> httpx.Response:
        """Make the call and check everything that the row says."""
        caller: Caller | None = getattr(world, self.caller) if self.caller else None
        method, path = fill_in(self.call, world).split(" ", 1)
        body, expected = fill_in(self.body, world), fill_in(self.answer, world)
        position = world.position
        answer = world.client.call(
            method,
            path,
            token=caller.access_token if caller else "",
            body=body,
            content=self.content,
            headers=self.headers,
        )
        assert answer.status_code == self.status, answer.text
        if self.status != 200:
            assert_error(answer, code=self.code)
        assert_matches(answer.json(), expected)
        for text in self.forbidden:
            assert text not in answer.text
        assert world.count_events_after(position) == self.events
        return answer


def scenarios(table: Sequence[Scenario]) -> Callable[..., Any]:
    """Run a test once for each row; the row's sentence is the test's name."""
    return pytest.mark.parametrize("scenario", table, ids=[row.sentence for row in table])


_PLACES: dict[str, Callable[[World], str]] = {
    "group": lambda world: f"/v1/groups/{world.group_id}",
    "group_id": lambda world: world.group_id,
    "unknown": lambda _world: UNKNOWN_ID,
    "admin_id": lambda world: world.people[GITA].user_id,
    "member_id": lambda world: world.people[MOHAN].user_id,
    "outsider_id": lambda world: world.people[OMAR].user_id,
    "tenant_admin_id": lambda world: world.people[ASHA].user_id,
    "application_id": lambda world: world.application_id,
    "tenant_id": lambda world: world.tenant_id,
    "others_group": lambda world: f"/v1/groups/{world.other_world.group_id}",
}


def fill_in(value: Any, world: World) -> Any:
    """The value with every `{place}` in its texts filled in, at any depth."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: _PLACES[found[1]](world), value)
    if isinstance(value, list):
        return [fill_in(each, world) for each in value]
    if isinstance(value, dict):
        return {name: fill_in(each, world) for name, each in value.items()}
    return value


def assert_matches(found: Any, expected: Any, place: str = "answer") -> None:
    """An expected dict may leave out what it does not care for; a pattern is matched, a type is an instance's."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), place
        for name, value in expected.items():
            assert name in found, f"{place} has no {name}"
            assert_matches(found[name], value, f"{place}.{name}")
    elif isinstance(expected, list):
        assert isinstance(found, list), place
        assert len(found) == len(expected), f"{place}: {found}"
        for index, value in enumerate(expected):
            assert_matches(found[index], value, f"{place}[{index}]")
    elif isinstance(expected, re.Pattern):
        assert isinstance(found, str), place
        assert expected.fullmatch(found), f"{place}: {found}"
    elif isinstance(expected, type):
        assert type(found) is expected, f"{place}: {found!r}"
    else:
        assert found == expected, f"{place}: {found!r}"
        assert type(found) is type(expected), f"{place}: {found!r}"
