"""Changing, reminding of, closing and retracting actions; expiry by the clock. Source: contract, section 8."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import assert_error
from tests.api.posted_actions import TYPES, details, post, with_media
from tests.api.scenarios import Scenario, assert_matches, scenarios
from tests.api.test_subscribers import KAVYA
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, World

ANSWERED = {
    "Job", "Poll", "LetsMeet", "Survey", "RequestLocation", "LiveLocation", "Checklist", "Attendance", "Training",
    "com.example.Birthday.12",
}  # fmt: skip


def card(world: World, **properties: str) -> str:
    """Mohan's card with these properties."""
    listed = [{"name": name, "value": value} for name, value in properties.items()]
    return post(world, "", {"properties": listed}, id="com.example.Status", sender=world.member)


def properties_of(world: World, action_id: str) -> dict[str, str]:
    shown = details(world, action_id)["actionDetails"]["properties"]
    return {each["name"]: each["value"] for each in shown}


def path(world: World, action_id: str, rest: str = "") -> str:
    return f"/groups/{world.group_id}/actions/{action_id}{rest}"


class TestChangeProperties:
    @pytest.mark.parametrize("rest", ["", "/properties", "/Properties"])
    def test_sets_those_named_and_keeps_the_others(self, world: World, rest: str) -> None:
        action_id = card(world, status="new", count="1")
        position = world.position
        body = {"version": -1, "updateProperties": [{"name": "status", "value": "done", "type": "Text"},
                                                    {"name": "note", "value": "x"}]}  # fmt: skip
        answer = world.member.put(path(world, action_id, rest), body)
        assert answer.json() == {"result": "true"}
        assert properties_of(world, action_id) == {"status": "done", "count": "1", "note": "x"}
        [event] = world.events_after(position)
        assert (event.event_type, event.object_id, event.actor_id) == ("ActionUpdated", action_id, world.member.id)
        assert event.facts == {"version": 2, "notifies": False}
        assert details(world, action_id)["actions"][0]["version"] == 2

    def test_in_any_case_and_with_another_type(self, world: World) -> None:
        action_id = card(world, count="many")
        body = {"Version": "1", "UpdateProperties": {"Name": "count", "Type": 1, "Value": 5},
                "SendNotificationToSubscribers": "True", "SendToAllSubscribers": "True"}  # fmt: skip
        position = world.position
        assert world.member.put(path(world, action_id), body).status_code == 200
        [shown] = details(world, action_id)["actionDetails"]["properties"]
        assert shown == {"name": "count", "type": "Numeric", "value": "5"}
        assert world.events_after(position)[0].facts["notifies"] is True

    def test_the_same_values_change_nothing(self, world: World) -> None:
        action_id = card(world, status="new")
        position = world.position
        body = {"updateProperties": [{"name": "status", "value": "new"}]}
        assert world.member.put(path(world, action_id), body).status_code == 200
        assert world.position == position
        assert details(world, action_id)["actions"][0]["version"] == 1

    def test_a_version_that_is_not_the_stored_one_conflicts(self, world: World) -> None:
        action_id = card(world, status="new")
        body: dict[str, Any] = {"version": 1, "updateProperties": [{"name": "status", "value": "first"}]}
        assert world.member.put(path(world, action_id), body).status_code == 200
        body["updateProperties"][0]["value"] = "second"
        message = assert_error(world.member.put(path(world, action_id), body), code="Conflict")["message"]
        assert "version 2" in message
        assert properties_of(world, action_id) == {"status": "first"}

    def test_of_two_at_once_one_wins(self, world: World) -> None:
        action_id = card(world, status="new")
        calls = [
            ("PUT", path(world, action_id), {"token": world.member.access_token, "body": {
                "version": 1, "updateProperties": [{"name": "status", "value": f"{number}"}]}})
            for number in range(8)
        ]  # fmt: skip
        statuses = sorted(answer.status_code for answer in world.client.call_at_once(*calls))
        assert statuses == [200] + [409] * 7
        assert details(world, action_id)["actions"][0]["version"] == 2

    def test_after_it_has_expired_or_was_closed(self, world: World) -> None:
        action_id = card(world, status="new")
        world.clock.advance(hours=24, seconds=1)
        assert world.member.put(path(world, action_id, "/close")).status_code == 200
        body = {"updateProperties": [{"name": "status", "value": "late"}]}
        assert world.member.put(path(world, action_id), body).status_code == 200
        assert properties_of(world, action_id) == {"status": "late"}

    @pytest.mark.parametrize(
        ("changed", "rule"),
        [
            ([], "1 to 100"),
            ([{"name": ""}], "must not be empty"),
            ([{"name": "a", "type": "Numeric", "value": "many"}], "must be a number"),
            ([{"name": "a"}, {"name": "a"}], "must differ"),
            ([{"name": f"n{number}"} for number in range(101)], "1 to 100"),
            ([{"name": "b", "value": "x" * 32_001}], "32000 characters"),
            ([{"name": f"n{number}", "value": "x"} for number in range(100)], "at most 100"),
            ([{"name": "b", "value": "x" * 31_000}, {"name": "c", "value": "x" * 31_000}], "bytes"),
        ],
    )
    def test_refuses_what_posting_refuses(self, world: World, changed: list[dict[str, Any]], rule: str) -> None:
        action_id = card(world, a="1")
        position = world.position
        answer = world.member.put(path(world, action_id), {"updateProperties": changed})
        message = assert_error(answer, code="InvalidParameters")["message"]
        assert message.startswith("updateProperties")
        assert rule in message
        assert world.position == position
        assert properties_of(world, action_id) == {"a": "1"}

    def test_names_the_field_that_lacks(self, world: World) -> None:
        answer = world.member.put(path(world, card(world)), {"version": 1})
        assert "updateProperties" in assert_error(answer, code="InvalidParameters")["message"]

    def test_media_must_be_there_and_are_kept(self, world: World) -> None:
        action_id = card(world)
        body = {"updateProperties": [{"name": "photo", "type": "Attachment", "value": "made-up"}]}
        assert world.member.put(path(world, action_id), body).status_code == 404
        body["updateProperties"][0]["value"] = with_media(world, "{Image}")
        assert world.member.put(path(world, action_id), body).status_code == 200
        assert properties_of(world, action_id)["photo"].endswith(".jpg")
        assert world.ask("SELECT count(attached_at_ms) FROM media WHERE tenant_id = %s") == [(1,)]

    def test_only_instances_of_packages_have_properties(self, world: World) -> None:
        action_id = post(world, "Poll", TYPES["Poll"][0])
        body = {"updateProperties": [{"name": "a"}]}
        message = assert_error(world.group_admin.put(path(world, action_id), body), code="Conflict")["message"]
        assert "Poll" in message


