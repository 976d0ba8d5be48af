"""Who sees how much of the answers to an action: by role, by `visibility`, by anonymity, in ordinary and public groups,
and the same everywhere a result can appear: details, lists, pages of answers, counters, sums, quotes, reactions and
what is told of events. Source: contract, section 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from chaupal.auth.permissions import Permission
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from tests.api.answering import answered, ask
from tests.api.client import assert_error
from tests.api.files import Part, picture
from tests.api.test_reactions import reacted
from tests.api.test_subscribers import KAVYA
from tests.api.test_timelines import make_below
from tests.api.uploads import resource_of, upload
from tests.api.worlds import ALL_PERMISSIONS, ASHA, GITA, MOHAN, OMAR, Caller, World

LEENA, RAVI = "+919800000005", "+919800000006"

# How much someone sees. "all": every answer, and by whom; "unnamed": every answer, by nobody; "counts": how many there
# are; "own": what they have answered themselves, and no count; "none": that there is such an action at all.
LEVELS = ("all", "unnamed", "counts", "own", "none")

DEPOT_ADMINS = ("admin", "tenant admin", "group token")
DEPOT_OTHERS = ("member", "below", "admin below", "bot")
DEPOT_TABLE: dict[str, dict[str, str]] = {
    "0": dict.fromkeys(("sender", *DEPOT_ADMINS, *DEPOT_OTHERS), "all"),
    "1": {"sender": "all", **dict.fromkeys((*DEPOT_ADMINS, *DEPOT_OTHERS), "own")},
    "2": {**dict.fromkeys(("sender", *DEPOT_ADMINS), "all"), **dict.fromkeys(DEPOT_OTHERS, "own")},
    "3": dict.fromkeys(("sender", *DEPOT_ADMINS, *DEPOT_OTHERS), "all"),
}
# Of a public group: (whom the action goes to, visibility) -> who sees what. Who is not named sees nothing.
NEWS_TABLE: dict[tuple[str, str], dict[str, str]] = {
    ("all", "0"): {"sender": "all", "admin": "all", "member": "own", "subscriber": "own", "other subscriber": "own"},
    ("all", "1"): {"sender": "all", "admin": "own", "member": "own", "subscriber": "own", "other subscriber": "own"},
    ("all", "2"): {"sender": "all", "admin": "all", "member": "own", "subscriber": "own", "other subscriber": "own"},
    ("all", "3"): {"sender": "all", "admin": "all", **dict.fromkeys(("member", "subscriber", "other subscriber"),
                                                                   "unnamed")},
    ("members", "0"): {"sender": "all", "admin": "all", "member": "all"},
    ("members", "1"): {"sender": "all", "admin": "own", "member": "own"},
    ("members", "2"): {"sender": "all", "admin": "all", "member": "own"},
    ("members", "3"): {"sender": "all", "admin": "all", "member": "all"},
    ("one", "0"): {"sender": "all", "admin": "all", "subscriber": "own"},
    ("one", "1"): {"sender": "all", "admin": "own", "subscriber": "own"},
    ("one", "2"): {"sender": "all", "admin": "all", "subscriber": "own"},
    ("one", "3"): {"sender": "all", "admin": "all", "subscriber": "unnamed"},
}  # fmt: skip
ADDRESSED: dict[str, dict[str, Any]] = {
    "all": {"sendToAllSubscribers": True}, "members": {}, "one": {"subscribers": [OMAR]},
}  # fmt: skip
ANONYMOUS_FROM = 3


@dataclass
class Scene:
    """People by what they are, each with the group through which they look; and who has answered what."""

    world: World
    group_id: str
    people: dict[str, tuple[Caller, str]]
    cursors: dict[str, str] = field(default_factory=dict)
    is_anonymous: bool = False
    action_id: str = ""
    quoting_id: str = ""
    texts: dict[str, str] = field(default_factory=dict)

    def ask(self, visibility: str, *, is_anonymous: bool, **addressed: Any) -> None:
        """The sender asks, quotes and likes the action."""
        sender, group_id = self.people["sender"]
        self.is_anonymous = is_anonymous
        self.cursors = {role: caller.get("/v1/sync").json()["cursor"] for role, (caller, _) in self.people.items()}
        body = {"title": "Day", "visibility": visibility, "isAnonymous": is_anonymous,
                "questions": [{"title": "Why?", "type": "Text"}]}  # fmt: skip
        self.action_id = self.world.post_action(
            {"actionType": "Survey", "actionBody": body, **addressed}, sender=sender, group_id=group_id
        )
        quoting = {"actionType": "Announcement", "actionBody": {"Message": "Please answer"}, **addressed}
        quoting["replyToReferenceId"] = self.action_id
        self.quoting_id = self.world.post_action(quoting, sender=sender, group_id=group_id)
        reacted(sender, group_id, self.action_id)

    def answer(self, *roles: str) -> None:
        for role in roles:
            caller, group_id = self.people[role]
            self.texts[role] = f"text of the {role.replace(' ', '-')}."
            body = {"responseName": f"name by {role}", "answers": [self.texts[role]]}
            answered(caller, group_id, self.action_id, body)

    def tell(self) -> None:
        """Events of anonymous answers come after their hour."""
        self.world.clock.advance(hours=1)
        self.world.do(sweep_once, SweepLimits.of(self.world.house.settings))

    def secrets_of(self, role: str) -> set[str]:
        person = self.people[role][0].person
        return {person.user_id, person.mobile_number or "no number", person.name, f"name by {role}"}


@pytest.fixture
def depot(world: World) -> Scene:
    """Mohan asks in Gita's group; Omar is in the group below, whose admin is Ravi."""
    for number, name in ((LEENA, "Leena"), (RAVI, "Ravi")):
        world.add_person(number, name)
    group_id = world.make_group("Depot", members=[MOHAN, LEENA])
    below = make_below(world, group_id, "Drivers", [OMAR, RAVI])
    ravi = world.people[RAVI].user_id
    assert world.group_admin.put(f"/groups/{below}/members/{ravi}", {"role": "Admin"}).status_code == 200
    here = {
        "sender": world.member,
        "admin": world.group_admin,
        "tenant admin": world.tenant_admin,
        "group token": world.sign_in(GITA, group_id=group_id),
        "member": world.sign_in(LEENA),
        "bot": world.make_bot(group_id=group_id),
    }
    lower = {"below": world.outsider, "admin below": world.sign_in(RAVI)}
    people = {**{role: (caller, group_id) for role, caller in here.items()},
              **{role: (caller, below) for role, caller in lower.items()}}  # fmt: skip
    return Scene(world, group_id, people)


