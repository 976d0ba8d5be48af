"""Likes and comments: who reacts to what, who sees it, and cursors that give exactly what has changed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.test_subscribers import KAVYA, PublicGroup
from tests.api.test_timelines import make_below
from tests.api.worlds import OMAR, Caller, World


def react(caller: Caller, group_id: str, reference_id: str, comment: str = "", **fields: Any) -> httpx.Response:
    body = {"referenceId": reference_id, "reactionType": "Comment" if comment else "Like", **fields}
    return caller.post(f"/groups/{group_id}/reaction", {**body, "comment": comment} if comment else body)


def reacted(caller: Caller, group_id: str, reference_id: str, comment: str = "", **fields: Any) -> str:
    answer = react(caller, group_id, reference_id, comment, **fields)
    assert answer.status_code == 200, answer.text
    reaction_id: str = answer.json()["reactionId"]
    return reaction_id


def counts(caller: Caller, group_id: str, reference_id: str, **query: Any) -> tuple[int, int]:
    answer = caller.get(f"/groups/{group_id}/reaction/{reference_id}/summary", **query)
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["summary"]
    assert one["referenceId"] == reference_id
    return one["reactionsCountMap"]["like"], one["reactionsCountMap"]["comment"]


def details(caller: Caller, group_id: str, reference_id: str, **query: Any) -> dict[str, Any]:
    answer = caller.get(f"/groups/{group_id}/reaction/{reference_id}", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def changes(caller: Caller, group_id: str, **query: Any) -> tuple[int, dict[str, tuple[int, int]]]:
    answer = caller.get(f"/groups/{group_id}/reaction/summary", **query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    maps = {one["referenceId"]: one["reactionsCountMap"] for one in found["summary"]}
    return found["cursor"], {item: (map_["like"], map_["comment"]) for item, map_ in maps.items()}


class TestReact:
    def test_a_like_and_comments_are_counted(self, world: World) -> None:
        sent = world.send("The well is dry")
        assert counts(world.member, world.group_id, sent) == (0, 0)
        position = world.position
        reacted(world.member, world.group_id, sent)
        reacted(world.member, world.group_id, sent, "हाँ, कल से")
        reacted(world.group_admin, world.group_id, sent, "We send a tanker")
        assert counts(world.member, world.group_id, sent) == (1, 2)
        assert world.count_events_after(position) == {"ReactionCreated": 3}
        event = world.events_after(position)[0]
        assert event.facts == {"referenceId": sent, "type": "Like"}
        assert event.actor_id == world.member.id

    def test_a_second_like_is_the_first(self, world: World) -> None:
        sent = world.send("Good news")
        first = reacted(world.member, world.group_id, sent)
        position = world.position
        assert reacted(world.member, world.group_id, sent) == first
        assert world.position == position
        assert counts(world.member, world.group_id, sent) == (1, 0)

    def test_two_likes_at_once_are_one(self, world: World) -> None:
        sent = world.send("Good news")
        body = {"referenceId": sent, "reactionType": "like"}
        options = {"token": world.member.access_token, "body": body}
        answers = world.client.call_at_once(*[("POST", f"/groups/{world.group_id}/reaction", options)] * 8)
        assert len({answer.json()["reactionId"] for answer in answers}) == 1
        assert counts(world.member, world.group_id, sent) == (1, 0)

    def test_what_a_like_says_beside_is_ignored(self, world: World) -> None:
        sent = world.send("Good news")
        body = {"referenceId": sent, "reactionType": "LIKE", "comment": "not kept", "sourceGroupId": world.group_id}
        assert world.member.post(f"/groups/{world.group_id}/reaction", body).status_code == 200
        (one,) = details(world.member, world.group_id, sent)["reactionDetails"]
        assert "comment" not in one

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"reactionType": "Comment"}, "comment: must not be empty"),
            ({"reactionType": "Comment", "comment": " \n"}, "comment: must not be empty"),
            ({"reactionType": "Comment", "comment": "x" * 4_001}, "comment: must be at most 4000 characters"),
            ({"reactionType": "Dislike"}, "reactionType: must be Like or Comment"),
        ],
    )
    def test_a_refusal_names_field_and_rule(self, world: World, fields: dict[str, str], said: str) -> None:
        sent = world.send("Good news")
        member, position = world.member, world.position
        answer = member.post(f"/groups/{world.group_id}/reaction", {"referenceId": sent, **fields})
        assert answer.status_code == 400
        assert said in answer.json()["message"]
        assert world.position == position

    def test_what_is_not_seen_is_not_there(self, world: World) -> None:
        elsewhere = world.send("secret", group_id=world.make_group("Other"))
        for reference_id in (elsewhere, "00000000-0000-0000-0000-000000000001", ""):
            assert react(world.member, world.group_id, reference_id).status_code == 404
        sent = world.send("here")
        assert react(world.member, world.group_id, sent, sourceGroupId="someone-elses").status_code == 404
        assert react(world.outsider, world.group_id, sent).status_code == 404

    def test_a_retracted_message_takes_no_reaction(self, world: World) -> None:
        sent = world.send("oops")
        world.group_admin.delete(f"/groups/{world.group_id}/messages/{sent}")
        answer = react(world.member, world.group_id, sent)
        assert answer.status_code == 409

    def test_a_repeated_call_with_a_key_comments_once(self, world: World) -> None:
        sent = world.send("Good news")
        body = {"referenceId": sent, "reactionType": "Comment", "comment": "great"}
        path, headers = f"/groups/{world.group_id}/reaction", {"Idempotency-Key": "one"}
        first = world.member.post(path, body, headers=headers)
        assert world.member.post(path, body, headers=headers).json() == first.json()
        assert counts(world.member, world.group_id, sent) == (0, 1)


class TestRemoveReaction:
    def test_its_author_and_an_admin_may_and_nobody_else(self, world: World) -> None:
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        sent = world.send("Good news")
        mine = reacted(world.member, world.group_id, sent, "first")
        other = reacted(world.member, world.group_id, sent, "second")
        path = f"/groups/{world.group_id}/reaction"
        assert world.outsider.delete(f"{path}/{mine}").status_code == 403
        position = world.position
        assert world.member.delete(f"{path}/{mine}").json() == {"result": "true"}
        assert world.group_admin.delete(f"{path}/{other}").status_code == 200
        assert world.member.delete(f"{path}/{mine}").status_code == 200
        assert world.count_events_after(position) == {"ReactionRemoved": 2}
        assert counts(world.member, world.group_id, sent) == (0, 0)
        assert world.ask("SELECT comment FROM reactions WHERE tenant_id = %s") == [("",), ("",)]

    def test_after_a_like_was_taken_back_one_may_like_again(self, world: World) -> None:
        sent = world.send("Good news")
        first = reacted(world.member, world.group_id, sent)
        world.member.delete(f"/groups/{world.group_id}/reaction/{first}")
        assert reacted(world.member, world.group_id, sent) != first
        assert counts(world.member, world.group_id, sent) == (1, 0)


class TestCursors:
    def test_they_give_exactly_what_has_changed(self, world: World) -> None:
        one, two, three = (world.send(text) for text in ("one", "two", "three"))
        reacted(world.member, world.group_id, one)
        reacted(world.member, world.group_id, two, "hm")
        cursor, seen = changes(world.member, world.group_id)
        assert seen == {one: (1, 0), two: (0, 1)}
        assert 0 < cursor < 2**53
        assert changes(world.member, world.group_id, cursor=cursor) == (cursor, {})
        reacted(world.group_admin, world.group_id, one)
        reacted(world.group_admin, world.group_id, three)
        later, seen = changes(world.member, world.group_id, cursor=cursor)
        assert seen == {one: (2, 0), three: (1, 0)}
        assert changes(world.member, world.group_id, cursor=later) == (later, {})

    def test_details_tell_of_removals_to_whom_it_matters(self, world: World) -> None:
        sent = world.send("Good news")
        mine = reacted(world.member, world.group_id, sent, "first")
        found = details(world.member, world.group_id, sent, reactionType="Comment", cursor=0)
        (shown,) = found["reactionDetails"]
        assert (shown["reactionId"], shown["userId"], shown["comment"]) == (mine, world.member.id, "first")
        assert shown["lastModifiedTime"] == found["cursor"] // 1000
        world.member.delete(f"/groups/{world.group_id}/reaction/{mine}")
        after = details(world.member, world.group_id, sent, cursor=found["cursor"])
        assert [(one["reactionId"], one["isRemoved"]) for one in after["reactionDetails"]] == [(mine, True)]
        assert details(world.member, world.group_id, sent)["reactionDetails"] == []

    def test_one_type_alone_can_be_asked_for(self, world: World) -> None:
        sent = world.send("Good news")
        reacted(world.member, world.group_id, sent)
        reacted(world.member, world.group_id, sent, "text")
        for kind in ("Like", "Comment"):
            found = details(world.member, world.group_id, sent, reactionType=kind)
            assert [one["reactionType"] for one in found["reactionDetails"]] == [kind]
        assert len(details(world.member, world.group_id, sent)["reactionDetails"]) == 2
        answer = world.member.get(f"/groups/{world.group_id}/reaction/{sent}", reactionType="Smile")
        assert answer.status_code == 400

    def test_a_cursor_says_nothing_of_other_groups(self, world: World) -> None:
        sent = world.send("here")
        other = world.make_group("Other")
        elsewhere = world.send("there", group_id=other)
        reacted(world.member, world.group_id, sent)
        cursor, _ = changes(world.member, world.group_id)
        reacted(world.group_admin, other, elsewhere)
        assert changes(world.member, world.group_id, cursor=cursor) == (cursor, {})

    @pytest.mark.parametrize("cursor", [-1, 2**53])
    def test_no_other_number_is_one(self, world: World, cursor: int) -> None:
        answer = world.member.get(f"/groups/{world.group_id}/reaction/summary", cursor=cursor)
        assert answer.status_code == 400


class TestFromTheGroupsBelow:
    def test_whoever_sees_a_message_from_above_reacts_to_it(self, world: World) -> None:
        early = world.send("before")
        reacted(world.member, world.group_id, early)
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        sent = world.send("to all levels")
        reacted(world.outsider, below, sent, "we are ready", sourceGroupId=world.group_id)
        reacted(world.member, world.group_id, sent)
        assert counts(world.outsider, below, sent, sourceGroupId=world.group_id) == (1, 1)
        assert counts(world.member, world.group_id, sent) == (1, 1)
        assert react(world.outsider, below, sent).status_code == 404
        assert react(world.outsider, below, early, sourceGroupId=world.group_id).status_code == 404
        _, seen = changes(world.outsider, below, sourceGroupId=world.group_id)
        assert seen == {sent: (1, 1)}
        _, seen = changes(world.member, world.group_id)
        assert seen == {early: (1, 0), sent: (1, 1)}

    def test_nothing_is_told_of_a_group_that_is_not_above(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        sent = world.send("in the lower", group_id=below)
        reacted(world.outsider, below, sent)
        assert changes(world.member, world.group_id, sourceGroupId=below) == (0, {})


class TestInAPublicGroup:
    def test_a_subscribers_reactions_are_seen_by_admins_alone(self, world: World) -> None:
        public = PublicGroup(world)
        sent = public.send("Water from six to eight", sendToAllSubscribers=True)
        reacted(public.omar, public.id, sent)
        reacted(public.kavya, public.id, sent, "which street?")
        reacted(public.member, public.id, sent)
        reacted(public.admin, public.id, sent, "all of them")
        assert counts(public.admin, public.id, sent) == (2, 2)
        assert counts(public.member, public.id, sent) == (1, 1)
        assert counts(public.omar, public.id, sent) == (1, 1)
        assert counts(public.kavya, public.id, sent) == (0, 2)
        shown = [one["userId"] for one in details(public.omar, public.id, sent)["reactionDetails"]]
        assert shown == [public.omar.id, public.admin.id]
        assert changes(public.omar, public.id)[1] == {sent: (1, 1)}

    def test_a_cursor_of_a_subscriber_moves_by_what_they_see_alone(self, world: World) -> None:
        public = PublicGroup(world)
        sent = public.send("Water from six to eight", sendToAllSubscribers=True)
        to_kavya = public.send("Your street too", subscribers=[KAVYA])
        reacted(public.omar, public.id, sent)
        cursor, _ = changes(public.omar, public.id)
        reacted(public.kavya, public.id, sent)
        reacted(public.admin, public.id, to_kavya)
        assert changes(public.omar, public.id, cursor=cursor) == (cursor, {})
        hers = reacted(public.kavya, public.id, sent, "thanks")
        assert public.omar.delete(f"/groups/{public.id}/reaction/{hers}").status_code == 404
