"""GET /accessToken: what a refresh token is exchanged for, and how both end. Source: contract, section 4."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from chaupal.auth.permissions import Permission
from tests.api.client import assert_error
from tests.api.worlds import GITA, MOHAN, OMAR, Caller, World

EXPIRED = "Invalid token. Failure reason:Token validation failed due to unknown reason!"
DAY_MS = 86_400_000


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
        unchecked: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
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
        assert_error(world.exchange(refresh_token, connector=world.other_world.connector), code="Unauthenticated")

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
        body = assert_error(caller.get("/users/me"), code="InvalidToken")
        assert body["message"] == EXPIRED
        assert "expired" in body["details"]

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
