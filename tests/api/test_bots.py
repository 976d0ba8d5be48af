"""Bots: made, listed, changed and deleted, their tokens, and what they are in a group. Source: contract, section 10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import delete_connector
from chaupal.people.queries import remove_person_row
from chaupal.people.rules import PersonChange, change_person
from chaupal.store.transaction import Transaction
from tests.api.client import assert_error
from tests.api.scenarios import GUID, UNKNOWN_ID, Scenario, scenarios
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World

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


def bots_of(caller: Caller) -> list[dict[str, Any]]:
    """GET /bot."""
    answer = caller.get("/v1/bot")
    assert answer.status_code == 200, answer.text
    bots: list[dict[str, Any]] = answer.json()["bots"]
    return bots


def names_of(caller: Caller) -> list[str]:
    return [bot["name"] for bot in bots_of(caller)]


def members_of(world: World, group_id: str = "") -> dict[str, dict[str, Any]]:
    """The members of a group by id, as its admin sees them."""
    answer = world.group_admin.get(f"/groups/{group_id or world.group_id}/members")
    return {member["id"]: member for member in answer.json()["members"]}


def put_out(caller: Caller) -> bool:
    """Whether the caller's token has stopped."""
    answer = caller.get("/users/me")
    if answer.status_code == 200:
        return False
    assert_error(answer, code="InvalidToken")
    return True


def remove_person(world: World, mobile_number: str) -> None:
    def remove(tx: Transaction, _operator: object, user_id: str) -> None:
        remove_person_row(tx, user_id)

    world.do(remove, world.people[mobile_number].user_id)


def take_token(world: World, by: Caller, bot: Caller) -> Caller:
    """The bot with an access token that the API gave to someone."""
    answer = by.get(f"/v1/bot/accessToken/{bot.id}")
    assert answer.status_code == 200, answer.text
    return Caller(world.client, answer.json()["accessToken"], bot.person)


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


class TestBotTokens:
    def test_it_acts_as_the_bot(self, world: World) -> None:
        bot = world.make_bot("Till")
        answer = world.group_admin.get(f"/v1/bot/accessToken/{bot.id}").json()
        assert answer["accessTokenExpiry"] == (world.house.now_s + 86_400) * 1000
        assert answer["endpointUrl"] == "https://chat.example.org/"
        assert answer["scope"].startswith("groupinfo.read,")
        acting = Caller(world.client, answer["accessToken"], bot.person)
        assert acting.get("/users/me").json() == {
            "id": bot.id,
            "name": "Till",
            "mobileNumber": "",
            "profilePic": "",
            "tenantId": world.tenant_id,
            "role": "Member",
            "isTenantAdmin": False,
            "applicationId": world.application_id,
            "isBot": True,
        }

    def test_the_first_one_of_a_person_and_connector_is_granted_and_further_ones_cost_no_row(
        self, world: World
    ) -> None:
        bot, admin = world.make_bot("Till"), world.tenant_admin
        position = world.position
        first = take_token(world, admin, bot)
        [event] = world.events_after(position)
        assert (event.event_type, event.actor_id, event.facts) == (
            "TokenGranted",
            bot.id,
            {"connectorId": world.connector.connector.connector_id, "kind": "bot"},
        )
        second = take_token(world, admin, bot)
        assert len(world.events_after(position)) == 1
        assert [put_out(caller) for caller in (first, second)] == [False, False]

    def test_it_lives_a_day_and_a_quarter_of_an_hour(self, world: World) -> None:
        bot = world.make_bot("Till")
        acting = take_token(world, world.group_admin, bot)
        world.clock.advance(hours=24, minutes=14)
        assert not put_out(acting)
        world.clock.advance(minutes=1)
        assert put_out(acting)
        assert not put_out(take_token(world, world.sign_in(GITA), bot))

    def test_after_a_year_there_is_a_new_grant(self, world: World) -> None:
        bot = world.make_bot("Till")
        world.clock.advance(days=366)
        position = world.position
        assert not put_out(take_token(world, world.sign_in(GITA), bot))
        assert world.count_events_after(position)["TokenGranted"] == 2  # Gita's own, and the bot's

    def test_all_of_a_bots_tokens_are_stopped_at_once_and_new_ones_work(self, world: World) -> None:
        bot = world.make_bot("Till")
        taken = [take_token(world, caller, bot) for caller in (world.group_admin, world.tenant_admin)]
        position = world.position
        assert world.group_admin.delete(f"/bot/accessToken/{bot.id}").json() == {"result": "true"}
        assert world.count_events_after(position) == {"TokenRevoked": 2}
        assert [put_out(caller) for caller in taken] == [True, True]
        assert world.group_admin.delete(f"/bot/accessToken/{bot.id}").json() == {"result": "true"}
        assert world.count_events_after(position) == {"TokenRevoked": 2}
        assert not put_out(take_token(world, world.group_admin, bot))

    def test_it_stops_with_its_connector(self, world: World) -> None:
        bot = world.make_bot("Till")
        acting = take_token(world, world.group_admin, bot)
        world.do(delete_connector, world.application_id)
        assert put_out(acting)

    def test_it_stops_when_its_creator_is_removed_and_an_admins_works_on(self, world: World) -> None:
        bot = world.make_bot("Till", creator=world.member)
        by_creator, by_admin = take_token(world, world.member, bot), take_token(world, world.tenant_admin, bot)
        remove_person(world, MOHAN)
        assert put_out(by_creator)
        body = assert_error(by_creator.post(f"/groups/{world.group_id}/messages", {"message": "x"}))
        assert body["details"] == "Whoever took this bot token may not act for the bot any more."
        assert not put_out(by_admin)

    def test_an_admins_stops_when_they_are_admin_no_more(self, world: World) -> None:
        bot = world.make_bot("Till")
        acting = take_token(world, world.tenant_admin, bot)
        world.do(change_person, PersonChange(OMAR, role="Admin"))
        world.do(change_person, PersonChange(ASHA, role="Member"))
        assert put_out(acting)
        world.do(change_person, PersonChange(ASHA, role="Admin"))
        assert not put_out(acting)

    def test_an_admins_token_of_their_own_bot_does_not_need_their_role(self, world: World) -> None:
        bot = world.make_bot("Till", creator=world.tenant_admin)
        acting = take_token(world, world.tenant_admin, bot)
        world.do(change_person, PersonChange(OMAR, role="Admin"))
        world.do(change_person, PersonChange(ASHA, role="Member"))
        assert not put_out(acting)

    def test_the_connectors_permissions_bound_it(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        creator = world.sign_in(GITA, permissions=[Permission.USER_PROFILE])
        answer = creator.get(f"/bot/accessToken/{bot.id}").json()
        assert answer["scope"] == "profile.write"
        acting = Caller(world.client, answer["accessToken"], bot.person)
        body = assert_error(acting.post(f"/groups/{world.group_id}/messages", {"message": "x"}), code="Forbidden")
        assert "'Text Message'" in body["message"]

    def test_no_refresh_token_leads_to_a_bots_grant(self, world: World) -> None:
        world.make_bot("Till")
        assert_error(world.exchange(""), code="Unauthenticated")

    def test_a_persons_new_token_does_not_stop_the_bots(self, world: World) -> None:
        bot = world.make_bot("Till")
        acting = take_token(world, world.group_admin, bot)
        world.grant(GITA)
        assert not put_out(acting)


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
