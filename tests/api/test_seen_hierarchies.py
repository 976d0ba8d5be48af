"""What members see of the groups above and below their own, and what those count."""

from __future__ import annotations

import pytest

from tests.api.hierarchies import ids_in, link
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, World


class TestSeeingTheHierarchy:
    """Omar is a member of a middle group; he sees what lies above and below it, and nothing beside it."""

    @pytest.fixture
    def tree(self, world: World) -> dict[str, str]:
        names = ("top", "middle", "beside", "low")
        made = {name: world.make_group(name, members=[OMAR] if name == "middle" else []) for name in names}
        link(world.group_admin, made["top"], made["middle"], made["beside"])
        link(world.group_admin, made["middle"], made["low"])
        return made

    def test_his_own_groups_are_listed_unless_all_are_asked_for(self, world: World, tree: dict[str, str]) -> None:
        omar = world.outsider
        assert ids_in(omar.get("/groups").json()["groups"]) == [tree["middle"]]
        groups = {group["groupId"]: group for group in omar.get("/groups", fetchAllGroups="true").json()["groups"]}
        assert groups.keys() == {tree["top"], tree["middle"], tree["low"]}
        roles = {name: groups[tree[name]]["callerRole"] for name in ("top", "middle", "low")}
        assert roles == {"top": "None", "middle": "Member", "low": "None"}
        assert [groups[tree[name]]["isEditable"] for name in roles] == [False, False, False]

    def test_he_reads_what_they_are_and_no_more(self, world: World, tree: dict[str, str]) -> None:
        omar = world.outsider
        for name in ("top", "low"):
            path = f"/groups/{tree[name]}"
            seen = omar.get(path).json()
            assert (seen["groupName"], seen["callerRole"]) == (name, "None")
            assert omar.get(f"{path}/subGroups").status_code == 200
            for method, rest, body in (
                ("GET", "/members", None),
                ("GET", "/messages?count=1", None),
                ("POST", "/messages", {"message": "hi"}),
                ("PUT", "", {"name": "x"}),
                ("POST", "/subGroups", {"name": "x"}),
            ):
                assert omar.call(method, path + rest, body).status_code == 404
        assert omar.get(f"/groups/{tree['beside']}").status_code == 404
        assert omar.get(f"/groups/{tree['beside']}/subGroups").status_code == 404

    def test_a_list_above_him_shows_his_own_branch(self, world: World, tree: dict[str, str]) -> None:
        omar = world.outsider
        path = f"/groups/{tree['top']}/subGroups"
        assert ids_in(omar.get(path).json()["subGroups"]) == [tree["middle"]]
        [middle] = omar.get(path, fetchAllGroups="true").json()["subGroups"]
        assert ids_in(middle["subGroups"]) == [tree["low"]]
        groups = omar.get("/groups", fetchAllGroups="true", showDetail="true").json()["groups"]
        assert ids_in(next(each for each in groups if each["groupId"] == tree["top"])["subGroups"]) == [tree["middle"]]
        assert ids_in(omar.get(f"/groups/{tree['top']}").json()["subGroups"]) == [tree["middle"]]
        assert ids_in(world.group_admin.get(path).json()["subGroups"]) == [tree["middle"], tree["beside"]]

    def test_ends_with_his_membership_and_with_the_link(self, world: World, tree: dict[str, str]) -> None:
        omar = world.outsider
        world.group_admin.delete(f"/groups/{tree['middle']}/subGroups/{tree['low']}")
        assert omar.get(f"/groups/{tree['low']}").status_code == 404
        assert omar.get(f"/groups/{tree['top']}").status_code == 200
        world.group_admin.delete(f"/groups/{tree['middle']}/members/{world.people[OMAR].user_id}")
        assert omar.get(f"/groups/{tree['top']}").status_code == 404
        assert omar.get("/groups", fetchAllGroups="true").json() == {"groups": []}

    def test_a_group_token_sees_below_and_not_above(self, world: World, tree: dict[str, str]) -> None:
        token = world.sign_in(GITA, group_id=tree["middle"])
        assert ids_in(token.get("/groups").json()["groups"]) == [tree["middle"]]
        groups = token.get("/groups", fetchAllGroups="true").json()["groups"]
        assert {(group["groupId"], group["callerRole"]) for group in groups} == {
            (tree["middle"], "Admin"),
            (tree["low"], "Admin"),
        }
        assert token.get(f"/groups/{tree['top']}").status_code == 404
        assert token.get(f"/groups/{tree['top']}/subGroups").status_code == 404

    def test_an_admin_of_the_organization_acts_as_admin_in_all(self, world: World, tree: dict[str, str]) -> None:
        world.group_admin.put(f"/groups/{tree['middle']}/members", {"members": [ASHA]})
        groups = world.tenant_admin.get("/groups", fetchAllGroups="true").json()["groups"]
        assert {(group["groupName"], group["callerRole"]) for group in groups} == {
            ("top", "Admin"),
            ("middle", "Admin"),
            ("low", "Admin"),
        }


class TestCounts:
    def test_are_those_of_all_groups_below_each_once(self, world: World) -> None:
        top, left, right, low = (world.make_group(name) for name in ("Top", "Left", "Right", "Low"))
        link(world.group_admin, top, left, right)
        link(world.group_admin, left, low)
        link(world.group_admin, right, low)
        world.group_admin.put(f"/groups/{low}/members", {"members": [MOHAN, OMAR]})
        world.clock.advance(seconds=61)
        seen = world.group_as_seen(top)
        names = ("userCount", "uniqueUserCount", "currentLevelUserCount")
        assert [seen[name] for name in names] == [6, 3, 1]
        names = ("unProvisionedUserCount", "currentLevelUnProvisionedUserCount")
        assert [seen[name] for name in names] == [6, 1]
        assert [world.group_as_seen(low)[name] for name in ("userCount", "uniqueUserCount")] == [3, 3]
        listed = {group["groupId"]: group for group in world.group_admin.get("/groups").json()["groups"]}
        assert [listed[each]["userCount"] for each in (top, left, right, low)] == [6, 4, 4, 3]
        assert [listed[each]["uniqueUserCount"] for each in (top, left, right, low)] == [3, 3, 3, 3]

    def test_the_number_of_people_is_at_most_a_minute_old(self, world: World) -> None:
        low = world.make_group("Low")
        link(world.group_admin, world.group_id, low)
        assert world.group_as_seen()["uniqueUserCount"] == 2
        world.group_admin.put(f"/groups/{low}/members", {"members": [OMAR]})
        assert [world.group_as_seen()[name] for name in ("userCount", "uniqueUserCount")] == [4, 2]
        world.clock.advance(seconds=61)
        assert world.group_as_seen()["uniqueUserCount"] == 3

    def test_a_flat_groups_numbers_are_never_old(self, world: World) -> None:
        assert world.group_as_seen()["uniqueUserCount"] == 2
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        assert world.group_as_seen()["uniqueUserCount"] == 3
