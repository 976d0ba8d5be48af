"""Synchronisation: what has happened since a cursor, a page at a time. Page: docs/api/events.md."""

from __future__ import annotations

import pytest

from chaupal.streams import rules
from tests.api.answering import TYPES, answered, ask
from tests.api.client import assert_error
from tests.api.listening import Listen, sync
from tests.api.worlds import MOHAN, World


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

    def test_only_what_is_seen_through_some_groups(self, world: World) -> None:
        other, third = world.make_group("Gate", members=[MOHAN]), world.make_group("Third", members=[MOHAN])
        world.group_admin.put(f"/groups/{world.group_id}/subGroups", {"subGroups": [other]})
        cursor = sync(world.member)["cursor"]
        world.send("To all")
        world.send("To the gate", group_id=other)
        world.send("To the third", group_id=third)

        def texts(*group_ids: str) -> list[str]:
            events = sync(world.member, cursor=cursor, groupId=",".join(group_ids))["events"]
            return [event["data"]["text"] for event in events]

        assert texts(other) == ["To all", "To the gate"]
        assert texts(world.group_id) == ["To all"]
        assert texts(world.group_id, third) == ["To all", "To the third"]
        assert_error(world.outsider.get("/v1/sync", cursor=cursor, groupId=third), code="NotFound")

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
