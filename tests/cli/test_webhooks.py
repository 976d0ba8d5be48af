"""`chaupal webhook list`, `deliveries`, `replay` and `test`: against a real server and a real receiver."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.hooks import HookReceiver, draft
from tests.cli.using import User

PATIENCE_S = 60.0
UNKNOWN = "01a20bfb-4b10-7c52-a6d9-0f3e7b2c8d41"


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as started:
        yield started


@pytest.fixture
def webhook_id(user: User, receiver: HookReceiver) -> str:
    """On the group of the user."""
    created: str = user.call("POST", "/webhook", draft(receiver, user.group_id))["webhookId"]
    return created


def deliveries_of(user: User, webhook_id: str) -> list[Any]:
    """Oldest first, as the API says."""
    found: list[Any] = user.call("GET", f"/webhook/{webhook_id}/deliveries?count=100")["deliveries"]
    return found[::-1]


def settled(user: User, webhook_id: str, *states: str) -> list[Any]:
    """The deliveries once they are in these states, oldest first."""
    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        found = deliveries_of(user, webhook_id)
        if [each["status"] for each in found] == list(states):
            return found
        assert time.monotonic() < give_up_s, found
        time.sleep(0.05)


def shown_by(user: User, webhook_id: str, *options: str) -> list[Any]:
    """What the command prints as JSON, without the fields that are null."""
    shown = user.json("webhook", "deliveries", webhook_id, *options)["deliveries"]
    return [without_nulls(each) for each in shown]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def told(receiver: HookReceiver) -> list[str]:
    return [body["data"]["text"] for body in receiver.bodies]


class TestList:
    def test_each_says_whether_it_is_called(self, user: User, receiver: HookReceiver, webhook_id: str) -> None:
        user.call("PUT", f"/webhook/{webhook_id}", {"active": False})
        other = user.call("POST", "/webhook", draft(receiver, user.group_id, "Announcement", "JobCreated"))["webhookId"]
        header, off, active = user.run("webhook", "list", user.group_name).out.splitlines()
        assert header.split() == ["state", "events", "url", "id"]
        assert off.split() == ["off:", "TurnedOff", "TextMessageCreated", f"{receiver.url}/hook", webhook_id]
        assert active.split() == ["active", "JobCreated,", "Announcement", f"{receiver.url}/hook", other]

    def test_without_a_group_it_lists_what_one_has_made(self, user: User, webhook_id: str) -> None:
        listed = user.json("webhook", "list")["webhooks"]
        assert webhook_id in [each["id"] for each in listed]
        assert listed == user.call("GET", "/webhook")["webhooks"]


class TestDeliveries:
    def test_they_are_shown_newest_last_with_what_became_of_them(
        self, user: User, receiver: HookReceiver, webhook_id: str
    ) -> None:
        receiver.answer_with = lambda _: 410 if receiver.deliveries else 200
        user.run("post", user.group_name, "एक")
        settled(user, webhook_id, "delivered")
        user.run("post", user.group_name, "दो")
        found = settled(user, webhook_id, "delivered", "exhausted")
        first, second = (each["eventId"] for each in found)

        header, *rows = user.run("webhook", "deliveries", webhook_id).out.splitlines()
        assert header.split("  ")[0] == "happened"
        assert [row.split()[2:] for row in rows] == [
            ["delivered", "1", "200", "TextMessageCreated", first],
            ["exhausted", "1", "410", "TextMessageCreated", second],
        ]
        assert shown_by(user, webhook_id) == found
        assert shown_by(user, webhook_id, "--count", "1") == found[1:]
        assert shown_by(user, webhook_id, "--status", "delivered") == found[:1]
        none = user.run("webhook", "deliveries", webhook_id, "--type", "JobCreated")
        assert (none.code, none.out) == (0, "There are none.\n")

    def test_each_try_is_shown(self, user: User, receiver: HookReceiver, webhook_id: str) -> None:
        receiver.status = 500
        user.run("post", user.group_name, "hi")
        [found] = settled(user, webhook_id, "retrying")
        [waiting] = user.run("webhook", "deliveries", webhook_id).out.splitlines()[1:]
        assert f"retrying, next {found['nextTryAt'][:10]}" in waiting
        [row] = user.run("webhook", "deliveries", webhook_id, "--tries").out.splitlines()[1:]
        [tried] = found["tries"]
        assert row.split()[2:] == [f"{tried['durationMs']}", "ms", "500", "TextMessageCreated", found["eventId"]]

    def test_what_is_wrong_is_said(self, user: User, webhook_id: str) -> None:
        error = user.refusal("webhook", "deliveries", webhook_id, "--status", "lost")
        assert "status" in error["message"]
        assert "lost" in error["message"]
        assert user.refusal("webhook", "deliveries", UNKNOWN)["errorCode"] == "NotFound"


class TestReplay:
    def test_named_events_are_sent_again_whatever_became_of_them(
        self, user: User, receiver: HookReceiver, webhook_id: str
    ) -> None:
        user.run("post", user.group_name, "hi")
        [found] = settled(user, webhook_id, "delivered")
        done = user.run("webhook", "replay", webhook_id, found["eventId"])
        assert (done.code, done.out) == (0, "1 event is sent again.\n")
        settled(user, webhook_id, "delivered", "delivered")
        assert [each["eventId"] for each in receiver.bodies] == [found["eventId"]] * 2
        assert user.json("webhook", "replay", webhook_id, UNKNOWN) == {"replayed": 0}

    def test_what_never_arrived_is_sent_again(self, user: User, receiver: HookReceiver, webhook_id: str) -> None:
        user.call("PUT", f"/webhook/{webhook_id}", {"active": False})
        for text in ("one", "two"):
            user.run("post", user.group_name, text)
        settled(user, webhook_id, "skipped", "skipped")
        assert user.refusal("webhook", "replay", webhook_id, "--missed")["errorCode"] == "Conflict"
        user.call("PUT", f"/webhook/{webhook_id}", {"active": True})
        assert user.json("webhook", "replay", webhook_id, "--since", "2100-01-01T00:00:00Z") == {"replayed": 0}
        done = user.run("webhook", "replay", webhook_id, "--since", "2020-01-01T00:00:00Z")
        assert (done.code, done.out) == (0, "2 events are sent again.\n")
        settled(user, webhook_id, "skipped", "skipped", "delivered", "delivered")
        assert told(receiver) == ["one", "two"]
        assert user.json("webhook", "replay", webhook_id, "--missed") == {"replayed": 0}

    @pytest.mark.parametrize("words", [(), ("a", "--missed"), ("a", "--since", "2020-01-01T00:00:00Z")])
    def test_what_is_to_be_sent_again_is_said_in_one_way(self, user: User, words: tuple[str, ...]) -> None:
        done = user.run("webhook", "replay", UNKNOWN, *words)
        assert done.code == 2
        assert "name either events, or --missed, or --since TIME" in done.err


class TestTest:
    @pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
    def test_it_shows_what_was_answered(
        self, user: User, receiver: HookReceiver, webhook_id: str, status: int, code: int
    ) -> None:
        receiver.status = status
        done = user.run("webhook", "test", webhook_id, "--type", "SurveyCreated")
        assert done.code == code, done
        assert done.out.startswith(f"SurveyCreated: {status} after ")
        [body] = receiver.bodies
        assert (body["eventType"], body["isTest"]) == ("SurveyCreated", True)
