"""The rest of the calls, each made once with what it takes: actions, answers, reactions, bots, webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chaupal_client import Conflict, InvalidToken, SignInRefused, Tokens
from chaupal_client.models import PostedProperty
from tests.api.hooks import HookReceiver
from tests.api.worlds import ASHA, GITA, MOHAN
from tests.browser.sites import Site
from tests.sdk.clients import Counting, OpenClient

SURVEY = {"title": "Stock", "questions": [{"title": "Boxes", "type": "Numeric"}]}


class TestActions:
    def test_a_survey_is_posted_answered_and_closed(self, client: Any, open_client: OpenClient) -> None:
        group_id = client.groups.create("Depot", members=[MOHAN]).group_id
        action_id = client.actions.post(group_id, action_type="Survey", action_body=SURVEY).action_id
        member = open_client(number=MOHAN)
        given = member.responses.post(group_id, action_id, action_body={"answers": [12]}).response_id
        client.responses.post(group_id, action_id, action_body={"answers": [7]})
        page = client.responses.list(group_id, action_id)
        assert (page.response_count, page.has_more) == (2, False)
        found = list(client.responses.iterate(group_id, action_id, count=1))
        assert [one.response_id for one in found if one.responder == MOHAN] == [given]
        shown = client.actions.get(group_id, action_id, get_details=True)
        assert shown.action_details.response_count == 2
        client.actions.remind(group_id, action_id)
        client.actions.close(group_id, action_id)
        with pytest.raises(Conflict, match="closed"):
            member.responses.post(group_id, action_id, action_body={"answers": [1]})
        client.actions.retract(group_id, action_id)
        assert client.actions.get(group_id, action_id).actions[0].is_retracted is True

    def test_all_of_them_come_newest_first(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        for number in range(5):
            body = {"title": f"number {number}", "message": "text"}
            client.actions.post(group_id, action_type="Announcement", action_body=body)
        titles = [one.action_body.title for one in client.actions.iterate(group_id, count=2)]
        assert titles == [f"number {number}" for number in (4, 3, 2, 1, 0)]
        later = client.actions.list(group_id, from_date=datetime(2100, 1, 1, tzinfo=UTC))
        assert later.actions == ()

    def test_the_properties_of_a_package_change(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        action_id = client.actions.post(
            group_id,
            id="com.example.stock",
            action_body={"title": "Stock", "properties": [{"name": "shelf", "type": "Text", "value": "A"}]},
        ).action_id
        before = client.actions.get(group_id, action_id).actions[0].version
        changed = [PostedProperty(name="shelf", type="Text", value="B")]
        client.actions.properties(group_id, action_id, changed, version=before)
        with pytest.raises(Conflict, match="by now"):
            client.actions.change(group_id, action_id, changed, version=before)
        [shown] = client.actions.get(group_id, action_id).actions[0].action_body.properties
        assert (shown.name, shown.value) == ("shelf", "B")


class TestReactions:
    def test_likes_and_comments_are_counted_and_taken_back(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        sent = client.messages.post(group_id, "நன்றி").reference_id
        liked = client.reactions.post(group_id, sent, "Like").reaction_id
        client.reactions.post(group_id, sent, "Comment", comment="Thanks")
        [counts] = client.reactions.summary(group_id, sent).summary
        assert (counts.reactions_count_map.like, counts.reactions_count_map.comment) == (1, 1)
        details = client.reactions.details(group_id, sent, reaction_type="Comment").reaction_details
        assert [one.comment for one in details] == ["Thanks"]
        changes = client.reactions.changes(group_id)
        assert [one.reference_id for one in changes.summary] == [sent]
        client.reactions.remove(group_id, liked)
        [counts] = client.reactions.changes(group_id, cursor=changes.cursor).summary
        assert counts.reactions_count_map.like == 0


class TestSubscribers:
    def test_subscribers_come_are_listed_and_go(self, open_client: OpenClient) -> None:
        client = open_client(number=ASHA)
        group_id = client.groups.create("News", group_type="ConnectGroup").group_id
        numbers = [f"+9198000020{number:02}" for number in range(5)]
        added = client.subscribers.add(group_id, numbers).result
        assert {number: one.is_added for number, one in added.items()} == dict.fromkeys(numbers, True)
        assert sorted(one.mobile_number for one in client.subscribers.iterate(group_id, count=2)) == numbers
        assert len(client.subscribers.page(group_id, count=3).subscribers) == 3
        assert client.subscribers.list(group_id).cursor is None
        removed = client.subscribers.remove(group_id, numbers[:1]).result
        assert removed[numbers[0]].is_removed is True


class TestBots:
    def test_a_bot_posts_under_its_own_name(self, client: Any, open_client: OpenClient) -> None:
        group_id = client.groups.create("Depot").group_id
        bot_id = client.bots.create("Till").bot_user_id
        client.bots.join(group_id, bot_id)
        client.bots.change(bot_id, name="Till two")
        token = client.bots.token(bot_id).access_token
        open_client(access_token=token).messages.post(group_id, "Sold out.")
        [shown] = client.messages.list(group_id).messages
        assert (shown.sender_name, shown.sender_id) == ("Till two", bot_id)
        assert [bot.name for bot in client.bots.list().bots] == ["Till two"]
        client.bots.revoke(bot_id)
        with pytest.raises(InvalidToken):
            open_client(access_token=token).users.me()
        client.bots.delete(bot_id)
        assert client.bots.list().bots == ()

    def test_a_client_that_is_a_bot_renews_its_tokens(self, site: Site, client: Any, open_client: OpenClient) -> None:
        bot_id = client.bots.create("Till").bot_user_id
        kept = Counting(Tokens(refresh_token=client._session.tokens.refresh_token))
        till = open_client(bot_user_id=bot_id, tokens=kept)
        assert (till.users.me().id, till.users.me().is_bot) == (bot_id, True)
        first = kept.saved[-1].access_token
        site.clock.advance(hours=24)
        assert till.users.me().id == bot_id
        assert kept.saved[-1].access_token != first


class TestWebhooks:
    def test_a_webhook_is_registered_looked_at_and_ended(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        with HookReceiver() as receiver:
            webhook_id = client.webhooks.create(
                group_id,
                "Group",
                ["TextMessageCreated"],
                receiver.url,
                call_back_context={"depot": 17},
                call_back_token="open-sesame",
                validity=datetime(2030, 1, 1, tzinfo=UTC),
            ).webhook_id
            client.webhooks.test(webhook_id)
            client.webhooks.change(webhook_id, event_types=["TextMessageCreated", "MemberAdded"])
            [shown] = client.webhooks.list(object_id=group_id, object_type="Group").webhooks
            assert (shown.id, set(shown.events)) == (webhook_id, {"TextMessageCreated", "MemberAdded"})
            assert (shown.callback_context, shown.active) == ({"depot": 17}, True)
            assert [one.origin for one in client.webhooks.iterate_deliveries(webhook_id, count=1)] == ["test"]
            assert client.webhooks.deliveries(webhook_id).deliveries[0].event_type == "TextMessageCreated"
            assert client.webhooks.replay(webhook_id, since=datetime(2020, 1, 1, tzinfo=UTC)).has_more is False
            client.webhooks.delete(webhook_id)
        assert client.webhooks.list().webhooks == ()


class TestGroupsOfPeople:
    def test_who_leaves_is_gone(self, client: Any, open_client: OpenClient) -> None:
        group_id = client.groups.create("Depot", members=[MOHAN]).group_id
        open_client(number=MOHAN).groups.leave(group_id)
        assert [one.mobile_number for one in client.members.iterate(group_id)] == [GITA]


class TestOAuth:
    CALLBACK = "https://app.example.org/callback"

    def test_an_address_names_all_that_the_page_needs(self, site: Site, client: Any) -> None:
        begun = client.sign_in.begin(self.CALLBACK, language="hi")
        other = client.sign_in.begin(self.CALLBACK)
        assert begun.url.startswith(f"{site.url}api/Oauth/Authorize?response_type=code&client_id=")
        assert begun.url.endswith("&code_challenge_method=S256&lang=hi")
        assert begun.code_verifier not in begun.url
        assert len({begun.state, other.state, begun.code_verifier, other.code_verifier}) == 4

    @pytest.mark.parametrize("query", ["code=c&state=another", "code=c", "", "code=c&state=%C3%A9"])
    def test_an_answer_to_another_sign_in_is_refused(self, client: Any, query: str) -> None:
        with pytest.raises(SignInRefused, match="does not belong"):
            client.sign_in.finish(client.sign_in.begin(self.CALLBACK), f"{self.CALLBACK}?{query}")

    def test_a_person_may_say_no(self, client: Any) -> None:
        begun = client.sign_in.begin(self.CALLBACK)
        with pytest.raises(SignInRefused, match="access_denied"):
            client.sign_in.finish(begun, f"{self.CALLBACK}?error=access_denied&state={begun.state}")
