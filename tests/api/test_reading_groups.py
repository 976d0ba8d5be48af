"""GET of groups, their search by name, and who sees them. Source: contract, section 5."""

from __future__ import annotations

import pytest

from tests.api.scenarios import GUID, TIME, UNKNOWN_ID, Scenario, assert_matches, scenarios
from tests.api.worlds import MOHAN, WELCOME, Caller, World

# G of the contract, for a group of two of whom nobody has signed in by PIN yet.
G = {
    "groupName": "Depot",
    "groupId": GUID,
    "groupImageUrl": "",
    "hasSubGroups": False,
    "hasParentGroups": False,
    "currentLevelSubGroupCount": 0,
    "currentLevelParentGroupCount": 0,
    "userCount": 2,
    "uniqueUserCount": 2,
    "currentLevelUserCount": 2,
    "currentLevelUnProvisionedUserCount": 2,
    "unProvisionedUserCount": 2,
    "isMappedToTenant": True,
    "groupType": "Group",
    "isDuplicate": False,
    "isDetailsReadable": True,
}
DETAILS = {"welcomeMessage": WELCOME, "subGroups": [], "createdAt": TIME}
FOR_ADMIN = {**G, "callerRole": "Admin", "isEditable": True}
FOR_MEMBER = {**G, "callerRole": "Member", "isEditable": False}

TABLE = (
    Scenario("a member lists their groups", "GET /v1/groups", "member", answer={"groups": [FOR_MEMBER]}),
    Scenario(
        "without details there is no welcome", "GET /v1/groups", "member", forbidden=["welcomeMessage", "createdAt"]
    ),
    Scenario(
        "showDetail adds the details",
        "GET /v1/groups?showDetail=true",
        "group_admin",
        answer={"groups": [FOR_ADMIN | DETAILS]},
    ),
    Scenario(
        "showDetails is the same",
        "GET /v1/groups?showDetails=True&fetchAllGroups=false",
        "group_admin",
        answer={"groups": [FOR_ADMIN | DETAILS]},
    ),
    Scenario(
        "showdetail in any case is the same",
        "GET /v1/groups?SHOWDETAIL=1",
        "member",
        answer={"groups": [FOR_MEMBER | DETAILS]},
    ),
    Scenario("who is in no group has none", "GET /v1/groups", "outsider", answer={"groups": []}),
    Scenario("a tenant admin lists the groups they are in", "GET /v1/groups", "tenant_admin", answer={"groups": []}),
    Scenario("a group token lists its group", "GET /v1/groups", "group_token", answer={"groups": [FOR_ADMIN]}),
    Scenario("a detail that is neither true nor false", "GET /v1/groups?showDetail=maybe", "member", status=400),
    Scenario(
        "one group is given in both documented forms",
        "GET {group}",
        "member",
        answer={**FOR_MEMBER, **DETAILS, "groups": [FOR_MEMBER | DETAILS]},
    ),
    Scenario(
        "a tenant admin sees a group they are not in, as its admin",
        "GET {group}",
        "tenant_admin",
        answer={**FOR_ADMIN, **DETAILS, "groups": [FOR_ADMIN | DETAILS]},
    ),
    Scenario("a group token sees its group", "GET {group}", "group_token", answer=FOR_ADMIN),
    Scenario("an outsider sees no group", "GET {group}", "outsider", status=404, forbidden=["Depot"]),
    Scenario("another organization's admin sees no group", "GET {group}", "stranger", status=404, forbidden=["Depot"]),
    Scenario("a tenant admin sees nothing of other organizations", "GET {others_group}", "tenant_admin", status=404),
    Scenario("a group that does not exist", "GET /v1/groups/{unknown}", "tenant_admin", status=404),
)  # fmt: skip

FINDING = "/v1/tenant/findGroupsByQuery"

FIND_TABLE = (
    Scenario("any part of a name finds it, in any case", f"GET {FINDING}?query=DEPO", "tenant_admin",
             answer={"groups": [FOR_ADMIN]}),
    Scenario("what no name holds finds nothing", f"GET {FINDING}?query=x9", "tenant_admin", answer={"groups": []}),
    Scenario("a member may not search", f"GET {FINDING}?query=depot", "member", status=403, forbidden=["Depot"]),
    Scenario("a group's admin may not search", f"GET {FINDING}?query=depot", "group_admin", status=403),
    Scenario("a group token may not search", f"GET {FINDING}?query=depot", "group_token", status=403),
    Scenario("a page of no groups", f"GET {FINDING}?query=a&pageSize=0", "tenant_admin", status=400),
    Scenario("a page of 101 groups", f"GET {FINDING}?query=a&pageSize=101", "tenant_admin", status=400),
    Scenario("an offset below 0", f"GET {FINDING}?query=a&resultsOffset=-1", "tenant_admin", status=400),
    Scenario("an offset beyond all", f"GET {FINDING}?query=a&resultsOffset=99999999999", "tenant_admin", status=400),
    Scenario("a page size that is no number", f"GET {FINDING}?query=a&pageSize=many", "tenant_admin", status=400),
)  # fmt: skip


def names(caller: Caller, **query: object) -> list[str]:
    answer = caller.get(FINDING, **query)
    assert answer.status_code == 200, answer.text
    return [group["groupName"] for group in answer.json()["groups"]]