@pytest.fixture
def news(world: World) -> Scene:
    """Asha asks in her public group."""
    for number, name in ((LEENA, "Leena"), (KAVYA, "Kavya")):
        world.add_person(number, name)
    asha = world.tenant_admin
    body = {"name": "News", "groupType": "ConnectGroup", "members": [MOHAN, GITA]}
    group_id = asha.post("/groups", body).json()["groupId"]
    path = f"/groups/{group_id}/members/{world.people[GITA].user_id}"
    assert asha.put(path, {"role": "Admin"}).status_code == 200
    added = asha.put(f"/groups/{group_id}/subscribers/add", {"subscribers": [OMAR, KAVYA]})
    assert added.status_code == 200, added.text
    people = {
        "sender": asha,
        "admin": world.group_admin,
        "member": world.member,
        "subscriber": world.outsider,
        "other subscriber": world.sign_in(KAVYA),
    }
    return Scene(world, group_id, {role: (caller, group_id) for role, caller in people.items()})


def assert_sees(scene: Scene, role: str, level: str) -> None:
    caller, group_id = scene.people[role]
    bodies = read_everything(scene, role)
    if level == "none":
        assert caller.get(f"/groups/{group_id}/actions/{scene.action_id}").status_code == 404
        assert scene.action_id not in "".join(bodies.values())
        return
    sees_all = level in ("all", "unnamed")
    # A group's token acts for the admin who has made it, whose answers are the own.
    mine = {answerer for answerer in scene.texts if scene.people[answerer][0].id == caller.id}
    own = set() if scene.is_anonymous else mine
    shown = scene.texts.keys() if sees_all else own if level == "own" else set()
    named = scene.texts.keys() if level == "all" else own
    assert_bodies(scene, role, bodies, shown=set(shown), named=set(named))
    assert_numbers(scene, role, level, shown=set(shown))


def read_everything(scene: Scene, role: str) -> dict[str, str]:
    """Every answer in which a result could stand, as it came."""
    caller, group_id = scene.people[role]
    one, source = f"/groups/{group_id}/actions/{scene.action_id}", f"?sourceGroupId={scene.group_id}"
    paths = {
        "details": f"{one}?getDetails=true",
        "action": one,
        "list": f"/groups/{group_id}/actions",
        "page": f"{one}/responses",
        "quote": f"/groups/{group_id}/actions/{scene.quoting_id}",
        "reactions": f"/groups/{group_id}/reaction/{scene.action_id}{source}",
        "reaction counts": f"/groups/{group_id}/reaction/summary{source}",
    }
    found = {name: caller.get(path).text for name, path in paths.items()}
    events = caller.get("/v1/sync", cursor=scene.cursors[role]).json()["events"]
    found["events"] = str([event for event in events if event["eventType"].endswith("Response")])
    return found


