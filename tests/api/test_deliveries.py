"""What webhooks are sent, when, in which order, and when again. Real receivers, a clock that tests move."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from chaupal.auth.permissions import Permission
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.webhooks.delivering import forgetting
from chaupal.webhooks.delivering.schedule import DELAYS_MS
from tests.api.hooks import SECRET, HookReceiver, deliver, draft, listed, register
from tests.api.worlds import ASHA, GITA, MOHAN, World
from tests.outbound.receivers import Received

STATES = "SELECT state, try_count FROM webhook_deliveries WHERE tenant_id = %s ORDER BY position, delivery_id"
PACKAGE = "com.example.StockCount"
QUESTIONS = [{"title": "How many?", "type": "Numeric"}]
CARD = {"id": PACKAGE, "actionBody": {"title": "Count", "questions": QUESTIONS, "acceptMultipleResponses": True}}


class TestBody:
    def test_of_a_text_message_to_the_last_field(self, world: World, hook_receiver: HookReceiver) -> None:
        asked = draft(hook_receiver, world.group_id, callBackToken="s3cret", callBackContext="depot-17")
        webhook_id = register(world.group_admin, asked | {"callBackHeaders": {"X-Shop": "17"}})
        reference_id = world.send("नमस्ते", sender=world.member)
        deliver(world)
        [got] = hook_receiver.deliveries
        assert (got.method, got.path) == ("POST", "/hook")
        assert got.headers["content-type"] == "application/json"
        assert got.headers["kz-callback-token"] == "s3cret"
        assert got.headers["x-shop"] == "17"
        assert got.headers["webhook-attempt"] == "1"
        assert "webhook-signature" not in got.headers
        assert json.loads(got.body) == {
            "objectId": world.group_id,
            "objectType": "Group",
            "eventType": "TextMessageCreated",
            "eventId": reference_id,
            "data": {"text": "नमस्ते", "groupId": world.group_id, "sourceGroupId": world.group_id},
            "context": "depot-17",
            "fromUser": MOHAN,
            "fromUserId": world.member.id,
            "fromUserName": "Mohan",
            "fromUserProfilePic": "",
            "subscriptionId": webhook_id,
            "isBotfromUser": False,
            "groupId": world.group_id,
            "sourceGroupId": world.group_id,
        }

    def test_a_member_added_stands_at_the_top_level_too(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id, "MemberAdded", "MemberRemoved"))
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [ASHA]})
        deliver(world)
        [body] = hook_receiver.bodies
        assert body["eventType"] == "MemberAdded"
        assert body["data"]["memberName"] == body["memberName"] == "Asha"
        assert body["data"]["member"] == body["member"] == ASHA

    def test_without_the_permission_no_number_is_told(self, world: World, hook_receiver: HookReceiver) -> None:
        caller = world.sign_in(GITA, permissions=[Permission.OUTGOING_WEBHOOKS, Permission.GROUP_INFORMATION])
        register(caller, draft(hook_receiver, world.group_id, "MemberAdded", "TextMessageCreated"))
        world.send("hi", sender=world.member)
        world.tenant_admin.put(f"/groups/{world.group_id}/members", {"members": [ASHA]})
        deliver(world)
        assert len(hook_receiver.deliveries) == 2
        for received in hook_receiver.deliveries:
            assert b"+91" not in received.body

    def test_is_signed_by_each_secret_in_force(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, signingSecret=SECRET))
        new_secret = "whsec_" + "QUJD" * 10
        for secret, hours in ((SECRET, 0), (new_secret, 1), (None, 24)):
            if secret == new_secret:
                world.sign_in(GITA).put(f"/webhook/{webhook_id}", {"signingSecret": new_secret})
            world.clock.advance(hours=hours)
            world.send("hi", sender=world.sign_in(GITA))
            deliver(world)
        first, second, third = hook_receiver.deliveries
        assert verifies(SECRET, first)
        assert verifies(SECRET, second)
        assert verifies(new_secret, second)
        assert not verifies(SECRET, third)
        assert verifies(new_secret, third)

    def test_nothing_of_a_body_lies_open_in_the_database(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id, callBackContext="contextsecret"))
        world.send("hi")
        deliver(world)
        [[body]] = world.ask("SELECT body FROM webhook_bodies WHERE tenant_id = %s")
        assert b"contextsecret" not in bytes(body)
        assert len(bytes(body)) > 300


def verifies(secret: str, received: Received) -> bool:
    """Whether the library of Standard Webhooks takes it, but for the clock, which is the test's."""
    hook = Webhook(secret)
    message_id, at = received.headers["webhook-id"], int(received.headers["webhook-timestamp"])
    assert message_id == json.loads(received.body)["eventId"]
    expected = hook.sign(message_id, datetime.fromtimestamp(at, UTC), received.body.decode())
    return expected in received.headers["webhook-signature"].split(" ")


