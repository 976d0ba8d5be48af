"""After random doings in ordinary and public groups, everyone is told exactly what the other calls let them read: the
same messages, actions, answers and reactions, and answers by the same people."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.api.answering import TYPES
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World

LEENA = "+919800000005"
STEPS = 120
VISIBILITIES = ("0", "1", "2", "3")


class Doings:
    """People who do things at random in three groups; what is refused is passed over."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed)
        world.add_person(LEENA, "Leena")
        self.people = {number: world.sign_in(number) for number in (ASHA, GITA, MOHAN, OMAR, LEENA)}
        self.cursors = {number: caller.get("/v1/sync").json()["cursor"] for number, caller in self.people.items()}
        asha, gita = self.people[ASHA], self.people[GITA]
        self.public = asha.post("/groups", {"name": "News", "groupType": "ConnectGroup"}).json()["groupId"]
        self.depot = gita.post("/groups", {"name": "Depot", "members": [MOHAN]}).json()["groupId"]
        self.gate = gita.post(f"/groups/{self.depot}/subGroups", {"name": "Gate", "members": [OMAR]}).json()["groupId"]
        asha.put(f"/groups/{self.public}/members", {"members": [GITA]})
        asha.put(f"/groups/{self.public}/subscribers/add", {"subscribers": [MOHAN, OMAR]})
        self.groups = [self.public, self.depot, self.gate]
        self.items: dict[str, str] = {}
        self.actions: list[str] = []

    def run(self) -> None:
        doings = [self.send, self.post, *[self.answer] * 3, *[self.react] * 3, self.retract, self.move]
        for _ in range(STEPS):
            self.random.choice(doings)(self.random.choice(list(self.people.values())), self.random.choice(self.groups))

    def addressed(self) -> dict[str, Any]:
        choices = [{}, {}, {"sendToAllSubscribers": True}, {"subscribers": [OMAR]}, {"subscribers": [MOHAN, OMAR]}]
        return dict(self.random.choice(choices))

    def send(self, caller: Caller, group_id: str) -> None:
        body = {"message": f"message {self.random.random()}", **self.addressed()}
        sent = caller.post(f"/groups/{group_id}/messages", body)
        if sent.status_code == 200:
            self.items[sent.json()["referenceId"]] = group_id

    def post(self, caller: Caller, group_id: str) -> None:
        action_type = self.random.choice(["Poll", "Survey", "com.example.Visit.2", "Announcement"])
        body = {"Title": "Rain", "Message": "Stay"} if action_type == "Announcement" else dict(TYPES[action_type][0])
        if action_type in ("Survey", "com.example.Visit.2"):
            body |= {"visibility": self.random.choice(VISIBILITIES), "acceptMultipleResponses": True}
        elif action_type == "Poll":
            body |= {"isSenderOnly": self.random.random() < 0.3}
        name = {"id": action_type} if "." in action_type else {"actionType": action_type}
        posted = caller.post(f"/groups/{group_id}/actions", {**name, "actionBody": body, **self.addressed()})
        if posted.status_code == 200:
            self.items[posted.json()["actionId"]] = group_id
            if action_type != "Announcement":
                self.actions.append(posted.json()["actionId"])

    def answer(self, caller: Caller, group_id: str) -> None:
        if self.actions:
            action_id = self.random.choice(self.actions)
            path = f"/groups/{self.near(action_id, group_id)}/actions/{action_id}/responses"
            for given in (TYPES[each][1] for each in ("Poll", "Survey", "com.example.Visit.2")):
                if caller.post(path, {"actionBody": given}).status_code == 200:
                    return

    def react(self, caller: Caller, group_id: str) -> None:
        if self.items:
            item_id, source_id = self.random.choice(list(self.items.items()))
            body = {"referenceId": item_id, "sourceGroupId": source_id, "reactionType": "Comment", "comment": "Yes"}
            caller.post(f"/groups/{self.near(item_id, group_id)}/reaction", body)

    def near(self, item_id: str, group_id: str) -> str:
        """Mostly the group that an item was sent to, else another one."""
        return self.items[item_id] if self.random.random() < 0.7 else group_id

    def retract(self, caller: Caller, group_id: str) -> None:
        if self.items and self.random.random() < 0.3:
            item_id = self.random.choice(list(self.items))
            group_id = self.near(item_id, group_id)
            caller.delete(f"/groups/{group_id}/{'actions' if item_id in self.actions else 'messages'}/{item_id}")

    def move(self, _caller: Caller, group_id: str) -> None:
        """Somebody comes, goes, or is made an admin."""
        admin = self.people[ASHA]
        number = self.random.choice([MOHAN, OMAR, LEENA])
        user_id = self.people[number].id
        choice = self.random.randrange(4)
        if choice == 0:
            admin.put(f"/groups/{group_id}/members", {"members": [number]})
        elif choice == 1:
            admin.delete(f"/groups/{group_id}/members/{user_id}")
        elif choice == 2:
            admin.put(f"/groups/{group_id}/members/{user_id}", {"role": self.random.choice(["Admin", "Member"])})
        elif group_id == self.public:
            change = self.random.choice(["add", "remove"])
            admin.put(f"/groups/{group_id}/subscribers/{change}", {"subscribers": [number]})


def told(caller: Caller, cursor: str) -> Iterator[dict[str, Any]]:
    has_more = True
    while has_more:
        answer = caller.get("/v1/sync", cursor=cursor).json()
        yield from answer["events"]
        cursor, has_more = answer["cursor"], answer["hasMore"]


def read_of(doings: Doings, caller: Caller) -> dict[str, Any]:
    """What the other calls show someone: ids of messages and actions, of answers with who gave them, of reactions."""
    found: dict[str, Any] = {"sent": set(), "answers": {}, "reactions": set()}
    for group_id in doings.groups:
        messages = caller.get(f"/groups/{group_id}/messages", count=100)
        if messages.status_code != 200:
            continue
        actions = caller.get(f"/groups/{group_id}/actions", count=100).json()["actions"]
        items = [*messages.json()["messages"], *actions]
        for item in items:
            if item.get("isRetracted"):
                continue
            found["sent"].add(item["referenceId"])
            reactions = caller.get(
                f"/groups/{group_id}/reaction/{item['referenceId']}", sourceGroupId=item["sourceGroupId"]
            ).json()["reactionDetails"]
            found["reactions"] |= {reaction["reactionId"] for reaction in reactions}
        for action in actions:
            path = f"/groups/{group_id}/actions/{action['referenceId']}/responses"
            for response in caller.get(path).json()["responses"]:
                # Seen through two groups, the one that shows more counts.
                name = found["answers"].get(response["responseId"], "") or response["responderName"]
                found["answers"][response["responseId"]] = name
    return found


@pytest.mark.parametrize("seed", range(12))
def test_everyone_is_told_what_they_could_read(world: World, seed: int) -> None:
    doings = Doings(world, seed)
    doings.run()
    told_of_results = 0
    for number, caller in doings.people.items():
        events = list(told(caller, doings.cursors[number]))
        read = read_of(doings, caller)
        sent = {event["eventId"] for event in events if event["eventId"] in doings.items}
        answers = {
            event["eventId"]: event["data"]["responderName"]
            for event in events
            if event["eventType"].endswith("Response")
        }
        reactions = {event["eventId"] for event in events if event["eventType"] == "ReactionCreated"}
        assert sent == read["sent"], number
        assert answers == read["answers"], number
        assert reactions == read["reactions"], number
        told_of_results += len(answers) + len(reactions)
        assert len({event["eventId"] for event in events}) == len(events)
    assert told_of_results, "nothing of interest has happened"
