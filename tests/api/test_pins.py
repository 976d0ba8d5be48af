"""Signing in by PIN: POST /generatePin and /loginWithPinAndApplicationId. Source: contract, sections 4 and 12."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import delete_connector
from tests.api.client import assert_error
from tests.api.worlds import ASHA, MOHAN, NOBODY, OMAR, World

DAY_S = 86_400
SCOPE = (
    "groupinfo.read,groupinfo.write,groupinfo.remove,groupinfo.update,groupmember.read,groupmember.write,"
    "groupmember.remove,textmessage.read,action.read,action.write,action.update,profile.write,media.read,"
    "webhook.read,webhook.write,webhook.remove,webhook.update"
)


def generate(world: World, number: str = MOHAN, **fields: Any) -> httpx.Response:
    body = {"mobileNumber": number, "applicationId": world.application_id, **fields}
    return world.client.call("POST", "/v1/generatePin", body=body)


def log_in(world: World, pin: Any, number: str = MOHAN, *, address: str = "", **fields: Any) -> httpx.Response:
    body = {"mobileNumber": number, "applicationId": world.application_id, "pin": pin, **fields}
    path = "/v1/loginWithPinAndApplicationId"
    if address:
        return world.client.call_from(address, "POST", path, body=body)
    return world.client.call("POST", path, body=body)


NEVER_RIGHT = "1234567"
"""A PIN has six digits."""


def waiting_sms(world: World) -> int:
    return len(world.ask("SELECT 1 FROM jobs WHERE tenant_id = %s"))


@pytest.fixture
def new_pin(world: World) -> str:
    """A PIN that waits for Mohan."""
    assert generate(world).status_code == 200
    return world.pin_of(MOHAN)


class TestGeneratePin:
    def test_it_queues_an_sms(self, world: World) -> None:
        answer = generate(world)
        assert answer.content == b"{}"
        assert waiting_sms(world) == 1

    def test_an_unknown_number_gets_the_same_answer_and_no_sms(self, world: World) -> None:
        known, unknown = generate(world, MOHAN), generate(world, NOBODY)
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert set(known.headers) == set(unknown.headers)
        assert waiting_sms(world) == 1

    @pytest.mark.parametrize("application_id", ["", "unknown", "00000000-0000-0000-0000-000000000000"])
    def test_a_wrong_application_id(self, world: World, application_id: str) -> None:
        answer = generate(world, applicationId=application_id)
        assert "applicationId" in assert_error(answer, code="Unauthenticated")["message"]
        assert waiting_sms(world) == 0

    @pytest.mark.parametrize("spelling", [str.upper, "  {} ".format])
    def test_the_application_id_is_compared_in_any_case(self, world: World, spelling: Any) -> None:
        assert generate(world, applicationId=spelling(world.application_id)).status_code == 200

    @pytest.mark.parametrize("number", ["", "12", "98000 00003", "not a number", None, True, {"a": 1}, "+91980000000x"])
    def test_a_number_that_is_none_is_named(self, world: World, number: Any) -> None:
        message = assert_error(generate(world, number), code="InvalidParameters")["message"]
        assert "mobileNumber" in message

    @pytest.mark.parametrize("spelling", ["00919800000003", "+91 98000-00003", " +91(98000)00003 "])
    def test_a_number_is_taken_in_every_spelling(self, world: World, spelling: str) -> None:
        assert generate(world, spelling).status_code == 200
        assert log_in(world, world.pin_of(MOHAN), spelling).status_code == 200

    def test_five_an_hour_for_a_number(self, world: World) -> None:
        for _ in range(5):
            assert generate(world).status_code == 200
            world.clock.advance(minutes=1)
        answer = generate(world)
        assert_error(answer, code="TooManyRequests")
        assert answer.headers["retry-after"] == str(55 * 60)
        assert generate(world, OMAR).status_code == 200
        world.clock.advance(minutes=55)
        assert generate(world).status_code == 200
        assert_error(generate(world), code="TooManyRequests")

    def test_what_it_says_to_wait_for_is_enough_whichever_limits_are_reached(self, world_with: Any) -> None:
        world: World = world_with(pins_per_hour_number=3, pins_per_hour_connector=4)
        for number in (OMAR, MOHAN, MOHAN, MOHAN):
            assert generate(world, number).status_code == 200
            world.clock.advance(minutes=10)
        world.clock.advance(milliseconds=300)
        answer = generate(world)
        assert_error(answer, code="TooManyRequests")
        assert answer.headers["retry-after"] == str(30 * 60)
        world.clock.advance(seconds=30 * 60 - 1)
        assert_error(generate(world), code="TooManyRequests")
        world.clock.advance(seconds=1)
        assert generate(world).status_code == 200

    def test_of_a_limit_that_was_lowered_too(self, world: World, world_with: Any) -> None:
        for _ in range(4):
            assert generate(world).status_code == 200
            world.clock.advance(minutes=10)
        lower: World = world_with(pins_per_hour_number=2)
        body = {"mobileNumber": MOHAN, "applicationId": world.application_id}
        answer = lower.client.call("POST", "/v1/generatePin", body=body)
        assert_error(answer, code="TooManyRequests")
        assert answer.headers["retry-after"] == str(40 * 60)

    def test_zero_turns_both_limits_off(self, world_with: Any) -> None:
        world: World = world_with(pins_per_hour_number=0, pins_per_hour_connector=0)
        assert {generate(world).status_code for _ in range(8)} == {200}

    def test_the_limit_holds_for_unknown_numbers_too(self, world: World) -> None:
        answers = [generate(world, NOBODY) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]

    def test_a_hundred_an_hour_for_a_connector(self, world: World) -> None:
        for index in range(100):
            assert generate(world, f"+9198300{index:05d}").status_code == 200
        assert_error(generate(world), code="TooManyRequests")
        other = world.connector_with([Permission.TEXT_MESSAGE]).connector.shown_id
        assert generate(world, applicationId=other).status_code == 200
        world.clock.advance(hours=1)
        assert generate(world).status_code == 200

    def test_a_deleted_connector_is_unknown(self, world: World) -> None:
        world.do(delete_connector, world.application_id)
        assert_error(generate(world), code="Unauthenticated")


class TestLogIn:
    def test_the_answer_has_what_old_clients_read(self, world: World, new_pin: str) -> None:
        body = log_in(world, new_pin).json()
        assert set(body) == {"refreshToken", "endpointUrl", "grantedScope", "refreshTokenExpiry"}
        assert len(body["refreshToken"]) > 40
        assert body["endpointUrl"] == "https://chat.example.org/"
        assert body["grantedScope"] == SCOPE
        assert body["refreshTokenExpiry"] == world.clock.now_ms + 365 * DAY_S * 1000

    def test_the_token_lets_in(self, world: World, new_pin: str) -> None:
        token = log_in(world, new_pin).json()["refreshToken"]
        access_token = world.exchange(token).json()["accessToken"]
        me = world.client.call("GET", "/v1/users/me", token=access_token).json()
        assert me["mobileNumber"] == MOHAN

    def test_the_scope_is_filtered_by_the_connectors_permissions(self, world: World) -> None:
        connector = world.connector_with([Permission.MEDIA, Permission.TEXT_MESSAGE, Permission.REACTIONS])
        application_id = connector.connector.shown_id
        generate(world, applicationId=application_id)
        answer = log_in(world, world.pin_of(MOHAN), applicationId=application_id).json()
        assert answer["grantedScope"] == "textmessage.read,media.read"

    def test_a_first_sign_in_is_an_event(self, world: World, new_pin: str) -> None:
        position = world.position
        log_in(world, new_pin)
        assert world.count_events_after(position) == {"PersonSignedIn": 1, "TokenGranted": 1}
        generate(world)
        log_in(world, world.pin_of(MOHAN))
        assert world.count_events_after(position) == {"PersonSignedIn": 1, "TokenGranted": 2}

    @pytest.mark.parametrize("spelling", [int, float, "{} ".format, lambda pin: str(int(pin))])
    def test_leading_zeros_may_be_lost(self, world: World, monkeypatch: pytest.MonkeyPatch, spelling: Any) -> None:
        monkeypatch.setattr(secrets, "randbelow", lambda _: 42)
        generate(world)
        assert world.pin_of(MOHAN) == "000042"
        expected = 401 if spelling is float else 200
        assert log_in(world, spelling("000042")).status_code == expected

    def test_a_pin_works_once(self, world: World, new_pin: str) -> None:
        assert log_in(world, new_pin).status_code == 200
        assert_error(log_in(world, new_pin), code="Unauthenticated")

    def test_using_one_uses_up_all_that_wait(self, world: World, new_pin: str) -> None:
        generate(world)
        assert log_in(world, world.pin_of(MOHAN)).status_code == 200
        assert_error(log_in(world, new_pin), code="Unauthenticated")

    def test_an_earlier_pin_works_while_it_lives(self, world: World, new_pin: str) -> None:
        generate(world)
        assert log_in(world, new_pin).status_code == 200

    def test_a_pin_lives_ten_minutes(self, world: World, new_pin: str) -> None:
        world.clock.advance(seconds=599)
        generate(world)
        assert log_in(world, new_pin).status_code == 200

    def test_and_not_longer(self, world: World, new_pin: str) -> None:
        world.clock.advance(seconds=600)
        assert_error(log_in(world, new_pin), code="Unauthenticated")

    def test_a_wrong_pin(self, world: World, new_pin: str) -> None:
        answer = log_in(world, f"{(int(new_pin) + 1) % 10**6:06d}")
        assert "PIN" in assert_error(answer, code="Unauthenticated")["message"]
        assert log_in(world, new_pin).status_code == 200

    @pytest.mark.parametrize("pin", ["", "abcdef", "1234567", "٤٢", "-1", 10**30, "000000\u0000"])
    def test_what_is_no_pin(self, world: World, new_pin: str, pin: Any) -> None:
        assert new_pin
        assert log_in(world, pin).status_code in (400, 401)

    def test_every_wrong_end_looks_the_same(self, world: World, new_pin: str) -> None:
        unknown = log_in(world, "000001", NOBODY)
        mistaken = log_in(world, NEVER_RIGHT)
        world.clock.advance(seconds=700)
        late = log_in(world, new_pin)
        without = log_in(world, "123456", OMAR)
        messages = {answer.json()["message"] for answer in (unknown, mistaken, late, without)}
        assert len(messages) == 1

    def test_a_pin_is_for_its_number_alone(self, world: World, new_pin: str) -> None:
        generate(world, OMAR)
        if world.pin_of(OMAR) != new_pin:
            assert_error(log_in(world, new_pin, OMAR), code="Unauthenticated")

    def test_a_pin_is_for_its_connector_alone(self, world: World, new_pin: str) -> None:
        other = world.connector_with([Permission.TEXT_MESSAGE]).connector.shown_id
        assert_error(log_in(world, new_pin, applicationId=other), code="Unauthenticated")

    def test_a_pin_is_for_its_organization_alone(self, world: World, new_pin: str) -> None:
        assert_error(log_in(world, new_pin, applicationId=world.other_world.application_id), code="Unauthenticated")

    def test_a_wrong_secret_is_refused_and_uses_up_no_pin(self, world: World, new_pin: str) -> None:
        assert_error(log_in(world, new_pin, applicationSecret="wrong"), code="Unauthenticated")
        assert log_in(world, new_pin, applicationSecret=world.connector.application_secret).status_code == 200

    def test_signing_in_revokes_nothing(self, world: World, new_pin: str) -> None:
        earlier = world.member
        first = log_in(world, new_pin).json()["refreshToken"]
        generate(world)
        second = log_in(world, world.pin_of(MOHAN)).json()["refreshToken"]
        assert earlier.get("/users/me").status_code == 200
        assert [world.exchange(token).status_code for token in (first, second)] == [200, 200]


class TestWrongTries:
    def test_waits_grow_by_number_and_address(self, world: World, new_pin: str) -> None:
        for wait_s in (0, 0, 2, 5, 15, 60, 300, 300, 300):
            assert_error(log_in(world, NEVER_RIGHT), code="Unauthenticated")
            if wait_s:
                answer = log_in(world, new_pin)
                assert_error(answer, code="TooManyRequests")
                assert answer.headers["retry-after"] == str(wait_s)
                world.clock.advance(seconds=wait_s - 1)
                assert_error(log_in(world, new_pin), code="TooManyRequests")
                world.clock.advance(seconds=1)

    def test_a_right_pin_after_the_wait_lets_in(self, world: World, new_pin: str) -> None:
        for _ in range(3):
            log_in(world, NEVER_RIGHT)
        assert_error(log_in(world, new_pin), code="TooManyRequests")
        world.clock.advance(seconds=2)
        assert log_in(world, new_pin).status_code == 200

    def test_another_address_need_not_wait(self, world: World, new_pin: str) -> None:
        for _ in range(3):
            log_in(world, NEVER_RIGHT)
        assert log_in(world, new_pin, address="198.51.100.9").status_code == 200

    def test_ten_a_day_for_a_number_from_anywhere(self, world: World, new_pin: str) -> None:
        for index in range(10):
            assert_error(log_in(world, NEVER_RIGHT, address=f"198.51.100.{index}"), code="Unauthenticated")
        answer = log_in(world, new_pin, address="198.51.100.99")
        assert_error(answer, code="TooManyRequests")
        assert answer.headers["retry-after"] == str(DAY_S)
        world.clock.advance(seconds=DAY_S - 1)
        generate(world)
        assert_error(log_in(world, world.pin_of(MOHAN), address="198.51.100.99"), code="TooManyRequests")
        world.clock.advance(seconds=1)
        assert log_in(world, world.pin_of(MOHAN), address="198.51.100.99").status_code == 200

    def test_thirty_a_day_from_an_address(self, world: World) -> None:
        for index in range(30):
            answer = log_in(world, "123456", f"+9198400{index:05d}", address="198.51.100.77")
            assert_error(answer, code="Unauthenticated")
        generate(world, ASHA)
        answer = log_in(world, world.pin_of(ASHA), ASHA, address="198.51.100.77")
        assert_error(answer, code="TooManyRequests")
        assert log_in(world, world.pin_of(ASHA), ASHA, address="198.51.100.78").status_code == 200

    def test_the_longest_of_the_waits_is_told(self, world: World, new_pin: str) -> None:
        assert_error(log_in(world, NEVER_RIGHT, OMAR, address="198.51.100.50"), code="Unauthenticated")
        world.clock.advance(hours=1)
        for index in range(10):
            assert_error(log_in(world, NEVER_RIGHT, address=f"198.51.100.{index}"), code="Unauthenticated")
        for index in range(29):
            number = f"+9198500{index:05d}"
            assert_error(log_in(world, NEVER_RIGHT, number, address="198.51.100.50"), code="Unauthenticated")
        answer = log_in(world, new_pin, address="198.51.100.50")
        assert answer.headers["retry-after"] == str(DAY_S), "that of the number, which began later"

    def test_an_ipv6_client_counts_by_the_half_that_it_cannot_choose(self, world_with: Any) -> None:
        world: World = world_with(wrong_pins_per_day_address=2)
        for index, (address, status) in enumerate(
            (
                ("2001:db8:7:7::1", 401),
                ("2001:db8:7:7:ffff::2", 401),
                ("2001:DB8:7:7::3", 429),
                ("2001:db8:7:8::3", 401),
                ("::ffff:192.0.2.41", 401),
                ("192.0.2.41", 401),
                ("::ffff:192.0.2.42", 401),
                ("::ffff:192.0.2.41", 429),
            )
        ):
            number = f"+9198600{index:05d}"
            assert log_in(world, NEVER_RIGHT, number, address=address).status_code == status, address

    def test_with_both_limits_off_nobody_waits(self, world_with: Any) -> None:
        world: World = world_with(wrong_pins_per_day_number=0, wrong_pins_per_day_address=0)
        assert generate(world).status_code == 200
        assert {log_in(world, NEVER_RIGHT).status_code for _ in range(12)} == {401}
        assert log_in(world, world.pin_of(MOHAN)).status_code == 200

    def test_the_address_is_what_a_trusted_proxy_says(self, world_with: Any) -> None:
        world: World = world_with(trusted_proxies=("10.0.0.0/8",), wrong_pins_per_day_address=1)
        body = {"mobileNumber": MOHAN, "applicationId": world.application_id, "pin": "123456"}

        def try_as(peer: str, forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            path = "/v1/loginWithPinAndApplicationId"
            return world.client.call_from(peer, "POST", path, body=body, headers=headers).status_code

        assert try_as("10.0.0.1", "192.0.2.1") == 401
        assert try_as("10.0.0.1", "192.0.2.1") == 429
        assert try_as("10.0.0.2", "192.0.2.9, 192.0.2.1, 10.0.0.3") == 429
        assert try_as("10.0.0.1", "192.0.2.1, 192.0.2.2") == 401
        # Whoever is no trusted proxy is believed nothing.
        assert try_as("203.0.113.50", "192.0.2.3") == 401
        assert try_as("203.0.113.50", "192.0.2.4") == 429
        assert try_as("10.0.0.1", "garbage") == 401
