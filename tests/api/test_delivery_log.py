"""The log of deliveries, sending events again, made-up events, and the receiver for a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.webhooks import history, history_routes
from chaupal.webhooks.delivering.schedule import DELAYS_MS
from chaupal.webhooks.kinds import EVENT_TYPES
from chaupal.webhooks.samples import sample_happening
from tests.api.client import assert_error
from tests.api.files import picture
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.scenarios import GUID, TIME, UNKNOWN_ID
from tests.api.telling import happenings_since
from tests.api.worlds import ASHA, GITA, MOHAN, Caller, World


def log_of(caller: Caller, webhook_id: str, **query: Any) -> list[dict[str, Any]]:
    answer = caller.get(f"/webhook/{webhook_id}/deliveries", **query)
    assert answer.status_code == 200, answer.text
    deliveries: list[dict[str, Any]] = answer.json()["deliveries"]
    return deliveries


class TestDeliveries:
    def test_show_each_try_and_what_comes_next(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 500
        reference_id = world.send("hi")
        deliver(world)
        world.clock.advance(minutes=5)
        hook_receiver.answer_with = lambda _: 502
        deliver(world)
        [shown] = log_of(world.group_admin, webhook_id)
        assert GUID.fullmatch(shown.pop("deliveryId"))
        assert all(TIME.fullmatch(shown.pop(name)) for name in ("happenedAt", "queuedAt", "nextTryAt"))
        tries = shown.pop("tries")
        assert shown == {
            "eventId": reference_id,
            "eventType": "TextMessageCreated",
            "origin": "event",
            "status": "retrying",
        }
        assert [each["status"] for each in tries] == [500, 502]
        assert all(each["durationMs"] >= 0 and TIME.fullmatch(each["triedAt"]) for each in tries)

    def test_end_with_the_try_that_got_through(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 500
        world.send("hi")
        deliver(world)
        world.clock.advance(minutes=5)
        hook_receiver.answer_with = lambda _: 202
        deliver(world)
        [shown] = log_of(world.group_admin, webhook_id)
        assert shown["status"] == "delivered"
        assert [each["status"] for each in shown["tries"]] == [500, 202]
        assert [each["triedAt"] for each in shown["tries"]] == sorted(each["triedAt"] for each in shown["tries"])
        # As the versions before have written it.
        world.ask(
            "INSERT INTO webhook_tries SELECT tenant_id, delivery_id, try_count, arrived_at_ms, arrived_after_ms, "
            "arrived_status, '', arrived_answer FROM webhook_deliveries WHERE tenant_id = %s"
        )
        world.ask("UPDATE webhook_deliveries SET arrived_at_ms = NULL WHERE tenant_id = %s")
        assert log_of(world.group_admin, webhook_id) == [shown]

    def test_no_answer_from_a_private_address_is_kept(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.body = b"internal secret"
        world.send("hi")
        deliver(world)
        [shown] = log_of(world.group_admin, webhook_id)
        assert "answer" not in shown["tries"][0]

    def test_say_why_nothing_was_answered(self, world: World, hook_receiver: HookReceiver) -> None:
        with HookReceiver() as passing:
            passing.headers = {"connection": "close"}
            webhook_id = register(world.group_admin, draft(passing, world.group_id))
        world.send("hi")
        deliver(world)
        [[tried]] = [each["tries"] for each in log_of(world.group_admin, webhook_id)]
        assert tried["error"].startswith("no connection")
        assert "status" not in tried

    def test_what_the_server_itself_cannot_send_is_a_try_like_others(
        self, world: World, hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was given back untried, and sent again at once, for ever."""
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        world.send("hi")

        async def break_down(*_: Any, **__: Any) -> None:
            raise LookupError("a defect")

        monkeypatch.setattr(world.house.callbacks, "call", break_down)
        deliver(world)
        [shown] = log_of(world.group_admin, webhook_id)
        assert [each["error"] for each in shown["tries"]] == ["the server could not send it"]
        assert shown["status"] == "retrying"

    def test_by_state_and_type_page_by_page(self, world: World, hook_receiver: HookReceiver) -> None:
        asked = draft(hook_receiver, world.group_id, "TextMessageCreated", "Announcement")
        webhook_id = register(world.group_admin, asked)
        hook_receiver.answer_with = lambda received: 500 if b"wrong" in received.body else 200
        sent = [world.send(text) for text in ("0", "wrong 1", "2", "wrong 3", "4")]
        world.post_action({"actionType": "Announcement", "actionBody": {"title": "T", "message": "M"}})
        deliver(world)
        admin = world.group_admin
        failed = log_of(admin, webhook_id, status="Retrying")
        assert [each["eventId"] for each in failed] == [sent[3], sent[1]]
        assert [each["eventType"] for each in log_of(admin, webhook_id, eventType="announcement")] == ["Announcement"]
        seen: list[str] = []
        query: dict[str, Any] = {"count": 2, "eventType": "TextMessageCreated"}
        while True:
            page = admin.get(f"/webhook/{webhook_id}/deliveries", **query).json()
            assert len(page["deliveries"]) <= 2
            seen += [each["eventId"] for each in page["deliveries"]]
            if "cursor" not in page:
                break
            query["cursor"] = page["cursor"]
        assert seen == sent[::-1]

    @pytest.mark.parametrize("query", [{"status": "lost"}, {"eventType": "x"}, {"count": 0}, {"cursor": "x"}])
    def test_what_cannot_be_asked(self, world: World, hook_receiver: HookReceiver, query: dict[str, Any]) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        answer = world.group_admin.get(f"/webhook/{webhook_id}/deliveries", **query)
        assert_error(answer, code="InvalidParameters")

    def test_are_not_there_for_others(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        for path in (f"/webhook/{webhook_id}", f"/webhook/{UNKNOWN_ID}"):
            for answer in (
                world.outsider.get(path + "/deliveries"),
                world.outsider.post(path + "/replay", {"since": 0}),
                world.outsider.post(path + "/test", {}),
            ):
                assert assert_error(answer)["message"] == "No such webhook."


class TestReplay:
    def test_what_failed_for_good_and_what_was_set_aside_comes_in_order(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        began_ms = world.clock.now_ms
        hook_receiver.answer_with = lambda _: 500
        world.send("0")
        for delay_ms in (0, *DELAYS_MS):
            world.clock.advance(milliseconds=delay_ms)
            deliver(world)
        admin = world.sign_in(GITA)
        world.send("1", sender=admin)
        world.send("2", sender=admin)
        deliver(world)
        path = f"/webhook/{webhook_id}/replay"
        assert "disabled (Failing)" in assert_error(admin.post(path, {"since": began_ms}), code="Conflict")["message"]
        hook_receiver.answer_with = lambda _: 200
        hook_receiver.deliveries.clear()
        admin.put(f"/webhook/{webhook_id}", {"active": True})
        world.send("3", sender=admin)
        assert admin.post(path, {"since": str(began_ms)}).json() == {"replayed": 3, "hasMore": False}
        assert admin.post(path, {"since": began_ms}).json() == {"replayed": 0, "hasMore": False}, (
            "they are on their way"
        )
        deliver(world)
        assert sorted(body["data"]["text"] for body in hook_receiver.bodies) == ["0", "1", "2", "3"]
        replayed = [body["data"]["text"] for body in hook_receiver.bodies if body["data"]["text"] != "3"]
        assert replayed == ["0", "1", "2"]
        assert admin.post(path, {"since": began_ms}).json()["replayed"] == 0, "they have arrived"
        assert {each["origin"] for each in log_of(admin, webhook_id, status="delivered")} == {"event", "replay"}

    def test_named_events_again_with_the_same_body(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        one = world.send("one")
        world.send("two")
        deliver(world)
        path = f"/webhook/{webhook_id}/replay"
        answer = world.group_admin.post(path, {"eventIds": [one.upper(), UNKNOWN_ID, one]})
        assert answer.json() == {"replayed": 1, "hasMore": False}
        deliver(world)
        assert len(hook_receiver.deliveries) == 3
        assert hook_receiver.deliveries[2].body == hook_receiver.deliveries[0].body

    def test_its_failures_are_not_the_webhooks(self, world: World, hook_receiver: HookReceiver) -> None:
        """A webhook that gets on well would else be disabled by those who try something out."""
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        event_id = world.send("one")
        deliver(world)

        def replay_and_show(status: int) -> tuple[bool, bool, str]:
            hook_receiver.answer_with = lambda _: status
            answer = world.sign_in(GITA).post(f"/webhook/{webhook_id}/replay", {"eventIds": [event_id]})
            assert answer.json()["replayed"] == 1
            for delay_ms in (0, *DELAYS_MS):
                world.clock.advance(milliseconds=delay_ms)
                deliver(world)
            [webhook] = world.sign_in(GITA).get("/webhook").json()["webhooks"]
            return webhook["active"], webhook["isFailing"], webhook["disabledReason"]

        assert replay_and_show(500) == (True, False, "")
        assert len(hook_receiver.deliveries) == 1 + 7
        assert replay_and_show(410) == (False, False, "Gone")
        states = [each["status"] for each in log_of(world.sign_in(GITA), webhook_id)]
        assert states == ["exhausted", "exhausted", "delivered"]

    def test_an_empty_list_of_events_sends_nothing(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        path = f"/webhook/{webhook_id}"
        world.group_admin.put(path, {"active": False})
        world.send("set aside")
        deliver(world)
        world.group_admin.put(path, {"active": True})
        for nothing in ([], [None]):
            assert world.group_admin.post(path + "/replay", {"eventIds": nothing}).json()["replayed"] == 0
        assert world.group_admin.post(path + "/replay", {"eventIds": None}).json()["replayed"] == 1

    def test_only_what_happened_since(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        path = f"/webhook/{webhook_id}"
        world.group_admin.put(path, {"active": False})
        world.send("before")
        deliver(world)
        world.clock.advance(hours=1)
        since_ms = world.clock.now_ms
        world.send("after")
        deliver(world)
        world.group_admin.put(path, {"active": True})
        assert world.group_admin.post(path + "/replay", {"since": since_ms}).json()["replayed"] == 1
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["after"]

    def test_named_events_only_if_they_happened_since(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        path = f"/webhook/{webhook_id}/replay"
        before = world.send("before")
        world.clock.advance(hours=1)
        since_ms = world.clock.now_ms
        after = world.send("after")
        deliver(world)
        asked = {"eventIds": [before, after], "since": since_ms}
        assert world.group_admin.post(path, asked).json() == {"replayed": 1, "hasMore": False}
        assert world.group_admin.post(path).json() == {"replayed": 0, "hasMore": False}, "nothing was missed"
        assert_error(world.group_admin.post(path, {"since": "soon"}), code="InvalidParameters")

    def test_the_same_call_again_and_again_sends_everything_however_much_that_is(
        self, world: World, hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Beyond the 50,000 newest deliveries nothing was looked for, and it was said that there was no more."""
        monkeypatch.setattr(history, "_SEARCHED_AT_ONCE", 2)
        monkeypatch.setattr(history_routes, "EVENTS_AT_ONCE_MAX", 3)
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        path = f"/webhook/{webhook_id}"
        world.send("-1")
        deliver(world)
        world.group_admin.put(path, {"active": False})
        for number in range(7):
            world.send(str(number))
        deliver(world)
        world.group_admin.put(path, {"active": True})
        answers = [world.group_admin.post(path + "/replay").json() for _ in range(4)]
        assert [(answer["replayed"], answer["hasMore"]) for answer in answers] == [
            (3, True),
            (3, True),
            (1, False),
            (0, False),
        ]
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == [str(number) for number in range(-1, 7)]

    def test_two_at_once_send_nothing_twice(
        self, world: World, hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        path = f"/webhook/{webhook_id}"
        world.group_admin.put(path, {"active": False})
        missed = [world.send("one"), world.send("two")]
        deliver(world)
        world.group_admin.put(path, {"active": True})

        async def found_by_both(*_: object) -> tuple[list[str], bool]:
            return missed, False

        monkeypatch.setattr(history_routes, "_missed", found_by_both)
        assert [world.group_admin.post(path + "/replay").json()["replayed"] for _ in range(2)] == [2, 0]

    def test_a_thousand_at_a_time(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        many = [UNKNOWN_ID] * 1_001
        answer = world.group_admin.post(f"/webhook/{webhook_id}/replay", {"eventIds": many})
        assert_error(answer, code="InvalidParameters")


class TestTest:
    @pytest.mark.parametrize("event_type", EVENT_TYPES)
    def test_a_sample_of_each_type_says_that_it_is_one(
        self, world: World, hook_receiver: HookReceiver, event_type: str
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        answer = world.group_admin.post(f"/webhook/{webhook_id}/test", {"eventType": event_type.lower()})
        assert answer.status_code == 200, answer.text
        deliver(world)
        [body] = hook_receiver.bodies
        assert (body["eventType"], body["isTest"], body["eventId"]) == (event_type, True, answer.json()["eventId"])
        assert body["data"]["groupId"] == body["data"]["sourceGroupId"] == world.group_id

    def test_the_first_type_that_it_hears_of_if_none_is_named(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, "JobCreated", "PollCreated"))
        answer = world.group_admin.post(f"/webhook/{webhook_id}/test")
        assert answer.json()["eventType"] == "JobCreated"

    def test_is_tried_once_and_counts_for_nothing(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 410
        world.group_admin.post(f"/webhook/{webhook_id}/test", {})
        deliver(world)
        world.clock.advance(hours=1)
        deliver(world)
        assert len(hook_receiver.deliveries) == 1
        [shown] = log_of(world.group_admin, webhook_id)
        assert (shown["origin"], shown["status"]) == ("test", "exhausted")
        [webhook] = world.group_admin.get("/webhook").json()["webhooks"]
        assert (webhook["active"], webhook["isFailing"]) == (True, False)

    def test_samples_have_the_fields_of_real_ones(self, world: World) -> None:
        assert world.group_id
        position = world.position
        make_everything_happen(world)
        seen = set()
        for happening in happenings_since(world, position):
            if happening.event_type not in EVENT_TYPES:
                continue
            seen.add(happening.event_type)
            sample = sample_happening(happening.event_type, group_id=world.group_id, at_us=0)
            assert set(sample.data) == set(happening.data), happening.event_type
            assert set(sample.top_level) - {"isTest"} == set(happening.top_level), happening.event_type
        assert seen == set(EVENT_TYPES)


def make_everything_happen(world: World) -> None:
    """One event of every type, in the world's group or below it."""
    admin, path = world.group_admin, f"/groups/{world.group_id}"
    reference_id, retracted_id = world.send("hi"), world.send("ho")
    admin.put(f"{path}/messages/{reference_id}", {"message": "hello"})
    admin.delete(f"{path}/messages/{retracted_id}")
    admin.post(f"{path}/reaction", {"referenceId": reference_id, "reactionType": "Comment", "comment": "yes"})
    questions = [{"title": "How?", "type": "Text"}]
    place = {"latitude": 19.0, "longitude": 72.8, "name": "Mumbai"}
    media = str(
        admin.call("POST", "/media", content=picture("JPEG"), headers={"content-type": "image/jpeg"}).json()[
            "mediaResource"
        ]
    )
    for body, answer in (
        ({"actionType": "Announcement", "actionBody": {"title": "T", "message": "M"}}, None),
        ({"actionType": "Image", "actionBody": {"mediaResource": media, "caption": "c"}}, None),
        ({"actionType": "ShareLocation", "actionBody": place}, None),
        ({"actionType": "PhotoWithLocation", "actionBody": {"mediaResource": media, "caption": "c", **place}}, None),
        ({"actionType": "Job", "actionBody": {"title": "J", "assignedTo": [MOHAN]}}, {"isCompleted": True}),
        ({"actionType": "Poll", "actionBody": {"question": "Tea?", "choices": ["Yes", "No"]}}, {"choice": "Yes"}),
        (
            {"actionType": "LetsMeet", "actionBody": {"title": "M", "startingTime": 1_795_583_676, "place": place}},
            {"response": "Yes"},
        ),
        ({"actionType": "Survey", "actionBody": {"title": "S", "questions": questions}}, {"answers": ["well"]}),
        ({"id": "com.example.Test", "actionBody": {"title": "P", "questions": questions}}, {"answers": ["well"]}),
    ):
        action_id = world.post_action(body)
        if answer is not None:
            got = world.member.post(f"{path}/actions/{action_id}/responses", {"actionBody": answer})
            assert got.status_code == 200, got.text
    admin.put(f"{path}/members", {"members": [ASHA]})
    admin.delete(f"{path}/members/{world.people[ASHA].user_id}")
    below = world.make_group("Below")
    admin.delete(f"/groups/{below}")
