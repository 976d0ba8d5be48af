"""Tokens of bots: who is given one, and what stops it. Source: contract, section 10."""

from __future__ import annotations

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import delete_connector
from chaupal.people.rules import PersonChange, change_person
from tests.api.bots import put_out, remove_person, take_token
from tests.api.client import assert_error
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World


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
