"""The live stream and synchronisation: what comes, what does not, and where they go on. Pages: docs/api/events.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chaupal.auth.permissions import Permission
from chaupal.events.log import trim_log
from chaupal.happenings.rules import TELLERS
from chaupal.store.connection import DatabaseGone
from chaupal.streams import feeds, rules
from chaupal.streams.feeds import CUT_OFF
from chaupal.streams.rules import read_stretch, renew_watches
from chaupal.streams.stream import QUEUE_MAX_BYTES
from tests.api.answering import TYPES, answered, ask
from tests.api.client import assert_error
from tests.api.listening import Listener
from tests.api.worlds import ALL_PERMISSIONS, GITA, MOHAN, OMAR, Caller, World

Listen = Callable[..., Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Open a stream that ends with the test."""
    opened: list[Listener] = []

    def open_one(caller: Caller, **options: Any) -> Listener:
        opened.append(Listener(caller, **options))
        return opened[-1]

    yield open_one
    for listener in opened:
        listener.go_away()


def sync(caller: Caller, **query: Any) -> dict[str, Any]:
    found = caller.get("/v1/sync", **query)
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


class TestStream:
    def test_a_message_comes_to_everyone_in_its_group_once(self, world: World, listen: Listen) -> None:
        listeners = [
            listen(
                caller,
            )
            for caller in (world.group_admin, world.member)
            if world.group_id
        ]
        message_id = world.send("नमस्ते")
        for listener in listeners:
            [event] = listener.wait(1)
            sent_at = world.member.get(f"/groups/{world.group_id}/messages/{message_id}").json()["sentAt"]
            assert event == {
                "eventTime": sent_at,
                "objectId": world.group_id, "objectType": "Group", "eventType": "TextMessageCreated",
                "eventId": message_id, "data": {"text": "नमस्ते", "groupId": world.group_id,
                "sourceGroupId": world.group_id}, "fromUser": GITA, "fromUserId": world.group_admin.id,
                "fromUserName": "Gita", "fromUserProfilePic": "", "isBotfromUser": False,
                "groupId": world.group_id, "sourceGroupId": world.group_id,
            }  # fmt: skip

    def test_it_is_an_event_stream_that_nobody_keeps(self, world: World, listen: Listen) -> None:
        listener = listen(world.member)
        assert listener.status == 200
        assert listener.headers["content-type"] == "text/event-stream"
        assert listener.headers["cache-control"] == "no-store"
        assert listener.headers["access-control-allow-origin"] == "*"
        assert listener.body.startswith(b"retry: 3000\nid: ")
        assert listener.last_id

    def test_outsiders_hear_nothing_of_a_group(self, world: World, listen: Listen) -> None:
        own = (world.group_id, world.outsider.post("/groups", {"name": "Own"}).json()["groupId"])[1]
        outsider, stranger = listen(world.outsider), listen(world.stranger)
        theirs = world.stranger.post("/groups", {"name": "Theirs"}).json()["groupId"]
        world.send("Secret")
        world.send("Mine", sender=world.outsider, group_id=own)
        world.stranger.post(f"/groups/{theirs}/messages", {"message": "Theirs"})
        assert [event["data"].get("text") for event in outsider.wait_for_text("Mine")] == ["Mine"]
        stranger.wait_for_text("Theirs")
        assert stranger.texts == ["Theirs"]

    def test_resumed_it_misses_and_repeats_nothing(self, world: World, listen: Listen) -> None:
        first = listen((world.group_id, world.member)[1])
        world.send("1")
        first.wait_for_text("1")
        last_id = first.go_away()
        for text in "234":
            world.send(text)
        second = listen(world.member, last_id=last_id)
        assert [event["data"]["text"] for event in second.wait(3)] == ["2", "3", "4"]
        world.send("5")
        second.wait_for_text("5")
        assert second.texts == ["2", "3", "4", "5"]
        third = listen(world.member, cursor=second.last_id)
        world.send("6")
        assert [event["data"]["text"] for event in third.wait_for_text("6")] == ["6"]

    def test_many_missed_events_come_before_new_ones(self, world: World, listen: Listen) -> None:
        listener = listen((world.group_id, world.member)[1])
        last_id = listener.go_away()
        texts = [str(number) for number in range(230)]
        for text in texts:
            world.send(text)
        resumed = listen(world.member, last_id=last_id)
        world.send("last")
        resumed.wait_for_text("last")
        assert resumed.texts == [*texts, "last"]

    def test_only_what_is_seen_through_a_group(self, world: World, listen: Listen) -> None:
        other = world.make_group("Gate", members=[MOHAN])
        world.group_admin.put(f"/groups/{world.group_id}/subGroups", {"subGroups": [other]})
        below, above = listen(world.member, groupId=other), listen(world.member, groupId=world.group_id)
        world.send("To all")
        world.send("To the gate", group_id=other)
        world.send("Done")
        below.wait_for_text("Done")
        above.wait_for_text("Done")
        assert below.texts == ["To all", "To the gate", "Done"]
        assert above.texts == ["To all", "Done"]
        refused = world.outsider.get("/v1/events", groupId=other)
        assert_error(refused, code="NotFound")

    def test_a_cursor_is_this_organizations_alone(self, world: World) -> None:
        cursor = sync(world.stranger)["cursor"]
        for raw in (cursor, cursor[:-2], "x", "A" * 48):
            for path in ("/v1/events", "/v1/sync"):
                assert_error(world.tenant_admin.get(path, cursor=raw), code="InvalidParameters")

    def test_cursors_of_one_place_differ(self, world: World) -> None:
        """A client cannot tell by them whether anything has happened elsewhere."""
        assert sync(world.tenant_admin)["cursor"] != sync(world.tenant_admin)["cursor"]

    def test_beyond_the_horizon_it_says_so(self, world: World) -> None:
        cursor = sync((world.group_id, world.member)[1])["cursor"]
        world.send("1")
        world.send("2")
        world.clock.advance(days=1)
        world.do(trim_log, world.house.store.clock())
        for path in ("/v1/events", "/v1/sync"):
            assert_error(world.member.get(path, cursor=cursor), code="CursorExpired")

    def test_signs_of_life_carry_a_place_that_is_up_to_date(self, world: World, listen: Listen) -> None:
        own = (world.group_id, world.outsider.post("/groups", {"name": "Own"}).json()["groupId"])[1]
        outsider, member = listen(world.outsider), listen(world.member)
        world.send("Secret")
        member.wait_for_text("Secret")
        before = outsider.last_id
        self._beat(world)
        outsider.wait_for(lambda: outsider.last_id != before)
        assert outsider.events == []
        assert b": alive\nid: " in outsider.body
        last_id = outsider.go_away()
        world.send("Mine", sender=world.outsider, group_id=own)
        assert listen(world.outsider, last_id=last_id).wait_for_text("Mine")

    def _beat(self, world: World) -> None:
        async def beat() -> None:
            assert world.house.live_streams is not None
            world.house.live_streams.beat()

        world.client.run(beat())

    def test_a_slow_reader_is_cut_off_and_goes_on_where_it_was(self, world: World, listen: Listen) -> None:
        slow, quick = listen((world.group_id, world.member)[1]), listen(world.group_admin)
        world.send("first")
        slow.wait_for_text("first")
        slow.pause()
        long = "x" * 3_900
        count = QUEUE_MAX_BYTES // 3_900 + 3
        for number in range(count):
            world.send(f"{number} {long}")
        world.send("last")
        quick.wait_for_text("last")
        slow.go_on()
        slow.wait_until_over()
        assert "last" not in slow.texts
        resumed = listen(world.member, last_id=slow.last_id)
        resumed.wait_for_text("last")
        assert [text.split()[0] for text in (*slow.texts, *resumed.texts)] == [
            "first", *map(str, range(count)), "last",
        ]  # fmt: skip
        assert world.house.live_streams.take_counts()[CUT_OFF] == 1

    def test_there_are_only_so_many(self, world_with: Callable[..., World], listen: Listen) -> None:
        world = world_with(streams_per_person=2, streams_per_tenant=3)
        first, _ = listen(world.tenant_admin), listen(world.tenant_admin)
        assert_error(world.tenant_admin.get("/v1/events"), code="TooManyRequests")
        listen(world.group_admin)
        assert_error(world.outsider.get("/v1/events"), code="TooManyRequests")
        first.go_away()
        assert listen(world.outsider).status == 200

    def test_metrics_count_them(self, world: World, listen: Listen) -> None:
        first, _ = listen(world.tenant_admin), listen(world.group_admin)
        assert "chaupal_live_streams 2.0" in world.client.call("GET", "/metrics").text
        first.go_away()
        assert "chaupal_live_streams 1.0" in world.client.call("GET", "/metrics").text

    def test_a_database_that_is_away_costs_no_event(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listener = listen((world.group_id, world.member)[1])
        monkeypatch.setattr(feeds, "_PAUSE_S", 0)
        failing = [DatabaseGone("away"), ValueError("a defect")]

        def fail_twice(*request: Any) -> Any:
            if failing:
                raise failing.pop()
            return read_stretch(*request)

        monkeypatch.setattr(feeds, "read_stretch", fail_twice)
        sent: list[str] = []
        while failing:  # a stream that has just begun reads a first page by itself
            sent.append(f"{len(sent)}")
            world.send(sent[-1])
            listener.wait_for_text(sent[-1])
        assert listener.texts == sent

    def test_a_refused_one_takes_no_place(self, world_with: Callable[..., World], listen: Listen) -> None:
        world = world_with(streams_per_person=1)
        for _ in range(3):
            assert_error(world.outsider.get("/v1/events", groupId=world.group_id), code="NotFound")
        assert listen(world.outsider).status == 200

    def test_the_stop_of_the_server_ends_it(self, world_with: Callable[..., World], listen: Listen) -> None:
        world = world_with(streams_max=10)
        listener = listen((world.group_id, world.member)[1])
        world.client.run(world.house.live_streams.stop())
        listener.wait_until_over()
        assert world.house.live_streams.open_count == 0

    def test_one_that_is_opened_while_the_server_stops_tells_what_was_missed(
        self, world_with: Callable[..., World], listen: Listen
    ) -> None:
        world = world_with(streams_max=10)
        cursor = sync((world.group_id, world.member)[1])["cursor"]
        world.send("missed")
        world.house.is_stopping = True
        listener = listen(world.member, cursor=cursor)
        listener.wait_until_over()
        assert (listener.status, listener.texts) == (200, ["missed"])

    def test_an_event_that_cannot_be_told_holds_up_no_other(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cursor = sync((world.group_id, world.member)[1])["cursor"]
        listener = listen(world.member)
        monkeypatch.setitem(TELLERS, "PollCreated", lambda *_: 1 / 0)
        ask(world, "Poll", TYPES["Poll"][0])
        world.send("after")
        assert [event["data"]["text"] for event in listener.wait_for_text("after")] == ["after"]
        assert sync(world.member, cursor=cursor)["events"] == listener.events


class TestWhatStops:
    def test_a_revoked_token(self, world: World, listen: Listen) -> None:
        listener, other = listen((world.group_id, world.member)[1]), listen(world.group_admin)
        world.sign_in(MOHAN)  # a new token for the same connector and person revokes the earlier one
        world.send("Later")
        listener.wait_until_over()
        other.wait_for_text("Later")
        assert listener.texts == []

    def test_an_expired_token(self, world: World, listen: Listen) -> None:
        listener = listen((world.group_id, world.member)[1])
        world.clock.advance(days=2)
        TestStream()._beat(world)
        listener.wait_until_over()

    def test_a_lost_membership(self, world: World, listen: Listen) -> None:
        own = (world.group_id, world.member.post("/groups", {"name": "Own"}).json()["groupId"])[1]
        listener = listen(world.member)
        world.send("Before")
        listener.wait_for_text("Before")
        world.group_admin.delete(f"/groups/{world.group_id}/members/{world.member.id}")
        world.send("After")
        world.send("Mine", sender=world.member, group_id=own)
        listener.wait_for_text("Mine")
        assert listener.kinds == ["TextMessageCreated", "MemberRemoved", "TextMessageCreated"]
        assert listener.texts == ["Before", "Mine"]
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [MOHAN]})
        world.send("Back")
        listener.wait_for_text("Back")
        assert listener.kinds[3:] == ["MemberAdded", "TextMessageCreated"]

    def test_a_stream_of_one_group_ends_with_the_membership(self, world: World, listen: Listen) -> None:
        listener = listen(world.member, groupId=world.group_id)
        world.group_admin.delete(f"/groups/{world.group_id}/members/{world.member.id}")
        listener.wait_until_over()
        assert listener.kinds == ["MemberRemoved"]

    def test_a_group_token_whose_maker_is_no_admin_any_more(self, world: World, listen: Listen) -> None:
        world.group_admin.put(f"/groups/{world.group_id}/members/{world.member.id}", {"role": "Admin"})
        listener = listen(world.group_token)
        world.send("Before")
        listener.wait_for_text("Before")
        world.member.put(f"/groups/{world.group_id}/members/{world.group_admin.id}", {"role": "Member"})
        listener.wait_until_over()
        assert "MemberRoleChanged" not in listener.kinds

    def test_a_deleted_group(self, world: World, listen: Listen) -> None:
        listener = listen((world.group_id, world.member)[1])
        cursor = sync(world.member)["cursor"]
        world.group_admin.delete(f"/groups/{world.group_id}")
        [event] = listener.wait(1)
        assert (event["eventType"], event["data"]["groupId"]) == ("GroupRemoved", world.group_id)
        assert sync(world.member, cursor=cursor)["events"] == [event]

    def test_a_deleted_group_that_was_linked(self, world: World, listen: Listen) -> None:
        above = world.make_group("Above")
        world.group_admin.put(f"/groups/{above}/subGroups", {"subGroups": [world.group_id]})
        everything, of_this = listen(world.member), listen(world.member, groupId=world.group_id)
        both = listen(world.group_admin, groupId=f"{above},{world.group_id}")
        world.group_admin.delete(f"/groups/{world.group_id}")
        for listener in (everything, of_this):
            [event] = listener.wait(1)
            assert (event["eventType"], event["data"]["parentGroupId"]) == ("GroupRemoved", "")
        of_this.wait_until_over()
        assert [event["data"]["parentGroupId"] for event in both.wait(2)] == [above, ""]
        world.send("Still", group_id=above)
        both.wait_for_text("Still")
        assert everything.texts == []

    def test_a_lost_membership_of_two_that_were_asked_for(self, world: World, listen: Listen) -> None:
        other = world.make_group("Other", members=[MOHAN])
        listener = listen(world.member, groupId=f"{other},{world.group_id}")
        world.group_admin.delete(f"/groups/{world.group_id}/members/{world.member.id}")
        world.send("Here")
        world.send("There", group_id=other)
        listener.wait_for_text("There")
        assert listener.kinds == ["MemberRemoved", "TextMessageCreated"]

    def test_many_changes_at_once_are_looked_at_together(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        groups = [world.make_group(f"Group {number}") for number in range(8)]
        listener = listen((world.group_id, world.member)[1])
        renewed: list[int] = []

        def count(tx: Any, caller: Any, watches: list[Any]) -> Any:
            renewed.append(len(watches))
            return renew_watches(tx, caller, watches)

        monkeypatch.setattr(feeds, "renew_watches", count)
        world.group_admin.put(f"/groups/{world.group_id}/subGroups", {"subGroups": groups})
        world.send("Done")
        listener.wait_for_text("Done")
        assert listener.kinds == ["GroupAdded"] * 8 + ["TextMessageCreated"]
        assert renewed == [1]


class TestAtTheSameTime:
    def test_coming_and_going_while_others_send(self, world: World, listen: Listen) -> None:
        """Whatever the order: nothing sent while somebody was away, nothing twice, and who stays hears all of it."""
        staying, moving = listen((world.group_id, world.group_admin)[1]), listen(world.member)
        path = f"/groups/{world.group_id}"
        token = {"token": world.group_admin.access_token}
        sent = [("POST", f"{path}/messages", token | {"body": {"message": f"{number}"}}) for number in range(120)]
        gone = ("DELETE", f"{path}/members/{world.member.id}", token)
        back = ("PUT", f"{path}/members", token | {"body": {"members": [MOHAN]}})
        calls = [*sent]
        for place in range(100, 0, -20):
            calls[place:place] = [gone, back]
        for start in range(0, len(calls), 13):
            world.client.call_at_once(*calls[start : start + 13])
        world.client.call(back[0], back[1], **back[2])
        world.send("last")
        staying.wait_for_text("last")
        moving.wait_for_text("last")
        assert sorted(staying.texts[:-1], key=int) == [str(number) for number in range(120)]
        page = world.member.get(f"{path}/messages", count=100).json()
        older = (
            world.member.get(f"{path}/messages", cursor=page["cursor"], count=100).json() if "cursor" in page else {}
        )
        visible = {message["message"] for message in [*page["messages"], *older.get("messages", [])]}
        assert set(moving.texts) <= visible
        assert moving.texts == [text for text in staying.texts if text in set(moving.texts)]
        assert len(set(moving.texts)) == len(moving.texts)


class TestWhoSeesWhat:
    def test_who_joins_sees_nothing_older(self, world: World, listen: Listen) -> None:
        cursor = sync((world.group_id, world.outsider)[1])["cursor"]
        world.send("Before")
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        world.send("After")
        events = sync(world.outsider, cursor=cursor)["events"]
        assert [event["eventType"] for event in events] == ["MemberAdded", "TextMessageCreated"]
        assert events[1]["data"]["text"] == "After"

    def test_results_are_told_to_those_who_see_them(self, world: World) -> None:
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        cursor = sync(world.outsider)["cursor"]
        open_to_all = ask(world, "Poll", TYPES["Poll"][0])
        sender_only = ask(world, "Poll", {**TYPES["Poll"][0], "isSenderOnly": True})
        admins_only = ask(
            world, "Survey", {"title": "?", "visibility": "2", "questions": [{"title": "a", "type": "Text"}]}
        )
        for action_id in (open_to_all, sender_only):
            answered(world.member, world.group_id, action_id, {"choice": "Yes"})
        answered(world.member, world.group_id, admins_only, {"answers": ["b"]})

        def results(caller: Caller) -> list[str]:
            events = sync(caller, cursor=cursor)["events"]
            return [event["data"]["actionId"] for event in events if event["eventType"].endswith("Response")]

        assert results(world.outsider) == [open_to_all]
        assert results(world.group_admin) == [open_to_all, sender_only, admins_only]
        assert results(world.member) == [open_to_all, sender_only, admins_only]  # one's own answers

    def test_reminders_are_for_those_who_have_not_answered(self, world: World) -> None:
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        answered(world.member, world.group_id, action_id, {"choice": "Yes"})
        cursors = {caller.id: sync(caller)["cursor"] for caller in (world.member, world.outsider, world.stranger)}
        reminded = world.group_admin.post(f"/groups/{world.group_id}/actions/{action_id}/reminder", {})
        assert reminded.status_code == 200, reminded.text
        assert sync(world.member, cursor=cursors[world.member.id])["events"] == []
        [event] = sync(world.outsider, cursor=cursors[world.outsider.id])["events"]
        assert event["eventType"] == "ActionReminded"
        assert event["data"] == {
            "actionId": action_id, "actionType": "Poll", "groupId": world.group_id, "sourceGroupId": world.group_id,
        }  # fmt: skip
        assert event["fromUserName"] == "Gita"

    def test_a_reminder_of_some_subscribers_is_for_them_alone(self, world: World) -> None:
        group_id = world.tenant_admin.post("/groups", {"name": "News", "groupType": "ConnectGroup"}).json()["groupId"]
        world.tenant_admin.put(f"/groups/{group_id}/subscribers/add", {"subscribers": [MOHAN, OMAR]})
        body = {"actionType": "Poll", "actionBody": TYPES["Poll"][0], "sendToAllSubscribers": True}
        action_id = world.post_action(body, sender=world.tenant_admin, group_id=group_id)
        cursors = {caller.id: sync(caller)["cursor"] for caller in (world.member, world.outsider)}
        path = f"/groups/{group_id}/actions/{action_id}/reminder"
        assert world.tenant_admin.post(path, {"subscribers": [OMAR]}).status_code == 200
        assert sync(world.member, cursor=cursors[world.member.id])["events"] == []
        told = sync(world.outsider, cursor=cursors[world.outsider.id])["events"]
        assert [event["eventType"] for event in told] == ["ActionReminded"]

    def test_subscribers_never_learn_of_each_other(self, world: World, listen: Listen) -> None:
        group_id = world.tenant_admin.post("/groups", {"name": "News", "groupType": "ConnectGroup"}).json()["groupId"]
        world.tenant_admin.put(f"/groups/{group_id}/subscribers/add", {"subscribers": [MOHAN, OMAR]})
        cursors = {
            caller.number: sync(caller)["cursor"] for caller in (world.member, world.outsider, world.tenant_admin)
        }
        mohan, omar, asha = listen(world.member), listen(world.outsider), listen(world.tenant_admin)
        to_all = {"message": "To all", "sendToAllSubscribers": True}
        news = world.tenant_admin.post(f"/groups/{group_id}/messages", to_all).json()["referenceId"]
        world.send("A question", sender=world.member, group_id=group_id)
        reaction = {"referenceId": news, "sourceGroupId": group_id, "reactionType": "Like"}
        world.member.post(f"/groups/{group_id}/reaction", reaction)
        world.tenant_admin.post(f"/groups/{group_id}/messages", {"message": "To Omar", "subscribers": [OMAR]})
        world.tenant_admin.put(f"/groups/{group_id}/subscribers/add", {"subscribers": [GITA]})
        world.tenant_admin.post(f"/groups/{group_id}/messages", {**to_all, "message": "Done"})
        for listener in (mohan, omar, asha):
            listener.wait_for_text("Done")
        assert mohan.texts == ["To all", "A question", "Done"]
        assert omar.texts == ["To all", "To Omar", "Done"]
        assert asha.texts == ["To all", "A question", "To Omar", "Done"]
        assert "ReactionCreated" in mohan.kinds
        assert "ReactionCreated" not in omar.kinds
        assert "MemberAdded" not in mohan.kinds + omar.kinds
        assert {"ReactionCreated", "MemberAdded"} <= set(asha.kinds)
        for listener in (mohan, omar, asha):
            assert sync(listener.caller, cursor=cursors[listener.caller.number])["events"] == listener.events

    def test_numbers_are_for_connectors_that_may_list_members(self, world: World, listen: Listen) -> None:
        permissions = [each for each in ALL_PERMISSIONS if each is not Permission.GROUP_MEMBER_LIST]
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        listener = listen(world.sign_in(OMAR, permissions=permissions))
        world.send("Hello")
        [event] = listener.wait(1)
        assert (event["fromUser"], event["fromUserName"]) == ("", "Gita")

    @pytest.mark.parametrize(
        ("lacking", "kinds"),
        [
            (Permission.TEXT_MESSAGE, ["ReactionCreated", "PollCreated", "MemberAdded"]),
            (Permission.REACTIONS, ["TextMessageCreated", "PollCreated", "MemberAdded"]),
            (Permission.ACTION_AND_RESPONSES, ["TextMessageCreated", "ReactionCreated", "MemberAdded"]),
            (Permission.GROUP_MEMBER_LIST, ["TextMessageCreated", "ReactionCreated", "PollCreated"]),
        ],
    )
    def test_what_a_connector_may_not_read_it_is_not_told(
        self, world: World, lacking: Permission, kinds: list[str]
    ) -> None:
        caller = (
            world.group_id,
            world.sign_in(MOHAN, permissions=[one for one in ALL_PERMISSIONS if one is not lacking]),
        )[1]
        cursor = sync(caller)["cursor"]
        message_id = world.send("Hello")
        reaction = {"referenceId": message_id, "sourceGroupId": world.group_id, "reactionType": "Like"}
        world.group_admin.post(f"/groups/{world.group_id}/reaction", reaction)
        ask(world, "Poll", TYPES["Poll"][0])
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        assert [event["eventType"] for event in sync(caller, cursor=cursor)["events"]] == kinds

    def test_the_organizations_admin_sees_every_group(self, world: World, listen: Listen) -> None:
        listener = listen((world.group_id, world.tenant_admin)[1])
        world.send("Hello")
        new = world.make_group("Gate")
        world.send("In a new one", group_id=new)
        listener.wait_for_text("In a new one")
        assert listener.texts == ["Hello", "In a new one"]

    def test_a_group_token_sees_its_group_and_those_below(self, world: World, listen: Listen) -> None:
        other = world.make_group("Other")
        listener = listen(world.group_token)
        below = world.group_admin.post(f"/groups/{world.group_id}/subGroups", {"name": "Below"}).json()["groupId"]
        world.send("Not here", group_id=other)
        world.send("Below", group_id=below)
        world.send("Here")
        listener.wait_for_text("Here")
        assert listener.texts == ["Below", "Here"]

    def test_a_bot_hears_the_groups_that_it_is_in(self, world: World, listen: Listen) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        other = world.make_group("Other")
        listener = listen(bot)
        world.send("Not here", group_id=other)
        world.send("Here")
        assert [event["data"]["text"] for event in listener.wait_for_text("Here")] == ["Here"]

    def test_groups_linked_later_are_heard_from_then_on(self, world: World, listen: Listen) -> None:
        above = world.make_group("Above")
        listener = listen((world.group_id, world.member)[1])
        world.send("Too early", group_id=above)
        world.group_admin.put(f"/groups/{above}/subGroups", {"subGroups": [world.group_id]})
        world.send("Now", group_id=above)
        world.group_admin.delete(f"/groups/{above}/subGroups/{world.group_id}")
        world.send("Too late", group_id=above)
        world.send("Done")
        listener.wait_for_text("Done")
        assert listener.texts == ["Now", "Done"]


class TestSync:
    def test_from_now_on(self, world: World) -> None:
        world.send("Before")
        first = sync(world.member)
        assert first["events"] == []
        assert first["hasMore"] is False
        message_id = world.send("After")
        answer = sync(world.member, cursor=first["cursor"])
        assert [event["eventId"] for event in answer["events"]] == [message_id]
        assert sync(world.member, cursor=answer["cursor"])["events"] == []

    def test_in_pages(self, world: World) -> None:
        cursor = sync((world.group_id, world.member)[1])["cursor"]
        for text in "12345":
            world.send(text)
        pages = []
        has_more = True
        while has_more:
            answer = sync(world.member, cursor=cursor, limit=2)
            pages.append([event["data"]["text"] for event in answer["events"]])
            cursor, has_more = answer["cursor"], answer["hasMore"]
        assert pages == [["1", "2"], ["3", "4"], ["5"]]

    def test_a_page_says_nothing_of_how_much_happens_elsewhere(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "_READ_AT_ONCE", 5)
        own = (world.group_id, world.outsider.post("/groups", {"name": "Own"}).json()["groupId"])[1]
        cursor = sync(world.outsider)["cursor"]
        for number in range(23):
            world.send(f"Secret {number}")
        answer = sync(world.outsider, cursor=cursor)
        assert (answer["events"], answer["hasMore"]) == ([], False)
        world.send("Mine", sender=world.outsider, group_id=own)
        answer = sync(world.outsider, cursor=cursor)
        assert [event["data"]["text"] for event in answer["events"]] == ["Mine"]
        assert answer["hasMore"] is False

    def test_very_much_at_once_is_read_in_several_pages(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rules, "_READ_AT_ONCE", 4)
        monkeypatch.setattr(rules, "_LOOKED_AT_MAX", 12)
        monkeypatch.setattr(rules, "_CONCERNED_MAX", 3)
        own = (world.group_id, world.outsider.post("/groups", {"name": "Own"}).json()["groupId"])[1]
        cursor, texts = sync(world.outsider)["cursor"], []
        for number in range(20):
            world.send(f"Secret {number}")
            if number % 3 == 0:
                world.send(f"Mine {number}", sender=world.outsider, group_id=own)
        has_more = True
        while has_more:
            answer = sync(world.outsider, cursor=cursor)
            texts += [event["data"]["text"] for event in answer["events"]]
            cursor, has_more = answer["cursor"], answer["hasMore"]
        assert texts == [f"Mine {number}" for number in range(0, 20, 3)]

    @pytest.mark.parametrize("limit", [0, 101])
    def test_limits_of_a_page(self, world: World, limit: int) -> None:
        assert_error(world.tenant_admin.get("/v1/sync", limit=limit), code="InvalidParameters")

    def test_says_the_same_as_the_stream(self, world: World, listen: Listen) -> None:
        cursor = sync((world.group_id, world.member)[1])["cursor"]
        listener = listen(world.member)
        for action_type, (body, given, _, _) in TYPES.items():
            action_id = ask(world, action_type, body)
            answered(
                world.group_admin if action_type == "LiveLocation" else world.member, world.group_id, action_id, given
            )
        world.send("Done")
        listener.wait_for_text("Done")
        assert sync(world.member, cursor=cursor)["events"] == listener.events
        assert len(listener.events) == 2 * len(TYPES) + 1
