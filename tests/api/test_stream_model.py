"""Random changes to groups, members, links and messages, as in `test_hierarchy_model`: after each, everyone's live
stream has had exactly the messages that the model shows them at that moment, and synchronisation those that it shows
them now.

What was sent to a group that was deleted since is left out where the organization's admin would see it through a group
below alone: that is read with the calls of that group.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.api.client import Client
from tests.api.clocks import FakeClock
from tests.api.hierarchy_model import Message
from tests.api.listening import Listener
from tests.api.test_hierarchy_model import PEOPLE, Machine
from tests.api.worlds import ASHA, Caller, World
from tests.stores import Database


class StreamMachine(Machine):
    """The same changes; what is compared is what is told."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        callers = {number: Caller(world.client, self.tokens[number], world.people[number]) for number in PEOPLE}
        self.cursors = {number: callers[number].get("/v1/sync").json()["cursor"] for number in PEOPLE}
        self.listeners = {number: Listener(caller) for number, caller in callers.items()}
        self.heard: dict[str, list[str]] = {number: [] for number in PEOPLE}

    def teardown(self) -> None:
        for listener in self.listeners.values():
            listener.go_away()

    def send(self, person: str, group: str) -> None:
        before = set(self.model.messages)
        super().send(person, group)
        for name in self.model.messages.keys() - before:
            for number in PEOPLE:
                if self.is_shown(number, self.model.messages[name]):
                    self.heard[number].append(name)
            self.compare_streams()

    def is_shown(self, person: str, message: Message) -> bool:
        """Whether the model shows a message to a person through any group."""
        if person == ASHA and self.model.groups[message.group].is_deleted:
            mine = [name for name, group in self.model.groups.items() if ASHA in group.roles]
            return any(self.model.shows(ASHA, group, message) for group in mine)
        return any(self.model.shows(person, group, message) for group in self.model.groups)

    def check_invariants(self, *arguments: Any) -> None:
        """After each step, which is when Hypothesis calls this."""
        RuleBasedStateMachine.check_invariants(self, *arguments)
        self.world.clock.advance(seconds=61)
        self.compare_streams()
        for number in PEOPLE:
            shown = [
                name
                for name, message in self.model.messages.items()
                if not message.is_retracted and self.is_shown(number, message)
            ]
            assert self.world.client.run(self.read_all(number)) == shown

    def compare_streams(self) -> None:
        for number, listener in self.listeners.items():
            expected = self.heard[number]
            listener.wait_for(lambda: len(sent_in(listener.events)) >= len(expected))  # noqa: B023 - waits here and now
            assert sent_in(listener.events) == expected
            assert not listener.is_over

    async def read_all(self, person: str) -> list[str]:
        found: list[str] = []
        cursor, has_more = self.cursors[person], True
        while has_more:
            status, answer = await self.ask("GET", f"/sync?cursor={cursor}&limit=7", person)
            assert status == 200
            found += sent_in(answer["events"])
            cursor, has_more = answer["cursor"], answer["hasMore"]
        return found


def sent_in(events: list[dict[str, Any]]) -> list[str]:
    """The ids of the messages that events tell of."""
    return [event["eventId"] for event in events if event["eventType"] == "TextMessageCreated"]


def test_everyone_is_told_what_the_model_shows_them(client: Client, database: Database, clock: FakeClock) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: StreamMachine(World(client, database, clock)),
        settings=settings(
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],  # add Phase.shrink to look into a failure: it takes many minutes
            max_examples=12,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
