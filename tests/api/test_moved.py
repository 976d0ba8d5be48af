"""Calls of an organization that lives in another cell: where clients are told to go, and what is checked before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from chaupal.app import SERVED_ROUTES
from chaupal.auth.caller import Operator
from chaupal.cells.roster import Peer, Roster
from chaupal.directory.places import Departure, TenantPlace, leave, return_home
from chaupal.serving.routes import Route
from tests.api.client import assert_error, request
from tests.api.files import PDF
from tests.api.worlds import World

NEW = "https://north.example.org/chat/"
CALLS = [route for route in SERVED_ROUTES if route.call]


@pytest.fixture
def moved(world: World) -> Iterator[World]:
    """Everyone has signed in here before the organization moved."""
    _ = (world.group_admin, world.group_id, world.tenant_admin)
    now_ms = world.clock.now_ms
    place = TenantPlace(world.tenant_id, "north", "https://old-address.example.org", 1, now_ms)
    peer = Peer(name="north", endpoint_url=NEW, is_root=False, state="joined", keys={})
    house = world.client.house
    house.roster = Roster("root", is_root=True, peers={"north": peer}, departures={world.tenant_id: place})
    yield world
    house.roster = Roster()


def written(route: Route) -> str:
    return "/v1" + route.path.replace("{", "").replace("}", "-1")


def redirected(answer: httpx.Response, location: str) -> None:
    body = assert_error(answer, code="EndpointChanged")
    assert answer.status_code == 308
    assert answer.headers["location"] == location
    assert body["endpointUrl"] == NEW
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Location" in answer.headers["access-control-expose-headers"]


class TestEveryCall:
    @pytest.mark.parametrize("route", CALLS, ids=lambda route: f"{route.method} {route.path}")
    def test_is_sent_to_the_new_endpoint_with_path_and_query_kept(self, moved: World, route: Route) -> None:
        target = f"{written(route)}?limit=5&q=a%2Fb"
        answer = moved.group_admin.call(
            route.method, target, **({} if route.method == "GET" else {"body": {}, "headers": {"X-Accept-308": "1"}})
        )
        redirected(answer, NEW.rstrip("/") + target)

    def test_keeps_the_spelling_of_its_path(self, moved: World) -> None:
        for target in ("//V1//Users/Me/", "/users/me", "/v1/groups/a%40b/members"):
            redirected(moved.group_admin.call("GET", target), NEW.rstrip("/") + target)

    def test_goes_to_the_meant_call_where_an_address_was_the_base(self, moved: World) -> None:
        answer = moved.group_admin.call("GET", "/v1/groups/1?cursor=2/v1/users/me?x=1")
        redirected(answer, NEW + "v1/users/me?x=1")


class TestToken:
    def test_one_that_is_over_is_sent_on_like_any_other(self, moved: World) -> None:
        admin = moved.group_admin
        moved.clock.advance(days=2)
        redirected(admin.get("/v1/users/me"), NEW + "v1/users/me")

    def test_one_that_is_forged_or_missing_tells_nothing(self, moved: World) -> None:
        for token in ("", "a.b.c", moved.group_admin.access_token[:-6] + "AAAAAA"):
            answer = moved.client.call("GET", "/v1/users/me", token=token)
            assert_error(answer, code="InvalidToken")

    def test_others_are_answered_here(self, moved: World) -> None:
        assert moved.other_world.group_admin.get("/v1/users/me").status_code == 200


class TestTimes:
    def test_writes_are_redirected_when_the_time_of_passing_on_is_over(self, moved: World) -> None:
        admin = moved.group_admin
        moved.clock.advance(days=90)
        redirected(
            admin.post(f"/v1/groups/{moved.group_id}/messages", {"message": "x"}),
            NEW + f"v1/groups/{moved.group_id}/messages",
        )

    def test_reads_are_redirected_to_the_last_moment_of_a_time_that_is_a_setting(
        self, moved: World, world_with: Callable[..., World]
    ) -> None:
        other = world_with(moved_answer_days=10)
        other.client.house.roster = moved.client.house.roster
        token = moved.group_admin.access_token
        moved.clock.advance(days=10, milliseconds=-1)
        redirected(other.client.call("GET", "/v1/users/me", token=token), NEW + "v1/users/me")
        moved.clock.advance(milliseconds=1)
        assert_error(other.client.call("GET", "/v1/users/me", token=token), code="InvalidToken")
        redirected(moved.client.call("GET", "/v1/users/me", token=token), NEW + "v1/users/me")

    def test_nobody_is_sent_anywhere_when_the_time_of_answering_is_over(self, moved: World) -> None:
        admin = moved.group_admin
        moved.clock.advance(days=400)
        for method in ("GET", "DELETE"):
            body = assert_error(admin.call(method, "/v1/groups/1"), code="InvalidToken")
            assert body["details"] == "The organization has left this server."

    def test_with_0_days_they_are_redirected_at_once(self, moved: World, world_with: Callable[..., World]) -> None:
        other = world_with(moved_forward_days=0)
        other.client.house.roster = moved.client.house.roster
        admin = moved.group_admin
        answer = other.client.call("DELETE", "/v1/groups/1", token=admin.access_token)
        redirected(answer, NEW + "v1/groups/1")

    def test_a_write_that_cannot_be_passed_on_is_to_be_repeated(self, moved: World) -> None:
        house = moved.client.house
        place = house.roster.departures[moved.tenant_id]
        nowhere = TenantPlace(moved.tenant_id, "south", "http://127.0.0.1:9/", 1, place.left_at_ms)
        house.roster = Roster("root", is_root=True, departures={moved.tenant_id: nowhere})
        answer = moved.group_admin.post("/v1/groups", {"name": "New"})
        body = assert_error(answer, code="Unavailable")
        assert "cannot be reached" in body["message"]


class TestBodies:
    def test_an_upload_is_read_before_it_is_answered(self, moved: World) -> None:
        """Some clients read no answer before they have sent all."""
        taken = 0

        async def pieces() -> object:
            nonlocal taken
            for _ in range(20):
                taken += 1
                yield b"x" * 50_000

        async def call() -> httpx.Response:
            made = request("POST", "/v1/media", token=moved.group_admin.access_token, headers={"X-Accept-308": "1"})
            sent = httpx.Request("POST", made.url, headers=made.headers, content=pieces())  # type: ignore[arg-type]
            return await moved.client._http.send(sent)

        redirected(moved.client.run(call()), NEW + "v1/media")
        assert taken == 20


class TestFileLinks:
    def test_lead_to_the_new_endpoint(self, world: World) -> None:
        admin = world.group_admin
        resource = admin.call("POST", "/v1/media", content=PDF, headers={"content-type": "application/pdf"}).json()
        url = admin.get(f"/v1/media/{resource['mediaResource']}").json()["mediaUrl"]
        path = "/" + url.split("/", 3)[3]
        house = world.client.house
        place = TenantPlace(world.tenant_id, "north", NEW, 1, world.clock.now_ms)
        house.roster = Roster("root", departures={world.tenant_id: place})
        try:
            answer = world.client.call("GET", path)
            assert (answer.status_code, answer.headers["location"]) == (308, NEW.rstrip("/") + path)
        finally:
            house.roster = Roster()


class TestLeaving:
    def test_a_process_that_has_not_heard_of_it_writes_nothing_and_says_where_to_go(self, world: World) -> None:
        admin, group_id = world.group_admin, world.group_id
        store, mover = world.client.house.store, Operator(world.tenant_id, passes_gate=True)
        before = world.position
        departure = Departure("north", NEW, world.clock.now_ms)
        world.do(leave, departure)
        try:
            answer = admin.post(
                f"/v1/groups/{group_id}/messages", {"message": "too late"}, headers={"X-Accept-308": "1"}
            )
            # An installation that is alone has nobody to send clients to.
            assert_error(answer, code="InvalidToken")
            assert world.position == before
            world.client.run(store.write(leave, mover, departure))  # again
        finally:
            world.client.run(store.write(return_home, mover, None))
        assert admin.post(f"/v1/groups/{group_id}/messages", {"message": "home again"}).status_code == 200
