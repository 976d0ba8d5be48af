"""GET /users/me: whose token is this. Source: contract, section 4."""

from __future__ import annotations

from tests.api.scenarios import Scenario, scenarios
from tests.api.worlds import ASHA, GITA, MOHAN, World

TABLE = (
    Scenario(
        "a member learns who they are",
        "GET /v1/users/me",
        "member",
        answer={
            "id": "{member_id}",
            "name": "Mohan",
            "mobileNumber": MOHAN,
            "profilePic": "",
            "tenantId": "{tenant_id}",
            "role": "Member",
            "isTenantAdmin": False,
            "applicationId": "{application_id}",
        },
    ),
    Scenario(
        "a tenant admin is told so",
        "GET /v1/users/me",
        "tenant_admin",
        answer={"id": "{tenant_admin_id}", "mobileNumber": ASHA, "role": "Admin", "isTenantAdmin": True},
    ),
    Scenario(
        "a group token acts for the admin who made it",
        "GET /v1/users/me",
        "group_token",
        answer={"id": "{admin_id}", "mobileNumber": GITA, "isTenantAdmin": False},
    ),
    Scenario("without a token nobody is told anything", "GET /v1/users/me", "", status=401, code="InvalidToken"),
    Scenario("it cannot be posted to", "POST /v1/users/me", "member", {}, status=405, code="MethodNotAllowed"),
    Scenario("it cannot be deleted", "DELETE /v1/users/me", "member", status=405, code="MethodNotAllowed"),
)


class TestGetCurrentUser:
    @scenarios(TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)

    def test_the_same_number_in_two_organizations_is_two_people(self, world: World) -> None:
        here = world.tenant_admin.get("/v1/users/me").json()
        there = world.stranger.get("/v1/users/me").json()
        assert here["mobileNumber"] == there["mobileNumber"] == ASHA
        assert here["id"] != there["id"]
        assert here["tenantId"] != there["tenantId"]
