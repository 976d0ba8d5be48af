"""OAuth's token service: codes and refresh tokens for access tokens. Source: contract, section 4; RFC 6749 and 7636."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import NewConnector, create_connector, delete_connector
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.oauth.rules import CODE_LIFE_S
from tests.api.client import assert_error
from tests.api.visitors import CALLBACK, App, register_app
from tests.api.worlds import MOHAN, World

VERIFIER = "a-verifier-of-at-least-forty-three-characters~0123"
S256_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PATH = "/api/oauth/token"


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def assert_oauth_error(answer: httpx.Response, status: int, error: str) -> dict[str, Any]:
    """In both forms: the API's and OAuth's."""
    body = assert_error(answer)
    assert (answer.status_code, body["error"]) == (status, error)
    assert body["error_description"]
    assert answer.headers["cache-control"] == "no-store"
    return body


class TestCode:
    def test_it_gives_tokens_under_the_names_of_both_worlds(self, world: World) -> None:
        app = register_app(world)
        position = world.position
        code = app.code()
        answer = app.exchange(code=code)
        assert answer.status_code == 200
        body = answer.json()
        assert body["access_token"] == body["accessToken"]
        assert body["refresh_token"] == body["refreshToken"] != ""
        assert body["endpointUrl"] == "https://chat.example.org/"
        assert body["accessTokenExpiry"] == (world.house.now_s + 86_400) * 1000
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 86_400)
        assert "textmessage.read" in body["scope"]
        assert world.count_events_after(position) == {"TokenGranted": 1, "PersonSignedIn": 1}

    @pytest.mark.parametrize("header", ["accessToken", "Authorization"])
    def test_the_access_token_acts_for_the_person(self, world: World, header: str) -> None:
        app = register_app(world)
        token = app.exchange(code=app.code()).json()["access_token"]
        value = f"Bearer {token}" if header == "Authorization" else token
        me = world.client.call("GET", "/v1/users/me", headers={header: value}).json()
        assert (me["mobileNumber"], me["applicationId"]) == (MOHAN, app.client_id)

    def test_the_refresh_token_works_as_every_other(self, world: World) -> None:
        app = register_app(world)
        refresh_token = app.exchange(code=app.code()).json()["refreshToken"]
        assert world.exchange(refresh_token, connector=app.connector).status_code == 200

    def test_the_grant_is_listed_and_ends_no_other(self, world: World) -> None:
        app = register_app(world)
        first = world.grant(MOHAN, connector=app.connector).refresh_token
        second = app.exchange(code=app.code()).json()["refresh_token"]
        third = app.exchange(code=app.code()).json()["refresh_token"]
        for token in (first, second, third):
            assert world.exchange(token, connector=app.connector).status_code == 200
        rows = world.ask("SELECT origin, kind FROM grants WHERE tenant_id = %s ORDER BY created_at_ms, grant_id")
        assert rows == [("operator", "user"), ("oauth", "user"), ("oauth", "user")]

    def test_the_scope_is_what_the_connector_may(self, world: World) -> None:
        draft = NewConnector("Small", (Permission.TEXT_MESSAGE,), (CALLBACK,))
        app = App(world, world.do(create_connector, (draft, world.secret_key)))
        body = app.exchange(code=app.code(scope="groupinfo.read")).json()
        assert body["scope"] == "textmessage.read"
        answer = world.client.call("GET", "/v1/groups", token=body["access_token"])
        assert answer.status_code == 403

    def test_a_second_use_ends_what_the_first_gave(self, world: World) -> None:
        app = register_app(world)
        code = app.code()
        body = app.exchange(code=code).json()
        kept = app.exchange(code=app.code()).json()
        position = world.position
        assert_oauth_error(app.exchange(code=code), 400, "invalid_grant")
        assert world.count_events_after(position) == {"TokenRevoked": 1}
        assert world.client.call("GET", "/v1/users/me", token=body["access_token"]).status_code == 401
        assert world.exchange(body["refresh_token"], connector=app.connector).status_code == 401
        assert world.client.call("GET", "/v1/users/me", token=kept["access_token"]).status_code == 200
        assert_oauth_error(app.exchange(code=code), 400, "invalid_grant")

    def test_of_many_uses_at_once_one_is_answered(self, world: World) -> None:
        app = register_app(world)
        form = {"client_id": app.client_id, "client_secret": app.connector.application_secret, "code": app.code()}
        call = ("POST", PATH, {"content": urlencode(form)})
        statuses = sorted(answer.status_code for answer in world.client.call_at_once(*[call] * 5))
        assert statuses == [200, 400, 400, 400, 400]
        assert world.ask("SELECT count(*) FROM grants WHERE tenant_id = %s AND revoked_at_ms IS NULL") == [(0,)]

    def test_it_lives_a_minute(self, world: World) -> None:
        app = register_app(world)
        late, in_time = app.code(), app.code()
        world.clock.advance(seconds=CODE_LIFE_S - 0.001)
        assert app.exchange(code=in_time).status_code == 200
        world.clock.advance(seconds=0.001)
        assert_oauth_error(app.exchange(code=late), 400, "invalid_grant")

    @pytest.mark.parametrize("code", ["x", "é", "\x00", "x" * 100_000])
    def test_a_made_up_one_gives_nothing(self, world: World, code: str) -> None:
        app = register_app(world)
        assert app.exchange(code=code).json()["error"] in ("invalid_grant", "invalid_request")

    def test_it_is_of_no_use_to_another_program(self, world: World) -> None:
        app, other = register_app(world), register_app(world)
        code = app.code()
        assert_oauth_error(other.exchange(code=code), 400, "invalid_grant")
        assert app.exchange(code=code).status_code == 200

    def test_it_is_of_no_use_to_a_program_of_another_organization(self, world: World) -> None:
        app, other = register_app(world), register_app(world.other_world)
        code = app.code()
        assert_oauth_error(other.exchange(code=code), 400, "invalid_grant")

    def test_the_database_holds_no_code(self, world: World) -> None:
        app = register_app(world)
        code = app.code()
        rows = world.ask("SELECT * FROM authorization_codes WHERE tenant_id = %s")
        rows += world.ask("SELECT * FROM authorizations WHERE tenant_id = %s")
        assert len(rows) == 2
        assert code not in repr(rows)


class TestSweep:
    def test_what_can_concern_nobody_any_more_is_forgotten(self, world: World) -> None:
        app, limits = register_app(world), SweepLimits.of(world.house.settings)
        code = app.code()
        refresh_token = app.exchange(code=code).json()["refresh_token"]
        world.clock.advance(days=2)
        world.do(sweep_once, limits)
        assert app.exchange(code=code).status_code == 400
        assert world.exchange(refresh_token, connector=app.connector).status_code == 401, "a second use is noticed"
        world.clock.advance(seconds=1)
        world.do(sweep_once, limits)
        for table in ("authorizations", "authorization_codes"):
            assert world.ask(f"SELECT count(*) FROM {table} WHERE tenant_id = %s") == [(0,)]  # noqa: S608


class TestProof:
    def test_the_redirect_uri_may_be_told_again(self, world: World) -> None:
        app = register_app(world)
        assert app.exchange(code=app.code(), redirect_uri=CALLBACK).status_code == 200

    def test_another_redirect_uri_uses_the_code_up(self, world: World) -> None:
        app = register_app(world, CALLBACK, "https://app.example.org/2")
        code = app.code()
        refused = app.exchange(code=code, redirect_uri="https://app.example.org/2")
        assert_oauth_error(refused, 400, "invalid_grant")
        assert_oauth_error(app.exchange(code=code, redirect_uri=CALLBACK), 400, "invalid_grant")

    @pytest.mark.parametrize(
        "asked",
        [
            {"code_challenge": S256_CHALLENGE, "code_challenge_method": "S256"},
            {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
            {"code_challenge": VERIFIER},
        ],
    )
    def test_a_challenge_is_met_by_its_verifier(self, world: World, asked: dict[str, str]) -> None:
        app = register_app(world)
        for given in ("", VERIFIER[:-1] + "1", S256_CHALLENGE, VERIFIER.upper(), VERIFIER + "1"):
            refused = app.exchange(code=app.code(**asked), code_verifier=given)
            assert_oauth_error(refused, 400, "invalid_grant")
            world.clock.advance(hours=1)
        assert app.exchange(code=app.code(**asked), code_verifier=VERIFIER).status_code == 200

    def test_a_verifier_without_a_challenge_is_refused(self, world: World) -> None:
        """Or whoever strips the challenge off the link would go unnoticed."""
        app = register_app(world)
        assert_oauth_error(app.exchange(code=app.code(), code_verifier=VERIFIER), 400, "invalid_grant")


class TestClient:
    @pytest.mark.parametrize("secret", ["", "wrong"])
    def test_a_wrong_secret_leaves_the_code_as_it_is(self, world: World, secret: str) -> None:
        app = register_app(world)
        code = app.code()
        body = assert_oauth_error(app.exchange(code=code, client_secret=secret), 401, "invalid_client")
        assert body["errorCode"] == "Unauthenticated"
        assert app.exchange(code=code).status_code == 200

    def test_an_unknown_client_looks_like_a_wrong_secret(self, world: World) -> None:
        app = register_app(world)
        answers = [app.exchange(client_id="nobody", code="x"), app.exchange(client_secret="wrong", code="x")]
        bodies = [{**answer.json(), "requestId": ""} for answer in answers]
        assert bodies[0] == bodies[1]

    def test_a_deleted_connector_gets_nothing(self, world: World) -> None:
        app = register_app(world)
        code = app.code()
        world.do(delete_connector, app.client_id)
        assert_oauth_error(app.exchange(code=code), 401, "invalid_client")

    def test_id_and_secret_may_come_in_the_header(self, world: World) -> None:
        app = register_app(world)
        headers = basic(app.client_id, app.connector.application_secret)
        answer = world.client.call("POST", PATH, content=urlencode({"code": app.code()}), headers=headers)
        assert answer.status_code == 200

    def test_a_secret_with_signs_comes_encoded_or_not(self, world: World) -> None:
        draft = NewConnector("Old", redirect_urls=(CALLBACK,), application_secret="a+b/c=:d e")
        app = App(world, world.do(create_connector, (draft, world.secret_key)))
        for secret in ("a+b/c=:d e", "a%2Bb%2Fc%3D%3Ad%20e"):
            headers = basic(app.client_id, secret)
            answer = world.client.call("POST", PATH, content=urlencode({"code": app.code()}), headers=headers)
            assert answer.status_code == 200, secret

    def test_who_uses_the_header_wrongly_is_told_how_to_use_it(self, world: World) -> None:
        app = register_app(world)
        answer = world.client.call("POST", PATH, content="code=x", headers=basic(app.client_id, "wrong"))
        assert_oauth_error(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "www-authenticate" not in app.exchange(code="x", client_secret="wrong").headers

    @pytest.mark.parametrize(
        "value", ["Basic", "Basic !!", "Basic " + base64.b64encode(b"nocolon").decode(), "Basic /w=="]
    )
    def test_a_header_that_cannot_be_read_is_a_400(self, world: World, value: str) -> None:
        answer = world.client.call("POST", PATH, content="code=x", headers={"Authorization": value})
        assert_oauth_error(answer, 400, "invalid_request")

    def test_the_body_may_be_json_in_any_spelling(self, world: World) -> None:
        app = register_app(world)
        own = {"client_id": app.client_id.upper(), "client_secret": app.connector.application_secret}
        for text in (
            json.dumps({**own, "code": app.code()}),
            str({**own, "Code": app.code()}),
            "\ufeff" + json.dumps({**own, "code": app.code(), "further": 1}),
        ):
            assert world.client.call("POST", PATH, content=text.encode()).status_code == 200, text

    @pytest.mark.parametrize("path", ["/v1/api/oauth/token", "/API/OAuth/Token/", "//api//oauth//token"])
    def test_the_path_may_be_in_any_spelling(self, world: World, path: str) -> None:
        app = register_app(world)
        form = {"client_id": app.client_id, "client_secret": app.connector.application_secret, "code": app.code()}
        assert world.client.call("POST", path, content=urlencode(form)).status_code == 200

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"client_id": ""}, "invalid_request"),
            ({}, "invalid_request"),
            ({"code": ""}, "invalid_request"),
            ({"grant_type": "authorization_code"}, "invalid_request"),
            ({"grant_type": "refresh_token"}, "invalid_request"),
            ({"grant_type": "password", "code": "x"}, "unsupported_grant_type"),
            ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ],
    )
    def test_what_lacks_is_named(self, world: World, fields: dict[str, str], error: str) -> None:
        assert_oauth_error(register_app(world).exchange(**fields), 400, error)

    def test_a_description_has_only_the_signs_that_oauth_allows(self, world: World) -> None:
        body = register_app(world).exchange(grant_type='é"\\\n').json()
        assert all(0x20 <= ord(sign) < 0x7F and sign not in '"\\' for sign in body["error_description"])

    def test_programs_have_a_limit(self, world_with: Callable[..., World]) -> None:
        world = world_with(access_token_calls_per_min=1)
        world.clock.begin_minute()
        app = register_app(world)
        app.exchange(code="x")
        answer = app.exchange(code="x")
        assert_oauth_error(answer, 429, "temporarily_unavailable")
        assert answer.headers["retry-after"] == "60"


class TestRefresh:
    def exchanged(self, app: App) -> dict[str, Any]:
        body: dict[str, Any] = app.exchange(code=app.code()).json()
        return body

    @pytest.mark.parametrize("grant_type", ["refresh_token", ""])
    def test_a_refresh_token_gives_an_access_token(self, world: World, grant_type: str) -> None:
        app = register_app(world)
        first = self.exchanged(app)
        body = app.exchange(grant_type=grant_type, refresh_token=first["refresh_token"]).json()
        assert world.client.call("GET", "/v1/users/me", token=body["access_token"]).status_code == 200
        # "" under OAuth's name would overwrite the one that a library keeps.
        assert "refresh_token" not in body
        assert body["refreshToken"] == ""

    def test_near_its_end_a_new_one_comes_along(self, world: World) -> None:
        app = register_app(world)
        first = self.exchanged(app)["refresh_token"]
        world.clock.advance(days=330)
        body = app.exchange(grant_type="refresh_token", refresh_token=first).json()
        assert body["refresh_token"] == body["refreshToken"] not in ("", first)

    def test_a_wrong_one_gives_nothing(self, world: World) -> None:
        app, other = register_app(world), register_app(world)
        first = self.exchanged(app)["refresh_token"]
        for program, token in ((app, "wrong"), (other, first)):
            answer = program.exchange(grant_type="refresh_token", refresh_token=token)
            assert_oauth_error(answer, 401, "invalid_grant")
        refused = app.exchange(grant_type="refresh_token", refresh_token=first, client_secret="wrong")
        assert_oauth_error(refused, 401, "invalid_client")
