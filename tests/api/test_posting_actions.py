"""POST of an action to a group: every type, both spellings of its type, every refusal. Source: contract, section 8."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chaupal.actions.bodies.reading import POSTED
from chaupal.actions.limits import CONTENT_MAX_BYTES
from chaupal.actions.types import ACTION_TYPES
from tests.api.client import assert_error
from tests.api.posted_actions import PLACE, QUESTIONS, TYPES, details, named, post, with_media
from tests.api.scenarios import GUID, TIME, Scenario, assert_matches, scenarios
from tests.api.worlds import GITA, MOHAN, OMAR, World

POST = "POST {group}/actions"
RECEIPT = {"referenceId": GUID, "actionId": GUID}


class TestEveryType:
    @pytest.mark.parametrize("action_type", TYPES)
    def test_is_posted_told_of_and_read_back(self, world: World, action_type: str) -> None:
        body, event_type, shown = TYPES[action_type]
        world.group_id  # noqa: B018 - made before the events are counted
        field = "id" if "." in action_type else "actionType"
        sent = {field: action_type, "actionBody": with_media(world, body)}
        position = world.position
        answer = world.group_admin.post(f"/groups/{world.group_id}/actions", sent)
        assert answer.status_code == 200, answer.text
        assert_matches(answer.json(), RECEIPT)
        assert answer.json()["referenceId"] == answer.json()["actionId"]
        action_id = answer.json()["actionId"]
        [event] = world.events_after(position)
        assert (event.event_type, event.object_id) == (event_type, action_id)
        assert (event.group_id, event.actor_id) == (world.group_id, world.group_admin.id)
        found = details(world, action_id)
        expected = {name: at_the_clock(world, value) for name, value in shown.items()}
        assert_matches(found["actionDetails"], {"actionId": action_id, **expected})
        assert found["actions"][0]["referenceId"] == action_id

    @pytest.mark.parametrize("action_type", [name for name in TYPES if "." not in name])
    def test_is_found_by_its_name_in_any_case(self, world: World, action_type: str) -> None:
        body = with_media(world, TYPES[action_type][0])
        action_id = post(world, action_type.upper(), body)
        listed = world.member.get(f"/groups/{world.group_id}/actions", actionType=action_type.lower()).json()
        assert [each["referenceId"] for each in listed["actions"]] == [action_id]
        assert listed["actions"][0]["actionType"] == action_type

    @pytest.mark.parametrize("action_type", [name for name in TYPES if "." not in name])
    def test_its_fields_come_in_any_case(self, world: World, action_type: str) -> None:
        body = with_media(world, TYPES[action_type][0])
        plain = details(world, post(world, action_type, body))["actionDetails"]
        capitals = {name[:1].upper() + name[1:]: value for name, value in body.items()}
        other = details(world, post(world, action_type, capitals))["actionDetails"]
        assert other.pop("actionId") != plain.pop("actionId")
        assert other == plain

    def test_these_are_all_types(self) -> None:
        named = {name for name in TYPES if "." not in name}
        assert named | {"ActionPackage"} == set(ACTION_TYPES) == set(POSTED)

    def test_no_event_holds_what_was_written(self, world: World) -> None:
        position = (world.group_id, world.group_admin, world.position)[2]
        post(world, "Announcement", {"Title": "a secret title", "Message": "a secret text"})
        assert "secret" not in repr(world.events_after(position))


def at_the_clock(world: World, value: Any) -> Any:
    """Times of the table are those of a clock that stands at 10:00 on 5 January 2026; other tests may have moved it."""
    if isinstance(value, str) and value.startswith("2026-01-0") and value != "2026-01-05T10:15:00Z":
        moved = timedelta(milliseconds=world.clock.now_ms) - timedelta(milliseconds=1767607200000)
        at = datetime.fromisoformat(value) + moved
        return f"{at:%Y-%m-%dT%H:%M:%S}Z"
    return value


YES_NO = ["Yes", "No"]

REFUSALS: tuple[tuple[str, Any, str, str], ...] = (
    ("no type", {"actionBody": {}}, "actionType", "required"),
    ("an unknown type", named({}, "Picnic"), "actionType", "must be one of"),
    ("a package without its id", named({}, "Action Package"), "id", "required"),
    ("an id that is none", {"id": "com/x", "actionBody": {}}, "id", "must be a package's id"),
    ("no body", {"actionType": "Poll"}, "actionBody.question", "is required"),
    ("a poll without choices", named({"question": "Tea?"}), "actionBody.choices", "is required"),
    ("one choice", named({"question": "Tea?", "choices": ["Yes"]}), "actionBody.choices", "2 to 10"),
    ("eleven choices", named({"question": "Tea?", "choices": [str(n) for n in range(11)]}), "actionBody.choices",
     "2 to 10"),
    ("choices that are equal", named({"question": "Tea?", "choices": ["Yes", " Yes"]}), "actionBody.choices[1].title",
     "must differ"),
    ("a blank question", named({"question": " ", "choices": YES_NO}), "actionBody.question", "must not be empty"),
    ("a long question", named({"question": "x" * 1001, "choices": YES_NO}), "actionBody.question", "1000 characters"),
    ("an expiry of none", named({"question": "?", "choices": YES_NO, "expiryInHours": 0}), "actionBody.expiryInHours",
     "more than 0"),
    ("an expiry that is no number", named({"question": "?", "choices": YES_NO, "expiryInHours": "soon"}),
     "actionBody.expiryInHours", "must be a number"),
    ("an expiry of a thousand years", named({"question": "?", "choices": YES_NO, "expiryInHours": 9e6}),
     "actionBody.expiryInHours", "at most"),
    ("a job for nobody", named({"title": "x", "assignedTo": []}, "Job"), "actionBody.assignedTo", "1 to 1000"),
    ("a job for no number", named({"title": "x", "assignedTo": ["nobody"]}, "Job"), "actionBody.assignedTo",
     "must be a mobile number"),
    ("a job for an outsider", named({"title": "x", "assignedTo": [OMAR]}, "Job"), "actionBody.assignedTo",
     "must name members"),
    ("a survey without questions", named({"title": "x"}, "Survey"), "actionBody.questions", "1 to 100"),
    ("101 questions", named({"title": "x", "questions": [{"title": "q", "type": "Text"}] * 101}, "Survey"),
     "actionBody.questions", "1 to 100"),
    ("a survey without a title", named({"questions": QUESTIONS}, "Survey"), "actionBody.title", "must not be empty"),
    ("a question of no type", named({"title": "x", "questions": [{"title": "q", "type": "Colour"}]}, "Survey"),
     "actionBody.questions[0].type", "must be one of"),
    ("options that lack", named({"title": "x", "questions": [{"title": "q", "type": "MultiOption"}]}, "Survey"),
     "actionBody.questions[0].options", "1 to 100"),
    ("a question without a title", named({"title": "x", "questions": [{"type": "Text"}]}, "Survey"),
     "actionBody.questions[0].title", "is required"),
    ("a visibility that is none", named({"title": "x", "questions": QUESTIONS, "visibility": 7}, "Survey"),
     "actionBody.visibility", "0 (all)"),
    ("properties of a survey", named({"title": "x", "questions": QUESTIONS, "properties": [{"name": "a"}]}, "Survey"),
     "actionBody.properties", "packages"),
    ("a property twice", {"id": "com.x", "actionBody": {"properties": [{"name": "a"}, {"name": "a"}]}},
     "actionBody.properties[1].name", "must differ"),
    ("a property of no type", {"id": "com.x", "actionBody": {"properties": [{"name": "a", "type": "Colour"}]}},
     "actionBody.properties[0].type", "must be one of"),
    ("a numeric property that is none",
     {"id": "com.x", "actionBody": {"properties": [{"name": "a", "type": "Numeric", "value": "many"}]}},
     "actionBody.properties[0].value", "must be a number"),
    ("a place off the earth", named({"latitude": 91, "longitude": 0}, "ShareLocation"), "actionBody.latitude",
     "-90 to 90"),
    ("half a place", named({"latitude": 1}, "ShareLocation"), "actionBody.longitude", "is required"),
    ("a live location for days", named({**PLACE, "durationInMins": 1000}, "LiveLocation"),
     "actionBody.durationInMins", "at most 480"),
    ("a meeting without a time", named({"title": "x"}, "LetsMeet"), "actionBody.startingTime", "is required"),
    ("a meeting at no time", named({"title": "x", "startingTime": "noon"}, "LetsMeet"), "actionBody.startingTime",
     "ISO 8601"),
    ("an image of nothing", named({}, "Image"), "actionBody.mediaResource", "is required"),
    ("an announcement of nothing", named({"Title": "x"}, "Announcement"), "actionBody.message", "is required"),
    ("an announcement that is long", named({"Message": "x" * 4001}, "Announcement"), "actionBody.Message",
     "4000 characters"),
    ("a contact without a number", named({"name": "x", "mobileNumbers": []}, "Contact"), "actionBody.mobileNumbers",
     "1 to 20"),
    ("a checklist of nothing", named({"title": "x", "items": []}, "Checklist"), "actionBody.items", "1 to 100"),
    ("a training of nothing", named({"title": "x"}, "Training"), "actionBody.content", "page"),
    ("a pass mark without right answers", named({"title": "x", "questions": QUESTIONS, "passMarkPercent": 5},
     "Training"), "actionBody.passMarkPercent", "right"),
    ("a roll call with no cut-off", named({"title": "x", "cutOffTime": "late"}, "Attendance"),
     "actionBody.cutOffTime", "ISO 8601"),
    ("more than a webhook could carry", {"id": "com.x", "actionBody": {"properties": [
        {"name": "a", "value": "x" * 31_000}, {"name": "b", "value": "x" * 31_000}]}}, "actionBody",
     str(CONTENT_MAX_BYTES)),
    ("subscribers in a Group", {**named({"question": "?", "choices": YES_NO}), "subscribers": [MOHAN]}, "subscribers",
     "ConnectGroup"),
)  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize(("body", "field", "rule"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
    def test_name_field_and_rule_and_store_nothing(self, world: World, body: Any, field: str, rule: str) -> None:
        position = (world.group_id, world.group_admin, world.position)[2]
        answer = world.group_admin.post(f"/groups/{world.group_id}/actions", body)
        assert answer.status_code == 400, answer.text
        message = assert_error(answer, code="InvalidParameters")["message"]
        assert message.startswith(f"{field}: ")
        assert rule in message
        assert world.position == position
        assert world.group_admin.get(f"/groups/{world.group_id}/actions").json() == {"actions": [], "hasMore": False}


POLL = named({"question": "Tea?", "choices": YES_NO})
POSTED_POLL = {"PollCreated": 1}

TABLE = (
    Scenario("a member posts", POST, "member", POLL, answer=RECEIPT, events=POSTED_POLL),
    Scenario("the group's token posts", POST, "group_token", POLL, answer=RECEIPT, events=POSTED_POLL),
    Scenario("a tenant admin posts", POST, "tenant_admin", POLL, answer=RECEIPT, events=POSTED_POLL),
    Scenario("an outsider posts nothing", POST, "outsider", POLL, status=404),
    Scenario("nor does another organization's admin", POST, "stranger", POLL, status=404),
    Scenario("nor anyone without a token", POST, "", POLL, status=401),
    Scenario("not into a group that is none", "POST /v1/groups/{unknown}/actions", "member", POLL, status=404),
    Scenario("the type as `id`", POST, "member", {"id": "Poll", "actionBody": POLL["actionBody"]}, events=POSTED_POLL),
    Scenario("in PascalCase with numbers as text", POST, "member",
             {"ActionType": "poll", "ActionBody": {"Question": "?", "Choices": [{"Title": 1}, {"Title": 2}],
                                                   "ExpiryInHours": "3", "IsSenderOnly": "True"}}, events=POSTED_POLL),
    Scenario("in no JSON at all", POST, "member",
             content=b"{actiontype:'Poll',actionBody:{question:'Tea?',choices:['Yes','No',],},}", events=POSTED_POLL),
    Scenario("with a body of null", POST, "member", {"actionType": "Poll", "actionBody": None}, status=400),
    Scenario("with a body that is no object", POST, "member", {"actionType": "Poll", "actionBody": "x"}, status=400),
    Scenario("a package of which nothing is known", POST, "member", {"id": "com.x.y"}, events={"ActionCreated": 1}),
    Scenario("as Flow's own connector wraps it", POST, "member",
             {"actionType": "Action Package", "id": "com.x.y.2", "actionBody": {"Properties": [
                 {"Name": "Rows", "Type": 0, "Value": [[1, 2], [3, 4]]}]}}, events={"ActionCreated": 1}),
    Scenario("with the official sample's validity", POST, "member",
             {"id": "25b39b30-0806-4d17-b6a7-a39f21fa52e9", "actionBody": {"title": "override title", "validity": 24}},
             events={"ActionCreated": 1}),
    Scenario("the official announcement", POST, "member",
             {"actiontype": "Announcement", "actionBody": {"message": "Lets test announcement"}},
             events={"Announcement": 1}),
    Scenario("an empty list of subscribers is absent", POST, "member", {**POLL, "subscribers": []},
             events=POSTED_POLL),
    Scenario("a page of none", "GET {group}/actions?count=0", "member", status=400),
    Scenario("a page of 101", "GET {group}/actions?count=101", "member", status=400),
    Scenario("from no date", "GET {group}/actions?fromDate=yesterday", "member", status=400),
    Scenario("of no type", "GET {group}/actions?actionType=a%20b/c", "member", status=400),
    Scenario("a cursor of another call", "GET {group}/actions?cursor=AAAA", "member", status=400),
    Scenario("an action that is none", "GET {group}/actions/{unknown}", "member", status=404),
    Scenario("an outsider lists nothing", "GET {group}/actions", "outsider", status=404),
)  # fmt: skip


class TestPostAction:
    @scenarios(TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)

    def test_what_is_read_names_the_sender_and_both_times(self, world: World) -> None:
        action_id = post(world, "Poll", POLL["actionBody"], sender=world.member)
        found = details(world, action_id)
        expected = {
            "referenceId": action_id,
            "actionType": "Poll",
            "sender": MOHAN,
            "senderId": world.member.id,
            "senderName": "Mohan",
            "creationTime": int,
            "sentAt": TIME,
            "sourceGroupId": world.group_id,
            "version": 1,
        }
        assert_matches(found["actions"], [expected])
        assert abs(found["actions"][0]["creationTime"] - world.clock.now_ms // 1000) <= 1
        assert_matches(found, {"actionType": "Poll", "sender": MOHAN, "sentAt": TIME})
        listed = world.member.get(f"/groups/{world.group_id}/actions").json()
        assert listed == {"actions": found["actions"], "hasMore": False}

    def test_a_job_names_those_it_could_not_be_assigned_to(self, world: World) -> None:
        body = {"title": "Load", "assignedTo": [OMAR, MOHAN, GITA, MOHAN]}
        answer = world.group_admin.post(f"/groups/{world.group_id}/actions", named(body, "Job")).json()
        assert [each["subscriber"] for each in answer["failedResult"]] == [OMAR]
        found = details(world, answer["actionId"], by=world.member)["actionDetails"]
        assert sorted(found["assignedTo"]) == sorted([MOHAN, GITA])
        assert found["assigneeCount"] == 2
        assert found["isAssignedToMe"] is True
        assert details(world, answer["actionId"], by=world.tenant_admin)["actionDetails"]["isAssignedToMe"] is False

    def test_a_package_is_told_by_its_bare_and_its_full_id(self, world: World) -> None:
        for sent, bare, full in (
            ("com.x.y", "com.x.y", "com.x.y"),
            ("com.x.y.2", "com.x.y", "com.x.y.2"),
            ("Survey.Of.Mine.007", "Survey.Of.Mine.007", "Survey.Of.Mine.007"),
            ("25b39b30-0806-4d17-b6a7-a39f21fa52e9", "25b39b30-0806-4d17-b6a7-a39f21fa52e9",
             "25b39b30-0806-4d17-b6a7-a39f21fa52e9"),
        ):  # fmt: skip
            position = (world.group_id, world.group_admin, world.position)[2]
            action_id = post(world, "", {}, id=sent)
            shown = details(world, action_id)["actions"][0]
            assert (shown["actionType"], shown["actionPackageId"], shown["packageId"]) == ("ActionPackage", bare, full)
            assert world.events_after(position)[0].facts == {"actionType": "ActionPackage", "packageId": bare}

    @pytest.mark.parametrize(
        ("sent", "property_type", "value"),
        [
            ({"Type": 0, "Value": [["a", 1]]}, "Text", '[["a",1]]'),
            ({"Value": 5}, "Text", "5"),
            ({"type": "numeric", "value": 5.5}, "Numeric", "5.5"),
            ({"type": "DateTime", "value": "2026-01-05"}, "DateTime", "2026-01-05"),
            ({"type": "Location", "value": {"lt": 1, "lg": 2, "n": "x"}}, "Location",
             '{"latitude":1.0,"longitude":2.0,"name":"x"}'),
            ({"type": "StringList", "value": "a, b,a"}, "StringList", '["a","b","a"]'),
            ({"type": "Set", "value": ["a", "a"]}, "StringSet", '["a"]'),
            ({"type": "Text"}, "Text", ""),
        ],
    )  # fmt: skip
    def test_a_propertys_value_is_text(
        self, world: World, sent: dict[str, Any], property_type: str, value: str
    ) -> None:
        action_id = post(world, "", {"properties": [{"name": "a", **sent}]}, id="com.x")
        [found] = details(world, action_id)["actionDetails"]["properties"]
        assert found == {"name": "a", "type": property_type, "value": value}

    def test_a_key_repeats_the_answer_and_posts_once(self, world: World) -> None:
        path, key = f"/groups/{world.group_id}/actions", {"Idempotency-Key": "once"}
        first = world.member.post(path, POLL, headers=key)
        again = world.member.post(path, POLL, headers=key)
        assert again.json() == first.json()
        assert len(world.member.get(path).json()["actions"]) == 1
