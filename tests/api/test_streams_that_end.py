"""What ends a live stream, or what comes of a group: tokens, memberships and groups that are no more."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.streams import feeds, live, routes
from chaupal.streams.rules import read_page, renew_watches
from tests.api.listening import Listen, beat, beat_soon, sync
from tests.api.worlds import MOHAN, World


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
        beat(world)
        listener.wait_until_over()

    def test_an_expired_token_while_it_catches_up(
        self, world: World, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cursor = sync((world.group_id, world.member)[1])["cursor"]
        for number in range(9):
            world.send(f"{number}")

        def expire_and_read(*request: Any) -> Any:
            world.clock.advance(days=2)
            beat_soon(world)  # comes before what is read now
            return read_page(*request)

        monkeypatch.setattr(routes, "PAGE_MAX", 3)
        monkeypatch.setattr(live, "read_page", expire_and_read)
        listener = listen(world.member, cursor=cursor)
        listener.wait_until_over()
        assert listener.texts == ["0", "1", "2"]

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
