"""What a bot is in a group, and that nothing else makes one. Source: contract, section 10."""

from __future__ import annotations

from tests.api.bots import members_of, put_out
from tests.api.client import assert_error
from tests.api.scenarios import UNKNOWN_ID
from tests.api.worlds import OMAR, World


class TestBotsInGroups:
    def test_it_is_a_member_marked_as_a_bot(self, world: World) -> None:
        bot_id = world.group_admin.post("/bot", {"name": "Till"}).json()["botUserId"]
        before = world.group_as_seen()
        position = world.position
        answer = world.group_admin.post(f"/v1/groups/{world.group_id}/bot", {"botUserId": f"{bot_id.upper()}@1"})
        assert answer.json() == {"result": "true"}
        [event] = world.events_after(position)
        assert (event.event_type, event.object_id, event.facts) == ("MemberAdded", bot_id, {"type": "Member"})
        members = members_of(world)
        assert members[bot_id] == {
            "id": bot_id,
            "role": "Member",
            "name": "Till",
            "profilePic": "",
            "isProvisioned": True,
            "isBot": True,
        }
        assert "isBot" not in members[world.member.id]
        after = world.group_as_seen()
        assert after["userCount"] == before["userCount"] + 1
        assert after["unProvisionedUserCount"] == before["unProvisionedUserCount"]

    def test_adding_it_twice_adds_it_once(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        position = world.position
        answer = world.group_admin.post(f"/groups/{world.group_id}/bots", {"botUserId": bot.id})
        assert answer.json() == {"result": "true"}
        assert world.position == position

    def test_the_groups_admin_adds_a_bot_that_someone_else_made(self, world: World) -> None:
        bot = world.make_bot("Till", creator=world.outsider)
        answer = world.group_admin.post(f"/groups/{world.group_id}/bot", {"botUserId": bot.id})
        assert answer.json() == {"result": "true"}
        assert bot.id in members_of(world)

    def test_a_group_token_adds_it_to_its_group(self, world: World) -> None:
        bot = world.make_bot("Till")
        answer = world.group_token.post(f"/groups/{world.group_id}/bot", {"botUserId": bot.id})
        assert answer.json() == {"result": "true"}

    def test_what_is_no_bot_of_the_organization_is_not_added(self, world: World) -> None:
        group, theirs = f"/groups/{world.group_id}", world.other_world.make_bot("Theirs").id
        position = world.position
        for bot_id in (UNKNOWN_ID, world.people[OMAR].user_id, theirs, ""):
            answer = world.group_admin.post(f"{group}/bot", {"botUserId": bot_id})
            assert assert_error(answer, code="NotFound")["message"] == "No such bot."
        assert world.position == position
        assert members_of(world).keys() == {world.group_admin.id, world.member.id}

    def test_its_creator_alone_does_not_add_it(self, world: World) -> None:
        bot = world.make_bot("Till", creator=world.member)
        answer = world.member.post(f"/groups/{world.group_id}/bot", {"botUserId": bot.id})
        assert_error(answer, code="Forbidden")
        assert bot.id not in members_of(world)

    def test_it_is_named_by_its_id_when_a_group_is_made(self, world: World) -> None:
        bot = world.make_bot("Till")
        group_id = world.make_group("New", memberUserIds=[bot.id])
        assert members_of(world, group_id)[bot.id]["role"] == "Member"

    def test_it_needs_no_welcome(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        assert world.texts(bot) == []

    def test_it_posts_under_its_own_name(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        reference_id = world.send("Closed", sender=bot)
        message = world.member.get(f"/groups/{world.group_id}/messages/{reference_id}").json()
        assert (message["sender"], message["senderId"], message["senderName"]) == ("", bot.id, "Till")

    def test_its_text_in_a_group_with_subgroups_reaches_those_below(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        below = world.group_token.post("/groups", {"name": "Below", "members": [OMAR]}).json()["groupId"]
        refused = world.member.post(f"/groups/{world.group_id}/messages", {"message": "x"})
        assert_error(refused, code="Forbidden")
        world.send("Closed", sender=bot)
        assert world.texts(world.outsider, group_id=below) == ["Closed"]

    def test_it_reads_what_was_sent_since_it_joined(self, world: World) -> None:
        world.send("before")
        bot = world.make_bot("Till", group_id=world.group_id)
        world.send("after")
        assert world.texts(bot) == ["after"]
        assert [group["groupId"] for group in bot.get("/groups").json()["groups"]] == [world.group_id]

    def test_where_it_is_no_member_there_is_nothing(self, world: World) -> None:
        bot = world.make_bot("Till")
        assert_error(bot.post(f"/groups/{world.group_id}/messages", {"message": "x"}), code="NotFound")
        assert_error(bot.get(f"/groups/{world.group_id}"), code="NotFound")
        assert bot.get("/groups").json() == {"groups": []}

    def test_it_has_no_part_in_its_creators_rights(self, world: World) -> None:
        bot = world.make_bot("Till", creator=world.tenant_admin, group_id=world.group_id)
        assert_error(bot.get("/tenant/findGroupsByQuery", query="D"), code="Forbidden")
        assert_error(bot.put(f"/groups/{world.group_id}", {"name": "x"}), code="Forbidden")
        assert_error(bot.put(f"/groups/{world.group_id}/members", {"members": [OMAR]}), code="Forbidden")
        reference_id = world.send("mine")
        assert_error(bot.delete(f"/groups/{world.group_id}/messages/{reference_id}"), code="Forbidden")

    def test_the_groups_admin_takes_it_out(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        position = world.position
        answer = world.group_admin.delete(f"/groups/{world.group_id}/members/{bot.id}")
        assert answer.json() == {"result": "true"}
        assert world.count_events_after(position) == {"MemberRemoved": 1}
        assert_error(bot.post(f"/groups/{world.group_id}/messages", {"message": "x"}), code="NotFound")
        assert not put_out(bot)
        assert world.group_as_seen()["userCount"] == 2

    def test_it_may_leave(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        assert bot.post(f"/groups/{world.group_id}/leave").json() == {"result": "true"}
        assert bot.id not in members_of(world)

    def test_it_is_never_an_admin(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        path = f"/groups/{world.group_id}/members/{bot.id}"
        position = world.position
        body = assert_error(world.group_admin.put(path, {"role": "Admin"}), code="Conflict")
        assert body["message"] == "A bot cannot be an admin of a group."
        assert world.group_admin.put(path, {"role": "Member"}).json() == {"result": "true"}
        assert world.position == position

    def test_beside_bots_alone_an_admin_is_still_the_last(self, world: World) -> None:
        group_id = world.make_group("Alone")
        world.make_bot("Till", group_id=group_id)
        body = assert_error(world.group_admin.post(f"/groups/{group_id}/leave"), code="Conflict")
        assert body["message"].startswith("The group's last admin")


class TestNoOtherWayIn:
    def test_no_pin_is_made_for_an_empty_number(self, world: World) -> None:
        world.make_bot("Till")
        for number in ("", "+"):
            body = {"mobileNumber": number, "applicationId": world.application_id}
            assert_error(world.client.call("POST", "/generatePin", body=body), code="InvalidParameters")

    def test_people_are_found_by_their_numbers_as_before(self, world: World) -> None:
        world.make_bot("Till")
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        assert world.people[OMAR].user_id in members_of(world)
