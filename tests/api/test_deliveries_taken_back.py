"""What is taken back is neither sent any more nor kept among what was sent."""

from __future__ import annotations

from chaupal.webhooks.delivering.keeping import Keeping, keep_matched
from chaupal.webhooks.delivering.matching import Matching, match_events
from tests.api.answering import TYPES, answered, ask
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.worlds import World

KEPT = "SELECT event_type FROM webhook_deliveries WHERE tenant_id = %s ORDER BY position, delivery_id"
TRIES = "SELECT count(*) FROM webhook_tries WHERE tenant_id = %s"
BODIES = "SELECT count(*) FROM webhook_bodies WHERE tenant_id = %s"


def kept(world: World) -> list[str]:
    return [event_type for (event_type,) in world.ask(KEPT)]


def taken_back(world: World, path: str) -> None:
    """Whoever may, takes it back, and the engine hears of it."""
    assert world.group_admin.delete(f"/groups/{world.group_id}/{path}").status_code == 200
    deliver(world)


class TestMessages:
    def test_what_was_sent_and_its_edits_go_with_their_bodies(self, world: World, hook_receiver: HookReceiver) -> None:
        hook_receiver.body = b"thanks for the secret"
        types = ("TextMessageCreated", "MessageEdited", "MessageRetracted")
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, *types))
        secret, other = world.send("secret"), world.send("other")
        world.group_admin.put(f"/groups/{world.group_id}/messages/{secret}", {"message": "secret too"})
        deliver(world)
        assert kept(world) == ["TextMessageCreated", "TextMessageCreated", "MessageEdited"]
        taken_back(world, f"messages/{secret}")
        assert kept(world) == ["TextMessageCreated", "MessageRetracted"]
        assert world.ask(BODIES) == [(2,)]
        answer = world.group_admin.post(f"/webhook/{webhook_id}/replay", {"eventIds": [secret, other]})
        assert answer.json()["replayed"] == 1

    def test_what_waits_for_another_try_is_not_sent(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        hook_receiver.answer_with = lambda _: 503
        secret = world.send("secret")
        deliver(world)
        assert world.ask(TRIES) == [(1,)]
        taken_back(world, f"messages/{secret}")
        assert [world.ask(TRIES), world.ask(BODIES)] == [[(0,)], [(0,)]]
        hook_receiver.answer_with = lambda _: 200
        world.clock.advance(hours=20)
        world.send("other")
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["secret", "other"]
        assert kept(world) == ["TextMessageCreated"]

    def test_what_was_matched_while_it_was_taken_back_is_not_kept(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        secret = world.send("secret")
        matched = world.read(match_events, Matching(world.house.media_links, world.house.tenant_keys))
        assert world.group_admin.delete(f"/groups/{world.group_id}/messages/{secret}").status_code == 200
        world.do(keep_matched, Keeping(matched, "nobody", free=0, at_host={}, host_limit=0))
        assert kept(world) == ["TextMessageCreated"]
        matched = world.read(match_events, Matching(world.house.media_links, world.house.tenant_keys))
        world.do(keep_matched, Keeping(matched, "nobody", free=0, at_host={}, host_limit=0))
        assert kept(world) == []


class TestActions:
    def test_an_action_goes_with_its_answers(self, world: World, hook_receiver: HookReceiver) -> None:
        types = ("PollCreated", "PollResponse")
        register(world.group_admin, draft(hook_receiver, world.group_id, *types))
        secret, other = (ask(world, "Poll", TYPES["Poll"][0]) for _ in range(2))
        answered(world.member, world.group_id, other, {"choice": "Yes"})
        first = answered(world.member, world.group_id, secret, {"choice": "Yes"})
        answered(world.member, world.group_id, secret, {"choice": "No"}, response_id=first)
        deliver(world)
        assert kept(world) == ["PollCreated"] * 2 + ["PollResponse"] * 3
        taken_back(world, f"actions/{secret}")
        assert kept(world) == ["PollCreated", "PollResponse"]

    def test_a_comment_goes_alone(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id, "TextMessageCreated", "ReactionCreated"))
        body = {"referenceId": world.send("hi"), "sourceGroupId": world.group_id}
        path = f"/groups/{world.group_id}/reaction"
        comment = world.member.post(path, {**body, "reactionType": "Comment", "comment": "secret"}).json()
        deliver(world)
        taken_back(world, f"reaction/{comment['reactionId']}")
        assert kept(world) == ["TextMessageCreated"]
