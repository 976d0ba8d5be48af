"""How a token ends: replaced, revoked, its connector deleted, its person or its maker's role gone. Always on the very
next call. Source: contract, section 4."""

from __future__ import annotations

import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import NewConnector, create_connector, delete_connector
from chaupal.errors import Conflict, NotFound
from chaupal.people.queries import remove_person_row
from chaupal.people.rules import PersonChange, change_person
from chaupal.store.transaction import Transaction
from chaupal.tokens.rules import revoke_token
from tests.api.client import assert_error
from tests.api.scenarios import UNKNOWN_ID
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World

REFUSED = "Invalid token. Failure reason:Token validation failed due to unknown reason!"


def assert_put_out(caller: Caller) -> None:
    """The caller is refused, wherever it calls."""
    for path in ("/users/me", "/groups", f"/groups/{UNKNOWN_ID}"):
        body = assert_error(caller.get(path), code="InvalidToken")
        assert body["message"] == REFUSED
        assert body["details"]


class TestRevocation:
    def test_a_new_token_by_the_operator_puts_out_the_earlier_one_at_once(self, world: World) -> None:
        first = world.grant(MOHAN)
        text = world.exchange(first.refresh_token).json()["accessToken"]
        caller = Caller(world.client, text, world.people[MOHAN])
        assert caller.get("/users/me").status_code == 200
        position = world.position
        second = world.grant(MOHAN)
        assert world.count_events_after(position) == {"TokenRevoked": 1, "TokenGranted": 1}
        assert_put_out(caller)
        assert_error(world.exchange(first.refresh_token), code="Unauthenticated")
        assert world.exchange(second.refresh_token).status_code == 200

    def test_and_what_was_renewed_from_it(self, world: World) -> None:
        first = world.grant(MOHAN)
        world.clock.advance(days=329)
        renewed = world.exchange(first.refresh_token).json()["refreshToken"]
        world.grant(MOHAN)
        assert_error(world.exchange(renewed), code="Unauthenticated")

    def test_others_are_not_touched(self, world: World) -> None:
        others = [
            world.group_admin,
            world.group_token,
            world.sign_in(MOHAN, permissions=[Permission.USER_PROFILE]),
            world.other_world.sign_in(MOHAN),
        ]
        world.grant(MOHAN)
        assert [caller.get("/users/me").status_code for caller in others] == [200] * 4

    def test_a_persons_new_token_does_not_touch_the_tokens_of_groups_nor_the_other_way_round(
        self, world: World
    ) -> None:
        token, person = world.group_token, world.sign_in(GITA)
        assert token.get("/users/me").status_code == 200
        world.sign_in(GITA, group_id=world.group_id)
        assert person.get("/users/me").status_code == 200

    def test_a_new_group_token_puts_out_that_groups_alone_whoever_makes_it(self, world: World) -> None:
        second_group = world.make_group("Second")
        second = world.sign_in(GITA, group_id=second_group)
        first, person = world.group_token, world.group_admin
        world.sign_in(ASHA, group_id=world.group_id)
        assert_put_out(first)
        assert second.get("/users/me").status_code == person.get("/users/me").status_code == 200

    def test_a_token_can_be_revoked_by_its_id(self, world: World) -> None:
        world.do(revoke_token, (world.application_id, world.member.grant_id))
        assert_put_out(world.member)

    def test_deleting_the_connector_puts_out_all_its_tokens_on_the_next_call(self, world: World) -> None:
        callers = [world.member, world.group_admin, world.group_token]
        other = world.sign_in(OMAR, permissions=[Permission.USER_PROFILE])
        grant = world.grant(ASHA)
        world.do(delete_connector, world.application_id)
        for caller in callers:
            assert_put_out(caller)
        assert_error(world.exchange(grant.refresh_token), code="Unauthenticated")
        assert other.get("/users/me").status_code == 200

    def test_a_connector_of_the_same_id_made_anew_lets_no_old_token_in(self, world: World) -> None:
        caller, application_id = world.member, world.application_id
        world.do(delete_connector, application_id)
        draft = NewConnector("Again", application_id=application_id)
        world.do(create_connector, (draft, world.secret_key))
        assert_put_out(caller)

    @pytest.mark.parametrize("path", ["/users/me", "/groups", "{group}", "{group}/members", "{group}/messages?count=1"])
    def test_reads_and_writes_alike_see_it_at_once(self, world: World, path: str) -> None:
        caller, path = world.member, path.replace("{group}", f"/groups/{world.group_id}")
        assert caller.get(path).status_code in (200, 405)
        assert caller.post(f"/groups/{world.group_id}/messages", {"message": "hi"}).status_code == 200
        world.grant(MOHAN)
        assert_error(world.client.call("GET", path, token=caller.access_token), code="InvalidToken")
        answer = caller.post(f"/groups/{world.group_id}/messages", {"message": "hi"})
        assert_error(answer, code="InvalidToken")


