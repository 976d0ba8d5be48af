"""Likes of and comments on actions, from their own group and from groups below, and cursors that give exactly what has
changed. Source: contract, section 9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from tests.api.answering import TYPES as ANSWERED
from tests.api.answering import ask
from tests.api.posted_actions import TYPES, post, with_media
from tests.api.test_reactions import changes, counts, details, react, reacted
from tests.api.test_subscribers import KAVYA, PublicGroup
from tests.api.test_timelines import make_below
from tests.api.worlds import OMAR, Caller, World

POLL = ANSWERED["Poll"][0]
STEPS = 60


class TestEveryType:
    @pytest.mark.parametrize("action_type", TYPES)
    def test_is_liked_and_commented_on(self, world: World, action_type: str) -> None:
        named = {"id": action_type} if "." in action_type else {}
        body = with_media(world, TYPES[action_type][0])
        action_id = post(world, "" if named else action_type, body, sender=world.member, **named)
        position = world.position
        liked = reacted(world.member, world.group_id, action_id, sourceGroupId=world.group_id)
        assert reacted(world.member, world.group_id, action_id) == liked
        said = reacted(world.group_admin, world.group_id, action_id, "शाबाश")
        assert counts(world.member, world.group_id, action_id, sourceGroupId=world.group_id) == (1, 1)
        assert changes(world.member, world.group_id)[1] == {action_id: (1, 1)}
        shown = details(world.member, world.group_id, action_id)["reactionDetails"]
        assert [(one["reactionId"], one["userId"], one.get("comment")) for one in shown] == [
            (liked, world.member.id, None),
            (said, world.group_admin.id, "शाबाश"),
        ]
        first, second = world.events_after(position)
        assert (first.event_type, first.object_id, first.group_id) == ("ReactionCreated", liked, world.group_id)
        assert (first.facts, second.facts) == (
            {"referenceId": action_id, "type": "Like"},
            {"referenceId": action_id, "type": "Comment"},
        )


class TestLivesOfActions:
    def test_one_that_is_closed_or_over_is_still_reacted_to(self, world: World) -> None:
        closed, expired = ask(world, "Poll", POLL), ask(world, "Poll", {**POLL, "expiryInHours": 1})
        world.group_admin.put(f"/groups/{world.group_id}/actions/{closed}/close")
        world.clock.advance(hours=2)
        for action_id in (closed, expired):
            reacted(world.member, world.group_id, action_id)
            assert counts(world.member, world.group_id, action_id) == (1, 0)

    def test_a_retracted_one_takes_none_and_can_lose_those_it_has(self, world: World) -> None:
        action_id = ask(world, "Poll", POLL)
        mine = reacted(world.member, world.group_id, action_id, "a comment")
        world.group_admin.delete(f"/groups/{world.group_id}/actions/{action_id}")
        for comment in ("", "late"):
            refused = react(world.member, world.group_id, action_id, comment)
            assert (refused.status_code, refused.json()["errorCode"]) == (409, "Conflict")
        assert counts(world.member, world.group_id, action_id) == (0, 1)
        assert world.member.delete(f"/groups/{world.group_id}/reaction/{mine}").json() == {"result": "true"}
        assert counts(world.member, world.group_id, action_id) == (0, 0)

    def test_answers_and_changes_of_an_action_are_no_reactions(self, world: World) -> None:
        action_id = ask(world, "Poll", POLL)
        reacted(world.member, world.group_id, action_id)
        cursor, _ = changes(world.member, world.group_id)
        path = f"/groups/{world.group_id}/actions/{action_id}"
        assert world.member.post(f"{path}/responses", {"actionBody": {"choice": "Yes"}}).status_code == 200
        assert world.group_admin.put(f"{path}/close").status_code == 200
        assert changes(world.member, world.group_id, cursor=cursor) == (cursor, {})


class TestFromTheGroupsBelow:
    def test_an_action_from_above_is_reacted_to_through_each_group_below(self, world: World) -> None:
        early = ask(world, "Poll", POLL)
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        lowest = make_below(world, below, "Night drivers", [OMAR])
        action_id = ask(world, "Poll", POLL)
        source = {"sourceGroupId": world.group_id}
        first = reacted(world.outsider, lowest, action_id, **source)
        assert reacted(world.outsider, below, action_id, **source) == first
        reacted(world.member, world.group_id, action_id, "seen")
        for caller, group_id in ((world.outsider, below), (world.outsider, lowest), (world.member, world.group_id)):
            assert counts(caller, group_id, action_id, **source) == (1, 1)
            assert changes(caller, group_id, **source)[1] == {action_id: (1, 1)}
        for reference_id, fields in ((early, source), (action_id, {}), (action_id, {"sourceGroupId": below})):
            assert react(world.outsider, lowest, reference_id, **fields).status_code == 404
        rows = world.ask("SELECT group_id, via_group_id, reaction_type FROM reactions WHERE tenant_id = %s")
        assert sorted(rows) == sorted([(world.group_id, lowest, "Like"), (world.group_id, world.group_id, "Comment")])

    def test_its_author_and_the_admins_of_either_group_take_it_back(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        action_id = ask(world, "Poll", POLL)
        source = {"sourceGroupId": world.group_id}
        ways: Iterable[tuple[Caller, str]] = (
            (world.outsider, below),
            (world.group_admin, below),
            (world.group_admin, world.group_id),
        )
        for caller, group_id in ways:
            made = reacted(world.outsider, below, action_id, "hm", **source)
            assert world.member.delete(f"/groups/{world.group_id}/reaction/{made}").status_code == 403
            assert caller.delete(f"/groups/{group_id}/reaction/{made}").json() == {"result": "true"}
            assert counts(world.member, world.group_id, action_id) == (0, 0)


@dataclass
class Reader:
    """Someone who asks again and again what has changed since."""

    caller: Caller
    group_id: str
    cursor: int = 0
    changed: set[str] = field(default_factory=set)


class TestCursors:
    def test_they_give_exactly_what_has_changed_to_every_reader(self, world: World) -> None:
        """Random reactions to actions and a message, through two groups; readers ask now and then, each at their own
        place, and are told of all that has changed for them since, and of nothing else."""
        random, source = Random(9), {"sourceGroupId": world.group_id}
        early = ask(world, "Poll", POLL)
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        items = [early, world.send("Rain"), *(ask(world, "Poll", POLL) for _ in range(3))]
        people = [(world.member, world.group_id), (world.group_admin, world.group_id), (world.outsider, below)]
        readers = [Reader(*one) for one in people]
        made: dict[str, dict[str, tuple[Caller, str, str]]] = {item: {} for item in items}
        for _ in range(STEPS):
            (caller, group_id), item = random.choice(people), random.choice(items)
            mine = [one for one, (author, _, _) in made[item].items() if author is caller]
            sees = item != early or group_id == world.group_id
            before = dict(made[item])
            if mine and random.random() < 0.4:
                assert caller.delete(f"/groups/{group_id}/reaction/{mine[0]}").status_code == 200
                del made[item][mine[0]]
            else:
                comment = random.choice(["", "well"])
                answer = react(caller, group_id, item, comment, **source)
                assert answer.status_code == (200 if sees else 404)
                if sees:
                    made[item][answer.json()["reactionId"]] = (caller, group_id, comment)
            if made[item] != before:
                for reader in readers:
                    reader.changed.add(item)
            if random.random() < 0.5:
                reader = random.choice(readers)
                assert_told(reader, made, source, hidden=early if reader.group_id == below else "")
        for reader in readers:
            assert_told(reader, made, source, hidden=early if reader.group_id == below else "")

    def test_details_since_a_cursor_are_those_that_changed(self, world: World) -> None:
        action_id = ask(world, "Poll", POLL)
        first, second = (reacted(world.member, world.group_id, action_id, text) for text in ("one", "two"))
        cursor = details(world.member, world.group_id, action_id)["cursor"]
        assert details(world.member, world.group_id, action_id, cursor=cursor) == {
            "cursor": cursor,
            "reactionDetails": [],
        }
        liked = reacted(world.group_admin, world.group_id, action_id)
        world.member.delete(f"/groups/{world.group_id}/reaction/{first}")
        found = details(world.member, world.group_id, action_id, cursor=cursor)
        shown = [(one["reactionId"], one.get("isRemoved", False)) for one in found["reactionDetails"]]
        assert shown == [(liked, False), (first, True)]
        assert "one" not in str(found)
        everything = details(world.member, world.group_id, action_id)
        assert [one["reactionId"] for one in everything["reactionDetails"]] == [second, liked]
        for kind, expected in (("Like", [liked]), ("Comment", [first])):
            part = details(world.member, world.group_id, action_id, cursor=cursor, reactionType=kind)
            assert [one["reactionId"] for one in part["reactionDetails"]] == expected
            assert part["cursor"] == found["cursor"]


def assert_told(
    reader: Reader, made: dict[str, dict[str, tuple[Caller, str, str]]], source: dict[str, Any], *, hidden: str
) -> None:
    cursor, told = changes(reader.caller, reader.group_id, cursor=reader.cursor, **source)
    expected = {}
    for item in reader.changed - {hidden}:
        comments = [comment for _, _, comment in made[item].values()]
        expected[item] = (comments.count(""), len(comments) - comments.count(""))
    assert told == expected
    assert cursor >= reader.cursor
    assert (cursor == reader.cursor) == (not expected)
    reader.cursor, reader.changed = cursor, set()


class TestInAPublicGroup:
    def test_an_action_to_one_subscriber_is_reacted_to_by_nobody_else(self, world: World) -> None:
        public = PublicGroup(world)
        body = {"actionType": "Poll", "actionBody": POLL, "subscribers": [KAVYA]}
        action_id = world.post_action(body, sender=public.admin, group_id=public.id)
        for caller in (public.omar, public.member):
            assert react(caller, public.id, action_id).status_code == 404
            assert caller.get(f"/groups/{public.id}/reaction/{action_id}/summary").status_code == 404
            assert changes(caller, public.id) == (0, {})
        reacted(public.kavya, public.id, action_id)
        assert counts(public.kavya, public.id, action_id) == (1, 0)
        assert changes(public.admin, public.id)[1] == {action_id: (1, 0)}

    def test_what_subscribers_do_to_an_action_is_seen_by_admins_alone(self, world: World) -> None:
        public = PublicGroup(world)
        body = {"actionType": "Poll", "actionBody": POLL, "sendToAllSubscribers": True}
        action_id = world.post_action(body, sender=public.admin, group_id=public.id)
        for caller in (public.omar, public.kavya, public.member, public.admin):
            reacted(caller, public.id, action_id)
        seen = {caller.id: counts(caller, public.id, action_id)[0] for caller in
                (public.admin, public.member, public.omar, public.kavya)}  # fmt: skip
        assert list(seen.values()) == [4, 2, 2, 2]
        shown = details(public.omar, public.id, action_id)["reactionDetails"]
        assert {one["userId"] for one in shown} == {public.omar.id, public.admin.id}