CHANGES: tuple[tuple[str, str, Any, str], ...] = (
    ("PUT", "", {"updateProperties": [{"name": "a", "value": "2"}]}, "ActionUpdated"),
    ("POST", "/reminder", {}, "ActionReminded"),
    ("PUT", "/close", None, "ActionClosed"),
    ("DELETE", "", None, "ActionRetracted"),
)


class TestWhoMayChange:
    @pytest.mark.parametrize(("method", "rest", "body", "event"), CHANGES, ids=[row[3] for row in CHANGES])
    def test_the_sender_and_the_groups_admins(
        self, world: World, method: str, rest: str, body: Any, event: str
    ) -> None:
        leena = world.add_person("+919800000005", "Leena")
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [leena.mobile_number]})
        other = world.sign_in(leena.mobile_number)
        for caller, status in (
            (world.outsider, 404), (world.stranger, 404), (other, 403),
            (world.member, 200), (world.group_admin, 200), (world.tenant_admin, 200), (world.group_token, 200),
        ):  # fmt: skip
            action_id = card(world, a="1")
            position = world.position
            answer = caller.call(method, path(world, action_id, rest), body)
            assert answer.status_code == status, (caller.number, answer.text)
            assert world.count_events_after(position) == ({event: 1} if status == 200 else {})

    @pytest.mark.parametrize(("method", "rest", "body", "event"), CHANGES, ids=[row[3] for row in CHANGES])
    def test_not_the_admin_of_a_group_below(self, world: World, method: str, rest: str, body: Any, event: str) -> None:
        answer = world.group_admin.post(f"/groups/{world.group_id}/subGroups", {"name": "Night", "members": [OMAR]})
        below = answer.json()["groupId"]
        member = f"/groups/{below}/members/{world.people[OMAR].user_id}"
        assert world.group_admin.put(member, {"role": "Admin"}).status_code == 200
        action_id = card(world, a="1")
        position = (world.outsider, world.position)[1]
        below_path = f"/groups/{below}/actions/{action_id}{rest}"
        assert world.outsider.call(method, below_path, body).status_code == 403
        assert world.outsider.get(f"/groups/{below}/actions/{action_id}").status_code == 200
        assert world.position == position, event


NONE = "/v1/groups/{unknown}/actions/{unknown}"
NOT_THERE = tuple(
    Scenario(f"{call} of none", f"{call.split()[0]} {place}{call.partition(' ')[2]}", "member", body, status=404)
    for call, body in (("PUT", {"updateProperties": [{"name": "a"}]}), ("POST /reminder", {}), ("PUT /close", None),
                       ("DELETE", None))
    for place in (NONE, "{group}/actions/{unknown}")
)  # fmt: skip


