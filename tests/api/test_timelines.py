"""What a group's timeline shows of the groups above it. What a group token makes is linked below its group."""

from __future__ import annotations

from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World


def make_below(world: World, group_id: str, name: str, members: list[str]) -> str:
    """Gita's token for the group makes a subgroup of it; its id."""
    maker = world.sign_in(GITA, group_id=group_id)
    answer = maker.post("/groups", {"name": name, "members": members})
    assert answer.status_code == 200, answer.text
    made: str = answer.json()["groupId"]
    return made


class TestTimelineOfALowerGroup:
    def test_holds_what_is_sent_above_from_the_linking_on(self, world: World) -> None:
        world.send("before")
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        world.send("after")
        lowest = make_below(world, below, "Night drivers", [OMAR])
        world.send("last")
        world.send("from the middle", group_id=below)
        assert world.texts(world.outsider, group_id=below) == ["from the middle", "last", "after"]
        assert world.texts(world.outsider, group_id=lowest) == ["from the middle", "last"]
        assert world.texts(world.member) == ["last", "after", "before", "Welcome to the depot"]

    def test_pages_merge_all_levels_in_the_order_of_time(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        sent = []
        for number in range(25):
            where = world.group_id if number % 3 else below
            sent.append(f"{number}")
            world.send(sent[-1], group_id=where)
        seen: list[str] = []
        query = {"count": 7}
        while True:
            answer = world.outsider.get(f"/groups/{below}/messages", **query).json()
            seen += [message["message"] for message in answer["messages"]]
            if "cursor" not in answer:
                break
            query = {"count": 7, "cursor": answer["cursor"]}
        assert seen == sent[::-1]
        newer = world.outsider.get(f"/groups/{below}/messages", count=10, direction="newer").json()
        assert [message["message"] for message in newer["messages"]] == sent[:10][::-1]

    def test_one_message_from_above_is_read_through_the_lower_group_alone(self, world: World) -> None:
        early = world.send("before")
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        late = world.send("after")
        read = world.outsider.get(f"/groups/{below}/messages/{late}")
        assert read.json()["message"] == "after"
        assert read.json()["sourceGroupId"] == world.group_id
        assert world.outsider.get(f"/groups/{below}/messages/{early}").status_code == 404
        assert world.outsider.get(f"/groups/{world.group_id}/messages/{late}").status_code == 404

    def test_an_admin_below_cannot_change_what_comes_from_above(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        assert world.group_admin.put(f"/groups/{below}/members/{world.people[OMAR].user_id}", {"role": "Admin"})
        sent = world.send("from above", sender=world.tenant_admin)
        assert world.outsider.delete(f"/groups/{below}/messages/{sent}").status_code == 403
        assert world.texts(world.outsider, group_id=below) == ["from above"]

    def test_what_was_seen_before_the_detaching_stays(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        world.send("seen")
        assert world.group_admin.delete(f"/groups/{world.group_id}").status_code == 200
        assert world.texts(world.outsider, group_id=below) == ["seen"]
        assert world.group_as_seen(below)["hasParentGroups"] is False


class TestPostingAbove:
    def test_members_of_a_group_with_subgroups_send_no_text(self, world: World) -> None:
        world.send("flat", sender=world.member)
        make_below(world, world.group_id, "Drivers", [])
        refused = world.member.post(f"/groups/{world.group_id}/messages", {"message": "up here"})
        assert refused.status_code == 403
        assert "subgroups" in refused.json()["message"]
        world.send("from the admin")
        world.send("from the token", sender=world.sign_in(GITA, group_id=world.group_id))
        assert world.texts(world.member)[:2] == ["from the token", "from the admin"]


class TestGroupToken:
    def test_acts_with_admin_rights_in_the_groups_below_its_own(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [])
        lowest = make_below(world, below, "Night drivers", [])
        token = world.sign_in(GITA, group_id=world.group_id)
        middle = world.sign_in(GITA, group_id=below)
        for group_id in (below, lowest):
            assert token.put(f"/groups/{group_id}/members", {"members": [MOHAN]}).status_code == 200
            assert token.get(f"/groups/{group_id}").json()["callerRole"] == "Admin"
        assert middle.get(f"/groups/{lowest}").status_code == 200
        assert middle.get(f"/groups/{world.group_id}").status_code == 404

    def test_stops_below_too_when_its_maker_is_no_longer_admin(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [])
        token = world.sign_in(GITA, group_id=world.group_id)
        member = f"/groups/{world.group_id}/members"
        world.tenant_admin.put(member, {"members": [ASHA]})
        world.tenant_admin.put(f"{member}/{world.people[ASHA].user_id}", {"role": "Admin"})
        world.tenant_admin.put(f"{member}/{world.people[GITA].user_id}", {"role": "Member"})
        answer = token.get(f"/groups/{below}")
        assert answer.status_code == 401
        assert answer.json()["errorCode"] == "InvalidToken"


class TestPublicGroup:
    def test_without_addressees_a_message_stays_among_its_members(self, world: World) -> None:
        group_id = make_public(world)
        world.send("inside", sender=world.tenant_admin, group_id=group_id)
        world.send("from a member", sender=world.member, group_id=group_id)
        assert world.texts(world.member, group_id=group_id) == ["from a member", "inside"]

    def test_naming_subscribers_needs_an_admin_and_subscribers(self, world: World) -> None:
        group_id = make_public(world)
        path = f"/groups/{group_id}/messages"
        body = {"message": "hi", "subscribers": [OMAR]}
        assert world.member.post(path, body).status_code == 403
        refused = world.tenant_admin.post(path, body)
        assert refused.status_code == 400
        assert "subscribers" in refused.json()["message"]
        assert world.tenant_admin.post(path, {"message": "hi", "subscribers": []}).status_code == 400
        assert world.texts(world.tenant_admin, group_id=group_id) == []


def make_public(world: World) -> str:
    asha: Caller = world.tenant_admin
    answer = asha.post("/groups", {"name": "News", "groupType": "ConnectGroup", "members": [MOHAN]})
    assert answer.status_code == 200, answer.text
    group_id: str = answer.json()["groupId"]
    return group_id