class TestReadGroups:
    @scenarios(TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        assert world.group_id
        scenario.play(world)

    def test_groups_come_with_the_role_in_each(self, world: World) -> None:
        mine = world.member.post("/groups", {"name": "Mine"}).json()["groupId"]
        groups = world.member.get("/groups").json()["groups"] if world.group_id else []
        assert {group["groupId"]: group["callerRole"] for group in groups} == {mine: "Admin", world.group_id: "Member"}

    def test_fetch_all_groups_shows_the_same_while_there_are_no_subgroups(self, world: World) -> None:
        assert world.group_id
        direct = world.member.get("/groups").json()
        assert world.member.get("/groups", fetchAllGroups="true").json() == direct

    @pytest.mark.parametrize("path", ["", "/members", "/messages?count=5", f"/messages/{UNKNOWN_ID}"])
    def test_a_group_that_is_not_visible_looks_like_none(self, world: World, path: str) -> None:
        headers = {"X-Request-Id": "the-same-id"}
        for caller in (world.outsider, world.stranger):
            hidden = caller.call("GET", f"/groups/{world.group_id}{path}", headers=headers)
            absent = caller.call("GET", f"/groups/{UNKNOWN_ID}{path}", headers=headers)
            assert hidden.status_code == absent.status_code == 404
            assert hidden.content == absent.content
            assert hidden.headers == absent.headers

    @pytest.mark.parametrize(
        ("call", "body"),
        [
            ("PUT", {"name": "Taken over"}),
            ("DELETE", None),
            ("POST /leave", None),
            ("PUT /members", {"members": [MOHAN]}),
            ("POST /messages", {"message": "hi"}),
            ("PUT /messages/{unknown}", {"message": "hi"}),
            ("DELETE /messages/{unknown}", None),
            ("PUT /members/{unknown}", {"role": "Admin"}),
            ("DELETE /members/{unknown}", None),
        ],
    )
    def test_nor_can_it_be_changed(self, world: World, call: str, body: object) -> None:
        method, _, path = call.replace("{unknown}", UNKNOWN_ID).partition(" ")
        headers = {"X-Request-Id": "the-same-id"}
        group_id, callers = world.group_id, (world.outsider, world.stranger)
        position = world.position
        for caller in callers:
            hidden = caller.call(method, f"/groups/{group_id}{path}", body, headers=headers)
            absent = caller.call(method, f"/groups/{UNKNOWN_ID}{path}", body, headers=headers)
            assert hidden.status_code == absent.status_code == 404
            assert hidden.content == absent.content
        assert world.count_events_after(position) == {}


class TestFindGroups:
    @scenarios(FIND_TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        assert world.group_id
        scenario.play(world)

    def test_wildcards_of_sql_are_letters_like_others(self, world: World) -> None:
        for name in ("100% club", "100 club", "a_b", "axb", "back\\slash", "backslash"):
            world.make_group(name)
        assert names(world.tenant_admin, query="100%") == ["100% club"]
        assert names(world.tenant_admin, query="%") == ["100% club"]
        assert names(world.tenant_admin, query="a_b") == ["a_b"]
        assert names(world.tenant_admin, query="_") == ["a_b"]
        assert names(world.tenant_admin, query="\\") == ["back\\slash"]
        assert names(world.tenant_admin, query="ack\\sl") == ["back\\slash"]

    def test_pages_together_hold_every_group_once(self, world: World) -> None:
        for number in range(7):
            world.make_group(f"Team {number}")
        world.make_group("Other")
        pages = [names(world.tenant_admin, query="team", pageSize=3, resultsOffset=offset) for offset in (0, 3, 6, 9)]
        assert [len(page) for page in pages] == [3, 3, 1, 0]
        assert [name for page in pages for name in page] == [f"Team {number}" for number in range(7)]

    def test_without_a_query_all_are_found(self, world: World) -> None:
        for name in ("Beta", "alpha"):
            world.make_group(name)
        assert names(world.tenant_admin) == ["alpha", "Beta"]

    def test_names_in_other_scripts_are_found_in_any_case(self, world: World) -> None:
        world.make_group("ΣΊΣΥΦΟΣ Straße")
        assert names(world.tenant_admin, query="σίσυφοσ") == ["ΣΊΣΥΦΟΣ Straße"]
        assert names(world.tenant_admin, query="STRASSE") == ["ΣΊΣΥΦΟΣ Straße"]

    def test_only_groups_of_the_own_organization_are_found(self, world: World) -> None:
        world.make_group("Depot")
        assert names(world.stranger, query="depot") == []

    def test_a_renamed_group_is_found_by_its_new_name_alone(self, world: World) -> None:
        world.group_admin.put(f"/groups/{world.group_id}", {"name": "Harbour"})
        assert names(world.tenant_admin, query="harb") == ["Harbour"]
        assert names(world.tenant_admin, query="depot") == []

    def test_a_deleted_group_is_not_found(self, world: World) -> None:
        world.group_admin.delete(f"/groups/{world.group_id}")
        assert names(world.tenant_admin, query="depot") == []

    def test_members_of_a_group_see_it_as_any_admin_does(self, world: World) -> None:
        found = world.tenant_admin.get(FINDING, query="depot") if world.group_id else None
        assert found is not None
        assert_matches(found.json()["groups"][0], FOR_ADMIN)