def assert_bodies(scene: Scene, role: str, bodies: dict[str, str], *, shown: set[str], named: set[str]) -> None:
    for answerer, text in scene.texts.items():
        for place in ("details", "page", "events"):
            assert (text in bodies[place]) == (answerer in shown), (role, answerer, place)
            name = scene.people[answerer][0].person.name
            assert (name in bodies[place]) == (answerer in named), (role, answerer, place)
        if answerer not in named:
            for secret in scene.secrets_of(answerer):
                assert [place for place, body in bodies.items() if secret in body] == [], (role, secret)
        for place in bodies.keys() - {"details", "page", "events"}:
            assert text not in bodies[place], (role, place)


def assert_numbers(scene: Scene, role: str, level: str, *, shown: set[str]) -> None:
    caller, group_id = scene.people[role]
    path = f"/groups/{group_id}/actions/{scene.action_id}"
    details = caller.get(path, getDetails="true").json()["actionDetails"]
    page = caller.get(f"{path}/responses").json()
    entry = caller.get(path).json()["actions"][0]["actionBody"]
    listed = caller.get(f"/groups/{group_id}/actions").json()["actions"]
    [body] = [one["actionBody"] for one in listed if one["referenceId"] == scene.action_id]
    count = 0 if level == "own" else len(scene.texts)
    assert {one["responseCount"] for one in (details, page, entry, body)} == {count}
    for one in (details, page):
        assert one.get("responderCount") == (count if level != "own" else None)
        assert ("results" in one) == (level in ("all", "unnamed"))
        assert len(one["responses"]) == len(shown)
        if "results" in one:
            assert one["results"][0]["answerCount"] == count


@pytest.mark.parametrize("visibility", DEPOT_TABLE)
class TestInAGroup:
    def test_by_name(self, depot: Scene, visibility: str) -> None:
        depot.ask(visibility, is_anonymous=False)
        depot.answer("admin", "member", "below")
        for role, level in DEPOT_TABLE[visibility].items():
            assert_sees(depot, role, level)

    @pytest.mark.parametrize("count", [ANONYMOUS_FROM - 1, ANONYMOUS_FROM])
    def test_anonymously(self, depot: Scene, visibility: str, count: int) -> None:
        depot.ask(visibility, is_anonymous=True)
        depot.answer(*("admin", "member", "below")[:count])
        depot.tell()
        for role, level in DEPOT_TABLE[visibility].items():
            assert_sees(depot, role, anonymous(level, count))

    def test_nobody_else_sees_anything(self, depot: Scene, visibility: str) -> None:
        world = depot.world
        depot.ask(visibility, is_anonymous=False)
        depot.answer("member")
        world.add_person(KAVYA, "Kavya")
        without = world.sign_in(LEENA, permissions=set(ALL_PERMISSIONS) - {Permission.ACTION_AND_RESPONSES})
        path = f"/groups/{depot.group_id}/actions"
        places = (path, f"{path}/{depot.action_id}", f"{path}/{depot.action_id}/responses")
        for place in places:
            for outsider in (world.sign_in(KAVYA), world.stranger):
                assert_error(outsider.get(place), code="NotFound")
            assert_error(without.get(place), code="Forbidden")
        events = without.get("/v1/sync", cursor=depot.cursors["member"]).json()["events"]
        assert {event["eventType"] for event in events} == {"ReactionCreated"}
        assert depot.texts["member"] not in str(events)


@pytest.mark.parametrize(("to_whom", "visibility"), NEWS_TABLE)
class TestInAPublicGroup:
    def answerers(self, news: Scene, to_whom: str) -> list[str]:
        asked = {"all": ["member", "subscriber", "other subscriber"], "members": ["admin", "member"]}
        return asked.get(to_whom, ["admin", "subscriber"])

    def test_by_name(self, news: Scene, to_whom: str, visibility: str) -> None:
        news.ask(visibility, is_anonymous=False, **ADDRESSED[to_whom])
        news.answer(*self.answerers(news, to_whom))
        table = NEWS_TABLE[to_whom, visibility]
        for role in news.people:
            assert_sees(news, role, table.get(role, "none"))

    def test_anonymously(self, news: Scene, to_whom: str, visibility: str) -> None:
        news.ask(visibility, is_anonymous=True, **ADDRESSED[to_whom])
        roles = self.answerers(news, to_whom)
        news.answer(*roles)
        news.tell()
        table = NEWS_TABLE[to_whom, visibility]
        for role in news.people:
            assert_sees(news, role, anonymous(table.get(role, "none"), len(roles)))


def anonymous(level: str, count: int) -> str:
    """What is left of a level where nobody knows who has answered."""
    if level in ("all", "unnamed"):
        return "unnamed" if count >= ANONYMOUS_FROM else "counts"
    return level


