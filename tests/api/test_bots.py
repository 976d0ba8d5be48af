"""Bots: made, listed, changed and deleted. Source: contract, section 10."""

from __future__ import annotations

from collections.abc import Callable

from chaupal.auth.permissions import Permission
from tests.api.bots import bots_of, members_of, names_of, put_out, remove_person, take_token
from tests.api.client import assert_error
from tests.api.scenarios import GUID, UNKNOWN_ID, Scenario, scenarios
from tests.api.worlds import GITA, MOHAN, World

MAKING = (
    Scenario(
        "a member makes a bot",
        "POST /v1/bot",
        "member",
        {"name": " Till ", "profilePic": ""},
        answer={"botUserId": GUID},
        events={"BotCreated": 1},
    ),
    Scenario(
        "the other spelling of the path, and names in any letter case",
        "POST /V1/Bots/",
        "outsider",
        {"Name": "Till"},
        answer={"botUserId": GUID},
        events={"BotCreated": 1},
    ),
    Scenario(
        "a name may have 200 characters",
        "POST /v1/bot",
        "member",
        {"name": "n" * 200},
        answer={"botUserId": GUID},
        events={"BotCreated": 1},
    ),
    Scenario(
        "but no more",
        "POST /v1/bot",
        "member",
        {"name": "n" * 201},
        status=400,
        code="InvalidParameters",
        answer={"message": f"name: must be at most 200 characters (got: {'n' * 59}…)"},
    ),
    Scenario(
        "a name is not blank",
        "POST /v1/bot",
        "member",
        {"name": "  "},
        status=400,
        code="InvalidParameters",
        answer={"message": "name: must not be empty (got: )"},
    ),
    Scenario("a name is needed", "POST /v1/bot", "member", {}, status=400, code="InvalidParameters"),
    Scenario(
        "a group token makes none",
        "POST /v1/bot",
        "group_token",
        {"name": "Till"},
        status=403,
        code="Forbidden",
        answer={"message": "Not allowed: this call cannot be made with a group token."},
    ),
    Scenario("nor does nobody", "POST /v1/bot", "", {"name": "Till"}, status=401, code="InvalidToken"),
    Scenario("a bot that is not there is not changed", "PUT /v1/bot/{unknown}", "member", {"name": "x"}, status=404),
    Scenario("a person is no bot", "DELETE /v1/bot/{member_id}", "tenant_admin", status=404, code="NotFound"),
    Scenario("a person's token is not given out", "GET /v1/bot/accessToken/{member_id}", "tenant_admin", status=404),
    Scenario("an empty id names no bot", "DELETE /v1/bot//accessToken", "member", status=404, code="NotFound"),
    Scenario("there is no GET of one bot", "GET /v1/bot/{unknown}", "member", status=405, code="MethodNotAllowed"),
)


class TestMakingBots:
    @scenarios(MAKING)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)

    def test_a_bot_is_a_person_without_a_number_and_two_do_not_collide(self, world: World) -> None:
        first, second = world.make_bot("Till"), world.make_bot("Till")
        rows = world.ask("SELECT user_id, mobile_number, name, role FROM people WHERE tenant_id = %s ORDER BY user_id")
        assert [row for row in rows if row[0] in (first.id, second.id)] == [
            (first.id, "", "Till", "Member"),
            (second.id, "", "Till", "Member"),
        ]

    def test_a_repeated_call_makes_one_bot(self, world: World) -> None:
        headers = {"Idempotency-Key": "till-1"}
        first = world.member.post("/v1/bot", {"name": "Till"}, headers=headers)
        second = world.member.post("/v1/bot", {"name": "Till"}, headers=headers)
        assert first.json() == second.json()
        assert second.headers["idempotency-replayed"] == "true"
        assert names_of(world.member) == ["Till"]

    def test_one_person_makes_so_many(self, world_with: Callable[..., World]) -> None:
        world = world_with(bots_per_creator=2)
        first = world.make_bot("A")
        world.make_bot("B")
        body = assert_error(world.group_admin.post("/bot", {"name": "C"}), code="Conflict")
        assert body["message"] == "At most 2 bots may be there for one person; delete one first."
        assert names_of(world.group_admin) == ["A", "B"]
        world.make_bot("D", creator=world.member)
        world.group_admin.delete(f"/bot/{first.id}")
        world.make_bot("E")
        assert names_of(world.group_admin) == ["B", "E"]

    def test_one_organization_has_so_many(self, world_with: Callable[..., World]) -> None:
        world = world_with(bots_per_tenant=2)
        world.make_bot("A")
        world.make_bot("B", creator=world.member)
        body = assert_error(world.outsider.post("/bot", {"name": "C"}), code="Conflict")
        assert body["message"] == "At most 2 bots may be there for one organization; delete one first."
        world.other_world.make_bot("A")

    def test_zero_is_no_limit(self, world_with: Callable[..., World]) -> None:
        world = world_with(bots_per_creator=0, bots_per_tenant=0)
        assert world.make_bot("A").id


