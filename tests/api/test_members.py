"""Adding, listing and removing members, and their roles. Source: contract, section 5 (members)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chaupal.auth.permissions import Permission
from tests.api.client import assert_error
from tests.api.scenarios import GUID, Scenario, scenarios
from tests.api.worlds import ALL_PERMISSIONS, ASHA, GITA, MOHAN, NOBODY, OMAR, Caller, World

DONE = {"result": "true"}
ADDED = {"MemberAdded": 1}
NUMBERS = [f"+9198200{index:05d}" for index in range(1_001)]

TABLE = (
    Scenario(
        "a member sees who is in the group",
        "GET {group}/members",
        "member",
        answer={
            "members": [
                {"id": "{admin_id}", "role": "Admin", "mobileNumber": GITA, "name": "Gita", "profilePic": "",
                 "isProvisioned": False},
                {"id": "{member_id}", "role": "Member", "mobileNumber": MOHAN, "name": "Mohan", "profilePic": "",
                 "isProvisioned": False},
            ]
        },
        forbidden=["cursor"],
    ),
    Scenario("a tenant admin sees it too", "GET {group}/members", "tenant_admin"),
    Scenario("the group's token sees it too", "GET {group}/members", "group_token"),
    Scenario("an admin adds someone", "PUT {group}/members", "group_admin", {"members": [OMAR]}, answer=DONE,
             events=ADDED),
    Scenario(
        "someone unknown becomes a person of the organization",
        "PUT {group}/members",
        "group_admin",
        {"members": [NOBODY]},
        answer=DONE,
        events=ADDED | {"PersonAdded": 1},
    ),
    Scenario("who is a member already stays one", "PUT {group}/members", "group_admin", {"members": [MOHAN, GITA]},
             answer=DONE),
    Scenario("duplicates count once", "PUT {group}/members", "group_admin",
             {"members": [OMAR, OMAR, "+91 98000-00004", "00919800000004"]}, answer=DONE, events=ADDED),
    Scenario("one number in place of a list", "PUT {group}/members", "group_admin", {"members": OMAR}, answer=DONE,
             events=ADDED),
    Scenario("numbers joined by commas", "PUT {group}/members", "group_admin", {"members": f"{OMAR}, {ASHA}"},
             answer=DONE, events={"MemberAdded": 2}),
    Scenario("nobody to add", "PUT {group}/members", "group_admin", {"members": []}, answer=DONE),
    Scenario("members are needed", "PUT {group}/members", "group_admin", {}, status=400),
    Scenario(
        "numbers that cannot be read fail for themselves alone",
        "PUT {group}/members",
        "group_admin",
        {"members": ["12", OMAR, "not a number"]},
        answer={
            "result": "false",
            "failedResult": [
                {"subscriber": "12", "subscriberId": "", "errorReason": str, "errorCode": "InvalidParameters"},
                {"subscriber": "not a number", "subscriberId": "", "errorReason": str},
            ],
        },
        events=ADDED,
    ),
    Scenario("a tenant admin adds someone", "PUT {group}/members", "tenant_admin", {"members": [OMAR]}, answer=DONE,
             events=ADDED),
    Scenario("the group's token adds someone", "PUT {group}/members", "group_token", {"members": [OMAR]}, answer=DONE,
             events=ADDED),
    Scenario("a member adds nobody", "PUT {group}/members", "member", {"members": [OMAR]}, status=403),
    Scenario("1,000 people are added at once", "PUT {group}/members", "group_admin", {"members": NUMBERS[:1000]},
             answer=DONE, events={"MemberAdded": 1000, "PersonAdded": 1000}),
    Scenario("1,001 people are too many", "PUT {group}/members", "group_admin", {"members": NUMBERS}, status=413,
             code="PayloadTooLarge"),
    Scenario("an admin removes a member", "DELETE {group}/members/{member_id}", "group_admin", answer=DONE,
             events={"MemberRemoved": 1}),
    Scenario("ids are found with their scale unit", "DELETE {group}@1/members/{member_id}@2", "group_admin",
             answer=DONE, events={"MemberRemoved": 1}),
    Scenario("a tenant admin removes a member", "DELETE {group}/members/{member_id}", "tenant_admin", answer=DONE,
             events={"MemberRemoved": 1}),
    Scenario("a member removes nobody, not even themselves", "DELETE {group}/members/{member_id}", "member",
             status=403),
    Scenario("who is no member cannot be removed", "DELETE {group}/members/{outsider_id}", "group_admin", status=404),
    Scenario("a member unknown to all", "DELETE {group}/members/{unknown}", "group_admin", status=404),
    Scenario("the last admin cannot be removed", "DELETE {group}/members/{admin_id}", "tenant_admin", status=409,
             code="Conflict"),
    Scenario("the group's token cannot remove its last admin", "DELETE {group}/members/{admin_id}", "group_token",
             status=409),
    Scenario("a member becomes an admin", "PUT {group}/members/{member_id}", "group_admin", {"role": "Admin"},
             answer=DONE, events={"MemberRoleChanged": 1}),
    Scenario("roles are taken in any case", "PUT {group}/members/{member_id}", "group_admin", {"Role": " ADMIN "},
             answer=DONE, events={"MemberRoleChanged": 1}),
    Scenario("the same role changes nothing", "PUT {group}/members/{member_id}", "group_admin", {"role": "member"},
             answer=DONE),
    Scenario("a role that is none", "PUT {group}/members/{member_id}", "group_admin", {"role": "Owner"}, status=400),
    Scenario("a role is needed", "PUT {group}/members/{member_id}", "group_admin", {}, status=400),
    Scenario("a member cannot make themselves admin", "PUT {group}/members/{member_id}", "member", {"role": "Admin"},
             status=403),
    Scenario("the last admin cannot become a member", "PUT {group}/members/{admin_id}", "group_admin",
             {"role": "Member"}, status=409, code="Conflict"),
    Scenario("who is no member has no role", "PUT {group}/members/{outsider_id}", "group_admin", {"role": "Admin"},
             status=404),
    Scenario("a page of no members", "GET {group}/members?count=0", "member", status=400),
    Scenario("a page of 1,001 members", "GET {group}/members?count=1001", "member", status=400),
    Scenario("a count that is no number", "GET {group}/members?count=some", "member", status=400),
    Scenario("a cursor that nobody gave", "GET {group}/members?cursor=abc&count=1", "member", status=400),
)  # fmt: skip


def members_of(world: World, group_id: str = "", *, by: Caller | None = None, **query: Any) -> dict[str, Any]:
    answer = (by or world.group_admin).get(f"/groups/{group_id or world.group_id}/members", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def change(world: World, method: str, path: str, body: Any = None) -> None:
    answer = world.tenant_admin.call(method, f"/groups/{world.group_id}{path}", body)
    assert answer.status_code == 200, answer.text


class TestMembers:
    @scenarios(TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        assert world.group_id
        scenario.play(world)

    def test_too_many_are_told_of_the_import(self, world: World) -> None:
        answer = world.group_admin.put(f"/groups/{world.group_id}/members", {"members": NUMBERS})
        assert "import" in assert_error(answer)["message"]
        assert len(members_of(world)["members"]) == 2

    def test_each_event_names_person_group_role_and_actor(self, world: World) -> None:
        outsider_id = world.people[OMAR].user_id
        position = (world.group_id, world.position)[1]
        change(world, "PUT", "/members", {"members": [OMAR]})
        change(world, "PUT", f"/members/{outsider_id}", {"role": "Admin"})
        change(world, "DELETE", f"/members/{outsider_id}")
        events = [event for event in world.events_after(position) if event.event_type.startswith("Member")]
        assert [(event.event_type, event.facts["type"]) for event in events] == [
            ("MemberAdded", "Member"),
            ("MemberRoleChanged", "Admin"),
            ("MemberRemoved", "Admin"),
        ]
        assert {(event.object_id, event.group_id, event.actor_id) for event in events} == {
            (outsider_id, world.group_id, world.tenant_admin.id)
        }

    def test_who_was_removed_can_be_added_again(self, world: World) -> None:
        member_id = world.people[MOHAN].user_id
        for _ in range(3):
            change(world, "DELETE", f"/members/{member_id}")
            assert world.member.get(f"/groups/{world.group_id}").status_code == 404
            change(world, "PUT", "/members", {"members": [MOHAN]})
            assert world.member.get(f"/groups/{world.group_id}").json()["callerRole"] == "Member"

    def test_a_new_admin_may_manage_at_once_and_a_former_one_no_more(self, world: World) -> None:
        member_id, path = world.people[MOHAN].user_id, f"/groups/{world.group_id}"
        change(world, "PUT", f"/members/{member_id}", {"role": "Admin"})
        assert world.member.put(path, {"name": "Ours"}).status_code == 200
        change(world, "PUT", f"/members/{member_id}", {"role": "Member"})
        assert world.member.put(path, {"name": "Mine"}).status_code == 403


class TestPages:
    @pytest.mark.parametrize("count", [1, 3, 7, 8, 1_000])
    def test_pages_together_hold_each_member_once(self, world: World, count: int) -> None:
        group_id = world.make_group("Big", members=NUMBERS[:6])
        everyone = [member["id"] for member in members_of(world, group_id)["members"]]
        assert len(everyone) == 7
        found: list[str] = []
        query: dict[str, Any] = {"count": count}
        for _ in range(len(everyone)):
            page = members_of(world, group_id, **query)
            assert 0 < len(page["members"]) <= count
            found += [member["id"] for member in page["members"]]
            if "cursor" not in page:
                break
            query["cursor"] = page["cursor"]
        assert found == everyone

    def test_a_cursor_alone_goes_on_to_the_end(self, world: World) -> None:
        group_id = world.make_group("Big", members=NUMBERS[:6])
        first = members_of(world, group_id, count=2)
        rest = members_of(world, group_id, cursor=first["cursor"])
        assert len(rest["members"]) == 5
        assert "cursor" not in rest

    def test_the_cursor_of_a_removed_member_goes_on_behind_them(self, world: World) -> None:
        group_id = world.make_group("Big", members=NUMBERS[:6])
        first = members_of(world, group_id, count=3)
        world.group_admin.delete(f"/groups/{group_id}/members/{first['members'][-1]['id']}")
        rest = members_of(world, group_id, cursor=first["cursor"], count=10)
        assert len(rest["members"]) == 4

    def test_without_count_all_come_at_once_however_many(self, world: World) -> None:
        group_id = world.make_group("Biggest")
        for numbers in (NUMBERS[:1_000], [*NUMBERS[1_000:], OMAR]):
            world.group_admin.put(f"/groups/{group_id}/members", {"members": numbers})
        members = members_of(world, group_id)["members"]
        assert len({member["id"] for member in members}) == len(members) == 1_003

    @pytest.mark.parametrize(
        "cursor",
        ["", "%00", "gA", "!!!!", "x" * 600, "kgGhYQ", "oWEA", "ow", "é", "oQA", "pAAAAAA", "2YE"],
    )
    def test_no_cursor_made_up_by_a_client_breaks_anything(self, world: World, cursor: str) -> None:
        answer = world.member.call("GET", f"/groups/{world.group_id}/members?count=1&cursor={cursor}")
        assert answer.status_code in (200, 400)


class TestCounts:
    def test_counts_follow_every_change(self, world: World) -> None:
        def counts() -> tuple[int, int, int]:
            group = world.group_as_seen(by=world.tenant_admin)
            assert group["userCount"] == group["uniqueUserCount"] == group["currentLevelUserCount"]
            assert group["unProvisionedUserCount"] == group["currentLevelUnProvisionedUserCount"]
            members = members_of(world, by=world.tenant_admin)["members"]
            waiting = sum(not member["isProvisioned"] for member in members)
            assert len(members) == group["userCount"]
            assert waiting == group["unProvisionedUserCount"]
            return len(members), waiting, Counter(member["role"] for member in members)["Admin"]

        member_id = world.people[MOHAN].user_id
        assert counts() == (2, 2, 1)
        change(world, "PUT", "/members", {"members": [OMAR, NOBODY, "12"]})
        assert counts() == (4, 4, 1)
        sign_in_by_pin(world, MOHAN)
        assert counts() == (4, 3, 1)
        sign_in_by_pin(world, MOHAN)
        assert counts() == (4, 3, 1)
        change(world, "PUT", f"/members/{member_id}", {"role": "Admin"})
        assert counts() == (4, 3, 2)
        change(world, "DELETE", f"/members/{member_id}")
        assert counts() == (3, 3, 1)
        change(world, "PUT", "/members", {"members": [MOHAN]})
        assert counts() == (4, 3, 1)
        change(world, "DELETE", f"/members/{world.people[OMAR].user_id}")
        assert counts() == (3, 2, 1)
        world.member.post(f"/groups/{world.group_id}/leave")
        assert counts() == (2, 2, 1)

    def test_the_first_sign_in_counts_in_every_group_of_the_person_and_in_no_other(self, world: World) -> None:
        groups = [world.group_id, world.make_group("Second", members=[MOHAN]), world.make_group("Without")]
        sign_in_by_pin(world, MOHAN)
        assert [world.group_as_seen(group_id)["unProvisionedUserCount"] for group_id in groups] == [1, 1, 1]

    def test_added_twice_at_once_is_added_once(self, world: World) -> None:
        path, token = f"/groups/{world.group_id}/members", world.group_admin.access_token
        position = world.position
        adding = ("PUT", path, {"token": token, "body": {"members": [NOBODY, OMAR]}})
        answers = world.client.call_at_once(*[adding] * 8)
        assert {answer.json()["result"] for answer in answers} == {"true"}
        assert world.count_events_after(position) == {"MemberAdded": 2, "PersonAdded": 1}
        assert world.group_as_seen()["userCount"] == 4


class TestNumbers:
    def test_a_connector_without_the_member_list_reads_no_number(self, world: World) -> None:
        texts_only = world.sign_in(MOHAN, permissions=[Permission.TEXT_MESSAGE])
        world.send("Where are you?")
        message = texts_only.get(f"/groups/{world.group_id}/messages", count=1).json()["messages"][0]
        assert message["sender"] == ""
        assert message["senderName"] == "Gita"
        one = texts_only.get(f"/groups/{world.group_id}/messages/{message['referenceId']}")
        assert one.json()["sender"] == ""
        assert GITA not in one.text

    def test_a_connector_with_it_reads_them(self, world: World) -> None:
        world.send("Where are you?")
        message = world.member.get(f"/groups/{world.group_id}/messages", count=1).json()["messages"][0]
        assert message["sender"] == GITA

    def test_no_answer_of_other_permissions_holds_another_persons_number(self, world: World) -> None:
        world.send("Where are you?")
        rest = [permission for permission in ALL_PERMISSIONS if permission != Permission.GROUP_MEMBER_LIST]
        caller = world.sign_in(MOHAN, permissions=rest)
        path = f"/groups/{world.group_id}"
        for call in ("/groups?showDetail=true", path, f"{path}/members", f"{path}/messages?count=9", "/users/me"):
            answer = caller.get(call.split("?")[0], **dict(part.split("=") for part in call.split("?")[1:]))
            assert GITA not in answer.text
            assert ASHA not in answer.text


def sign_in_by_pin(world: World, mobile_number: str) -> None:
    named = {"mobileNumber": mobile_number, "applicationId": world.application_id}
    assert world.client.call("POST", "/v1/generatePin", body=named).status_code == 200
    login = {**named, "pin": world.pin_of(mobile_number)}
    answer = world.client.call("POST", "/v1/loginWithPinAndApplicationId", body=login)
    assert answer.status_code == 200, answer.text


def test_ids_are_lower_case_guids(world: World) -> None:
    assert all(GUID.fullmatch(member["id"]) for member in members_of(world)["members"])
