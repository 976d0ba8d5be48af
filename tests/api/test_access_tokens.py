"""GET /accessToken: what a refresh token is exchanged for, and how both end. Source: contract, section 4."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import ApplicationIdTaken, CreatedConnector, NewConnector, create_connector
from chaupal.errors import InvalidParameters
from chaupal.tokens.rules import Granted, NewToken, RefreshTokenTaken, create_token
from tests.api.client import assert_error
from tests.api.worlds import GITA, MOHAN, OMAR, Caller, World

EXPIRED = "Invalid token. Failure reason:Token validation failed due to unknown reason!"
DAY_MS = 86_400_000
BUDGET_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def budget_of(answer: httpx.Response) -> tuple[str, ...]:
    return tuple(answer.headers[name] for name in BUDGET_HEADERS)


class TestExchange:
    def test_the_answer_has_what_old_clients_read(self, world: World) -> None:
        body = world.exchange(world.grant(MOHAN).refresh_token).json()
        assert set(body) == {"accessToken", "endpointUrl", "accessTokenExpiry", "refreshToken", "scope"}
        assert body["endpointUrl"] == "https://chat.example.org/"
        assert body["accessTokenExpiry"] == world.house.now_s * 1000 + DAY_MS
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


class TestOldIdsAndTokens:
    """What an operator gives a connector so that an old integration may keep what it has configured."""

    def make(self, world: World, application_id: str) -> CreatedConnector:
        draft = NewConnector("Old", application_id=application_id)
        made: CreatedConnector = world.do(create_connector, (draft, world.secret_key))
        return made

    def give(self, world: World, refresh_token: str, *, number: str = MOHAN, group_id: str = "") -> Granted:
        draft = NewToken(
            application_id=world.application_id,
            mobile_number=number,
            settings=world.house.settings,
            secret_key=world.secret_key,
            group_id=group_id,
            refresh_token=refresh_token,
        )
        granted: Granted = world.do(create_token, draft)
        return granted

    @pytest.mark.parametrize("form", ["{guid}@2", "{guid}", "{hex}@3", "{hex}"])
    def test_an_id_is_found_with_and_without_its_scale_unit(self, world: World, form: str) -> None:
        guid = str(uuid.uuid4())
        plain = {"guid": guid, "hex": guid.replace("-", "")}
        shown_id = form.format(**plain).upper()
        old = self.make(world, shown_id)
        refresh_token = world.grant(MOHAN, connector=old).refresh_token
        bare = shown_id.partition("@")[0]
        for spelling in (bare, f"{bare}@2", f"{bare.lower()}@17"):
            used = CreatedConnector(old.connector._replace(shown_id=spelling), old.application_secret)
            answer = world.exchange(refresh_token, connector=used)
            assert answer.status_code == 200, spelling
            claims = jwt.decode(answer.json()["accessToken"], options={"verify_signature": False})
            assert json.loads(claims["urn:microsoft:credentials"])["applicationId"] == shown_id
            with pytest.raises(ApplicationIdTaken):
                self.make(world, spelling)

    def test_an_id_of_another_kind_is_compared_with_what_looks_like_a_scale_unit(self, world: World) -> None:
        name = f"attendance-{uuid.uuid4()}"
        first, second = self.make(world, f"{name}@2"), self.make(world, f"{name}@3")
        assert first.connector.connector_id != second.connector.connector_id

    @pytest.mark.parametrize("size_chars", [16, 600, 1_200, 4_096])
    def test_a_token_may_be_as_long_as_an_old_one(self, world: World, size_chars: int) -> None:
        refresh_token = f"{uuid.uuid4()}.{'-._~aZ09' * 512}"[:size_chars]
        assert self.give(world, refresh_token).refresh_token == refresh_token
        assert world.exchange(refresh_token).status_code == 200
        assert world.exchange(refresh_token + "x").status_code == 401

    @pytest.mark.parametrize("refresh_token", ["x" * 15, "x" * 4_097, "é" * 20, " " + "x" * 20, "x" * 20 + "\n"])
    def test_a_token_that_no_client_could_send_is_refused(self, world: World, refresh_token: str) -> None:
        with pytest.raises(InvalidParameters, match=r"refreshToken: must have 16 to 4,096") as refused:
            self.give(world, refresh_token)
        assert refresh_token.strip() not in str(refused.value)

    def test_a_token_given_again_works(self, world: World) -> None:
        refresh_token = f"old-{uuid.uuid4()}"
        for _ in range(3):
            self.give(world, refresh_token)
            assert world.exchange(refresh_token).status_code == 200
            world.clock.advance(seconds=1)

    def test_a_token_stands_for_one_subject(self, world: World) -> None:
        refresh_token = f"old-{uuid.uuid4()}"
        self.give(world, refresh_token)
        with pytest.raises(RefreshTokenTaken):
            self.give(world, refresh_token, number=OMAR)
        with pytest.raises(RefreshTokenTaken):
            self.give(world, refresh_token, number=GITA, group_id=world.group_id)
        assert world.exchange(refresh_token).status_code == 200


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

    def test_what_the_organization_refuses_costs_the_connector_nothing(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=3, tenant_calls_per_min=3)
        other = world.sign_in(OMAR, permissions=[Permission.USER_PROFILE])
        caller = world.member
        world.clock.begin_minute()
        self.calls(other, 3)
        for answer in self.calls(caller, 2):
            assert_error(answer, code="TooManyRequests")
        assert world.house.limiter._windows[f"connector:{world.connector.connector.connector_id}"].count == 0

    def test_every_answer_tells_what_is_left(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=4, tenant_calls_per_min=5)
        caller, other = world.member, world.sign_in(OMAR, permissions=[Permission.USER_PROFILE])
        world.clock.begin_minute()
        world.clock.advance(seconds=10)
        answers = [
            caller.get("/users/me"),
            caller.get("/groups/unknown"),
            caller.post("/groups", {}),
            *self.calls(other, 3),
        ]
        assert [answer.status_code for answer in answers] == [200, 404, 400, 200, 200, 429]
        assert [budget_of(answer) for answer in answers] == [
            ("4", "3", "50"),
            ("4", "2", "50"),
            ("4", "1", "50"),
            ("5", "1", "50"),
            ("5", "0", "50"),
            ("5", "0", "50"),
        ]
        exposed = answers[0].headers["access-control-expose-headers"]
        assert all(name in exposed for name in BUDGET_HEADERS)

    def test_nothing_is_told_where_nothing_is_counted(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=0, tenant_calls_per_min=0, access_token_calls_per_min=0)
        limited = world_with(connector_calls_per_min=9)
        answers = [
            world.member.get("/users/me"),
            world.exchange(world.grant(MOHAN).refresh_token),
            limited.client.call("GET", "/users/me", token="wrong"),
        ]
        assert not any(name in answer.headers for answer in answers for name in BUDGET_HEADERS)

    def test_an_exchange_tells_its_own_limit(self, world_with: Callable[..., World]) -> None:
        world = world_with(access_token_calls_per_min=2)
        refresh_token = world.grant(MOHAN).refresh_token
        world.clock.begin_minute()
        answers = [world.exchange(token) for token in (refresh_token, "wrong", refresh_token)]
        assert [answer.status_code for answer in answers] == [200, 401, 429]
        assert [budget_of(answer) for answer in answers] == [("2", "1", "60"), ("2", "0", "60"), ("2", "0", "60")]

    def test_a_wrong_token_costs_nobody_anything(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=1)
        caller = world.member
        world.clock.begin_minute()
        for token in ("x", caller.access_token[:-4] + "AAAA", caller.access_token + "A"):
            assert world.client.call("GET", "/users/me", token=token).status_code == 401
        assert caller.get("/users/me").status_code == 200
