"""Random changes to a public group, its members, subscribers and messages; after each, every answer is the model's."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.api.client import Client
from tests.api.clocks import FakeClock
from tests.api.machines import ApiMachine
from tests.api.public_model import Message, PublicModel
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, World
from tests.stores import Database

PEOPLE = (ASHA, GITA, MOHAN, OMAR)
PAGE_SIZES = (1, 100)
MOSTLY = 0.7
CHANGES = ("subscribe", "unsubscribe", "add_member", "remove_member", "change_role", "leave", "change_policy", "send",
           "send", "send")  # fmt: skip


class Machine(ApiMachine):
    """Drives the API and the model alike. Each change is refused now and then, in a way that the model foretells."""

    def __init__(self, world: World) -> None:
        super().__init__(world, PEOPLE)
        self.model = PublicModel(ASHA)
        self.ids = {number: world.people[number].user_id for number in PEOPLE}
        self.path = ""
        self.group_id = ""

    @initialize()
    def begin(self) -> None:
        body = {"name": "News", "groupType": "ConnectGroup"}
        for person in (GITA, MOHAN):
            self.change(403, person, "POST", "/groups", body)
        self.group_id = self.change(200, ASHA, "POST", "/groups", body)["groupId"]
        self.path = f"/groups/{self.group_id}"
        self.model.join(ASHA, "Admin")
        self.add_member(ASHA, GITA)
        self.subscribe(ASHA, MOHAN)
        self.subscribe(ASHA, OMAR)
        self.send(ASHA, None, to_all=True)
        self.send(ASHA, [OMAR], to_all=False)
        self.send(OMAR, None, to_all=False)

    @rule(random=st.randoms(use_true_random=True), change=st.sampled_from(CHANGES))
    def act(self, random: Random, change: str) -> None:
        admins = [person for person in PEOPLE if self.model.acts_as(person) == "Admin"]
        person = random.choice(admins if random.random() < MOSTLY else PEOPLE)
        getattr(self, f"randomly_{change}")(random, person, random.choice(PEOPLE))

    def randomly_subscribe(self, _random: Random, person: str, other: str) -> None:
        self.subscribe(person, other)

    def subscribe(self, person: str, other: str) -> None:
        verdict = self.model.as_one_of(person, "Admin")
        answer = self.change(verdict, person, "PUT", f"{self.path}/subscribers/add", {"subscribers": [other]})
        if verdict == 200:
            is_member = self.model.roles.get(other) in ("Admin", "Member")
            assert answer["result"][other]["isAdded"] == (not is_member)
            if not is_member:
                self.model.join(other, "Subscriber")

    def randomly_unsubscribe(self, _random: Random, person: str, other: str) -> None:
        verdict = self.model.as_one_of(person, "Admin")
        answer = self.change(verdict, person, "PUT", f"{self.path}/subscribers/remove", {"subscribers": [other]})
        if verdict == 200:
            is_one = self.model.roles.get(other) == "Subscriber"
            assert answer["result"][other]["isRemoved"] == is_one
            if is_one:
                self.model.part(other)

    def randomly_add_member(self, _random: Random, person: str, other: str) -> None:
        self.add_member(person, other)

    def add_member(self, person: str, other: str) -> None:
        verdict = self.model.as_one_of(person, "Admin")
        self.change(verdict, person, "PUT", f"{self.path}/members", {"members": [other]})
        if verdict == 200:
            self.model.join(other, "Member")

    def randomly_remove_member(self, _random: Random, person: str, other: str) -> None:
        verdict = self.verdict_on_member(person, other)
        if verdict == 200 and self.model.loses_last_admin(other):
            verdict = 409
        self.change(verdict, person, "DELETE", f"{self.path}/members/{self.ids[other]}")
        if verdict == 200:
            self.model.part(other)

    def randomly_change_role(self, random: Random, person: str, other: str) -> None:
        role = random.choice(["Admin", "Member"])
        verdict = self.verdict_on_member(person, other)
        if verdict == 200 and role == "Member" and self.model.loses_last_admin(other):
            verdict = 409
        self.change(verdict, person, "PUT", f"{self.path}/members/{self.ids[other]}", {"role": role})
        if verdict == 200:
            self.model.roles[other] = role

    def verdict_on_member(self, person: str, other: str) -> int:
        verdict = self.model.as_one_of(person, "Admin")
        return 404 if verdict == 200 and self.model.roles.get(other) not in ("Admin", "Member") else verdict

    def randomly_leave(self, random: Random, _person: str, other: str) -> None:
        verdict = 200 if other in self.model.roles else 404
        if verdict == 200 and self.model.loses_last_admin(other):
            verdict = 409
        self.change(verdict, other, "POST", f"{self.path}/leave")
        if verdict == 200:
            self.model.part(other)

    def randomly_change_policy(self, random: Random, person: str, _other: str) -> None:
        shows = random.random() < 1 - MOSTLY
        verdict = self.model.as_one_of(person, "Admin")
        self.change(verdict, person, "PUT", self.path, {"showHistory": shows})
        if verdict == 200:
            self.model.shows_history = shows

    def randomly_send(self, random: Random, person: str, other: str) -> None:
        sender = person if random.random() < MOSTLY else other
        named = random.choice([None, None, [other], [other, random.choice(PEOPLE)]])
        self.send(sender, named, to_all=random.random() < 0.5)

    def send(self, person: str, named: list[str] | None, *, to_all: bool) -> None:
        model = self.model
        verdict, audience, recipients = model.audience_of(person, named, to_all=to_all)
        body = {"message": f"message {len(model.messages)}", "subscribers": named, "sendToAllSubscribers": to_all}
        sent = self.change(verdict, person, "POST", f"{self.path}/messages", body)
        if verdict == 200:
            message = Message(model.tick(), str(body["message"]), person, audience, frozenset(recipients))
            model.messages[sent["referenceId"]] = message
            failed = [] if named is None else [each for each in dict.fromkeys(named) if each not in recipients]
            assert [each["subscriber"] for each in sent.get("failedResult", [])] == failed

    # Everything that anyone is answered

    def check_invariants(self, *arguments: Any) -> None:
        """After each step, which is when Hypothesis calls this."""
        super().check_invariants(*arguments)
        self.world.clock.advance(seconds=61)  # the number of different people may be a minute old
        if self.group_id:
            self.world.client.run(self.compare_all())

    async def compare_all(self) -> None:
        for person in PEOPLE:
            await asyncio.gather(
                self.compare_group(person), self.compare_rosters(person), self.compare_timeline(person)
            )

    async def compare_group(self, person: str) -> None:
        role = self.model.acts_as(person)
        counted = 0 if role == "Subscriber" else len(self.model.roles)
        expected = {"callerRole": role, "groupType": "ConnectGroup", "userCount": counted, "uniqueUserCount": counted,
                    "currentLevelUserCount": counted, "hasSubGroups": False}  # fmt: skip
        status, found = await self.ask("GET", self.path, person)
        assert status == (404 if role is None else 200)
        if role is not None:
            assert {name: found[name] for name in expected} == expected
        _, listed = await self.ask("GET", "/groups", person)
        assert [each["groupId"] for each in listed["groups"]] == ([self.group_id] if person in self.model.roles else [])

    async def compare_rosters(self, person: str) -> None:
        model = self.model
        status, answer = await self.ask("GET", f"{self.path}/members", person)
        assert status == model.as_one_of(person, "Admin", "Member")
        if status == 200:
            expected = sorted((self.ids[each], model.roles[each]) for each in model.with_role("Admin", "Member"))
            assert [(each["id"], each["role"]) for each in answer["members"]] == expected
        status, answer = await self.ask("GET", f"{self.path}/subscribers", person)
        assert status == model.as_one_of(person, "Admin")
        if status == 200:
            expected_ids = sorted(self.ids[each] for each in model.with_role("Subscriber"))
            assert [each["id"] for each in answer["subscribers"]] == expected_ids

    async def compare_timeline(self, person: str) -> None:
        timeline = self.model.timeline(person)
        for count in PAGE_SIZES:
            found: list[str] = []
            cursor: str | None = ""
            while cursor is not None:
                status, answer = await self.ask("GET", f"{self.path}/messages?count={count}&cursor={cursor}", person)
                assert status == (404 if self.model.acts_as(person) is None else 200)
                found += [each["referenceId"] for each in answer.get("messages", [])]
                cursor = answer.get("cursor")
            assert found == timeline
        for name, message in self.model.messages.items():
            status, answer = await self.ask("GET", f"{self.path}/messages/{name}", person)
            assert status == (200 if name in timeline else 404)
            if status == 200:
                assert (answer["message"], answer["senderId"]) == (message.text, self.ids[message.sender])


def test_every_answer_is_the_models(client: Client, database: Database, clock: FakeClock) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Machine(World(client, database, clock)),
        settings=settings(
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],  # add Phase.shrink to look into a failure: it takes many minutes
            max_examples=6,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
