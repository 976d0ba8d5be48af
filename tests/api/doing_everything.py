"""One organization in which everything happens once that events tell of, by the API's calls; what only the operator
can do, by the rules behind the operator's commands."""

from __future__ import annotations

from typing import Any

from chaupal.connectors.rules import ConnectorChange, NewConnector, change_connector, create_connector, delete_connector
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.people.rules import PersonChange, change_person
from tests.api.answering import PLACE, TYPES, answered, ask
from tests.api.files import PDF, Part, picture
from tests.api.hooks import HookReceiver, draft, register
from tests.api.test_importing import FEBRUARY_US, bring, member, message
from tests.api.test_pins import generate, log_in
from tests.api.uploads import resource_of, upload
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World

CREATED: dict[str, dict[str, Any]] = {
    "Announcement": {"Title": "Rain", "Message": "Stay home"},
    "ShareLocation": PLACE,
    "LetsMeet": {**TYPES["LetsMeet"][0], "agenda": "Week", "place": PLACE},
    **{name: TYPES[name][0] for name in ("Job", "Poll", "Survey", "com.example.Visit.2", "LiveLocation", "Checklist")},
}
ANSWERED = ("Job", "Poll", "LetsMeet", "Survey", "com.example.Visit.2")


class Everything:
    """Call the parts in their order, and read what is told after each: what was taken back before is not told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.group_path = f"/groups/{world.group_id}"
        self.actions: dict[str, str] = {}
        self.message_id = self.reaction_id = self.child_id = ""

    def send(self) -> None:
        """Things are sent to the group, people come, a group is put below."""
        world, gita = self.world, self.world.group_admin
        self.message_id = world.send("नमस्ते")
        for name, body in CREATED.items():
            self.actions[name] = ask(world, name, body)
        photo = resource_of(upload(gita, Part(picture(), "yard.jpg", "image/jpeg")))
        ask(world, "Image", {"mediaResource": photo, "caption": "Yard"})
        ask(world, "PhotoWithLocation", {"mediaResource": photo, "caption": "Here", **PLACE})
        did(gita, "PUT", self.group_path + "/members", {"members": [OMAR]})
        self.child_id = world.make_group("Gate")
        did(gita, "PUT", self.group_path + "/subGroups", {"subGroups": [self.child_id]})

    def answer(self) -> None:
        """What was sent is answered, liked, commented on and edited."""
        world, path = self.world, self.group_path
        for name in ANSWERED:
            answered(world.member, world.group_id, self.actions[name], TYPES[name][1])
        secret = ask(
            world, "Survey", {"title": "Mood", "isAnonymous": True, "questions": [{"title": "?", "type": "Text"}]}
        )
        for caller in (world.group_admin, world.member, world.outsider):
            answered(caller, world.group_id, secret, {"answers": ["fine"]})
        about = {"referenceId": self.message_id, "sourceGroupId": world.group_id}
        did(world.member, "POST", path + "/reaction", {**about, "reactionType": "Like"})
        comment = {**about, "reactionType": "Comment", "comment": "At last"}
        self.reaction_id = did(world.member, "POST", path + "/reaction", comment)["reactionId"]
        did(world.group_admin, "PUT", f"{path}/messages/{self.message_id}", {"message": "नमस्कार"})

    def change(self) -> None:
        """What was sent is changed, people and groups go."""
        world, gita, path = self.world, self.world.group_admin, self.group_path
        visit = f"{path}/actions/{self.actions['com.example.Visit.2']}"
        properties = [{"name": "Status", "type": "Text", "value": "Done"}]
        did(gita, "PUT", visit, {"version": -1, "updateProperties": properties})
        did(gita, "POST", visit + "/reminder", {})
        did(gita, "PUT", visit + "/close", {})
        omar = f"{path}/members/{world.people[OMAR].user_id}"
        did(gita, "PUT", omar, {"role": "Admin"})
        did(gita, "DELETE", omar)
        did(gita, "DELETE", f"{path}/subGroups/{self.child_id}")
        did(gita, "PUT", f"/groups/{self.child_id}", {"name": "Gate 2"})
        did(gita, "DELETE", f"/groups/{self.child_id}")

    def take_back(self) -> None:
        """What was sent and liked is taken back."""
        gita, path = self.world.group_admin, self.group_path
        did(gita, "DELETE", f"{path}/actions/{self.actions['com.example.Visit.2']}")
        did(self.world.member, "DELETE", f"{path}/reaction/{self.reaction_id}")
        did(gita, "DELETE", f"{path}/messages/{self.message_id}")

    def manage(self, receiver: HookReceiver) -> None:
        """What concerns no group: people, bots, connectors, tokens, webhooks, files, and what is brought along."""
        world, gita = self.world, self.world.group_admin
        assert generate(world, OMAR).status_code == 200
        assert log_in(world, world.pin_of(OMAR), OMAR).status_code == 200
        world.do(change_person, PersonChange(ASHA, name="Asha K"))
        connector = world.do(create_connector, (NewConnector("Till"), world.secret_key)).connector
        world.do(change_connector, ConnectorChange(connector.shown_id, name="Till 2"))
        world.do(delete_connector, connector.shown_id)
        bot_id = did(gita, "POST", "/bot", {"name": "Till"})["botUserId"]
        did(gita, "PUT", f"/bot/{bot_id}", {"name": "Till 2"})
        did(gita, "GET", f"/bot/accessToken/{bot_id}")
        did(gita, "DELETE", f"/bot/{bot_id}")
        webhook_id = register(gita, draft(receiver, world.group_id))
        for active in ("false", "true"):
            did(gita, "PUT", f"/webhook/{webhook_id}", {"Active": active})
        did(gita, "DELETE", f"/webhook/{webhook_id}")
        upload(gita, Part(PDF, "unused.pdf", "application/pdf"))
        bring(world, message("m1", "old", sender="Ravi"), member(MOHAN, joined_at_us=FEBRUARY_US))
        bring(world, member(GITA, joined_at_us=FEBRUARY_US))
        # The sweep removes files that nobody has used, and tells of anonymous answers after their hour.
        limits = SweepLimits.of(world.house.settings)
        world.clock.advance(days=limits.orphans_days + 1)
        world.do(sweep_once, limits)


def did(caller: Caller, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """The answer to a call that succeeds."""
    answer = caller.call(method, path, body)
    assert answer.status_code == 200, f"{method} {path}: {answer.text}"
    return dict(answer.json())