class TestMatching:
    def test_only_what_was_asked_for_and_only_since_then(self, world: World, hook_receiver: HookReceiver) -> None:
        world.send("before")
        other = world.make_group("Other")
        register(world.group_admin, draft(hook_receiver, world.group_id))
        world.send("mine")
        world.send("elsewhere", group_id=other)
        world.post_action({"actionType": "Announcement", "actionBody": {"title": "T", "message": "M"}})
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["mine"]

    def test_a_group_below_hears_nothing_of_its_parents(self, world: World, hook_receiver: HookReceiver) -> None:
        below = world.make_group("Below")
        world.group_admin.put(f"/groups/{world.group_id}/subGroups", {"subGroups": [below]})
        register(world.group_admin, draft(hook_receiver, below))
        world.send("above")
        world.send("below", group_id=below)
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["below"]

    def test_one_action_alone(self, world: World, hook_receiver: HookReceiver) -> None:
        one, other = world.post_action(CARD), world.post_action(CARD)
        register(world.group_admin, draft(hook_receiver, one, "ActionResponse", objectType="Action"))
        for action_id in (one, other):
            answer(world, action_id)
        deliver(world)
        [body] = hook_receiver.bodies
        assert (body["eventType"], body["data"]["actionId"]) == ("ActionResponse", one)
        assert body["eventId"] == body["data"]["responseId"]

    def test_a_package_in_the_groups_that_its_maker_sees(self, world: World, hook_receiver: HookReceiver) -> None:
        closed = world.tenant_admin.post("/groups", {"name": "Closed"}).json()["groupId"]
        asked = draft(hook_receiver, PACKAGE, "ActionCreated", objectType="ActionPackage")
        assert world.group_id
        register(world.group_admin, asked)
        seen = world.post_action(CARD)
        world.post_action(CARD, sender=world.tenant_admin, group_id=closed)
        world.post_action(CARD | {"id": "com.example.Other"})
        deliver(world)
        assert [body["data"]["actionId"] for body in hook_receiver.bodies] == [seen]

    def test_answers_for_the_sender_alone_go_to_nobody_elses_webhook(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        register(world.tenant_admin, draft(hook_receiver, world.group_id, "ActionResponse", callBackContext="asha"))
        register(world.group_admin, draft(hook_receiver, world.group_id, "ActionResponse", callBackContext="gita"))
        action_id = world.post_action(CARD | {"actionBody": CARD["actionBody"] | {"visibility": "1"}})  # type: ignore[operator]
        answer(world, action_id)
        deliver(world)
        assert [body["context"] for body in hook_receiver.bodies] == ["gita"]

    def test_a_group_that_is_deleted_says_so_once(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id, "GroupRemoved", "TextMessageCreated"))
        assert world.group_admin.delete(f"/groups/{world.group_id}").status_code == 200
        deliver(world)
        assert [body["eventType"] for body in hook_receiver.bodies] == ["GroupRemoved"]

    def test_whoever_is_no_admin_any_more_hears_nothing_and_it_is_said(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [ASHA]})
        path = f"/groups/{world.group_id}/members"
        world.group_admin.put(f"{path}/{world.people[ASHA].user_id}", {"role": "Admin"})
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        assert world.tenant_admin.put(f"{path}/{world.group_admin.id}", {"role": "Member"}).status_code == 200
        position = world.position
        world.send("secret", sender=world.tenant_admin)
        deliver(world)
        assert hook_receiver.deliveries == []
        shown = listed(world.tenant_admin, webhook_id, world.group_id)
        assert (shown["active"], shown["disabledReason"]) == (False, "NotAllowed")
        assert world.count_events_after(position)["WebhookDisabled"] == 1

    def test_what_is_over_is_forgotten_after_30_days_and_what_is_not_stays(
        self, world: World, hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(forgetting, "_SCANNED_AT_ONCE", 2)
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 500
        for number in range(3):
            world.send(f"{number}")
        deliver(world)
        hook_receiver.answer_with = lambda _: 200
        world.ask("UPDATE webhook_deliveries SET due_at_ms = due_at_ms + 86400000 WHERE tenant_id = %s")
        world.send("gets through")
        world.clock.advance(minutes=6)
        deliver(world)
        assert world.ask(STATES) == [("retrying", 1)] * 3 + [("delivered", 1)]
        limits = SweepLimits.of(world.house.settings)
        for days, left in ((29.9, 4), (0.2, 3)):
            world.clock.advance(days=days)
            world.do(sweep_once, limits)
            assert len(world.ask(STATES)) == left
        assert world.ask(STATES) == [("retrying", 1)] * 3

    def test_the_log_is_not_trimmed_before_it_was_matched(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        for number in range(3):
            world.send(f"{number}")
        world.clock.advance(days=40)
        limits = SweepLimits.of(world.house.settings)
        world.do(sweep_once, limits)
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["0", "1", "2"]
        world.clock.advance(days=40)
        world.do(sweep_once, limits)
        assert len(world.ask("SELECT position FROM events WHERE tenant_id = %s")) == 1


def answer(world: World, action_id: str) -> None:
    body = {"actionBody": {"answers": ["12"]}}
    got = world.member.post(f"/groups/{world.group_id}/actions/{action_id}/responses", body)
    assert got.status_code == 200, got.text


class TestOrder:
    def test_of_one_group_one_after_another_however_many(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        texts = [f"{number}" for number in range(150)]
        for text in texts:
            world.send(text)
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == texts

    def test_what_fails_leaves_the_lane_and_holds_nothing_up(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda received: 500 if b'"1"' in received.body else 200
        for number in range(4):
            world.send(f"{number}")
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["0", "1", "2", "3"]
        assert world.ask(STATES) == [("delivered", 1), ("retrying", 1), ("delivered", 1), ("delivered", 1)]
        hook_receiver.answer_with = lambda _: 200
        world.send("4")
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies][4:] == ["4"], "it is not due yet"
        world.clock.advance(minutes=5)
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies][5:] == ["1"]
        first, again = hook_receiver.deliveries[1], hook_receiver.deliveries[5]
        assert first.body == again.body
        assert again.headers["webhook-attempt"] == "2"


class TestRetries:
    def test_two_days_of_failure_then_it_is_disabled_and_its_owner_told(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 503
        world.send("hi")
        deliver(world)
        for tries, delay_ms in enumerate(DELAYS_MS, start=1):
            assert len(hook_receiver.deliveries) == tries
            assert listed(world.sign_in(GITA), webhook_id, world.group_id)["isFailing"] is True
            world.clock.advance(milliseconds=0.9 * delay_ms - 1)
            deliver(world)
            assert len(hook_receiver.deliveries) == tries, "not sooner than 10 % before its time"
            world.clock.advance(milliseconds=0.1 * delay_ms + 1)
            deliver(world)
        assert len(hook_receiver.deliveries) == 7
        assert world.ask(STATES) == [("exhausted", 7)]
        shown = listed(world.sign_in(GITA), webhook_id, world.group_id)
        assert (shown["active"], shown["disabledReason"]) == (False, "Failing")
        [event] = [each for each in world.events_after(0) if each.event_type == "WebhookDisabled"]
        assert event.object_id == webhook_id
        assert event.facts == {"reason": "Failing", "ownerId": world.group_admin.id}
        tries_made = world.ask(
            "SELECT try_number, status, error FROM webhook_tries WHERE tenant_id = %s ORDER BY try_number"
        )
        assert tries_made == [(number, 503, "") for number in range(1, 8)]

    def test_it_stays_enabled_where_anything_got_through_meanwhile(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda received: 500 if b"poison" in received.body else 200
        world.send("poison")
        deliver(world)
        world.clock.advance(seconds=1)
        world.send("fine")
        for delay_ms in (0, *DELAYS_MS):
            world.clock.advance(milliseconds=delay_ms)
            deliver(world)
        assert world.ask(STATES) == [("exhausted", 7), ("delivered", 1)]
        assert listed(world.sign_in(GITA), webhook_id, world.group_id)["active"] is True

    def test_410_disables_at_once_and_what_waits_is_set_aside(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 410
        world.send("0")
        deliver(world)
        world.send("1")
        deliver(world)
        assert len(hook_receiver.deliveries) == 1
        assert world.ask(STATES) == [("exhausted", 1), ("skipped", 0)]
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["active"], shown["disabledReason"]) == (False, "Gone")
        hook_receiver.answer_with = lambda _: 200
        assert world.group_admin.put(f"/webhook/{webhook_id}", {"Active": "true"}).status_code == 200
        world.send("2")
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["0", "2"]

    @pytest.mark.parametrize(
        ("asked", "least_min", "most_min"), [("420", 7, 7), ("10", 4.5, 5), ("86400", 10, 10), ("soon", 4.5, 5)]
    )
    def test_a_receiver_may_ask_for_up_to_twice_the_time(
        self, world: World, hook_receiver: HookReceiver, asked: str, least_min: float, most_min: float
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.headers = {"retry-after": asked}
        hook_receiver.answer_with = lambda _: 429
        world.send("hi")
        deliver(world)
        [[due_at_ms]] = world.ask("SELECT due_at_ms FROM webhook_deliveries WHERE tenant_id = %s")
        assert least_min * 60_000 <= due_at_ms - world.clock.now_ms <= most_min * 60_000

    def test_it_may_name_the_time(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        asked_s = world.clock.now_ms // 1000 + 420
        hook_receiver.headers = {"retry-after": formatdate(asked_s, usegmt=True)}
        hook_receiver.answer_with = lambda _: 503
        world.send("hi")
        deliver(world)
        [[due_at_ms]] = world.ask("SELECT due_at_ms FROM webhook_deliveries WHERE tenant_id = %s")
        assert asked_s * 1000 <= due_at_ms <= asked_s * 1000 + 1_000

    @pytest.mark.parametrize("status", [301, 307, 404])
    def test_redirects_and_refusals_are_failures(self, world: World, hook_receiver: HookReceiver, status: int) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.headers = {"location": hook_receiver.url + "/elsewhere"}
        hook_receiver.answer_with = lambda _: status
        world.send("hi")
        deliver(world)
        assert len(hook_receiver.deliveries) == 1
        assert world.ask(STATES) == [("retrying", 1)]


class TestDisabled:
    def test_its_events_are_kept_seven_days(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        world.group_admin.put(f"/webhook/{webhook_id}", {"active": False})
        world.send("hi")
        deliver(world)
        assert (hook_receiver.deliveries, world.ask(STATES)) == ([], [("skipped", 0)])
        limits = SweepLimits.of(world.house.settings)
        world.clock.advance(days=6.9)
        world.do(sweep_once, limits)
        assert world.ask(STATES) == [("skipped", 0)]
        world.clock.advance(days=0.2)
        world.do(sweep_once, limits)
        assert world.ask(STATES) == []

    def test_what_waits_of_a_deleted_one_is_never_sent_and_swept(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        register(world.group_admin, draft(hook_receiver, world.group_id, "MemberAdded"))
        hook_receiver.answer_with = lambda _: 500
        world.send("hi")
        deliver(world)
        world.group_admin.delete(f"/webhook/{webhook_id}")
        world.clock.advance(hours=1)
        deliver(world)
        assert len(hook_receiver.deliveries) == 1
        limits: Any = SweepLimits.of(world.house.settings)
        for _ in range(2):
            world.do(sweep_once, limits)
        assert world.ask(STATES) == []
        for table in ("webhook_tries", "webhook_bodies"):
            assert world.ask(f"SELECT * FROM {table} WHERE tenant_id = %s") == []  # noqa: S608 - the test's own names
        assert len(world.ask("SELECT webhook_id FROM webhooks WHERE tenant_id = %s")) == 1