class TestListingBots:
    def test_its_creator_sees_everything_of_it(self, world: World) -> None:
        bot_id = world.group_admin.post("/v1/bot", {"name": "Till"}).json()["botUserId"]
        for path in ("/v1/bot", "/bots"):
            assert world.group_admin.get(path).json() == {
                "bots": [
                    {
                        "botUserId": bot_id,
                        "name": "Till",
                        "profilePic": "",
                        "tenantId": world.tenant_id,
                        "creatorId": world.people[GITA].user_id,
                        "creator": GITA,
                        "creatorName": "Gita",
                        "creatorProfilePic": "",
                        "status": "Active",
                    }
                ]
            }

    def test_each_sees_their_own_and_an_admin_of_the_organization_all(self, world: World) -> None:
        world.make_bot("Gita's")
        world.make_bot("Mohan's", creator=world.member)
        assert names_of(world.group_admin) == ["Gita's"]
        assert names_of(world.member) == ["Mohan's"]
        assert names_of(world.outsider) == []
        assert names_of(world.tenant_admin) == ["Gita's", "Mohan's"]
        assert names_of(world.stranger) == []

    def test_the_creators_number_is_hidden_without_group_member_list(self, world: World) -> None:
        world.make_bot("Till")
        caller = world.sign_in(GITA, permissions=[Permission.USER_PROFILE])
        answer = caller.get("/bot")
        assert answer.json()["bots"][0]["creator"] == ""
        assert GITA not in answer.text

    def test_a_bot_whose_creator_was_removed_stays_with_the_organization(self, world: World) -> None:
        world.make_bot("Till", creator=world.member)
        remove_person(world, MOHAN)
        [bot] = bots_of(world.tenant_admin)
        assert (bot["creatorId"], bot["creatorName"]) == (world.people[MOHAN].user_id, "Mohan")
        assert world.tenant_admin.put(f"/bot/{bot['botUserId']}", {"name": "Ours"}).status_code == 200
        assert names_of(world.tenant_admin) == ["Ours"]


