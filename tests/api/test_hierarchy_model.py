"""Random changes to groups, members, links and messages; after each, every answer to everyone is what the model says.

Hypothesis derives the same cases each time. Refused changes are predicted as well, and change nothing.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.api.client import Client
from tests.api.clocks import FakeClock
from tests.api.hierarchy_model import Message, Model
from tests.api.machines import ApiMachine
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, World
from tests.stores import Database

PEOPLE = (ASHA, GITA, MOHAN, OMAR)
GROUPS_MAX = 6
PAGE_SIZES = (2, 100)

MOSTLY = 0.7
CHANGES = {
    "make",
    "link",
    "unlink",
    "add_member",
    "remove_member",
    "change_role",
    "change_policy",
    "delete",
    "send",
    "edit_or_retract",
}


class Machine(ApiMachine):
    """Drives the API and the model alike."""

    def __init__(self, world: World) -> None:
        super().__init__(world, PEOPLE)
        self.model = Model(ASHA)
        self.ids = {number: world.people[number].user_id for number in PEOPLE}

    # Changes. Mostly by whoever may make them; each also refused now and then, in a way that the model foretells.

    @initialize()
    def begin(self) -> None:
        """Three levels, with a member of its own in each, and messages from before and after the linking."""
        top, middle, low = (self.make_group(GITA) for _ in range(3))
        for group, person in ((top, OMAR), (middle, MOHAN), (low, OMAR)):
            self.send(GITA, group)
            self.add_member(GITA, group, person)
        self.link(GITA, top, middle)
        self.send(GITA, top)
        self.link(GITA, middle, low)
        self.send(GITA, top)

    @rule(random=st.randoms(use_true_random=True), change=st.sampled_from(sorted(CHANGES)))
    def act(self, random: Random, change: str) -> None:
        group = random.choice(list(self.model.groups))
        getattr(self, f"randomly_{change}")(random, self.actor(random, group), group)

    def actor(self, random: Random, group: str) -> str:
        admins = [person for person in PEOPLE if self.model.role(person, group) == "Admin"]
        return random.choice(admins or PEOPLE) if random.random() < MOSTLY else random.choice(PEOPLE)

    def randomly_make(self, random: Random, person: str, group: str) -> None:
        if len(self.model.groups) < GROUPS_MAX:
            self.make_group(person) if random.random() < 1 - MOSTLY else self.make_subgroup(person, group)

    def make_group(self, person: str) -> str:
        made: str = self.change(200, person, "POST", "/groups", {"name": "Group"})["groupId"]
        self.model.make(made, person)
        return made

    def make_subgroup(self, person: str, parent: str) -> None:
        verdict = self.model.as_admin(person, parent)
        made = self.change(verdict, person, "POST", f"/groups/{parent}/subGroups", {"name": "Group"})
        if verdict == 200:
            self.model.make(made["groupId"], person)
            self.model.link(parent, made["groupId"])

    def randomly_link(self, random: Random, person: str, group: str) -> None:
        other = random.choice(list(self.model.groups))
        self.link(ASHA if random.random() < MOSTLY else person, group, other)

    def link(self, person: str, parent: str, child: str) -> None:
        model = self.model
        verdict = model.as_admin(person, parent)
        if verdict == 200:
            verdict = model.as_admin(person, child)
        is_there = child in model.children(parent, model.now)
        if verdict == 200 and not is_there and child in model.above(parent, model.now):
            verdict = 409
        self.change(verdict, person, "PUT", f"/groups/{parent}/subGroups", {"subGroups": [child]})
        if verdict == 200:
            model.link(parent, child)

    def randomly_unlink(self, random: Random, _person: str, _group: str) -> None:
        model = self.model
        parent, child, _ = random.choice(model.links)
        person = self.actor(random, parent)
        verdict = model.as_admin(person, parent)
        if verdict == 200 and child not in model.children(parent, model.now):
            verdict = 404
        self.change(verdict, person, "DELETE", f"/groups/{parent}/subGroups/{child}")
        if verdict == 200:
            model.unlink(parent, child)

    def randomly_add_member(self, random: Random, person: str, group: str) -> None:
        self.add_member(person, group, random.choice(PEOPLE))

    def add_member(self, person: str, group: str, new: str) -> None:
        verdict = self.model.as_admin(person, group)
        self.change(verdict, person, "PUT", f"/groups/{group}/members", {"members": [new]})
        if verdict == 200:
            self.model.join(group, new)

    def randomly_remove_member(self, random: Random, person: str, group: str) -> None:
        gone = random.choice(PEOPLE)
        verdict = self.verdict_on_member(person, group, gone)
        if verdict == 200 and self.model.loses_last_admin(gone, group):
            verdict = 409
        self.change(verdict, person, "DELETE", f"/groups/{group}/members/{self.ids[gone]}")
        if verdict == 200:
            self.model.part(group, gone)

    def randomly_change_role(self, random: Random, person: str, group: str) -> None:
        other, role = random.choice(PEOPLE), random.choice(["Admin", "Member"])
        verdict = self.verdict_on_member(person, group, other)
        if verdict == 200 and role == "Member" and self.model.loses_last_admin(other, group):
            verdict = 409
        self.change(verdict, person, "PUT", f"/groups/{group}/members/{self.ids[other]}", {"role": role})
        if verdict == 200:
            self.model.groups[group].roles[other] = role

    def verdict_on_member(self, person: str, group: str, other: str) -> int:
        verdict = self.model.as_admin(person, group)
        return 404 if verdict == 200 and other not in self.model.groups[group].roles else verdict

    def randomly_change_policy(self, random: Random, person: str, group: str) -> None:
        shows = random.random() < MOSTLY
        verdict = self.model.as_admin(person, group)
        self.change(verdict, person, "PUT", f"/groups/{group}", {"showHistory": shows})
        if verdict == 200:
            self.model.groups[group].shows_history = shows

    def randomly_delete(self, random: Random, person: str, group: str) -> None:
        if random.random() < MOSTLY:
            return
        verdict = self.model.as_admin(person, group)
        self.change(verdict, person, "DELETE", f"/groups/{group}")
        if verdict == 200:
            self.model.delete(group)

    def randomly_send(self, _random: Random, person: str, group: str) -> None:
        self.send(person, group)

    def send(self, person: str, group: str) -> None:
        model = self.model
        verdict = model.as_admin(person, group) if model.children(group, model.now) else model.as_member(person, group)
        text = f"message {len(model.messages)}"
        sent = self.change(verdict, person, "POST", f"/groups/{group}/messages", {"message": text})
        if verdict == 200:
            model.messages[sent["referenceId"]] = Message(group, person, model.tick(), text)

    def randomly_edit_or_retract(self, random: Random, _person: str, group: str) -> None:
        name, message = random.choice(list(self.model.messages.items()))
        group = message.group if random.random() < MOSTLY else group
        person = self.actor(random, group)
        path, text = f"/groups/{group}/messages/{name}", f"{message.text}, edited"
        verdict = self.verdict_on_message(person, group, message)
        if random.random() < 1 - MOSTLY:
            self.change(verdict, person, "DELETE", path)
            if verdict == 200:
                message.text, message.is_retracted = "", True
            return
        verdict = 409 if verdict == 200 and message.is_retracted else verdict
        self.change(verdict, person, "PUT", path, {"message": text})
        if verdict == 200:
            message.text, message.is_edited = text, True

    def verdict_on_message(self, person: str, group: str, message: Message) -> int:
        model = self.model
        if not model.shows(person, group, message):
            return 404
        is_admin_there = message.group == group and model.role(person, group) == "Admin"
        return 200 if message.sender == person or is_admin_there else 403

    # Everything that anyone is answered

    def check_invariants(self, *arguments: Any) -> None:
        """After each step, which is when Hypothesis calls this."""
        super().check_invariants(*arguments)
        self.world.clock.advance(seconds=61)  # the number of different people may be a minute old
        self.world.client.run(self.compare_all())

    async def compare_all(self) -> None:
        checks = []
        for person in PEOPLE:
            checks.append(self.compare_lists(person))
            for group in self.model.groups:
                checks.append(self.compare_group(person, group))
                checks.append(self.compare_timeline(person, group))
        await asyncio.gather(*checks)

    def expected(self, person: str, group: str) -> dict[str, Any]:
        model = self.model
        whole, unique, here = model.counts(group)
        return {
            "groupId": group,
            "callerRole": model.role(person, group) or "None",
            "isEditable": model.role(person, group) == "Admin",
            "userCount": whole,
            "uniqueUserCount": unique,
            "currentLevelUserCount": here,
            "unProvisionedUserCount": whole,
            "currentLevelUnProvisionedUserCount": here,
            "currentLevelSubGroupCount": len(model.children(group, model.now)),
            "hasSubGroups": bool(model.children(group, model.now)),
            "currentLevelParentGroupCount": len(model.parents(group, model.now)),
            "hasParentGroups": bool(model.parents(group, model.now)),
        }

    def assert_group(self, found: dict[str, Any], person: str, group: str, *, with_subgroups: bool = True) -> None:
        expected = self.expected(person, group)
        assert {name: found[name] for name in expected} == expected
        if with_subgroups:
            shown = self.model.seen_children(person, group)
            assert [child["groupId"] for child in found["subGroups"]] == shown
            for child in found["subGroups"]:
                self.assert_group(child, person, child["groupId"], with_subgroups=False)

    async def compare_lists(self, person: str) -> None:
        model = self.model
        mine = sorted(name for name, each in model.groups.items() if person in each.roles and not each.is_deleted)
        for query, expected in (("", mine), ("fetchAllGroups=true&", sorted(model.around(person)))):
            for detail in (False, True):
                status, answer = await self.ask("GET", f"/groups?{query}showDetail={detail}", person)
                assert status == 200
                assert [found["groupId"] for found in answer["groups"]] == expected
                for found in answer["groups"]:
                    self.assert_group(found, person, found["groupId"], with_subgroups=detail)

    async def compare_group(self, person: str, group: str) -> None:
        model = self.model
        verdict = 200 if not model.groups[group].is_deleted and model.sees(person, group) else 404
        one = await self.ask("GET", f"/groups/{group}", person)
        listed = await self.ask("GET", f"/groups/{group}/subGroups", person)
        tree = await self.ask("GET", f"/groups/{group}/subGroups?fetchAllGroups=true", person)
        assert (one[0], listed[0], tree[0]) == (verdict, verdict, verdict)
        if verdict == 200:
            for answer in (one[1], one[1]["groups"][0], listed[1], listed[1]["groups"][0]):
                self.assert_group(answer, person, group)
            assert nested(tree[1]["subGroups"]) == model.tree(person, group)
            assert tree[1]["groups"][0]["subGroups"] == tree[1]["subGroups"]
        status, answer = await self.ask("GET", f"/groups/{group}/members", person)
        assert status == model.as_member(person, group)
        if status == 200:
            roles = {self.ids[number]: role for number, role in model.groups[group].roles.items()}
            assert [(member["id"], member["role"]) for member in answer["members"]] == sorted(roles.items())

    async def compare_timeline(self, person: str, group: str) -> None:
        model = self.model
        timeline = model.timeline(person, group)
        for count in PAGE_SIZES:
            for direction in ("older", "newer"):
                found = await self.read_pages(person, group, count, direction)
                assert found == (timeline if model.as_member(person, group) == 200 else None)
        for name, message in model.messages.items():
            status, answer = await self.ask("GET", f"/groups/{group}/messages/{name}", person)
            assert status == (200 if name in timeline else 404)
            if status == 200:
                self.assert_message(answer, message)

    async def read_pages(self, person: str, group: str, count: int, direction: str) -> list[str] | None:
        """Ids, newest first, whichever way they were read; None where there is no such group."""
        found: list[str] = []
        query = f"count={count}&direction={direction}"
        cursor = ""
        while True:
            status, answer = await self.ask("GET", f"/groups/{group}/messages?{query}{cursor}", person)
            if status != 200:
                assert status == 404
                return None
            page = answer["messages"]
            assert len(page) <= count
            for message in page:
                self.assert_message(message, self.model.messages[message["referenceId"]])
            ids = [message["referenceId"] for message in page]
            found = found + ids if direction == "older" else ids + found
            if "cursor" not in answer:
                return found
            cursor = f"&cursor={answer['cursor']}"

    def assert_message(self, found: dict[str, Any], message: Message) -> None:
        assert (found["message"], found["senderId"], found["sourceGroupId"], "editedAt" in found) == (
            message.text,
            self.ids[message.sender],
            message.group,
            message.is_edited,
        )
        assert found.get("isRetracted", False) == message.is_retracted


def nested(groups: list[dict[str, Any]]) -> list[object]:
    """(id, those below or None) of each, as the model says it."""
    return [
        (group["groupId"], nested(group["subGroups"]) if "subGroups" in group else None)
        for group in groups
        if group["isDuplicate"] == ("subGroups" not in group)
    ]


def test_every_answer_is_the_models(client: Client, database: Database, clock: FakeClock) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Machine(World(client, database, clock)),
        settings=settings(
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],  # add Phase.shrink to look into a failure: it takes many minutes
            max_examples=6,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    ("moment", "expected"), [(1, False), (2, True), (4, True), (5, False)], ids=["before", "first", "last", "after"]
)
def test_the_models_own_stretches_begin_and_end_where_they_say(moment: int, expected: bool) -> None:
    model = Model(ASHA)
    model.now = 1
    model.make("group", GITA)
    model.now = 4
    model.part("group", GITA)
    assert model.groups["group"].times[GITA][0].holds_at(moment) == expected
