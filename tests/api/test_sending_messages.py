"""POST of a message to a group. Source: contract, section 6."""

from __future__ import annotations

import pytest

from tests.api.client import assert_error
from tests.api.scenarios import GUID, TIME, Scenario, assert_matches, scenarios
from tests.api.worlds import GITA, MOHAN, World

SENT = {"TextMessageCreated": 1}
RECEIPT = {"referenceId": GUID}
POST = "POST {group}/messages"

TABLE = (
    Scenario("a member sends", POST, "member", {"message": "hi"}, answer=RECEIPT, events=SENT),
    Scenario("an admin sends", POST, "group_admin", {"message": "hi"}, answer=RECEIPT, events=SENT),
    Scenario("the group's token sends", POST, "group_token", {"message": "hi"}, answer=RECEIPT, events=SENT),
    Scenario("a tenant admin sends to a group they are not in", POST, "tenant_admin", {"message": "hi"}, events=SENT),
    Scenario("4000 characters", POST, "member", {"message": "x" * 4000}, answer=RECEIPT, events=SENT),
    Scenario("4001 characters", POST, "member", {"message": "x" * 4001}, status=400, code="InvalidParameters"),
    Scenario("4000 characters beyond the basic plane", POST, "member", {"message": "😀" * 4000}, events=SENT),
    Scenario("4001 characters beyond it", POST, "member", {"message": "😀" * 4001}, status=400),
    Scenario("an emoji of several counts as several", POST, "member", {"message": "👩🏽‍🚒" * 1000}, events=SENT),
    Scenario("one code point more", POST, "member", {"message": "👩🏽‍🚒" * 1000 + "!"}, status=400),
    Scenario("an empty message", POST, "member", {"message": ""}, status=400),
    Scenario("a blank message", POST, "member", {"message": " \n\t"}, status=400),
    Scenario("no message", POST, "member", {}, status=400),
    Scenario("no body", POST, "member", status=400),
    Scenario("null for a message", POST, "member", {"message": None}, status=400),
    Scenario("an object for a message", POST, "member", {"message": {"text": "hi"}}, status=400),
    Scenario("a list for a body", POST, "member", [{"message": "hi"}], status=400),
    Scenario("a number is text", POST, "member", {"message": 42}, answer=RECEIPT, events=SENT),
    Scenario("a NUL in the text", POST, "member", content=b'{"message": "a\\u0000b"}', status=400),
    Scenario("half of a surrogate pair", POST, "member", content=b'{"message": "a\\ud800b"}', status=400),
    Scenario("subscribers in a Group", POST, "group_admin", {"message": "hi", "subscribers": [MOHAN]}, status=400),
    Scenario("one subscriber in a Group", POST, "group_admin", {"message": "hi", "subscribers": MOHAN}, status=400),
    Scenario("to all subscribers in a Group", POST, "group_admin", {"message": "hi", "sendToAllSubscribers": True},
             status=400),
    Scenario("the same as text", POST, "group_admin", {"message": "hi", "sendToAllSubscribers": "True"}, status=400),
    Scenario("an empty list of subscribers is absent", POST, "member", {"message": "hi", "subscribers": []},
             answer=RECEIPT, events=SENT),
    Scenario("null subscribers are absent", POST, "member",
             {"message": "hi", "subscribers": None, "sendToAllSubscribers": None}, answer=RECEIPT, events=SENT),
    Scenario("false is absent", POST, "member", {"message": "hi", "sendToAllSubscribers": False}, events=SENT),
    Scenario("false as text is absent", POST, "member", {"message": "a", "sendToAllSubscribers": "false"}, events=SENT),
    Scenario("fields in another case", POST, "member", {"Message": "hi", "SendToAllSubscribers": False}, events=SENT),
    Scenario("unknown fields are ignored", POST, "member", {"message": "hi", "color": "red"}, events=SENT),
    Scenario("an outsider sends nothing", POST, "outsider", {"message": "hi"}, status=404),
    Scenario("another organization's admin neither", POST, "stranger", {"message": "hi"}, status=404),
    Scenario("nobody sends to a group that is none", "POST /v1/groups/{unknown}/messages", "member",
             {"message": "hi"}, status=404),
    Scenario("without a token nothing is sent", POST, "", {"message": "hi"}, status=401),
    Scenario("GET without parameters is no history", "GET {group}/messages", "member", status=405,
             code="MethodNotAllowed"),
    Scenario("GET with empty parameters neither", "GET {group}/messages?cursor=&count=", "member", status=405),
    Scenario("a page of none", "GET {group}/messages?count=0", "member", status=400),
    Scenario("a page of 101", "GET {group}/messages?count=101", "member", status=400),
    Scenario("a direction that is none", "GET {group}/messages?direction=sideways", "member", status=400),
    Scenario("directions are taken in any case", "GET {group}/messages?direction=Newer", "member"),
)  # fmt: skip


