"""PUT and DELETE of a group, and leaving it: our additions to the old API. Source: contract, section 5."""

from __future__ import annotations

import pytest

from tests.api.client import assert_error
from tests.api.scenarios import Scenario, scenarios
from tests.api.worlds import GITA, MOHAN, OMAR, World

CHANGED = {"GroupChanged": 1}
DONE = {"result": "true"}

TABLE = (
    Scenario("an admin renames it", "PUT {group}", "group_admin", {"name": "Harbour"}, answer=DONE, events=CHANGED),
    Scenario("groupName is the same", "PUT {group}", "group_admin", {"groupName": "Port"}, answer=DONE, events=CHANGED),
    Scenario("a tenant admin renames it", "PUT {group}", "tenant_admin", {"name": "P"}, answer=DONE, events=CHANGED),
    Scenario("its token renames it", "PUT {group}", "group_token", {"name": "Port"}, answer=DONE, events=CHANGED),
    Scenario(
        "everything at once is one change",
        "PUT {group}",
        "group_admin",
        {"name": "P", "welcomeMessage": "W", "groupImageUrl": "https://example.org/c.png", "showHistory": True},
        answer=DONE,
        events=CHANGED,
    ),
    Scenario("the same name changes nothing", "PUT {group}", "group_admin", {"name": "Depot"}, answer=DONE),
    Scenario("nothing given changes nothing", "PUT {group}", "group_admin", {}, answer=DONE),
    Scenario("null counts as not given", "PUT {group}", "group_admin", {"name": None, "welcomeMessage": None}),
    Scenario("a member may not rename it", "PUT {group}", "member", {"name": "Mine"}, status=403, code="Forbidden"),
    Scenario("a blank name is refused", "PUT {group}", "group_admin", {"name": " "}, status=400),
    Scenario("a name of 201 characters is refused", "PUT {group}", "group_admin", {"name": "x" * 201}, status=400),
    Scenario("a welcome of 4001 characters", "PUT {group}", "group_admin", {"welcomeMessage": "x" * 4001}, status=400),
    Scenario("a picture that is no address", "PUT {group}", "group_admin", {"groupImageUrl": "file:///x"}, status=400),
    Scenario("of several fields a bad one spoils all", "PUT {group}", "group_admin",
             {"name": "P", "groupImageUrl": "x"}, status=400),
    Scenario("an admin deletes it", "DELETE {group}", "group_admin", answer=DONE, events={"GroupRemoved": 1}),
    Scenario("a tenant admin deletes it", "DELETE {group}", "tenant_admin", answer=DONE, events={"GroupRemoved": 1}),
    Scenario("its token deletes it", "DELETE {group}", "group_token", answer=DONE, events={"GroupRemoved": 1}),
    Scenario("a member may not delete it", "DELETE {group}", "member", status=403, code="Forbidden"),
    Scenario("a member leaves", "POST {group}/leave", "member", answer=DONE, events={"MemberRemoved": 1}),
    Scenario("the last admin cannot leave", "POST {group}/leave", "group_admin", status=409, code="Conflict"),
    Scenario("a tenant admin cannot leave what they are not in", "POST {group}/leave", "tenant_admin", status=404),
    Scenario("a token cannot leave", "POST {group}/leave", "group_token", status=403),
)  # fmt: skip


class TestChangeGroup:
    @scenarios(TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)

    def test_what_was_changed_is_there_and_the_rest_stays(self, world: World) -> None:
        before = world.group_as_seen()
        world.group_admin.put(f"/groups/{world.group_id}", {"groupImageUrl": "https://example.org/c.png"})
        after = world.group_as_seen()
        assert after["groupImageUrl"] == "https://example.org/c.png"
        assert {name for name in after if after[name] != before[name]} == {"groupImageUrl", "groups"}

    def test_a_welcome_can_be_taken_away(self, world: World) -> None:
        world.group_admin.put(f"/groups/{world.group_id}", {"welcomeMessage": ""})
        assert world.group_as_seen()["welcomeMessage"] == ""


class TestDeleteGroup:
    @pytest.mark.parametrize("path", ["", "/members", "/messages?count=1"])
    def test_nobody_finds_it_any_more(self, world: World, path: str) -> None:
        world.group_admin.delete(f"/groups/{world.group_id}")
        for caller in (world.group_admin, world.member, world.tenant_admin):
            assert caller.get(f"/groups/{world.group_id}{path}").status_code == 404
            assert caller.get("/groups").json() == {"groups": []}

    def test_it_cannot_be_deleted_twice(self, world: World) -> None:
        world.group_admin.delete(f"/groups/{world.group_id}")
        position = world.position
        assert world.group_admin.delete(f"/groups/{world.group_id}").status_code == 404
        assert world.count_events_after(position) == {}

    def test_its_token_is_worth_nothing_any_more(self, world: World) -> None:
        token = world.group_token
        world.group_admin.delete(f"/groups/{world.group_id}")
        assert token.get("/users/me").status_code == 401
        assert token.get("/groups").status_code == 401


class TestLeaveGroup:
    def test_who_has_left_sees_nothing_any_more(self, world: World) -> None:
        world.member.post(f"/groups/{world.group_id}/leave")
        assert world.member.get(f"/groups/{world.group_id}").status_code == 404
        assert world.member.get("/groups").json() == {"groups": []}
        assert world.member.post(f"/groups/{world.group_id}/leave").status_code == 404
        assert world.group_as_seen()["userCount"] == 1

    def test_an_admin_leaves_when_there_is_another(self, world: World) -> None:
        path = f"/groups/{world.group_id}/members/{world.people[MOHAN].user_id}"
        world.group_admin.put(path, {"role": "Admin"})
        assert world.group_admin.post(f"/groups/{world.group_id}/leave").status_code == 200
        assert_error(world.member.post(f"/groups/{world.group_id}/leave"), code="Conflict")

    def test_the_last_admin_is_told_what_to_do(self, world: World) -> None:
        message = assert_error(world.group_admin.post(f"/groups/{world.group_id}/leave"))["message"]
        assert "another admin" in message

    def test_two_admins_leaving_at_once_leave_one(self, world: World) -> None:
        group_id = world.make_group("Pair", admins=[OMAR])
        calls = [
            ("POST", f"/groups/{group_id}/leave", {"token": caller.access_token})
            for caller in (world.group_admin, world.outsider)
        ]
        answers = world.client.call_at_once(*calls)
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        members = world.tenant_admin.get(f"/groups/{group_id}/members").json()["members"]
        assert [member["role"] for member in members] == ["Admin"]
        assert members[0]["mobileNumber"] in (GITA, OMAR)
