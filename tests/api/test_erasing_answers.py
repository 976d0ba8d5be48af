"""A retracted action's answers: erased at once, or if there are many, a little at a time, and shown to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.responses import endings
from chaupal.responses.endings import erase_more_answers
from tests.api.answering import answer, answered, ask, assert_refused, counts_of, seen
from tests.api.test_anonymity import dump, words_in
from tests.api.worlds import World

AT_ONCE = 3
GIVEN = 7
SURVEY: dict[str, Any] = {
    "title": "a secret title",
    "acceptMultipleResponses": True,
    "questions": [
        {"title": "a secret question", "type": "Text"},
        {"title": "Which?", "type": "SingleOption", "options": ["a secret option", "another"]},
    ],
}


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "ERASED_AT_ONCE", AT_ONCE)


def ask_and_answer(world: World, count: int, **fields: Any) -> str:
    action_id = ask(world, "Survey", {**SURVEY, **fields})
    for number in range(count):
        body = {"responseName": "a secret name", "answers": [f"secret {number}", "a secret option"]}
        answered(world.member, world.group_id, action_id, body)
    return action_id


def retract(world: World, action_id: str) -> None:
    assert world.group_admin.delete(f"/groups/{world.group_id}/actions/{action_id}").status_code == 200


def sweep(world: World, limit: int) -> int:
    erased: int = world.do(lambda tx, _operator, count: erase_more_answers(tx, limit=count), limit)
    return erased


def left_of(world: World, action_id: str) -> int:
    return [row["action_id"] for row in dump(world)["responses"]].count(action_id)


@pytest.mark.parametrize("is_anonymous", [False, True])
class TestRetract:
    @pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1])
    def test_erases_a_few_answers_at_once(self, world: World, is_anonymous: bool, count: int) -> None:
        action_id = ask_and_answer(world, count, isAnonymous=is_anonymous)
        retract(world, action_id)
        held = dump(world)
        assert [row for rows in held.values() for row in rows if "secret" in words_in(row)] == []
        assert held["answer_erasures"] == held["answer_keys"] == []
        assert counts_of(world, action_id)[0] == count

    def test_erases_many_a_little_at_a_time(self, world: World, is_anonymous: bool) -> None:
        action_id = ask_and_answer(world, GIVEN, isAnonymous=is_anonymous)
        retract(world, action_id)
        assert left_of(world, action_id) == GIVEN - AT_ONCE
        assert sweep(world, 2) == 2
        assert left_of(world, action_id) == GIVEN - AT_ONCE - 2
        assert sweep(world, 100) == GIVEN - AT_ONCE - 2
        held = dump(world)
        assert held["responses"] == held["answer_erasures"] == held["answer_keys"] == []
        assert [row for rows in held.values() for row in rows if "secret" in words_in(row)] == []
        assert sweep(world, 100) == 0
        assert counts_of(world, action_id)[0] == GIVEN

    def test_shows_nobody_what_is_still_there(self, world: World, is_anonymous: bool) -> None:
        action_id = ask_and_answer(world, GIVEN, isAnonymous=is_anonymous)
        retract(world, action_id)
        assert left_of(world, action_id) > 0
        path = f"/groups/{world.group_id}/actions/{action_id}"
        for caller in (world.group_admin, world.member, world.tenant_admin):
            details = seen(caller, world.group_id, action_id)
            assert details == {"actionId": action_id, "status": "Retracted", "responses": [], "hasMore": False}
            listed = caller.get(f"{path}/responses").json()
            assert listed == {"responses": [], "hasMore": False, "responseCount": 0}
            assert "secret" not in caller.get(path).text + caller.get(f"/groups/{world.group_id}/actions").text
        assert_refused(answer(world.member, world.group_id, action_id, {"answers": ["late", "another"]}), "Conflict")

    def test_tells_of_no_answer_any_more(self, world: World, is_anonymous: bool) -> None:
        action_id = ask_and_answer(world, GIVEN, isAnonymous=is_anonymous)
        retract(world, action_id)
        position = world.position
        world.clock.advance(hours=2)
        world.do(sweep_once, SweepLimits.of(world.house.settings))
        assert world.position == position
        assert left_of(world, action_id) == 0

    def test_leaves_other_actions_alone(self, world: World, is_anonymous: bool) -> None:
        kept = ask_and_answer(world, GIVEN, isAnonymous=is_anonymous)
        retract(world, ask_and_answer(world, GIVEN, isAnonymous=is_anonymous))
        sweep(world, 100)
        assert len(seen(world.group_admin, world.group_id, kept)["responses"]) == GIVEN
        assert counts_of(world, kept)[0] == GIVEN


def test_closing_erases_nothing_but_who_has_answered(world: World) -> None:
    action_id = ask_and_answer(world, GIVEN, isAnonymous=True)
    assert len(dump(world)["answer_keys"]) == 1
    assert world.group_admin.put(f"/groups/{world.group_id}/actions/{action_id}/close").status_code == 200
    assert dump(world)["answer_keys"] == []
    assert len(seen(world.group_admin, world.group_id, action_id)["responses"]) == GIVEN
