"""GET /accessToken: what a refresh token is exchanged for, and how both end. Source: contract, section 4."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import delete_connector
from chaupal.errors import Conflict, NotFound
from chaupal.people.rules import PersonChange, change_person
from chaupal.store.transaction import Transaction
from chaupal.tokens.rules import revoke_token
from tests.api.client import assert_error
from tests.api.scenarios import UNKNOWN_ID
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, Caller, World

EXPIRED = "Invalid token. Failure reason:Token validation failed due to unknown reason!"
DAY_MS = 86_400_000


def assert_put_out(caller: Caller) -> None:
    """The caller is refused, wherever it calls."""
    for path in ("/users/me", "/groups", f"/groups/{UNKNOWN_ID}"):
        body = assert_error(caller.get(path), code="InvalidToken")
        assert body["message"] == EXPIRED
        assert body["details"]


class TestExchange:
    def test_the_answer_has_what_old_clients_read(self, world: World) -> None:
        body = world.exchange(world.grant(MOHAN).refresh_token).json()
        assert set(body) == {"accessToken", "endpointUrl", "accessTokenExpiry", "refreshToken", "scope"}
        assert body["endpointUrl"] == "https://chat.example.org/"
        assert body["accessTokenExpiry"] == world.clock.now_ms + DAY_MS
        assert type(body["accessTokenExpiry"]) is int
        assert body["refreshToken"] == ""
        assert body["scope"].startswith("groupinfo.read,")

    def test_nothing_is_written(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        position = world.position
        world.exchange(refresh_token)
        assert world.count_events_after(position) == {}

    def test_the_token_is_a_jwt_of_the_promised_form(self, world: World) -> None:
        text = world.exchange(world.grant(MOHAN).refresh_token).json()["accessToken"]
        header = jwt.get_unverified_header(text)
        assert header["alg"] == "EdDSA"
        [(public_key,)] = world.database.ask("SELECT public_key FROM signing_keys WHERE key_id = %s", header["kid"])
        key = jwt.PyJWK.from_dict({"kty": "OKP", "crv": "Ed25519", "x": jwt.utils.base64url_encode(bytes(public_key))
                                   .decode()}).key  # fmt: skip
        unchecked = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims = jwt.decode(text, key, ["EdDSA"], audience="chaupal", options=unchecked)
        now_s = world.clock.now_ms // 1000
        assert claims["iss"] == "https://chat.example.org/"
        assert (claims["iat"], claims["nbf"]) == (now_s, now_s)
        assert claims["exp"] == now_s + 24 * 3600 + 15 * 60
        credentials = claims["urn:microsoft:credentials"]
        assert type(credentials) is str
        assert json.loads(credentials) == {
            "phoneNumber": MOHAN,
            "applicationId": world.application_id,
            "permissions": world.exchange(world.grant(OMAR).refresh_token).json()["scope"],
        }

    def test_header_names_are_taken_in_any_case_and_the_id_too(self, world: World) -> None:
        headers = {
            "APPLICATIONID": world.application_id.upper(),
            "applicationsecret": world.connector.application_secret,
            "RefreshToken": world.grant(MOHAN).refresh_token,
        }
        assert world.client.call("GET", "/accesstoken/", headers=headers).status_code == 200

    @pytest.mark.parametrize("name", ["applicationId", "applicationSecret", "refreshToken"])
    @pytest.mark.parametrize("value", [None, "", "wrong", "é", "x" * 10_000])
    def test_each_part_must_be_right(self, world: World, name: str, value: str | None) -> None:
        headers: dict[str, Any] = {
            "applicationId": world.application_id,
            "applicationSecret": world.connector.application_secret,
            "refreshToken": world.grant(MOHAN).refresh_token,
        }
        del headers[name]
        if value is not None:
            headers[name] = value.encode()
        body = assert_error(world.client.call("GET", "/v1/accessToken", headers=headers), code="Unauthenticated")
        if name != "refreshToken":
            assert body["message"] == "Dont have correct applicationId and secret in header!"

    def test_a_refresh_token_is_for_its_connector_alone(self, world: World) -> None:
        other = world.connector_with([Permission.TEXT_MESSAGE])
        refresh_token = world.grant(MOHAN).refresh_token
        assert_error(world.exchange(refresh_token, connector=other), code="Unauthenticated")
        assert_error(
            world.exchange(refresh_token, connector=world.other_world.connector), code="Unauthenticated"
        )

    def test_a_new_access_token_ends_no_earlier_one(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        tokens = []
        for _ in range(3):
            tokens.append(world.exchange(refresh_token).json()["accessToken"])
            world.clock.advance(seconds=1)
        statuses = [world.client.call("GET", "/users/me", token=token).status_code for token in tokens]
        assert statuses == [200] * 3

    def test_it_has_a_limit_of_its_own(self, world_with: Callable[..., World]) -> None:
        world = world_with(access_token_calls_per_min=3)
        world.clock.begin_minute()
        refresh_token = world.grant(MOHAN).refresh_token
        statuses = [world.exchange(refresh_token).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        world.clock.advance(seconds=20)
        assert world.exchange(refresh_token).headers["retry-after"] == "40"
        world.clock.advance(seconds=40)
        assert world.exchange(refresh_token).status_code == 200

    def test_the_limit_is_for_each_connector_and_counts_no_made_up_ones(self, world_with: Callable[..., World]) -> None:
        world = world_with(access_token_calls_per_min=1)
        world.clock.begin_minute()
        for index in range(3):
            headers = {"applicationId": f"made-up-{index}"}
            assert world.client.call("GET", "/v1/accessToken", headers=headers).status_code == 401
        assert not any("made-up" in key for key in world.house.limiter._windows)
        other = world.connector_with([Permission.TEXT_MESSAGE])
        assert world.exchange(world.grant(MOHAN).refresh_token).status_code == 200
        assert world.exchange(world.grant(OMAR, connector=other).refresh_token, connector=other).status_code == 200


class TestExpiry:
    def test_the_token_works_fifteen_minutes_longer_than_told(self, world: World) -> None:
        answer = world.exchange(world.grant(MOHAN).refresh_token).json()
        caller = Caller(world.client, answer["accessToken"], world.people[MOHAN])
        world.clock.advance(milliseconds=answer["accessTokenExpiry"] - world.clock.now_ms)
        assert caller.get("/users/me").status_code == 200
        world.clock.advance(minutes=14, seconds=59)
        assert caller.get("/users/me").status_code == 200
        world.clock.advance(seconds=1)
        assert_put_out(caller)
        assert "expired" in caller.get("/users/me").json()["details"]

    def test_a_refresh_token_ends_after_a_year(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        world.clock.advance(days=365, seconds=-1)
        assert world.exchange(refresh_token).status_code == 200
        world.clock.advance(seconds=1)
        assert_error(world.exchange(refresh_token), code="Unauthenticated")

    def test_an_access_token_outlives_its_refresh_token_by_its_own_life(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        world.clock.advance(days=365, seconds=-1)
        token = world.exchange(refresh_token).json()["accessToken"]
        world.clock.advance(hours=24)
        assert world.client.call("GET", "/users/me", token=token).status_code == 200


class TestRenewal:
    def renew(self, world: World, refresh_token: str) -> str:
        answer = world.exchange(refresh_token)
        assert answer.status_code == 200, answer.text
        renewed: str = answer.json()["refreshToken"]
        return renewed

    def test_there_is_none_before_nine_tenths_of_the_life(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        assert self.renew(world, refresh_token) == ""
        world.clock.advance(days=327, hours=23)
        assert self.renew(world, refresh_token) == ""

    def test_then_there_is_a_new_one_once_and_the_old_one_works_on(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        world.clock.advance(days=329)
        position = world.position
        renewed = self.renew(world, refresh_token)
        assert renewed not in ("", refresh_token)
        assert [self.renew(world, refresh_token) for _ in range(3)] == [""] * 3
        assert world.count_events_after(position) == {"TokenGranted": 1}
        assert self.renew(world, renewed) == ""
        world.clock.advance(days=36, seconds=-1)
        assert world.exchange(refresh_token).status_code == 200
        world.clock.advance(seconds=1)
        assert_error(world.exchange(refresh_token), code="Unauthenticated")
        assert self.renew(world, renewed) == ""

    def test_an_answer_that_was_lost_costs_a_day(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        world.clock.advance(days=329)
        first = self.renew(world, refresh_token)
        world.clock.advance(days=1)
        second = self.renew(world, refresh_token)
        assert second not in ("", first)
        assert [world.exchange(token).status_code for token in (first, second)] == [200, 200]

    def test_several_calls_at_once_get_one_new_token(self, world: World) -> None:
        refresh_token = world.grant(MOHAN).refresh_token
        world.clock.advance(days=329)
        headers = {
            "applicationId": world.application_id,
            "applicationSecret": world.connector.application_secret,
            "refreshToken": refresh_token,
        }
        answers = world.client.call_at_once(*[("GET", "/v1/accessToken", {"headers": headers})] * 6)
        assert sum(bool(answer.json()["refreshToken"]) for answer in answers) == 1

    def test_a_new_one_lives_a_year_and_keeps_what_it_is_for(self, world: World) -> None:
        refresh_token = world.grant(GITA, group_id=world.group_id).refresh_token
        world.clock.advance(days=329)
        renewed = self.renew(world, refresh_token)
        world.clock.advance(days=364)
        text = world.exchange(renewed).json()["accessToken"]
        claims = jwt.decode(text, options={"verify_signature": False})
        assert (claims["knd"], claims["grp"]) == ("group", world.group_id)


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
        from chaupal.connectors.rules import NewConnector, create_connector

        caller, application_id = world.member, world.application_id
        world.do(delete_connector, application_id)
        draft = NewConnector("Again", application_id=application_id)
        world.do(create_connector, (draft, world.house.secret_key))
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
        from chaupal.people.queries import remove_person_row

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


class TestCallLimits:
    def calls(self, caller: Caller, count: int) -> list[httpx.Response]:
        return [caller.get("/users/me") for _ in range(count)]

    def test_a_connector_has_its_calls_a_minute(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=3)
        other = world.sign_in(MOHAN, permissions=[Permission.USER_PROFILE])
        callers = (world.member, world.group_admin)
        world.clock.begin_minute()
        world.clock.advance(seconds=15)
        answers = [*self.calls(callers[0], 2), *self.calls(callers[1], 2)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert_error(answers[-1], code="TooManyRequests")
        assert answers[-1].headers["retry-after"] == "45"
        assert other.get("/users/me").status_code == 200
        world.clock.advance(seconds=45)
        assert callers[0].get("/users/me").status_code == 200

    def test_an_organization_has_its_calls_a_minute(self, world_with: Callable[..., World]) -> None:
        world = world_with(tenant_calls_per_min=3)
        callers = [world.member, world.sign_in(OMAR, permissions=[Permission.USER_PROFILE]), world.stranger]
        world.clock.begin_minute()
        assert [caller.get("/users/me").status_code for caller in callers[:2] * 2] == [200, 200, 200, 429]
        assert callers[2].get("/users/me").status_code == 200

    def test_a_wrong_token_costs_nobody_anything(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=1)
        caller = world.member
        world.clock.begin_minute()
        for token in ("x", caller.access_token[:-4] + "AAAA", caller.access_token + "A"):
            assert world.client.call("GET", "/users/me", token=token).status_code == 401
        assert caller.get("/users/me").status_code == 200
