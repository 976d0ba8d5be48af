"""Random lives of actions: posted, answered, changed, closed, over by the clock, taken back; after each step, every
answer to everyone is what the model says.

Hypothesis derives the same cases each time. Refused calls are predicted as well, and change nothing.
"""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.api.client import Client
from tests.api.clocks import FakeClock
from tests.api.life_draws import CARD, KINDS, draw_action, draw_answer
from tests.api.life_model import HOUR_MS, MINUTE_MS, Action, Model, Offer
from tests.api.machines import Answer, ApiMachine
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, World
from tests.stores import Database

PEOPLE = (ASHA, GITA, MOHAN, OMAR)
ACTIONS_MAX = 5
MOSTLY = 0.7
TRIES = 6
"""So often something that is taken is looked for."""

# Answering comes first in every life, and most often.
STEPS = (
    *("answer",) * 6,
    *("change", "post") * 2,
    *("answer_twice", "wait", "close", "retract", "set_property"),
)


class Machine(ApiMachine):
    """Drives the API and the model alike."""

    def __init__(self, world: World) -> None:
        super().__init__(world, PEOPLE)
        people = {number: world.people[number] for number in PEOPLE}
        self.model = Model(ASHA, {n: p.user_id for n, p in people.items()}, {n: p.name for n, p in people.items()})
        self.moment = 0

    @property
    def now_ms(self) -> int:
        return self.world.clock.now_ms

    # Steps. Mostly such as are taken; each also refused now and then, in a way that the model foretells.

    @initialize(seed=st.integers(0, 2**63))
    def begin(self, seed: int) -> None:
        """A group and one below, with a member of its own in each, and an action from before the linking.

        One seed for a whole life: those that Hypothesis draws for single steps are mostly the same few.
        """
        self.random = Random(seed)
        self.top, self.low = (
            self.make_group(members) for members in ({MOHAN: "Member"}, {MOHAN: "Member", OMAR: "Admin"})
        )
        self.post(GITA, self.top, "Survey")
        self.change(200, GITA, "PUT", f"/groups/{self.top}/subGroups", {"subGroups": [self.low]})
        self.model.below[self.low] = (self.top, self.moment)
        for kind in self.random.sample(KINDS, 3):
            self.post(GITA, self.top, kind)

    def make_group(self, others: dict[str, str]) -> str:
        group: str = self.change(200, GITA, "POST", "/groups", {"name": "Group", "members": list(others)})["groupId"]
        for person, role in others.items():
            member = f"/groups/{group}/members/{self.model.ids[person]}"
            if role == "Admin":
                self.change(200, GITA, "PUT", member, {"role": role})
        self.model.roles[group] = {GITA: "Admin", **others}
        return group

    @rule(step=st.sampled_from(STEPS))
    def act(self, step: str) -> None:
        name = self.random.choice(list(self.model.actions))
        person, group = self.random.choice(PEOPLE), self.random.choice(list(self.model.roles))
        getattr(self, f"randomly_{step}")(person, group, name)

    def randomly_post(self, person: str, group: str, _name: str) -> None:
        if len(self.model.actions) < ACTIONS_MAX:
            self.post(person, group, self.random.choice(KINDS))

    def post(self, person: str, group: str, kind: str) -> None:
        self.moment += 1
        action = Action(kind, group, person, self.moment)
        body = draw_action(self.random, action, self.now_ms)
        verdict = 404 if self.model.role(person, group) is None else 200
        sent = {"id" if kind == CARD else "actionType": kind, "actionBody": body}
        answer = self.change(verdict, person, "POST", f"/groups/{group}/actions", sent)
        if verdict == 200:
            self.model.actions[answer["actionId"]] = action

    def randomly_answer(self, person: str, group: str, name: str) -> None:
        tries_left = TRIES if self.random.random() < MOSTLY else 1
        while True:
            action, tries_left = self.model.actions[name], tries_left - 1
            body, offer = draw_answer(self.random, action)
            verdict = self.model.verdict(person, group, action, offer, "", self.now_ms)
            if verdict == 200 or not tries_left:
                break
            person, group = self.random.choice(PEOPLE), self.random.choice(list(self.model.roles))
            if not self.model.is_open(action, self.now_ms):
                name = self.random.choice(list(self.model.actions))
        answer = self.change(verdict, person, "POST", self.path(group, name, "/responses"), {"actionBody": body})
        if verdict == 200:
            self.take(person, action, offer, answer["responseId"])

    def take(self, person: str, action: Action, offer: Offer, given: str) -> None:
        standing = self.model.standing(person, action, offer)
        assert standing is None or standing.name == given
        assert standing is not None or given not in [one.name for one in action.given]
        self.model.take(person, action, offer, standing, given, self.now_ms)

    def randomly_change(self, person: str, group: str, name: str) -> None:
        action = self.model.actions[name]
        everything = [one for each in self.model.actions.values() for one in each.given]
        old = self.random.choice((action.given if self.random.random() < MOSTLY else everything) or [None])
        if old is None:
            return
        if self.random.random() < MOSTLY:
            person = old.person
        body, offer = draw_answer(self.random, action)
        verdict = self.model.verdict(person, group, action, offer, old.name, self.now_ms)
        sent = {"responseId": old.name, "actionBody": body}
        answer = self.change(verdict, person, "POST", self.path(group, name, "/responses"), sent)
        if verdict == 200:
            assert answer == {"responseId": old.name}
            self.model.take(person, action, offer, old, old.name, self.now_ms)

    def randomly_answer_twice(self, person: str, group: str, name: str) -> None:
        """Both at once: where one is allowed, exactly one is taken."""
        action = self.model.actions[name]
        if action.kind == "Job":
            return  # which of two contrary answers is the later one cannot be foretold
        body, offer = draw_answer(self.random, action)
        call = ("POST", self.path(group, name, "/responses"), person, {"actionBody": body})

        async def both() -> list[Answer]:
            return await asyncio.gather(self.ask(*call), self.ask(*call))

        verdicts = []
        answers = sorted(self.world.client.run(both()), key=lambda answer: answer[0])
        for _, answer in answers:
            verdicts.append(self.model.verdict(person, group, action, offer, "", self.now_ms))
            if verdicts[-1] == 200:
                self.take(person, action, offer, answer["responseId"])
        assert [status for status, _ in answers] == verdicts

    def randomly_wait(self, _person: str, _group: str, _name: str) -> None:
        """A while, or until an action's last moment, or the one before."""
        ends = [action.ends_at_ms for action in self.model.actions.values() if action.ends_at_ms is not None]
        soon = [end - self.now_ms for end in ends if 1 < end - self.now_ms < HOUR_MS]
        times_ms = [*[MINUTE_MS] * 8, *soon, *(time_ms - 1 for time_ms in soon)]
        self.world.clock.advance(milliseconds=self.random.choice(times_ms))

    def randomly_close(self, person: str, group: str, name: str) -> None:
        if self.random.random() < MOSTLY:
            person, group = GITA, self.model.actions[name].group
        action = self.model.actions[name]
        verdict = self.model.as_owner(person, group, action)
        verdict = 409 if verdict == 200 and action.is_retracted else verdict
        self.change(verdict, person, "PUT", self.path(group, name, "/close"))
        action.is_closed |= verdict == 200

    def randomly_retract(self, person: str, group: str, name: str) -> None:
        if self.random.random() < MOSTLY:
            person, group = GITA, self.model.actions[name].group
        action = self.model.actions[name]
        verdict = self.model.as_owner(person, group, action)
        self.change(verdict, person, "DELETE", self.path(group, name))
        action.is_retracted |= verdict == 200

    def randomly_set_property(self, person: str, group: str, name: str) -> None:
        action = self.model.actions[name]
        verdict = self.model.as_owner(person, group, action)
        version = self.random.choice([-1, 1, action.version])
        if verdict == 200 and (action.is_retracted or action.kind != CARD or version not in (-1, action.version)):
            verdict = 409
        new = {self.random.choice("ab"): self.random.choice("xy")}
        changed = [{"name": key, "value": value} for key, value in new.items()]
        self.change(verdict, person, "PUT", self.path(group, name), {"version": version, "updateProperties": changed})
        if verdict == 200 and not new.items() <= action.properties.items():
            action.properties |= new
            action.version += 1

    def path(self, group: str, name: str, rest: str = "") -> str:
        return f"/groups/{group}/actions/{name}{rest}"

    # Everything that anyone is answered

    def check_invariants(self, *arguments: Any) -> None:
        """After each step, which is when Hypothesis calls this."""
        super().check_invariants(*arguments)
        self.world.client.run(self.compare_all())

    async def compare_all(self) -> None:
        checks = []
        for person in PEOPLE:
            for group in self.model.roles:
                checks.append(self.compare_list(person, group))
                checks.extend(self.compare_one(person, group, name) for name in self.model.actions)
        await asyncio.gather(*checks)

    async def compare_list(self, person: str, group: str) -> None:
        model = self.model
        status, answer = await self.ask("GET", f"/groups/{group}/actions?count=100", person)
        assert status == (404 if model.role(person, group) is None else 200)
        if status == 200:
            shown = [name for name, action in model.actions.items() if model.shows(person, group, action)]
            assert [found["referenceId"] for found in answer["actions"]] == shown
            assert answer["hasMore"] is False
            for found in answer["actions"]:
                self.assert_entry(found, person, group)

    def assert_entry(self, found: dict[str, Any], person: str, group: str) -> None:
        action = self.model.actions[found["referenceId"]]
        expected = (self.model.ids[action.sender], action.group, action.version, action.is_retracted)
        assert (found["senderId"], found["sourceGroupId"], found["version"], "isRetracted" in found) == expected
        self.assert_body(found["actionBody"], person, group, action)

    def assert_body(self, found: dict[str, Any], person: str, group: str, action: Action) -> None:
        """The counters and what changes; the forms themselves are other tests' concern."""
        model = self.model
        if action.is_retracted:
            assert found.keys() <= {"actionId", "status", "responses", "hasMore"}
            assert found["status"] == "Retracted"
            return
        sees = model.sees_results(person, group, action)
        if action.kind != "Checklist":
            assert found["responseCount"] == (len(action.given) if sees else 0)
        if action.kind == "Job":
            assert found["isCompleted"] == (sees and model.is_completed(action))
            is_theirs = person in action.assignees
            assert (found["assigneeCount"], found["isAssignedToMe"]) == (len(action.assignees), is_theirs)
        if action.kind == CARD:
            assert {each["name"]: each["value"] for each in found["properties"]} == action.properties

    async def compare_one(self, person: str, group: str, name: str) -> None:
        model, action = self.model, self.model.actions[name]
        status, answer = await self.ask("GET", self.path(group, name, "?getDetails=true"), person)
        verdict = 200 if model.shows(person, group, action) else 404
        assert status == verdict
        pages = await self.read_pages(person, group, name)
        assert (pages is None) == (verdict == 404)
        if pages is None:
            return
        self.assert_entry(answer["actions"][0], person, group)
        self.assert_body(answer["actionDetails"], person, group, action)
        if not action.is_retracted:
            assert answer["actionDetails"]["status"] == model.status(action, self.now_ms)
        expected = model.responses(person, group, action)
        for found in (pages, answer["actionDetails"]["responses"]):
            assert in_order(found, action) == in_order(expected, action)
        self.assert_sums(answer["actionDetails"], person, group, action)

    def assert_sums(self, found: dict[str, Any], person: str, group: str, action: Action) -> None:
        model = self.model
        expected: dict[str, Any] = {}
        if model.sees_results(person, group, action):
            expected["responderCount"] = len({one.person for one in action.given})
        if model.sees_answers(person, group, action):
            if action.questions:
                expected["results"] = model.results(action)
            if action.items:
                expected["itemResults"] = model.item_results(action)
        names = ("responderCount", "results", "itemResults")
        assert {name: found[name] for name in names if name in found} == expected

    async def read_pages(self, person: str, group: str, name: str) -> list[dict[str, Any]] | None:
        """All answers, a few at a time; None where there is no such action."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            status, answer = await self.ask("GET", self.path(group, name, f"/responses?count=3{cursor}"), person)
            if status != 200:
                assert status == 404
                return None
            action = self.model.actions[name]
            sees = self.model.sees_results(person, group, action)
            assert answer["responseCount"] == (len(action.given) if sees else 0)
            self.assert_sums(answer, person, group, action)
            found += answer["responses"]
            assert answer["hasMore"] == ("cursor" in answer)
            if "cursor" not in answer:
                return found
            cursor = f"&cursor={answer['cursor']}"


def in_order(responses: list[dict[str, Any]], action: Action) -> list[dict[str, Any]]:
    """Anonymous answers of an hour come in any order, under ids that nobody knows."""
    if not action.is_anonymous:
        return responses
    shown = [{name: value for name, value in one.items() if name != "responseId"} for one in responses]
    return sorted(shown, key=lambda one: (one["respondedAt"], json.dumps(one)))


def test_every_answer_is_the_models(client: Client, database: Database, clock: FakeClock) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Machine(World(client, database, clock)),
        settings=settings(
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],  # add Phase.shrink to look into a failure: it takes many minutes
            max_examples=7,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