class TestChangingBots:
    def test_the_new_name_stands_in_groups_and_under_past_messages(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        world.send("Closed", sender=bot)
        position = world.position
        answer = world.group_admin.put(f"/bot/{bot.id}", {"name": "Cash desk"})
        assert answer.json() == {"result": "true"}
        assert world.count_events_after(position) == {"BotChanged": 1}
        assert members_of(world)[bot.id]["name"] == "Cash desk"
        [message, *_] = world.group_admin.get(f"/groups/{world.group_id}/messages", count=1).json()["messages"]
        assert message["senderName"] == "Cash desk"

    def test_the_same_again_changes_nothing(self, world: World) -> None:
        bot = world.make_bot("Till")
        position = world.position
        assert world.group_admin.put(f"/bot/{bot.id}", {"name": "Till"}).json() == {"result": "true"}
        assert world.group_admin.put(f"/bot/{bot.id}", {}).json() == {"result": "true"}
        assert world.position == position

    def test_to_others_the_bot_is_not_there(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        callers = (world.member, world.outsider, world.stranger)
        position = world.position
        unknown = world.member.put(f"/bot/{UNKNOWN_ID}", {"name": "x"}).json()["message"]
        for caller in callers:
            answers = [
                caller.put(f"/bot/{bot.id}", {"name": "x"}),
                caller.delete(f"/bot/{bot.id}"),
                caller.get(f"/bot/accessToken/{bot.id}"),
                caller.delete(f"/bot/accessToken/{bot.id}"),
            ]
            assert [assert_error(answer, code="NotFound")["message"] for answer in answers] == [unknown] * 4
        assert world.position == position

    def test_a_bot_does_not_change_itself(self, world: World) -> None:
        bot = world.make_bot("Till")
        assert_error(bot.put(f"/bot/{bot.id}", {"name": "x"}), code="Forbidden")
        assert_error(bot.get(f"/bot/accessToken/{bot.id}"), code="Forbidden")
        assert_error(bot.post("/bot", {"name": "Child"}), code="Forbidden")


class TestDeletingBots:
    def test_it_leaves_its_groups_and_its_tokens_stop(self, world: World) -> None:
        second = world.make_group("Second")
        bot = world.make_bot("Till", group_id=world.group_id)
        world.group_admin.post(f"/groups/{second}/bot", {"botUserId": bot.id})
        other = take_token(world, world.tenant_admin, bot)
        before = world.group_as_seen()
        position = world.position
        assert world.group_admin.delete(f"/bot/{bot.id}").json() == {"result": "true"}
        assert world.count_events_after(position) == {"MemberRemoved": 2, "TokenRevoked": 2, "BotDeleted": 1}
        removed = [event for event in world.events_after(position) if event.event_type == "MemberRemoved"]
        assert {event.group_id for event in removed} == {world.group_id, second}
        assert {event.object_id for event in removed} == {bot.id}
        assert [put_out(caller) for caller in (bot, other)] == [True, True]
        assert bot.id not in members_of(world)
        after = world.group_as_seen()
        assert after["userCount"] == before["userCount"] - 1
        assert after["unProvisionedUserCount"] == before["unProvisionedUserCount"]
        assert world.group_as_seen(second)["userCount"] == 1
        assert names_of(world.tenant_admin) == []

    def test_its_rows_are_closed_where_its_last_event_says(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        position = world.position
        world.group_admin.delete(f"/bot/{bot.id}")
        ended = [event.position for event in world.events_after(position) if event.event_type == "MemberRemoved"]
        rows = world.ask("SELECT user_id, until_position FROM memberships WHERE tenant_id = %s")
        assert [row[1] for row in rows if row[0] == bot.id] == ended

    def test_others_stay_members(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        stays = world.make_bot("Stays", group_id=world.group_id)
        world.group_admin.delete(f"/bot/{bot.id}")
        assert members_of(world).keys() == {world.group_admin.id, world.member.id, stays.id}
        assert not put_out(stays)

    def test_its_messages_stay_under_its_name(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        world.send("Closed", sender=bot)
        world.group_admin.delete(f"/bot/{bot.id}")
        [message] = world.group_admin.get(f"/groups/{world.group_id}/messages", count=1).json()["messages"]
        assert (message["message"], message["senderName"], message["senderId"]) == ("Closed", "Till", bot.id)

    def test_it_is_deleted_once_and_cannot_come_back(self, world: World) -> None:
        bot, group = world.make_bot("Till"), f"/groups/{world.group_id}"
        world.group_admin.delete(f"/bot/{bot.id}")
        position = world.position
        assert_error(world.group_admin.delete(f"/bot/{bot.id}"), code="NotFound")
        assert_error(world.group_admin.put(f"/bot/{bot.id}", {"name": "x"}), code="NotFound")
        answer = world.group_admin.post(f"{group}/bot", {"botUserId": bot.id})
        assert assert_error(answer, code="NotFound")["message"] == "No such bot."
        assert world.position == position

    def test_an_admin_of_the_organization_deletes_it_too(self, world: World) -> None:
        bot = world.make_bot("Till", creator=world.member)
        assert world.tenant_admin.delete(f"/bot/{bot.id}").status_code == 200
        assert names_of(world.member) == []