class TestNotThere:
    @scenarios(NOT_THERE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)


class TestRemind:
    @pytest.mark.parametrize("action_type", TYPES)
    def test_of_what_is_answered(self, world: World, action_type: str) -> None:
        field = "id" if "." in action_type else "actionType"
        action_id = post(world, "", with_media(world, TYPES[action_type][0]), **{field: action_type})
        position = world.position
        answer = world.group_admin.post(path(world, action_id, "/reminder"), {})
        if action_type not in ANSWERED:
            assert action_type in assert_error(answer, code="Conflict")["message"]
            assert world.position == position
            return
        assert answer.json() == {"result": "true"}
        [event] = world.events_after(position)
        assert (event.event_type, event.object_id, event.facts) == ("ActionReminded", action_id, {"namedCount": 0})

    def test_not_of_what_is_closed_expired_or_retracted(self, world: World) -> None:
        closed, expired, retracted = (post(world, "Poll", TYPES["Poll"][0]) for _ in range(3))
        world.group_admin.put(path(world, closed, "/close"))
        world.group_admin.delete(path(world, retracted))
        world.clock.advance(hours=3)
        for action_id in (closed, expired, retracted):
            assert world.group_admin.post(path(world, action_id, "/reminder"), {}).status_code == 409

    def test_subscribers_are_for_public_groups(self, world: World) -> None:
        action_id = post(world, "Poll", TYPES["Poll"][0])
        answer = world.group_admin.post(path(world, action_id, "/reminder"), {"subscribers": [MOHAN]})
        assert_error(answer, code="InvalidParameters")

    def test_in_a_public_group_some_are_named(self, world: World) -> None:
        group_id = public_group(world)
        body = {**POLL, "sendToAllSubscribers": True}
        action_id = world.post_action(body, sender=world.tenant_admin, group_id=group_id)
        position = world.position
        reminder = f"/groups/{group_id}/actions/{action_id}/reminder"
        answer = world.tenant_admin.post(reminder, {"subscribers": [OMAR, KAVYA, MOHAN]}).json()
        assert answer["result"] == "false"
        assert [each["subscriber"] for each in answer["failedResult"]] == [MOHAN]
        [event] = world.events_after(position)
        assert event.facts == {"namedCount": 2}
        [(count,)] = world.ask("SELECT count(*) FROM action_reminders WHERE tenant_id = %s")
        assert count == 2
        assert world.tenant_admin.post(reminder, {"sendToAllSubscribers": True}).json() == {"result": "true"}
        assert world.tenant_admin.post(reminder, {"subscribers": []}).status_code == 400


POLL = {"actionType": "Poll", "actionBody": {"question": "Tea?", "choices": ["Yes", "No"]}}


def public_group(world: World) -> str:
    """A public group of Asha's with Mohan as a member, Omar and Kavya as subscribers."""
    world.add_person(KAVYA, "Kavya")
    body = {"name": "News", "groupType": "ConnectGroup", "members": [MOHAN]}
    group_id: str = world.tenant_admin.post("/groups", body).json()["groupId"]
    world.tenant_admin.put(f"/groups/{group_id}/subscribers/add", {"subscribers": [OMAR, KAVYA]})
    return group_id


class TestClose:
    @pytest.mark.parametrize("action_type", TYPES)
    def test_what_is_answered(self, world: World, action_type: str) -> None:
        field = "id" if "." in action_type else "actionType"
        action_id = post(world, "", with_media(world, TYPES[action_type][0]), **{field: action_type})
        answer = world.group_admin.put(path(world, action_id, "/close"))
        assert answer.status_code == (200 if action_type in ANSWERED else 409)
        if action_type in ANSWERED:
            assert details(world, action_id)["actionDetails"]["status"] == "Closed"

    def test_twice_does_no_harm(self, world: World) -> None:
        action_id = post(world, "Poll", TYPES["Poll"][0])
        assert world.group_admin.put(path(world, action_id, "/close")).status_code == 200
        position = world.position
        assert world.group_admin.put(path(world, action_id, "/close")).json() == {"result": "true"}
        assert world.position == position

    def test_stops_the_answers_and_keeps_those_given(self, world: World) -> None:
        action_id = post(world, "Survey", {"title": "x", "questions": [{"title": "q", "type": "Text"}]})
        answer(world, action_id, "in time")
        world.group_admin.put(path(world, action_id, "/close"))
        late = world.group_admin.post(path(world, action_id, "/responses"), {"actionBody": {"answers": ["late"]}})
        assert_error(late, code="Conflict")
        assert details(world, action_id)["actionDetails"]["responses"][0]["answers"] == ["in time"]

    def test_forgets_who_has_answered_anonymously(self, world: World) -> None:
        question = {"title": "q", "type": "Text"}
        action_id = post(world, "Survey", {"title": "x", "isAnonymous": True, "questions": [question]})
        answer(world, action_id, "in time")
        assert world.ask("SELECT count(*) FROM answer_keys WHERE tenant_id = %s") == [(1,)]
        world.group_admin.put(path(world, action_id, "/close"))
        assert world.ask("SELECT count(*) FROM answer_keys WHERE tenant_id = %s") == [(0,)]


