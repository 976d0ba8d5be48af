"""The Postman collection, run from its first request to its last against a fresh server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaupal.app import SERVED_ROUTES
from chaupal.openapi.examples import key_of
from chaupal.postman.collection import StepMistaken, build_collection
from chaupal.postman.further_legs import WEBHOOKS
from chaupal.postman.journey import JOURNEY, LEFT_OUT, SET_BY_THE_USER
from chaupal.postman.steps import Leg, Step
from tests.api.hooks import HookReceiver
from tests.installations import ADMIN, Installation
from tests.parts.newman import COLLECTION, ENVIRONMENT, POSTMAN, run_collection

ALLOWED = {
    "CHAUPAL_DEVELOPMENT": "yes",
    "CHAUPAL_MEDIA_FETCH_ALLOW": "127.0.0.1",
    "CHAUPAL_CALLBACK_ALLOW": "127.0.0.1",
}


def environment_of(installation: Installation) -> dict[str, str]:
    """What a user sets."""
    installed = installation.init()
    return {
        "api-root": installed["apiRoot"],
        "mobile-number": ADMIN,
        "application-id": installed["applicationId"],
        "application-secret": installed["applicationSecret"],
    }


class TestRun:
    def test_every_request_passes_and_every_variable_is_filled(
        self, installation: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        installation.settings.update(ALLOWED)
        installation.start()
        with HookReceiver() as receiver:
            environment = environment_of(installation) | {"callback-url": f"{receiver.url}/hook"}
            run = run_collection(tmp_path, environment)
        print(run.shown)
        assert run.failures == []
        assert run.request_count == sum(len(leg.steps) for leg in JOURNEY)
        assert run.test_count > 2 * run.request_count
        assert [name for name, value in run.environment.items() if not value] == []
        assert len(receiver.proofs) == 1

    def test_without_a_receiver_the_webhooks_are_skipped(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        sqlite_installation.settings.update(ALLOWED)
        sqlite_installation.start()
        run = run_collection(tmp_path, environment_of(sqlite_installation))
        assert run.failures == []
        assert run.request_count == sum(len(leg.steps) for leg in JOURNEY if leg is not WEBHOOKS)

    def test_without_development_mode_a_person_is_asked_for_the_pin(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        sqlite_installation.start()
        run = run_collection(tmp_path, environment_of(sqlite_installation))
        assert "Type the PIN that was sent to mobile-number into the variable pin" in run.failures[0]


class TestDevelopmentMode:
    def ask(self, installation: Installation, number: str, **headers: str) -> tuple[int, str | None]:
        import urllib.request

        body = json.dumps({"mobileNumber": number, "applicationId": self.application_id}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{installation.port}/v1/generatePin", data=body, headers=headers
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own http://
            return answer.status, answer.headers["X-Development-Pin"]

    def test_the_pin_is_shown_to_this_machine_and_to_nobody_behind_a_proxy(
        self, sqlite_installation: Installation
    ) -> None:
        sqlite_installation.settings.update(ALLOWED)
        sqlite_installation.start()
        self.application_id = sqlite_installation.init()["applicationId"]
        assert self.ask(sqlite_installation, ADMIN) == (200, sqlite_installation.result("pin", ADMIN)["pin"])
        assert self.ask(sqlite_installation, "+919800000099") == (200, None)
        for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
            assert self.ask(sqlite_installation, ADMIN, **{name: "203.0.113.1"}) == (200, None)

    def test_without_the_mode_it_is_not_shown(self, sqlite_installation: Installation) -> None:
        sqlite_installation.start()
        self.application_id = sqlite_installation.init()["applicationId"]
        assert self.ask(sqlite_installation, ADMIN) == (200, None)

    @pytest.mark.parametrize(
        "settings", [{"CHAUPAL_LISTEN": "0.0.0.0:8080"}, {"CHAUPAL_PUBLIC_URL": "https://chat.example.org"}]
    )
    def test_a_server_that_others_can_reach_refuses_the_mode(
        self, sqlite_installation: Installation, settings: dict[str, str]
    ) -> None:
        sqlite_installation.settings.update(ALLOWED | settings)
        assert "CHAUPAL_DEVELOPMENT" in sqlite_installation.refusal("migrate")


class TestCollection:
    def test_it_has_every_call_or_says_why_not(self) -> None:
        taken = {step.call for leg in JOURNEY for step in leg.steps}
        served = {key_of(route) for route in SERVED_ROUTES}
        assert served - taken == LEFT_OUT.keys()
        assert not taken & LEFT_OUT.keys()

    def test_every_request_has_an_example_of_its_answer(self) -> None:
        document = json.loads(COLLECTION.read_text())
        items = [item for leg in document["item"] for item in leg["item"]]
        assert len(items) > 80
        assert [item["name"] for item in items if not item["response"]] == []
        assert len({item["id"] for item in items}) == len(items)

    def test_what_the_user_sets_is_all_that_is_not_filled_by_the_run(self) -> None:
        values = {each["key"]: each["value"] for each in json.loads(ENVIRONMENT.read_text())["values"]}
        assert {name for name, value in values.items() if value} == {"api-root"}
        filled = {name for leg in JOURNEY for step in leg.steps for name in step.fills}
        assert values.keys() - filled - SET_BY_THE_USER.keys() == {"pin", "mobile-number-2", "mobile-number-3"}

    def test_the_files_are_there(self) -> None:
        named = {name for leg in JOURNEY for step in leg.steps for name in step.files}
        assert {path.name for path in (POSTMAN / "files").iterdir()} == named

    @pytest.mark.parametrize(
        ("step", "sentence"),
        [
            (Step("GET /nowhere", "Lost"), "Lost: there is no GET /nowhere"),
            (Step("POST /groups", "Odd", {"nmae": "x"}), "Odd: POST /groups takes no nmae"),
            (Step("GET /groups", "Odd", query={"detail": "x"}), "Odd: GET /groups takes no detail"),
        ],
    )
    def test_a_step_that_does_not_fit_its_route_is_found(self, step: Step, sentence: str) -> None:
        with pytest.raises(StepMistaken, match=sentence):
            build_collection([Leg("Leg", "", (step,))], SERVED_ROUTES)
