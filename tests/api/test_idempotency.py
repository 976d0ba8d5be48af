"""One call, one change: the header Idempotency-Key. Source: contract, section 6."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from chaupal.auth.permissions import Permission
from chaupal.idempotency.rules import forget_old_answers
from tests.api.client import assert_error
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.worlds import ALL_PERMISSIONS, MOHAN, Caller, World

KEY = {"Idempotency-Key": "key-1"}


def post(caller: Caller, path: str, body: Any, key: str = "key-1") -> httpx.Response:
    return caller.post(path, body, headers={"Idempotency-Key": key})


def send(world: World, text: str = "hi", *, caller: Caller | None = None, key: str = "key-1") -> httpx.Response:
    return post(caller or world.member, f"/groups/{world.group_id}/messages", {"message": text}, key)


class TestRepeatedCall:
    def test_it_gets_the_same_bytes_and_changes_nothing(self, world: World) -> None:
        position = (world.group_id, world.member, world.position)[2]
        first, second = send(world), send(world)
        assert first.status_code == second.status_code == 200
        assert first.content == second.content
        assert "idempotency-replayed" not in first.headers
        assert second.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" in second.headers["access-control-expose-headers"].lower()
        assert world.count_events_after(position) == {"TextMessageCreated": 1}

    def test_another_key_is_another_call(self, world: World) -> None:
        first, second = send(world, key="key-1"), send(world, key="key-2")
        assert first.json()["referenceId"] != second.json()["referenceId"]

    def test_without_a_key_each_call_counts(self, world: World) -> None:
        path = f"/groups/{world.group_id}/messages"
        ids = {world.member.post(path, {"message": "hi"}).json()["referenceId"] for _ in range(2)}
        assert len(ids) == 2

    def test_several_at_once_are_one(self, world: World) -> None:
        token, path = world.member.access_token, f"/groups/{world.group_id}/messages"
        position = world.position
        call = ("POST", path, {"token": token, "body": {"message": "hi"}, "headers": KEY})
        answers = world.client.call_at_once(*[call] * 12)
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
        assert world.count_events_after(position) == {"TextMessageCreated": 1}
        assert world.texts(world.member).count("hi") == 1

    def test_a_webhook_is_registered_once_whatever_has_become_of_its_receiver(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        asked = draft(hook_receiver, world.group_id)
        first = post(world.group_admin, "/webhook", asked)
        hook_receiver.status = 500
        second = post(world.group_admin, "/webhook", asked)
        assert (first.status_code, second.content) == (200, first.content)
        assert second.headers["idempotency-replayed"] == "true"
        assert len(hook_receiver.proofs) == 1
        assert_error(post(world.group_admin, "/webhook", asked | {"callBackToken": "other"}), code="Conflict")

    def test_what_was_missed_is_sent_once_whatever_has_become_of_the_webhook(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        path = f"/webhook/{register(world.group_admin, draft(hook_receiver, world.group_id))}"
        world.group_admin.put(path, {"active": False})
        world.send("set aside")
        deliver(world)
        world.group_admin.put(path, {"active": True})
        first = post(world.group_admin, path + "/replay", {})
        assert first.json() == {"replayed": 1, "hasMore": False}
        assert world.group_admin.delete(path).status_code == 200
        assert post(world.group_admin, path + "/replay", {}).content == first.content

    def test_a_group_is_made_once(self, world: World) -> None:
        answers = [post(world.member, "/groups", {"name": "Drivers"}) for _ in range(3)]
        assert len({answer.json()["groupId"] for answer in answers}) == 1
        assert len(world.member.get("/groups").json()["groups"]) == 1

    def test_leaving_is_repeated_though_the_group_is_gone_from_sight(self, world: World) -> None:
        answers = [post(world.member, f"/groups/{world.group_id}/leave", None) for _ in range(2)]
        assert [answer.json() for answer in answers] == [{"result": "true"}] * 2

    def test_on_other_methods_the_header_means_nothing(self, world: World) -> None:
        path = f"/groups/{world.group_id}"
        for name in ("First", "Second"):
            answer = world.group_admin.put(path, {"name": name}, headers=KEY)
            assert "idempotency-replayed" not in answer.headers
        assert world.group_as_seen()["groupName"] == "Second"


class TestOtherCall:
    def test_the_same_key_with_another_body(self, world: World) -> None:
        send(world, "hi")
        assert "key-1" in assert_error(send(world, "hello"), code="Conflict")["message"]
        assert world.texts(world.member).count("hello") == 0

    def test_the_same_key_in_another_group(self, world: World) -> None:
        other = world.make_group("Other", members=[MOHAN])
        send(world)
        assert_error(post(world.member, f"/groups/{other}/messages", {"message": "hi"}), code="Conflict")

    def test_the_same_key_for_another_call(self, world: World) -> None:
        send(world)
        assert_error(post(world.member, "/groups", {"message": "hi", "name": "hi"}), code="Conflict")

    @pytest.mark.parametrize("key", ["x" * 256, "a\tb", "a\x7fb"])
    def test_keys_that_are_none(self, world: World, key: str) -> None:
        assert_error(send(world, key=key), code="InvalidParameters")

    def test_a_key_may_have_255_characters_of_any_kind(self, world: World) -> None:
        key = ("é'\"; --%_" * 40)[:255]
        headers = {"Idempotency-Key": key.encode("latin-1")}
        path = f"/groups/{world.group_id}/messages"
        answers = [world.member.post(path, {"message": "hi"}, headers=headers) for _ in range(2)]
        assert answers[0].content == answers[1].content


class TestScope:
    def test_another_caller_does_not_meet_the_key(self, world: World) -> None:
        first, second = send(world), send(world, caller=world.group_admin)
        assert first.json() != second.json()

    def test_nor_does_the_same_person_through_another_connector(self, world: World) -> None:
        rest = [permission for permission in ALL_PERMISSIONS if permission is not Permission.MEDIA]
        first, second = send(world), send(world, caller=world.sign_in(MOHAN, permissions=rest))
        assert first.json() != second.json()

    def test_nor_does_a_group_token_of_the_same_person(self, world: World) -> None:
        first, second = send(world, caller=world.group_admin), send(world, caller=world.group_token)
        assert first.json() != second.json()

    def test_nor_does_another_organization(self, world: World) -> None:
        answers = [post(caller, "/groups", {"name": "Drivers"}) for caller in (world.tenant_admin, world.stranger)]
        assert answers[0].json()["groupId"] != answers[1].json()["groupId"]

    def test_a_new_token_of_the_same_person_meets_it(self, world: World) -> None:
        first = send(world)
        assert send(world, caller=world.sign_in(MOHAN)).content == first.content

    def test_whose_token_was_revoked_gets_no_stored_answer(self, world: World) -> None:
        former = world.member
        send(world, caller=former)
        world.sign_in(MOHAN)
        assert_error(send(world, caller=former), code="InvalidToken")


class TestStoredAnswers:
    def test_a_refused_call_is_not_stored(self, world: World) -> None:
        path = f"/groups/{world.group_id}/messages"
        assert_error(post(world.outsider, path, {"message": "hi"}), code="NotFound")
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [world.outsider.number]})
        answer = post(world.outsider, path, {"message": "hi"})
        assert answer.status_code == 200
        assert "idempotency-replayed" not in answer.headers

    def test_a_body_that_cannot_be_read_uses_up_no_key(self, world: World) -> None:
        assert_error(send(world, ""), code="InvalidParameters")
        assert send(world, "hi").status_code == 200

    def test_they_are_kept_seven_days(self, world: World) -> None:
        first = send(world)
        world.clock.advance(days=6)
        caller = world.sign_in(MOHAN)
        before_ms = world.clock.now_ms - world.house.settings.idempotency_keep_days * 86_400_000
        world.do(lambda tx, _, __: forget_old_answers(tx, before_ms=before_ms, limit=100), None)
        assert send(world, caller=caller).content == first.content
        world.clock.advance(days=2)
        before_ms = world.clock.now_ms - world.house.settings.idempotency_keep_days * 86_400_000
        world.do(lambda tx, _, __: forget_old_answers(tx, before_ms=before_ms, limit=100), None)
        assert send(world, caller=world.sign_in(MOHAN)).content != first.content

    def test_they_hold_no_text(self, world: World) -> None:
        send(world, "words of a message")
        rows = world.ask("SELECT answer, request_hash FROM stored_answers WHERE tenant_id = %s")
        assert len(rows) == 1
        assert b"words" not in b"".join(bytes(part) for part in rows[0])
