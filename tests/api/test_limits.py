"""What is used of an organization's limits, and how much one address may send. Source: contract, section 12."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from chaupal.auth.permissions import Permission
from chaupal.store.clock import new_id
from tests.api.client import assert_error
from tests.api.worlds import MOHAN, World

MINUTE_S = 60


class TestReadingThem:
    def test_an_admin_sees_what_the_organization_and_each_connector_have_used(
        self, world_with: Callable[..., World]
    ) -> None:
        world = world_with(connector_calls_per_min=5, tenant_calls_per_min=50)
        for _ in range(2):
            world.member.get("/users/me")
        answer = world.tenant_admin.get("/tenant/limits")
        assert answer.status_code == 200
        now_s = world.clock.now_ms // 1000
        assert datetime.fromisoformat(answer.json()["resetsAt"]).timestamp() == now_s // MINUTE_S * MINUTE_S + MINUTE_S
        assert int(answer.headers["X-RateLimit-Reset"]) == MINUTE_S - now_s % MINUTE_S
        assert answer.json()["tenant"] == {"limit": 50, "used": 3, "remaining": 47}
        [ours] = [each for each in answer.json()["connectors"] if each["applicationId"] == world.application_id]
        assert (ours["limit"], ours["used"], ours["remaining"]) == (5, 3, 2)
        others = [each for each in answer.json()["connectors"] if each["applicationId"] != world.application_id]
        assert all((each["used"], each["remaining"]) == (0, 5) for each in others)

    def test_a_refused_call_is_not_counted_and_the_next_minute_begins_with_nothing(
        self, world_with: Callable[..., World]
    ) -> None:
        world = world_with(connector_calls_per_min=2, tenant_calls_per_min=50)
        for _ in range(2):
            world.member.get("/users/me")
        assert_error(world.tenant_admin.get("/tenant/limits"), code="TooManyRequests")
        world.clock.advance(seconds=MINUTE_S)
        assert world.tenant_admin.get("/tenant/limits").json()["tenant"]["used"] == 1

    def test_where_there_is_no_limit_nothing_is_counted(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=0, tenant_calls_per_min=0)
        answer = world.tenant_admin.get("/tenant/limits").json()
        assert answer["tenant"] == {"limit": 0}
        assert {(each["limit"], "used" in each, "remaining" in each) for each in answer["connectors"]} == {
            (0, False, False)
        }

    def test_a_member_is_refused(self, world: World) -> None:
        assert_error(world.member.get("/tenant/limits"), code="Forbidden")


class TestHeaders:
    def test_every_call_with_a_token_tells_what_is_left_whatever_its_answer(
        self, world_with: Callable[..., World]
    ) -> None:
        world = world_with(connector_calls_per_min=1_000, tenant_calls_per_min=5_000)
        left = 1_000
        routes = [route for route in world.client.app.routes if route.permission is not None]
        assert len(routes) > 50
        statuses = set()
        for route in routes:
            path = re.sub(r"\{\w+\}", lambda _: new_id(), f"/v1{route.path}")
            answer = world.client.call(route.method, path, token=world.member.access_token)
            statuses.add(answer.status_code)
            left -= 1
            assert budget_of(answer) == (1_000, left), route
        assert {200, 400, 404} <= statuses

    def test_so_do_refusals(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=1, tenant_calls_per_min=0)
        assert budget_of(world.member.get("/users/me")) == (1, 0)
        refused = world.member.get("/users/me")
        assert_error(refused, code="TooManyRequests")
        assert budget_of(refused) == (1, 0)
        assert refused.headers["Retry-After"] == refused.headers["X-RateLimit-Reset"]

    def test_with_all_limits_off_nothing_is_told_and_nothing_refused(self, world_with: Callable[..., World]) -> None:
        world = world_with(
            connector_calls_per_min=0, tenant_calls_per_min=0, access_token_calls_per_min=0, address_mb_per_min=0
        )
        for _ in range(20):
            answer = world.member.get("/users/me")
            assert answer.status_code == 200
            assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


class TestCallsAtOnce:
    def test_of_many_calls_at_once_exactly_as_many_pass_as_there_are_left(
        self, world_with: Callable[..., World]
    ) -> None:
        world = world_with(connector_calls_per_min=30, tenant_calls_per_min=1_000)
        call = ("GET", "/v1/users/me", {"token": world.member.access_token})
        answers = world.client.call_at_once(*[call] * 80)
        assert Counter(answer.status_code for answer in answers) == {200: 30, 429: 50}
        passed = sorted(budget_of(answer)[1] for answer in answers if answer.status_code == 200)
        assert passed == list(range(30)), "no two calls are told the same"

    def test_a_connector_that_asks_too_much_takes_nothing_from_another(self, world_with: Callable[..., World]) -> None:
        world = world_with(connector_calls_per_min=30, tenant_calls_per_min=60)
        greedy = ("GET", "/v1/users/me", {"token": world.member.access_token})
        other = world.sign_in(MOHAN, permissions=[Permission.USER_PROFILE])
        modest = ("GET", "/v1/users/me", {"token": other.access_token})
        answers = world.client.call_at_once(*[greedy] * 200, *[modest] * 10, *[greedy] * 200, *[modest] * 10)
        of_modest = [*answers[200:210], *answers[410:]]
        assert {answer.status_code for answer in of_modest} == {200}
        assert sum(answer.status_code == 200 for answer in answers) == 30 + 20

    def test_an_organization_that_asks_too_much_takes_nothing_from_another(
        self, world_with: Callable[..., World]
    ) -> None:
        limits = {"connector_calls_per_min": 0, "tenant_calls_per_min": 25}
        greedy, modest = world_with(**limits), world_with(**limits)
        modest.client = greedy.client
        calls = [("GET", "/v1/users/me", {"token": world.member.access_token}) for world in (greedy, modest)]
        answers = greedy.client.call_at_once(*[calls[0]] * 100, *[calls[1]] * 20)
        assert Counter(answer.status_code for answer in answers[:100]) == {200: 25, 429: 75}
        assert {answer.status_code for answer in answers[100:]} == {200}


def budget_of(answer: httpx.Response) -> tuple[int, int]:
    """(limit, remaining) as the headers tell them."""
    return int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])


class TestVolumeOfAnAddress:
    def upload(self, world: World, size_bytes: int, *, address: str = "") -> httpx.Response:
        options: Any = {
            "content": b"%PDF-1.4\n" + bytes(size_bytes),
            "headers": {"Content-Type": "application/pdf", "accessToken": world.member.access_token},
        }
        if address:
            return world.client.call_from(address, "POST", "/v1/media", **options)
        return world.client.call("POST", "/v1/media", **options)

    def test_after_so_much_the_next_large_body_waits_for_the_next_minute(
        self, world_with: Callable[..., World]
    ) -> None:
        world = world_with(address_mb_per_min=1)
        for _ in range(3):
            assert self.upload(world, 400_000).status_code == 200
        refused = self.upload(world, 10)
        assert_error(refused, code="TooManyRequests")
        assert int(refused.headers["Retry-After"]) == MINUTE_S - world.clock.now_ms // 1000 % MINUTE_S
        assert refused.json()["message"].startswith("Bytes sent from this address: at most 1048576 a minute.")
        assert world.member.get("/users/me").status_code == 200
        world.clock.advance(seconds=MINUTE_S)
        assert self.upload(world, 10).status_code == 200

    def test_addresses_of_one_site_share_it_and_others_do_not(self, world_with: Callable[..., World]) -> None:
        world = world_with(address_mb_per_min=1)
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:DB8:1:2:3:4:5:6"):
            assert self.upload(world, 400_000, address=address).status_code == 200
        assert_error(self.upload(world, 10, address="2001:db8:1:2::77"), code="TooManyRequests")
        assert self.upload(world, 10, address="2001:db8:1:3::77").status_code == 200
        assert self.upload(world, 10, address="203.0.113.9").status_code == 200

    def test_zero_is_no_limit(self, world_with: Callable[..., World]) -> None:
        world = world_with(address_mb_per_min=0)
        for _ in range(4):
            assert self.upload(world, 400_000).status_code == 200
