"""Idempotency-Key on the calls that sign someone in. Source: contract, sections 4 and 6."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import delete_connector
from chaupal.tokens.rules import revoke_token
from tests.api.client import assert_error
from tests.api.test_pins import NEVER_RIGHT, waiting_sms
from tests.api.worlds import MOHAN, NOBODY, OMAR, World

KEY = "sign-in-1"


def generate(world: World, number: str = MOHAN, *, key: str = KEY, **fields: Any) -> httpx.Response:
    body = {"mobileNumber": number, "applicationId": world.application_id, **fields}
    return world.client.call("POST", "/v1/generatePin", body=body, headers={"Idempotency-Key": key})


def log_in(world: World, pin: str, number: str = MOHAN, *, key: str = "login-1", **fields: Any) -> httpx.Response:
    body = {"mobileNumber": number, "applicationId": world.application_id, "pin": pin, **fields}
    path = "/v1/loginWithPinAndApplicationId"
    return world.client.call("POST", path, body=body, headers={"Idempotency-Key": key})


def was_replayed(answer: httpx.Response) -> bool:
    return answer.headers.get("idempotency-replayed") == "true"


@pytest.fixture
def pin(world: World) -> str:
    assert generate(world).status_code == 200
    return world.pin_of(MOHAN)


class TestRepeatedPin:
    def test_no_second_one_is_made_or_sent(self, world: World) -> None:
        answers = [generate(world) for _ in range(8)]
        assert {answer.content for answer in answers} == {b"{}"}
        assert [was_replayed(answer) for answer in answers] == [False] + [True] * 7
        assert waiting_sms(world) == 1
        assert len(world.ask("SELECT 1 FROM pins WHERE tenant_id = %s")) == 1

    def test_several_at_once_are_one(self, world: World) -> None:
        body = {"mobileNumber": MOHAN, "applicationId": world.application_id}
        call = ("POST", "/v1/generatePin", {"body": body, "headers": {"Idempotency-Key": KEY}})
        answers = world.client.call_at_once(*[call] * 6)
        assert sum(not was_replayed(answer) for answer in answers) == 1
        assert waiting_sms(world) == 1

    def test_an_unknown_number_looks_the_same(self, world: World) -> None:
        known = [generate(world, MOHAN) for _ in range(2)]
        unknown = [generate(world, NOBODY) for _ in range(2)]
        for ours, theirs in zip(known, unknown, strict=True):
            assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
            assert set(ours.headers) == set(theirs.headers)
        assert waiting_sms(world) == 1

    def test_another_key_makes_another(self, world: World) -> None:
        generate(world, key="a")
        generate(world, key="b")
        assert waiting_sms(world) == 2

    def test_a_key_is_for_its_number_and_its_connector(self, world: World) -> None:
        other = world.connector_with([Permission.TEXT_MESSAGE]).connector.shown_id
        answers = [generate(world), generate(world, OMAR), generate(world, applicationId=other)]
        answers.append(generate(world, applicationId=world.other_world.application_id))
        assert not any(was_replayed(answer) for answer in answers)

    def test_the_same_key_with_another_body(self, world: World) -> None:
        generate(world)
        assert KEY in assert_error(generate(world, further="x"), code="Conflict")["message"]
        assert waiting_sms(world) == 1

    def test_a_refused_call_uses_up_no_key(self, world: World) -> None:
        for index in range(5):
            generate(world, key=f"key {index}")
        assert_error(generate(world), code="TooManyRequests")
        world.clock.advance(hours=1)
        answer = generate(world)
        assert (answer.status_code, was_replayed(answer)) == (200, False)

    def test_a_key_that_is_none(self, world: World) -> None:
        assert_error(generate(world, key="x" * 256), code="InvalidParameters")
        assert waiting_sms(world) == 0


class TestRepeatedLogin:
    def test_the_lost_answer_comes_again(self, world: World, pin: str) -> None:
        position = world.position
        first, second = log_in(world, pin), log_in(world, pin)
        assert (first.status_code, second.content) == (200, first.content)
        assert (was_replayed(first), was_replayed(second)) == (False, True)
        assert world.count_events_after(position) == {"PersonSignedIn": 1, "TokenGranted": 1}
        assert world.exchange(second.json()["refreshToken"]).status_code == 200

    def test_several_at_once_are_one(self, world: World, pin: str) -> None:
        body = {"mobileNumber": MOHAN, "applicationId": world.application_id, "pin": pin}
        call = ("POST", "/v1/loginWithPinAndApplicationId", {"body": body, "headers": {"Idempotency-Key": KEY + "x"}})
        answers = world.client.call_at_once(*[call] * 6)
        assert len({answer.content for answer in answers}) == 1
        assert answers[0].status_code == 200

    def test_without_the_key_a_pin_works_once(self, world: World, pin: str) -> None:
        assert log_in(world, pin).status_code == 200
        assert_error(log_in(world, pin, key="login-2"), code="Unauthenticated")

    def test_a_wrong_pin_is_not_stored(self, world: World, pin: str) -> None:
        assert_error(log_in(world, NEVER_RIGHT), code="Unauthenticated")
        answer = log_in(world, pin)
        assert (answer.status_code, was_replayed(answer)) == (200, False)

    def test_guesses_at_a_stored_answer_count_as_wrong_pins(self, world: World, pin: str) -> None:
        assert log_in(world, pin).status_code == 200
        for _ in range(3):
            assert_error(log_in(world, NEVER_RIGHT), code="Conflict")
        assert_error(log_in(world, NEVER_RIGHT), code="TooManyRequests")
        assert_error(log_in(world, pin), code="TooManyRequests")
        world.clock.advance(seconds=2)
        assert was_replayed(log_in(world, pin))

    def test_it_is_repeated_as_long_as_a_pin_works(self, world: World, pin: str) -> None:
        log_in(world, pin)
        world.clock.advance(seconds=599)
        assert was_replayed(log_in(world, pin))
        world.clock.advance(seconds=1)
        assert_error(log_in(world, pin), code="Unauthenticated")

    def test_then_the_key_may_be_used_again(self, world: World, pin: str) -> None:
        first = log_in(world, pin)
        world.clock.advance(minutes=11)
        generate(world, key="another")
        second_pin = world.pin_of(MOHAN)
        second = log_in(world, second_pin)
        assert second.status_code == 200
        assert second.content != first.content
        assert log_in(world, second_pin).content == second.content

    def test_a_revoked_token_is_not_given_again(self, world: World, pin: str) -> None:
        refresh_token = log_in(world, pin).json()["refreshToken"]
        [(grant_id,)] = world.ask("SELECT grant_id FROM grants WHERE tenant_id = %s AND origin = 'pin'")
        world.do(revoke_token, (world.application_id, grant_id))
        assert_error(log_in(world, pin), code="Unauthenticated")
        assert world.exchange(refresh_token).status_code == 401

    def test_nor_where_the_secret_is_wrong_or_the_connector_gone(self, world: World, pin: str) -> None:
        log_in(world, pin)
        assert_error(log_in(world, pin, applicationSecret="wrong"), code="Unauthenticated")
        world.do(delete_connector, world.application_id)
        assert_error(log_in(world, pin), code="Unauthenticated")

    def test_the_key_of_another_number_is_not_met(self, world: World, pin: str) -> None:
        log_in(world, pin)
        assert_error(log_in(world, pin, OMAR), code="Unauthenticated")


class TestStoredSignIns:
    @pytest.fixture
    def stored(self, world: World, pin: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
        answer = log_in(world, pin).json()
        rows = world.ask("SELECT scope, idempotency_key, request_hash, answer FROM stored_answers WHERE tenant_id = %s")
        assert len(rows) == 2
        yield (
            b"\n".join(cell.encode() if isinstance(cell, str) else bytes(cell) for row in rows for cell in row),
            answer,
        )

    def test_they_tell_neither_token_nor_number(self, stored: tuple[bytes, dict[str, Any]]) -> None:
        content, answer = stored
        for word in (answer["refreshToken"], MOHAN, MOHAN[1:], "refreshToken"):
            assert word.encode() not in content

    def test_the_pin_cannot_be_found_by_hashing_all_of_them(self, world: World, pin: str) -> None:

        log_in(world, pin)
        body = json.dumps({"mobileNumber": MOHAN, "applicationId": world.application_id, "pin": pin}).encode()
        plain = b"POST /loginWithPinAndApplicationId []\n" + body
        hashes = {bytes(row[0]) for row in world.ask("SELECT request_hash FROM stored_answers WHERE tenant_id = %s")}
        assert len(hashes) == 2
        assert hashlib.sha256(plain).digest() not in hashes
        assert world.secret_key.hash("repeated sign-in", plain.decode()) in hashes
