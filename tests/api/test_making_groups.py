"""POST /groups: a group with its first members. Source: contract, section 5."""

from __future__ import annotations

from tests.api.client import assert_error
from tests.api.scenarios import GUID, UNKNOWN_ID, Scenario, scenarios
from tests.api.worlds import ASHA, GITA, MOHAN, NOBODY, OMAR, World

MADE_ALONE = {"GroupAdded": 1, "MemberAdded": 1}
NUMBERS = [f"+9198100{index:05d}" for index in range(120)]

TABLE = (
    Scenario(
        "anyone may make a group",
        "POST /v1/groups",
        "member",
        {"name": "Drivers"},
        answer={"groupName": "Drivers", "groupId": GUID, "membersAdded": True},
        events=MADE_ALONE,
    ),
    Scenario(
        "known and unknown people are added by number",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "welcomeMessage": "Hello", "members": [OMAR, NOBODY]},
        answer={"groupName": "Drivers", "membersAdded": True},
        events={"GroupAdded": 1, "MemberAdded": 3, "PersonAdded": 1},
    ),
    Scenario(
        "every field of the old API is taken",
        "POST /v1/groups",
        "member",
        {
            "name": "Drivers",
            "welcomeMessage": "Hello",
            "members": [OMAR],
            "memberUserIds": ["{admin_id}"],
            "admins": [ASHA],
            "groupType": "Group",
            "shortDescriptionString": "Short",
            "longDescriptionString": "Long",
            "groupPhoto": "https://example.org/a.png",
            "backgroundPhoto": "https://example.org/b.png",
        },
        answer={"groupName": "Drivers", "membersAdded": True},
        events={"GroupAdded": 1, "MemberAdded": 4},
    ),
    Scenario(
        "unknown user ids are skipped",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "memberUserIds": ["{unknown}", "nobody", "{outsider_id}@1"]},
        answer={"membersAdded": False},
        events={"GroupAdded": 1, "MemberAdded": 2},
    ),
    Scenario(
        "unknown user ids alone add nobody",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "memberUserIds": ["{unknown}"]},
        answer={"membersAdded": False},
        events=MADE_ALONE,
    ),
    Scenario(
        "the maker among the members counts once",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "members": [MOHAN, MOHAN], "memberUserIds": ["{member_id}"], "admins": [MOHAN]},
        answer={"membersAdded": True},
        events=MADE_ALONE,
    ),
    Scenario(
        "group types are taken in any case",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "groupType": "GROUP"},
        events=MADE_ALONE,
    ),
    Scenario(
        "white space around a name is dropped",
        "POST /v1/groups",
        "member",
        {"name": "  Drivers \n"},
        answer={"groupName": "Drivers"},
        events=MADE_ALONE,
    ),
    Scenario(
        "a name may have 200 characters of any script",
        "POST /v1/groups",
        "member",
        {"name": "ढ" * 200},
        answer={"groupName": "ढ" * 200},
        events=MADE_ALONE,
    ),
    Scenario("a name of 201 characters is too long", "POST /v1/groups", "member", {"name": "x" * 201}, status=400),
    Scenario("a name is needed", "POST /v1/groups", "member", {"welcomeMessage": "Hello"}, status=400),
    Scenario("a name cannot be blank", "POST /v1/groups", "member", {"name": " \t"}, status=400),
    Scenario(
        "a welcome of 4001 characters is too long",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "welcomeMessage": "x" * 4001},
        status=400,
    ),
    Scenario(
        "a number that is none is named and nothing is made",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "members": [OMAR, "+12"]},
        status=400,
    ),
    Scenario(
        "a picture must be an address",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "groupPhoto": "javascript:alert(1)"},
        status=400,
    ),
    Scenario(
        "group types that do not exist are refused",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "groupType": "Hub"},
        status=400,
    ),
    Scenario(
        "100 members are taken",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "members": NUMBERS[:100]},
        answer={"membersAdded": True},
        events={"GroupAdded": 1, "MemberAdded": 101, "PersonAdded": 100},
    ),
    Scenario(
        "101 members are too many",
        "POST /v1/groups",
        "member",
        {"name": "Drivers", "members": NUMBERS[:101]},
        status=400,
    ),
    Scenario(
        "what a group token makes is a subgroup of its group",
        "POST /v1/groups",
        "group_token",
        {"name": "Drivers"},
        answer={"groupName": "Drivers", "membersAdded": True},
        events={"GroupAdded": 1, "MemberAdded": 1, "SubgroupAdded": 1},
    ),
    Scenario(
        "a public group is made by admins of the organization alone",
        "POST /v1/groups",
        "group_admin",
        {"name": "News", "groupType": "ConnectGroup"},
        status=403,
        code="Forbidden",
    ),
    Scenario(
        "a group token makes no public group",
        "POST /v1/groups",
        "group_token",
        {"name": "News", "groupType": "ConnectGroup"},
        status=403,
        code="Forbidden",
    ),
    Scenario(
        "an admin of the organization makes a public group",
        "POST /v1/groups",
        "tenant_admin",
        {"name": "News", "groupType": "connectgroup", "members": ["+919822222222"]},
        answer={"groupName": "News", "membersAdded": True},
        events={"GroupAdded": 1, "MemberAdded": 2, "PersonAdded": 1},
    ),
    Scenario("without a token no group is made", "POST /v1/groups", "", {"name": "Drivers"}, status=401),
)