class TestWhatASubscriberAsks:
    @pytest.mark.parametrize(("visibility", "admin_sees"), [("0", "all"), ("1", "own"), ("2", "all"), ("3", "all")])
    def test_is_seen_by_the_admins_and_answered_to_nobody_by_name(
        self, news: Scene, visibility: str, admin_sees: str
    ) -> None:
        people = news.people
        people["first admin"], people["sender"] = people["sender"], people.pop("subscriber")
        news.ask(visibility, is_anonymous=False)
        news.answer("first admin", "admin")
        assert_sees(news, "sender", "unnamed")
        for role in ("first admin", "admin"):
            assert_sees(news, role, admin_sees)
        for role in ("member", "other subscriber"):
            assert_sees(news, role, "none")


@pytest.mark.parametrize("action_type", ["Poll", "LetsMeet", "RequestLocation"])
def test_is_sender_only_is_the_same_for_other_types(depot: Scene, action_type: str) -> None:
    bodies: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "Poll": ({"question": "Tea?", "choices": ["Yes", "No"]}, {"choice": "Yes"}),
        "LetsMeet": ({"title": "Stand-up", "startingTime": 4_000_000_000}, {"response": "Yes"}),
        "RequestLocation": ({"title": "Where?"}, {"latitude": 17.385, "longitude": 78.4867}),
    }
    asked, given = bodies[action_type]
    for is_sender_only in (True, False):
        sender, group_id = depot.people["sender"]
        action_id = ask(
            depot.world, action_type, {**asked, "isSenderOnly": is_sender_only}, sender=sender, group_id=group_id
        )
        answered(*depot.people["member"], action_id, given)
        for role, (caller, through) in depot.people.items():
            details = caller.get(f"/groups/{through}/actions/{action_id}", getDetails="true").json()["actionDetails"]
            sees = not is_sender_only or role == "sender"
            assert details["responseCount"] == int(sees), role
            assert len(details["responses"]) == int(sees or role == "member"), role
            assert details["isSenderOnly"] is is_sender_only


def test_that_a_job_is_done_is_told_to_those_who_see_results(news: Scene) -> None:
    body = {"actionType": "Job", "actionBody": {"title": "Load", "assignedTo": [MOHAN]}, "sendToAllSubscribers": True}
    sender, group_id = news.people["sender"]
    action_id = news.world.post_action(body, sender=sender, group_id=group_id)
    answered(*news.people["member"], action_id, {"isCompleted": True})
    for role, (caller, _) in news.people.items():
        details = caller.get(f"/groups/{group_id}/actions/{action_id}").json()["actionDetails"]
        sees = role in ("sender", "admin")
        assert (details["status"], details["isCompleted"]) == (("Completed", True) if sees else ("Active", False)), role
        assert details["responseCount"] == int(sees), role


def test_the_place_and_photo_of_a_roll_call_are_for_those_who_see_who_answered(news: Scene) -> None:
    world, (sender, group_id) = news.world, news.people["sender"]
    news.cursors = {role: caller.get("/v1/sync").json()["cursor"] for role, (caller, _) in news.people.items()}
    body = {"actionType": "Attendance", "sendToAllSubscribers": True}
    body["actionBody"] = {"title": "Morning", "visibility": "3", "needsPhoto": True}
    action_id = world.post_action(body, sender=sender, group_id=group_id)
    member, _ = news.people["member"]
    photo = resource_of(upload(member, Part(picture(), "us.jpg", "image/jpeg")))
    given = {"location": {"latitude": 17.385, "longitude": 78.4867, "name": "Depot"}, "photo": photo, "note": "here"}
    answered(member, group_id, action_id, given)
    for role, (caller, _) in news.people.items():
        [response] = caller.get(f"/groups/{group_id}/actions/{action_id}/responses").json()["responses"]
        sees = role in ("sender", "admin", "member")
        assert response.keys() >= {"status", "note"}, role
        assert ("photo" in response, "location" in response) == (sees, sees), role
        events = caller.get("/v1/sync", cursor=news.cursors[role]).json()["events"]
        [told] = [event["data"]["responseDetails"] for event in events if event["eventType"] == "ActionResponse"]
        shown = {entry["title"]: "answer" in entry for entry in told["responseWithQuestions"]}
        assert shown == {"Morning": True, "Location": sees, "Photo": sees, "Note": True}, role


def test_the_tables_name_everyone_and_known_levels() -> None:
    people = {*DEPOT_ADMINS, *DEPOT_OTHERS, "sender"}
    assert all(set(row) == people for row in DEPOT_TABLE.values())
    assert {level for row in (*DEPOT_TABLE.values(), *NEWS_TABLE.values()) for level in row.values()} <= set(LEVELS)
    assert len({ASHA, GITA, MOHAN, OMAR, LEENA, RAVI, KAVYA}) == 7
