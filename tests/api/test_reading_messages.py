"""What a reader sees of a group's messages, page by page, and of its past. Source: contract, section 6."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from tests.api.client import assert_error
from tests.api.scenarios import UNKNOWN_ID
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR, WELCOME, Caller, World

MANY_PAGES = 50
"""More than any test here has."""


def read_all(reader: Caller, group_id: str, *, direction: str, count: int) -> list[list[str]]:
    """The texts of every page, in the order in which they are read."""
    pages: list[list[str]] = []
    query: dict[str, Any] = {"count": count, "direction": direction}
    while len(pages) < MANY_PAGES:
        answer = reader.get(f"/groups/{group_id}/messages", **query)
        assert answer.status_code == 200, answer.text
        pages.append([message["message"] for message in answer.json()["messages"]])
        if "cursor" not in answer.json():
            return pages
        assert len(pages[-1]) == count
        query["cursor"] = answer.json()["cursor"]
    raise AssertionError("the pages have no end")


def put_in(world: World, *numbers: str) -> None:
    assert world.group_admin.put(f"/groups/{world.group_id}/members", {"members": list(numbers)}).status_code == 200


def take_out(world: World, number: str) -> None:
    path = f"/groups/{world.group_id}/members/{world.people[number].user_id}"
    assert world.group_admin.delete(path).status_code == 200


class TestPages:
    @pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 100])
    def test_older_pages_together_hold_each_message_once(self, world: World, count: int) -> None:
        for number in range(6):
            world.send(f"{number}")
        pages = read_all(world.member, world.group_id, direction="older", count=count)
        assert [text for page in pages for text in page] == ["5", "4", "3", "2", "1", "0", WELCOME]

    @pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 100])
    def test_newer_pages_together_hold_each_message_once(self, world: World, count: int) -> None:
        for number in range(6):
            world.send(f"{number}")
        pages = read_all(world.member, world.group_id, direction="newer", count=count)
        assert [text for page in pages for text in reversed(page)] == [WELCOME, "0", "1", "2", "3", "4", "5"]
        assert all(page == sorted(page, reverse=True) for page in pages[1:])

    @pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
    @pytest.mark.parametrize("direction", ["older", "newer"])
    def test_pages_cross_the_gap_of_a_membership(self, world: World, direction: str, count: int) -> None:
        put_in(world, OMAR)
        world.send("first")
        take_out(world, OMAR)
        world.send("between")
        put_in(world, OMAR)
        world.send("second")
        pages = read_all(world.outsider, world.group_id, direction=direction, count=count)
        texts = [text for page in pages for text in (page if direction == "older" else reversed(page))]
        assert texts == ["second", WELCOME, "first", WELCOME][:: 1 if direction == "older" else -1]

    def test_what_is_sent_meanwhile_shifts_no_page(self, world: World) -> None:
        for number in range(4):
            world.send(f"{number}")
        path = f"/groups/{world.group_id}/messages"
        first = world.group_admin.get(path, count=2).json()
        world.send("later")
        second = world.group_admin.get(path, count=2, cursor=first["cursor"]).json()
        assert [message["message"] for message in first["messages"] + second["messages"]] == ["3", "2", "1", "0"]

    def test_a_cursor_may_be_followed_in_the_other_direction(self, world: World) -> None:
        for number in range(5):
            world.send(f"{number}")
        path = f"/groups/{world.group_id}/messages"
        cursor = world.group_admin.get(path, count=3).json()["cursor"]
        newer = world.group_admin.get(path, cursor=cursor, direction="newer").json()["messages"]
        assert [message["message"] for message in newer] == ["4", "3"]

    def test_without_count_fifty_come(self, world: World) -> None:
        token, path = world.member.access_token, f"/groups/{world.group_id}/messages"
        calls = [("POST", path, {"token": token, "body": {"message": f"{number}"}}) for number in range(51)]
        world.client.call_at_once(*calls)
        answer = world.group_admin.get(path, direction="older").json()
        assert len(answer["messages"]) == 50
        assert answer["cursor"]

    def test_there_is_no_cursor_where_nothing_is_left(self, world: World) -> None:
        world.send("one")
        world.send("two")
        path = f"/groups/{world.group_id}/messages"
        assert "cursor" not in world.group_admin.get(path, count=2).json()
        assert "cursor" in world.group_admin.get(path, count=1).json()
        empty = world.make_group("Empty")
        assert world.group_admin.get(f"/groups/{empty}/messages", count=1).json() == {"messages": []}


def made_up(place: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).rstrip(b"=").decode()


CURSORS = {
    "no base64": "%21%21%21%21",
    "no msgpack": "abcd",
    "of the members' pages": made_up("x"),
    "too short": made_up([1]),
    "too long": made_up([1, "x", 2]),
    "of other types": made_up(["x", 1]),
    "with a NUL": made_up([1, "\0"]),
    "beyond 64 bits": made_up([2**64 - 1, "x"]),
    "very long": "x" * 2_000,
    "cut off": made_up([1, "x" * 30])[:-4],
    "not ASCII": "%C3%A9",
    "half a surrogate pair": base64.urlsafe_b64encode(b"\x92\x01\xa3\xed\xa0\x80").decode(),
}


class TestMadeUpCursors:
    @pytest.mark.parametrize("kind", CURSORS)
    @pytest.mark.parametrize("direction", ["older", "newer"])
    def test_it_is_refused(self, world: World, kind: str, direction: str) -> None:
        path = f"/groups/{world.group_id}/messages?direction={direction}&cursor={CURSORS[kind]}"
        assert "cursor" in assert_error(world.member.get(path), code="InvalidParameters")["message"]

    @pytest.mark.parametrize("place", [(0, ""), (-(2**63), "x"), (2**63 - 1, "x"), (5, "'; --")])
    def test_a_place_that_may_be_one_shows_nothing_hidden(self, world: World, place: tuple[int, str]) -> None:
        put_in(world, OMAR)
        take_out(world, OMAR)
        world.send("between")
        put_in(world, OMAR)
        for direction in ("older", "newer"):
            answer = world.outsider.get(
                f"/groups/{world.group_id}/messages?direction={direction}&cursor={made_up(place)}"
            )
            assert answer.status_code == 200
            assert "between" not in answer.text


class TestPast:
    def test_a_new_member_sees_the_welcome_and_what_follows(self, world: World) -> None:
        world.send("before")
        put_in(world, OMAR)
        world.send("after")
        assert world.texts(world.outsider) == ["after", WELCOME]
        assert world.texts(world.member) == ["after", "before", WELCOME]

    def test_the_maker_of_a_group_needs_no_welcome(self, world: World) -> None:
        world.send("hi")
        assert world.texts(world.group_admin) == ["hi"]

    def test_a_tenant_admin_who_is_no_member_sees_all_but_the_welcome(self, world: World) -> None:
        world.send("hi")
        assert world.texts(world.tenant_admin) == ["hi"]

    def test_who_is_added_at_once_sees_one_welcome_others_do_not(self, world: World) -> None:
        put_in(world, OMAR, ASHA)
        assert world.texts(world.outsider) == [WELCOME]
        assert world.texts(world.tenant_admin) == [WELCOME]
        assert world.texts(world.member) == [WELCOME]
        assert world.texts(world.group_admin) == []

    def test_adding_members_again_welcomes_nobody_again(self, world: World) -> None:
        put_in(world, MOHAN, OMAR)
        put_in(world, MOHAN, OMAR)
        assert world.texts(world.member) == [WELCOME]
        assert world.texts(world.outsider) == [WELCOME]

    def test_each_sees_the_welcome_of_their_own_time(self, world: World) -> None:
        world.group_admin.put(f"/groups/{world.group_id}", {"welcomeMessage": "New words"})
        put_in(world, OMAR)
        assert world.texts(world.outsider) == ["New words"]
        assert world.texts(world.member) == [WELCOME]

    def test_a_group_without_welcome_sends_none(self, world: World) -> None:
        world.group_admin.put(f"/groups/{world.group_id}", {"welcomeMessage": ""})
        put_in(world, OMAR)
        assert world.texts(world.outsider) == []

    def test_the_welcome_comes_from_whoever_added_the_member(self, world: World) -> None:
        assert world.tenant_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]}).status_code == 200
        [welcome] = world.outsider.get(f"/groups/{world.group_id}/messages", count=9).json()["messages"]
        assert welcome["sender"] == ASHA

    def test_the_welcome_is_no_event_of_its_own(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        put_in(world, OMAR)
        assert world.count_events_after(position) == {"MemberAdded": 1}

    def test_another_members_welcome_is_not_found_by_its_id(self, world: World) -> None:
        put_in(world, OMAR)
        [welcome] = world.outsider.get(f"/groups/{world.group_id}/messages", count=9).json()["messages"]
        path = f"/groups/{world.group_id}/messages/{welcome['referenceId']}"
        assert world.outsider.get(path).json() == welcome
        for other in (world.member, world.group_admin, world.tenant_admin):
            assert other.get(path).status_code == 404
            assert other.put(path, {"message": "x"}).status_code == 404
            assert other.delete(path).status_code == 404

    def test_who_has_left_keeps_nothing_and_finds_both_stretches_again(self, world: World) -> None:
        put_in(world, OMAR)
        first = world.send("first")
        take_out(world, OMAR)
        between = world.send("between")
        path = f"/groups/{world.group_id}/messages"
        assert world.outsider.get(path, count=9).status_code == 404
        assert world.outsider.get(f"{path}/{first}").status_code == 404
        put_in(world, OMAR)
        world.send("second")
        assert world.texts(world.outsider) == ["second", WELCOME, "first", WELCOME]
        assert world.outsider.get(f"{path}/{first}").status_code == 200
        assert world.outsider.get(f"{path}/{between}").status_code == 404

    def test_own_messages_are_found_again_after_rejoining(self, world: World) -> None:
        world.send("mine", sender=world.member)
        take_out(world, MOHAN)
        put_in(world, MOHAN)
        assert "mine" in world.texts(world.member)

    def test_the_policy_shows_history(self, world: World) -> None:
        before = world.send("before")
        world.group_admin.put(f"/groups/{world.group_id}", {"showHistory": True})
        put_in(world, OMAR)
        world.send("after")
        assert world.texts(world.outsider) == ["after", WELCOME, "before"]
        assert world.outsider.get(f"/groups/{world.group_id}/messages/{before}").status_code == 200
        take_out(world, OMAR)
        world.send("between")
        put_in(world, OMAR)
        assert {"after", "before", "between"} <= set(world.texts(world.outsider))

    def test_the_policy_can_be_taken_back(self, world: World) -> None:
        world.send("before")
        for shows in (True, False):
            world.group_admin.put(f"/groups/{world.group_id}", {"showHistory": shows})
            put_in(world, OMAR)
        assert world.texts(world.outsider) == [WELCOME]

    def test_it_can_be_set_when_the_group_is_made(self, world: World) -> None:
        group_id = world.make_group("Open", showHistory="true")
        world.send("before", group_id=group_id)
        world.group_admin.put(f"/groups/{group_id}/members", {"members": [OMAR]})
        assert world.texts(world.outsider, group_id=group_id) == ["before"]


class TestReadMessage:
    def test_it_is_found_in_its_own_group_alone(self, world: World) -> None:
        other = world.make_group("Other", members=[MOHAN])
        message_id = world.send("hi")
        absent = world.member.get(f"/groups/{other}/messages/{UNKNOWN_ID}").json()
        elsewhere = world.member.get(f"/groups/{other}/messages/{message_id}").json()
        assert absent["message"] == elsewhere["message"]
        assert elsewhere["errorCode"] == "NotFound"

    @pytest.mark.parametrize("spelling", [str.upper, lambda spelled: f"{spelled}@1", lambda spelled: f"{spelled}%402"])
    def test_ids_are_found_in_every_spelling(self, world: World, spelling: Any) -> None:
        message_id = world.send("hi")
        path = f"/v1/groups/{spelling(world.group_id)}/messages/{spelling(message_id)}"
        assert world.member.get(path).json()["message"] == "hi"

    def test_an_id_is_no_pattern(self, world: World) -> None:
        world.send("hi")
        for made_up_id in ("%25", "_", "*", "%27%20OR%201=1", "%00", "%2e%2e", "x" * 300, "%E0%A4%A8"):
            answer = world.member.get(f"/groups/{world.group_id}/messages/{made_up_id}")
            assert answer.status_code in (404, 405), made_up_id

    def test_the_sender_is_named_after_they_left(self, world: World) -> None:
        message_id = world.send("hi", sender=world.member)
        take_out(world, MOHAN)
        message = world.group_admin.get(f"/groups/{world.group_id}/messages/{message_id}").json()
        assert (message["sender"], message["senderName"]) == (MOHAN, "Mohan")

    def test_admins_are_named_too(self, world: World) -> None:
        message_id = world.send("hi")
        assert world.member.get(f"/groups/{world.group_id}/messages/{message_id}").json()["sender"] == GITA