class TestCreateGroup:
    @scenarios(TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)

    def test_what_was_given_is_there_afterwards(self, world: World) -> None:
        body = {
            "name": "Drivers",
            "welcomeMessage": "Hello",
            "members": [OMAR],
            "admins": [ASHA],
            "memberUserIds": [world.people[GITA].user_id],
            "groupPhoto": "https://example.org/a.png",
        }
        group_id = world.member.post("/v1/groups", body).json()["groupId"]
        group = world.group_as_seen(group_id, by=world.member)
        assert group["groupName"] == "Drivers"
        assert group["groupType"] == "Group"
        assert group["welcomeMessage"] == "Hello"
        assert group["groupImageUrl"] == "https://example.org/a.png"
        assert group["callerRole"] == "Admin"
        members = world.member.get(f"/groups/{group_id}/members").json()["members"]
        roles = {member["mobileNumber"]: member["role"] for member in members}
        assert roles == {MOHAN: "Admin", ASHA: "Admin", OMAR: "Member", GITA: "Member"}

    def test_descriptions_and_background_are_kept(self, world: World) -> None:
        group_id = world.make_group(
            "Drivers",
            shortDescriptionString="Short",
            longDescriptionString="Long",
            backgroundPhoto="https://example.org/b.png",
        )
        kept = world.ask("SELECT group_id, short_description, long_description, background_url FROM groups "
                         "WHERE tenant_id = %s")  # fmt: skip
        assert kept == [(group_id, "Short", "Long", "https://example.org/b.png")]

    def test_an_admin_named_as_a_member_too_is_an_admin(self, world: World) -> None:
        group_id = world.make_group("Drivers", members=[OMAR], admins=[OMAR])
        members = world.group_admin.get(f"/groups/{group_id}/members").json()["members"]
        assert {member["mobileNumber"]: member["role"] for member in members}[OMAR] == "Admin"

    def test_a_bad_number_is_named(self, world: World) -> None:
        answer = world.member.post("/v1/groups", {"name": "Drivers", "members": ["12-34"]})
        assert "12-34" in assert_error(answer, code="InvalidParameters")["message"]

    def test_too_many_members_are_told_the_limit(self, world: World) -> None:
        answer = world.member.post("/v1/groups", {"name": "Drivers", "members": NUMBERS[:101]})
        assert "100" in assert_error(answer, code="InvalidParameters")["message"]

    def test_people_of_another_organization_are_not_found_by_id(self, world: World) -> None:
        stranger_id = world.stranger.id
        answer = world.member.post("/v1/groups", {"name": "Drivers", "memberUserIds": [stranger_id, UNKNOWN_ID]})
        assert answer.json()["membersAdded"] is False