def answer(world: World, action_id: str, text: str) -> None:
    """Mohan answers the only question of a survey."""
    answered = world.member.post(path(world, action_id, "/responses"), {"actionBody": {"answers": [text]}})
    assert answered.status_code == 200, answered.text


class TestClock:
    @pytest.mark.parametrize(("action_type", "late"), [("Poll", "Expired"), ("Job", "Overdue"), ("Survey", "Expired")])
    def test_ends_what_expires_and_not_what_is_due(self, world: World, action_type: str, late: str) -> None:
        action_id = post(world, action_type, TYPES[action_type][0])
        assert details(world, action_id)["actionDetails"]["status"] == "Active"
        world.clock.advance(hours=24, seconds=1)
        assert details(world, action_id)["actionDetails"]["status"] == late

    def test_a_checklist_without_a_date_goes_on(self, world: World) -> None:
        action_id = post(world, "Checklist", TYPES["Checklist"][0])
        world.clock.advance(hours=24, seconds=1)
        assert details(world, action_id)["actionDetails"]["status"] == "Active"


class TestRetract:
    @pytest.mark.parametrize("action_type", TYPES)
    def test_leaves_its_place_and_nothing_else(self, world: World, action_type: str) -> None:
        field = "id" if "." in action_type else "actionType"
        action_id = post(world, "", with_media(world, TYPES[action_type][0]), **{field: action_type})
        assert world.group_admin.delete(path(world, action_id)).json() == {"result": "true"}
        shown = world.member.get(path(world, action_id)).json()
        assert shown["actionDetails"] == {"actionId": action_id, "status": "Retracted"}
        assert details(world, action_id)["actionDetails"].get("responses", []) == []
        assert shown["actions"][0]["isRetracted"] is True
        assert shown["actions"][0]["actionBody"] == shown["actionDetails"]
        listed = world.member.get(f"/groups/{world.group_id}/actions").json()["actions"]
        assert [each["referenceId"] for each in listed] == [action_id]

    def test_nothing_that_was_written_stays_in_the_database(self, world: World) -> None:
        action_id = card(world, status="a secret status")
        survey = post(world, "Survey", {"title": "a secret title", "questions": [{"title": "q", "type": "Text"}]})
        for each in (action_id, survey):
            world.group_admin.delete(path(world, each))
        for table in ("actions", "action_properties", "events", "stored_answers"):
            question = f"SELECT * FROM {table} WHERE tenant_id = %s"  # noqa: S608 - a name of this test's own
            assert "secret" not in repr(world.ask(question))

    def test_erases_the_answers(self, world: World) -> None:
        action_id = post(world, "Survey", {"title": "x", "questions": [{"title": "q", "type": "Text"}]})
        answer(world, action_id, "a secret answer")
        assert world.ask("SELECT count(*) FROM responses WHERE tenant_id = %s") == [(1,)]
        world.group_admin.delete(path(world, action_id))
        assert world.ask("SELECT * FROM responses WHERE tenant_id = %s") == []
        shown = world.group_admin.get(path(world, action_id), getDetails="true")
        assert "secret" not in shown.text
        refused = world.member.post(path(world, action_id, "/responses"), {"actionBody": {"answers": ["late"]}})
        assert_error(refused, code="Conflict")

    def test_twice_does_no_harm_and_nothing_else_can_be_done_then(self, world: World) -> None:
        action_id = card(world, a="1")
        assert world.member.delete(path(world, action_id)).status_code == 200
        position = world.position
        assert world.member.delete(path(world, action_id)).json() == {"result": "true"}
        for method, rest, body, _ in CHANGES[:3]:
            answer = world.member.call(method, path(world, action_id, rest), body)
            assert_matches(answer.json(), {"errorCode": "Conflict", "message": "The action was retracted."})
        assert world.position == position


def test_the_numbers_here_are_different_people() -> None:
    assert len({ASHA, GITA, MOHAN, OMAR, KAVYA}) == 5
