"""What the events of groups, members and reactions say to those outside. Contract, section 11."""

from __future__ import annotations

from tests.api.telling import assert_from, happenings_since, of_group
from tests.api.worlds import OMAR, World


class TestGroups:
    def test_who_comes_and_goes(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        omar = world.people[OMAR].user_id
        world.group_admin.put(f"/groups/{world.group_id}/members/{omar}", {"role": "Admin"})
        world.group_admin.delete(f"/groups/{world.group_id}/members/{omar}")
        told = happenings_since(world, position)
        assert [each.event_type for each in told] == ["MemberAdded", "MemberRoleChanged", "MemberRemoved"]
        assert [each.data["type"] for each in told] == ["Member", "Admin", "Admin"]
        added = told[0]
        assert added.data == {
            "member": OMAR, "memberId": omar, "memberName": "Omar", "memberProfilePic": "", "type": "Member",
            **of_group(world),
        }  # fmt: skip
        assert added.top_level == {"member": OMAR, "memberName": "Omar", "type": "Member", "profilePic": ""}
        assert_from(added, world.group_admin)
        assert len({each.event_id for each in told}) == 3

    def test_groups_below(self, world: World) -> None:
        child = world.make_group("Gate")
        position = (world.group_id, world.position)[1]
        world.group_admin.put(f"/groups/{world.group_id}/subGroups", {"subGroups": [child]})
        world.group_admin.delete(f"/groups/{world.group_id}/subGroups/{child}")
        added, removed = happenings_since(world, position)
        expected = {"groupId": child, "groupName": "Gate", "groupType": "Group", "parentGroupId": world.group_id,
                    "sourceGroupId": world.group_id}  # fmt: skip
        assert (added.event_type, removed.event_type) == ("GroupAdded", "GroupRemoved")
        assert added.data == removed.data == expected
        assert added.group_id == world.group_id

    def test_a_group_of_its_own(self, world: World) -> None:
        position = (world.group_admin, world.position)[1]
        group_id = world.make_group("Gate")
        world.group_admin.delete(f"/groups/{group_id}")
        told = happenings_since(world, position)
        assert [each.event_type for each in told] == ["GroupAdded", "MemberAdded", "GroupRemoved"]
        expected = {"groupId": group_id, "groupName": "Gate", "groupType": "Group", "parentGroupId": ""}
        assert told[0].data == told[2].data == {**expected, "sourceGroupId": group_id}

    def test_reactions(self, world: World) -> None:
        message_id = world.send("Rain")
        position = world.position
        path = f"/groups/{world.group_id}/reaction"
        body = {"referenceId": message_id, "sourceGroupId": world.group_id}
        world.member.post(path, {**body, "reactionType": "Like"})
        comment = world.member.post(path, {**body, "reactionType": "Comment", "comment": "At last"}).json()[
            "reactionId"
        ]
        like_told, comment_told = happenings_since(world, position)
        assert like_told.data["reactionType"] == "Like"
        assert "comment" not in like_told.data
        shown = {"reactionId": comment, "referenceId": message_id, "reactionType": "Comment", "comment": "At last"}
        assert comment_told.data == {**shown, **of_group(world)}
        assert comment_told.event_id == comment
        world.member.delete(f"{path}/{comment}")
        _, removed = happenings_since(world, position)
        assert removed.event_type == "ReactionRemoved"
        assert removed.data == {"reactionId": comment, "referenceId": message_id, **of_group(world)}
