"""Who is told what, by the live stream and by synchronisation. Page: docs/api/events.md."""

from __future__ import annotations

import pytest

from chaupal.auth.permissions import Permission
from tests.api.answering import TYPES, answered, ask
from tests.api.listening import Listen, sync
from tests.api.worlds import ALL_PERMISSIONS, GITA, MOHAN, OMAR, Caller, World


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
