"""The live stream: what comes, through breaks and in bad times. Page: docs/api/events.md."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chaupal.events.log import trim_log
from chaupal.happenings import sights
from chaupal.happenings.rules import TELLERS, Told
from chaupal.happenings.sights import Share, View, Watch, share_of
from chaupal.store.connection import DatabaseGone
from chaupal.streams import feeds, rules
from chaupal.streams.feeds import CUT_OFF
from chaupal.streams.rules import read_cursor, read_stretch
from chaupal.streams.stream import QUEUE_MAX_BYTES
from tests.api.answering import TYPES, ask
from tests.api.client import assert_error
from tests.api.listening import PATIENCE_S, Listen, beat, sync
from tests.api.worlds import GITA, MOHAN, World


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

    def test_the_header_wins_over_the_query_in_either_spelling(self, world: World, listen: Listen) -> None:
        earlier = sync((world.group_id, world.member)[1])["cursor"]
        world.send("1")
        later = sync(world.member)["cursor"]
        world.send("2")
        for listener, texts in (
            (listen(world.member, last_id=later, cursor=earlier), ["2"]),
            (listen(world.member, lastEventId=earlier), ["1", "2"]),
            (listen(world.member, last_id=later, lastEventId=earlier), ["2"]),
        ):
            listener.wait_for_text("2")
            assert listener.texts == texts

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

    def test_far_behind_where_nothing_is_told_it_says_how_far_it_has_come(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "_READ_AT_ONCE", 4)
        monkeypatch.setattr(rules, "_LOOKED_AT_MAX", 4)
        own = (world.group_id, world.outsider.post("/groups", {"name": "Own"}).json()["groupId"])[1]
        cursor = sync(world.outsider)["cursor"]
        for number in range(20):
            world.send(f"Secret {number}")
        behind = listen(world.outsider, cursor=cursor)
        behind.wait_for(lambda: behind.body.count(b": alive") >= 5)
        ids = [line[4:].decode() for line in behind.body.split(b"\n") if line.startswith(b"id: ")]
        places = [read_cursor(world.secret_key, world.tenant_id, each).position for each in ids]
        assert [place - places[0] for place in places[:6]] == [0, 4, 8, 12, 16, 20]
        world.send("Mine", sender=world.outsider, group_id=own)
        assert [event["data"]["text"] for event in behind.wait(1)] == ["Mine"]
        resumed = listen(world.outsider, last_id=ids[3])
        assert resumed.wait(1) == behind.events

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
        beat(world)
        outsider.wait_for(lambda: outsider.last_id != before)
        assert outsider.events == []
        assert b": alive\nid: " in outsider.body
        last_id = outsider.go_away()
        world.send("Mine", sender=world.outsider, group_id=own)
        assert listen(world.outsider, last_id=last_id).wait_for_text("Mine")

    def test_a_slow_reader_is_cut_off_and_goes_on_where_it_was(self, world: World, listen: Listen) -> None:
        slow, quick = listen((world.group_id, world.member)[1]), listen(world.group_admin)
        world.send("first")
        slow.wait_for_text("first")
        slow.pause()
        long = "x" * 3_900
        count = 2 * QUEUE_MAX_BYTES // 3_900 + 3  # as much as that is on its way, and as much waits
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

    def test_much_at_once_cuts_off_nobody_who_reads_it(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listener = listen((world.group_id, world.member)[1])
        world.send("first")
        listener.wait_for_text("first")
        monkeypatch.setattr(feeds, "_PAUSE_S", 0)
        away = ["away"]

        def fail_while_away(*request: Any) -> Any:
            if away:
                raise DatabaseGone("away")
            return read_stretch(*request)

        monkeypatch.setattr(feeds, "read_stretch", fail_while_away)
        texts = [f"{number} {'x' * 3_900}" for number in range(2 * QUEUE_MAX_BYTES // 3_900)]
        for text in texts:
            world.send(text)
        away.clear()
        world.send("last")
        listener.wait_for_text("last")
        assert listener.texts == ["first", *texts, "last"]
        assert world.house.live_streams.take_counts()[CUT_OFF] == 0

    def test_one_with_nothing_to_do_holds_nothing_of_what_it_has_sent(self, world: World, listen: Listen) -> None:
        is_gone = asyncio.Event()

        class Piece(bytes):
            def __del__(self) -> None:
                is_gone.set()

        async def send_and_wait() -> None:
            [(feed, _)] = world.house.live_streams._feeds.values()
            [stream] = feed.streams
            stream.put(Piece(b": large\n\n"))
            async with asyncio.timeout(PATIENCE_S):
                await is_gone.wait()

        listener = listen((world.group_id, world.member)[1])
        world.send("joined")
        listener.wait_for_text("joined")
        world.client.run(send_and_wait())
        assert listener.body.endswith(b": large\n\n")

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

    def test_a_reader_whom_an_event_cannot_be_told_holds_up_nobody(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        member, admin = listen((world.group_id, world.member)[1]), listen(world.group_admin)
        cursor = sync(world.member)["cursor"]

        def fails(told: Told, watch: Watch) -> bool:
            return told.happening.event_type == "PollCreated" and watch.access.user_id == world.member.id

        def share_or_fail(watch: Watch, view: View, told: Told) -> Share:
            return 1 / 0 if fails(told, watch) else share_of(watch, view, told)  # type: ignore[return-value]

        monkeypatch.setattr(feeds, "share_of", share_or_fail)
        monkeypatch.setattr(sights, "share_of", share_or_fail)
        ask(world, "Poll", TYPES["Poll"][0])
        world.send("after")
        for listener in (member, admin):
            listener.wait_for_text("after")
        assert member.kinds == ["TextMessageCreated"]
        assert admin.kinds == ["PollCreated", "TextMessageCreated"]
        assert sync(world.member, cursor=cursor)["events"] == member.events

    def test_one_feed_that_fails_for_ever_is_left_and_each_goes_on_by_itself(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listener = listen((world.group_id, world.member)[1])
        world.send("before")
        listener.wait_for_text("before")
        monkeypatch.setattr(feeds, "_PAUSE_S", 0)
        monkeypatch.setattr(feeds, "read_stretch", lambda *_: 1 / 0)
        world.send("poison")
        listener.wait_until_over()
        monkeypatch.undo()
        resumed = listen(world.member, last_id=listener.last_id)
        world.send("after")
        resumed.wait_for_text("after")
        assert [*listener.texts, *resumed.texts] == ["before", "poison", "after"]


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
