"""What is forgiven at the door: paths, headers, ids and request ids, as clients of old spell them. Source: contract,
sections 1 to 3."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.errors import Unavailable
from chaupal.store.store import Store
from tests.api.client import assert_api_headers, assert_error
from tests.api.worlds import GITA, MOHAN, OMAR, World

SPELLINGS = (
    "/v1/groups",
    "/groups",
    "/V1/groups",
    "/v1/GROUPS",
    "/v1/Groups/",
    "/v1/groups//",
    "//v1/groups",
    "//v1//groups",
    "/v1//groups///",
    "/groups/",
    "//groups",
)


class TestPaths:
    @pytest.mark.parametrize("path", SPELLINGS)
    def test_every_spelling_leads_there_without_a_redirect(self, world: World, path: str) -> None:
        assert world.group_id
        answer = world.member.get(path)
        assert answer.status_code == 200
        assert [group["groupId"] for group in answer.json()["groups"]] == [world.group_id]

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/groups/{id}/Messages/",
            "//v1/groups/{id}//messages",
            "/GROUPS/{id}/MESSAGES",
            "/v1//groups//{id}/messages",
        ],
    )
    def test_so_does_every_spelling_with_an_id(self, world: World, path: str) -> None:
        answer = world.member.post(path.format(id=world.group_id), {"message": "hi"})
        assert answer.status_code == 200
        assert world.texts(world.group_admin) == ["hi"]

    @pytest.mark.parametrize(
        "path",
        ["/v1/accesstoken", "/AccessToken/", "/v1//accessToken", "/v1/generatepin", "/GENERATEPIN/", "/v1/users/ME",
         "/v1/tenant/findgroupsbyquery", "/loginWithPinAndApplicationID"],
    )  # fmt: skip
    def test_names_of_several_words_are_found_in_any_case(self, world: World, path: str) -> None:
        statuses = {world.client.call(method, path).status_code for method in ("GET", "POST")}
        assert statuses != {404}

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "/v1/groups//members", None),
            ("PUT", "/v1/groups//members", {"members": [OMAR], "name": "x"}),
            ("GET", "/v1/groups//messages?count=1", None),
            ("POST", "/v1/groups//messages", {"message": "hi", "name": "hi"}),
            ("DELETE", "/v1/groups//members", None),
            ("DELETE", "/v1/groups//members/{member}", None),
            ("PUT", "/v1/groups//members/{member}", {"role": "Admin", "name": "x"}),
            ("DELETE", "/v1/groups//messages/{member}", None),
            ("POST", "/v1/groups//leave", None),
            ("POST", "//groups//leave", {"name": "x"}),
        ],
    )
    def test_an_empty_id_is_not_found_and_changes_nothing(
        self, world: World, method: str, path: str, body: Any
    ) -> None:
        path = path.format(member=world.people[MOHAN].user_id)
        position = (world.group_id, world.tenant_admin, world.position)[2]
        answer = world.tenant_admin.call(method, path, body)
        assert_error(answer, code="NotFound")
        assert world.count_events_after(position) == {}

    @pytest.mark.parametrize(
        "path", ["/v1/groups/", "/v1/groups//", "/v1/groups/{group}/members/", "/v1/groups/{group}/messages//"]
    )
    def test_an_empty_id_at_the_end_deletes_nothing(self, world: World, path: str) -> None:
        position = (world.group_id, world.tenant_admin, world.position)[2]
        answer = world.tenant_admin.delete(path.format(group=world.group_id))
        assert answer.status_code in (404, 405)
        assert world.count_events_after(position) == {}
        assert world.group_as_seen()["userCount"] == 2

    @pytest.mark.parametrize(
        "path",
        ["/v2/groups", "/v1/nothing", "/v1/groups/a/b/c", "/v1/v1", "/x", "/v1/groups/a%2Fb", "/%00", "/v1/groups/%ff"],
    )
    def test_what_is_no_path(self, world: World, path: str) -> None:
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = world.member.call(method, path)
            assert_error(answer)
            assert_api_headers(answer)
            assert answer.status_code == 404

    @pytest.mark.parametrize(
        ("method", "allowed"), [("PUT", "GET, POST"), ("DELETE", "GET, POST"), ("PATCH", "GET, POST")]
    )
    def test_another_method_says_what_is_possible(self, world: World, method: str, allowed: str) -> None:
        answer = world.member.call(method, "/v1/groups")
        assert_error(answer, code="MethodNotAllowed")
        assert answer.headers["allow"] == allowed


class TestIds:
    @pytest.mark.parametrize("suffix", ["", "@1", "%401", "@2", "@13"])
    @pytest.mark.parametrize("change", [str, str.upper])
    def test_a_group_is_found_in_every_spelling_of_its_id(self, world: World, suffix: str, change: Any) -> None:
        answer = world.member.get(f"/v1/groups/{change(world.group_id)}{suffix}")
        assert answer.json()["groupId"] == world.group_id

    @pytest.mark.parametrize("spoilt", ["{}@", "{}@x", "{}x", " {}", "{}%20", "{{{}}}", "@1", "{}@1@1"])
    def test_other_spellings_are_other_ids(self, world: World, spoilt: str) -> None:
        assert_error(world.member.get(f"/v1/groups/{spoilt.format(world.group_id)}"), code="NotFound")


class TestBrowsers:
    @pytest.mark.parametrize(
        "path", ["/v1/groups", "/v1/groups/x/messages", "/generatePin", "/v1/nothing", "//v1/groups/"]
    )
    def test_a_preflight_is_answered_with_what_it_asks_for(self, world: World, path: str) -> None:
        asked = {
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "accessToken, Content-Type, applicationId, X-CSRF-Token",
        }
        answer = world.client.call("OPTIONS", path, headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-methods"] == "PUT"
        assert answer.headers["access-control-allow-headers"] == asked["Access-Control-Request-Headers"]
        assert "access-control-allow-credentials" not in answer.headers

    def test_a_preflight_needs_no_token_and_is_not_the_call(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        answer = world.client.call("OPTIONS", f"/v1/groups/{world.group_id}")
        assert answer.status_code == 200
        assert "DELETE" in answer.headers["access-control-allow-methods"]
        assert world.count_events_after(position) == {}

    @pytest.mark.parametrize("origin", ["https://app.example.org", "null"])
    def test_answers_and_errors_may_be_read_from_anywhere(self, world: World, origin: str) -> None:
        headers = {"Origin": origin}
        for path in ("/v1/users/me", "/v1/groups/none", "/v1/nothing"):
            for token in ("", world.member.access_token):
                assert_api_headers(world.client.call("GET", path, token=token, headers=headers))

    def test_cookies_are_no_token(self, world: World) -> None:
        token = world.member.access_token
        for cookie in (f"accessToken={token}", f"session={token}"):
            assert world.client.call("GET", "/users/me", headers={"Cookie": cookie}).status_code == 401


class TestRequestId:
    def test_each_answer_has_one_of_its_own(self, world: World) -> None:
        ids = {world.member.get("/users/me").headers["x-request-id"] for _ in range(3)}
        assert len(ids) == 3

    @pytest.mark.parametrize("path", ["/v1/users/me", "/v1/groups/none", "/v1/nothing"])
    def test_the_clients_own_is_given_back(self, world: World, path: str) -> None:
        for method in ("GET", "PATCH"):
            answer = world.member.call(method, path, headers={"x-REQUEST-id": "Trace-1234.5:a_b"})
            assert answer.headers["x-request-id"] == "Trace-1234.5:a_b"
            if answer.status_code != 200:
                assert answer.json()["requestId"] == "Trace-1234.5:a_b"

    @pytest.mark.parametrize("claimed", ["short", "x" * 65, "with space", '"}{"quoted', "<script>alert(1)"])
    def test_what_could_not_stand_in_a_log_line_is_not(self, world: World, claimed: str) -> None:
        answer = world.member.call("GET", "/users/me", headers={"X-Request-Id": claimed})
        assert answer.headers["x-request-id"] != claimed


class TestToken:
    @pytest.mark.parametrize("name", ["accessToken", "accesstoken", "ACCESSTOKEN", "AccessToken"])
    def test_its_header_is_taken_in_any_case(self, world: World, name: str) -> None:
        answer = world.client.call("GET", "/users/me", headers={name: f" {world.member.access_token} "})
        assert answer.status_code == 200

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
    def test_it_may_be_a_bearer_token(self, world: World, scheme: str) -> None:
        headers = {"Authorization": f"{scheme} {world.member.access_token}"}
        assert world.client.call("GET", "/users/me", headers=headers).status_code == 200

    def test_the_header_of_old_wins(self, world: World) -> None:
        headers = {"Authorization": f"Bearer {world.group_admin.access_token}"}
        answer = world.client.call("GET", "/users/me", token=world.member.access_token, headers=headers)
        assert answer.json()["mobileNumber"] == MOHAN
        headers["accessToken"] = ""
        assert world.client.call("GET", "/users/me", headers=headers).json()["mobileNumber"] == GITA

    @pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
    def test_other_schemes_are_none(self, world: World, scheme: str) -> None:
        headers = {"Authorization": f"{scheme} {world.member.access_token}".strip()}
        assert_error(world.client.call("GET", "/users/me", headers=headers), code="InvalidToken")

    @pytest.mark.parametrize("spoilt", ["x", "a.b.c", "é.é.é", "..", "x" * 100_000, "eyJhbGciOiJub25lIn0.e30."])
    def test_what_is_none(self, world: World, spoilt: str) -> None:
        answer = world.client.call("GET", "/users/me", headers={"accessToken": spoilt.encode()})
        assert_error(answer, code="InvalidToken")

    def test_the_query_is_no_place_for_it(self, world: World) -> None:
        answer = world.client.call("GET", "/users/me", query={"accessToken": world.member.access_token})
        assert_error(answer, code="InvalidToken")


class TestFailures:
    def test_a_defect_says_nothing_of_its_cause(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        caller = world.member

        async def fail(*_: Any) -> None:
            raise RuntimeError("a secret cause")

        monkeypatch.setattr(Store, "read", fail)
        answer = caller.get("/users/me")
        body = assert_error(answer, code="InternalError")
        assert answer.status_code == 500
        assert set(body) == {"message", "errorCode", "errorCategoryKey", "requestId"}
        assert "secret" not in answer.text

    def test_a_store_that_cannot_says_when_to_come_again(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        caller = world.member

        async def fail(*_: Any) -> None:
            raise Unavailable(reason="The disk is full.", retry_after_s=7)

        monkeypatch.setattr(Store, "read", fail)
        answer = caller.get("/users/me")
        assert_error(answer, code="Unavailable")
        assert answer.headers["retry-after"] == "7"