class TestGroupToken:
    def test_it_acts_on_its_group_alone(self, world: World) -> None:
        other = world.make_group("Other")
        token = world.group_token
        assert token.get(f"/groups/{world.group_id}").status_code == 200
        for method, path, body in (
            ("GET", "", None),
            ("PUT", "", {"name": "Mine"}),
            ("DELETE", "", None),
            ("GET", "/members", None),
            ("PUT", "/members", {"members": [OMAR]}),
            ("POST", "/messages", {"message": "hi"}),
            ("GET", "/messages?count=1", None),
        ):
            assert_error(token.call(method, f"/groups/{other}{path}", body), code="NotFound")
        listed = token.get("/groups").json()["groups"]
        assert [group["groupId"] for group in listed] == [world.group_id]

    @pytest.mark.parametrize("end", ["demoted", "removed", "left"])
    def test_it_stops_when_its_maker_is_no_longer_admin(self, world: World, end: str) -> None:
        gita, token = world.people[GITA].user_id, world.group_token
        path = f"/groups/{world.group_id}/members"
        world.tenant_admin.put(f"{path}/{world.people[MOHAN].user_id}", {"role": "Admin"})
        assert token.get("/users/me").status_code == 200
        if end == "demoted":
            answer = world.tenant_admin.put(f"{path}/{gita}", {"role": "Member"})
        elif end == "removed":
            answer = world.tenant_admin.delete(f"{path}/{gita}")
        else:
            answer = world.group_admin.post(f"/groups/{world.group_id}/leave")
        assert answer.status_code == 200
        for call in ("/users/me", "/groups", f"/groups/{world.group_id}", f"/groups/{world.group_id}/members"):
            assert token.get(call).status_code == 401, call
        assert token.post(f"/groups/{world.group_id}/messages", {"message": "hi"}).status_code == 401
        assert_error(token.get("/users/me"), code="InvalidToken")

    def test_a_tenant_admin_may_make_one_and_it_stops_with_the_role(self, world: World) -> None:
        world.do(change_person, PersonChange(OMAR, role="Admin"))
        token = world.sign_in(OMAR, group_id=world.group_id)
        assert token.put(f"/groups/{world.group_id}", {"name": "Ours"}).status_code == 200
        world.do(change_person, PersonChange(OMAR, role="Member"))
        assert token.put(f"/groups/{world.group_id}", {"name": "Mine"}).status_code == 401
        assert_error(token.get("/users/me"), code="InvalidToken")

    @pytest.mark.parametrize("number", [MOHAN, OMAR])
    def test_who_is_no_admin_makes_none(self, world: World, number: str) -> None:
        with pytest.raises(Conflict):
            world.grant(number, group_id=world.group_id)

    @pytest.mark.parametrize("number", [GITA, ASHA])
    def test_there_is_none_for_a_group_that_does_not_exist(self, world: World, number: str) -> None:
        with pytest.raises(NotFound):
            world.grant(number, group_id=UNKNOWN_ID)
        with pytest.raises(NotFound):
            world.grant(number, group_id=world.other_world.group_id)


class TestPeople:
    def test_whoever_is_removed_from_the_organization_is_put_out(self, world: World) -> None:
        def remove(tx: Transaction, _caller: object, user_id: str) -> None:
            remove_person_row(tx, user_id)

        grant = world.grant(OMAR)
        caller = Caller(world.client, world.exchange(grant.refresh_token).json()["accessToken"], world.people[OMAR])
        world.do(remove, world.people[OMAR].user_id)
        assert_put_out(caller)
        assert_error(world.exchange(grant.refresh_token), code="Unauthenticated")

    def test_a_new_tenant_admin_may_at_once_what_one_may(self, world: World) -> None:
        assert world.outsider.get(f"/groups/{world.group_id}").status_code == 404
        world.do(change_person, PersonChange(OMAR, role="Admin"))
        assert world.outsider.get(f"/groups/{world.group_id}").json()["callerRole"] == "Admin"