class TestSendMessage:
    @scenarios(TABLE)
    def test_scenario(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)

    @pytest.mark.parametrize(
        "text",
        ["plain", "  spaces kept  ", "नमस्ते 🙏", "line\nbreak\ttab", "'; DROP TABLE messages; --", "\\u0041 \"quoted\"",
         "\u200d\u2028\ufeff\x01\x7f", "😀" * 4000],
    )  # fmt: skip
    def test_the_text_arrives_as_it_was_sent(self, world: World, text: str) -> None:
        message_id = world.send(text, sender=world.member)
        message = world.group_admin.get(f"/groups/{world.group_id}/messages/{message_id}").json()
        assert message["message"] == text

    def test_what_is_read_names_the_sender(self, world: World) -> None:
        message_id = world.send("hi", sender=world.member)
        expected = {
            "referenceId": message_id,
            "message": "hi",
            "sender": MOHAN,
            "senderId": world.member.id,
            "senderName": "Mohan",
            "sentAt": TIME,
            "sourceGroupId": world.group_id,
        }
        one = world.group_admin.get(f"/groups/{world.group_id}/messages/{message_id}").json()
        assert_matches(one, expected)
        assert set(one) == set(expected)
        listed = world.group_admin.get(f"/groups/{world.group_id}/messages", count=1).json()
        assert listed["messages"] == [one]

    def test_sent_at_is_the_servers_time(self, world: World) -> None:
        world.clock.advance(hours=1)
        message_id = world.send("hi")
        path = f"/groups/{world.group_id}/messages/{message_id}"
        sent_at = world.group_admin.get(path).json()["sentAt"]
        world.clock.advance(hours=1)
        assert world.group_admin.get(path).json()["sentAt"] == sent_at

    def test_what_a_group_token_sends_comes_from_the_admin_who_made_it(self, world: World) -> None:
        message_id = world.send("hi", sender=world.group_token)
        message = world.member.get(f"/groups/{world.group_id}/messages/{message_id}").json()
        assert message["sender"] == GITA
        assert message["senderId"] == world.people[GITA].user_id

    def test_the_event_holds_ids_and_no_text(self, world: World) -> None:
        position = (world.group_id, world.member, world.position)[2]
        message_id = world.send("a secret text", sender=world.member)
        [event] = world.events_after(position)
        assert (event.event_type, event.object_id) == ("TextMessageCreated", message_id)
        assert (event.group_id, event.actor_id) == (world.group_id, world.member.id)
        assert "secret" not in repr(event)

    def test_the_limit_is_told_with_what_was_sent(self, world: World) -> None:
        answer = world.member.post(f"/groups/{world.group_id}/messages", {"message": "x" * 4123})
        message = assert_error(answer)["message"]
        assert "4000" in message
        assert "4123" in message

    def test_the_refused_get_says_what_would_do(self, world: World) -> None:
        answer = world.member.get(f"/groups/{world.group_id}/messages")
        assert answer.headers["allow"] == "POST"
        assert "count" in assert_error(answer)["message"]

    def test_messages_sent_at_once_are_all_there_in_one_order(self, world: World) -> None:
        token, path = world.member.access_token, f"/groups/{world.group_id}/messages"
        calls = [("POST", path, {"token": token, "body": {"message": f"{number}"}}) for number in range(40)]
        answers = world.client.call_at_once(*calls)
        assert len({answer.json()["referenceId"] for answer in answers}) == 40
        texts = world.texts(world.group_admin)
        assert sorted(texts, key=int) == [f"{number}" for number in range(40)]
        assert texts == world.texts(world.group_admin)
