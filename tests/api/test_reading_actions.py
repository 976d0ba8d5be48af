"""Reading actions: pages, types, dates; what groups above and public groups show. Contract, sections 5 and 8."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.auth.permissions import Permission
from tests.api.client import assert_error
from tests.api.posted_actions import details, named, post
from tests.api.test_changing_actions import POLL, public_group
from tests.api.test_subscribers import KAVYA
from tests.api.worlds import MOHAN, OMAR, Caller, World


def seen(world: World, reader: Caller, *, group_id: str = "", **query: Any) -> list[str]:
    """The ids of the actions that someone sees, in the order of the answer."""
    answer = reader.get(f"/groups/{group_id or world.group_id}/actions", **query)
    assert answer.status_code == 200, answer.text
    return [each["referenceId"] for each in answer.json()["actions"]]


def poll(world: World, *, sender: Caller | None = None, group_id: str = "", **fields: Any) -> str:
    return world.post_action({**POLL, **fields}, sender=sender, group_id=group_id)


def all_pages(world: World, reader: Caller, **query: Any) -> list[list[str]]:
    """The pages that follow each other by their cursors."""
    pages: list[list[str]] = []
    path = f"/groups/{world.group_id}/actions"
    answer = reader.get(path, **query).json()
    pages.append([each["referenceId"] for each in answer["actions"]])
    while answer["hasMore"]:
        answer = reader.get(path, **{**query, "cursor": answer["cursor"]}).json()
        pages.append([each["referenceId"] for each in answer["actions"]])
    assert "cursor" not in answer
    return pages


class TestPages:
    def test_without_a_date_the_newest_come_first_each_page_newest_last(self, world: World) -> None:
        ids = [poll(world) for _ in range(7)]
        assert all_pages(world, world.member, count=3) == [ids[4:], ids[1:4], ids[:1]]
        assert seen(world, world.member) == ids

    def test_of_thirty_one_actions_thirty_are_a_page(self, world: World) -> None:
        ids = [poll(world) for _ in range(31)]
        answer = world.member.get(f"/groups/{world.group_id}/actions").json()
        assert [each["referenceId"] for each in answer["actions"]] == ids[1:]
        assert answer["hasMore"] is True

    @pytest.mark.parametrize("form", ["s", "ms", "iso"])
    def test_from_a_date_they_go_on_in_time(self, world: World, form: str) -> None:
        before = poll(world)
        world.clock.advance(hours=1)
        ids = [poll(world) for _ in range(5)]
        shown = details(world, ids[0])["actions"][0]
        date = {"s": str(shown["creationTime"]), "ms": str(world.clock.now_ms), "iso": shown["sentAt"]}[form]
        assert all_pages(world, world.member, fromDate=date, count=2) == [ids[:2], ids[2:4], ids[4:]]
        assert before not in seen(world, world.member, fromDate=date)

    def test_a_date_to_come_has_none(self, world: World) -> None:
        poll(world)
        assert seen(world, world.member, fromDate="2400-01-01") == []

    def test_of_one_type_or_package_alone(self, world: World) -> None:
        polls = [poll(world), poll(world)]
        jobs = [post(world, "Job", {"title": "x", "assignedTo": [MOHAN]})]
        cards = [
            post(world, "", {}, id="com.x.y"),
            post(world, "", {}, id="com.x.y.2"),
            post(world, "", {}, id="com.x"),
        ]
        for word, expected in (
            ("Poll", polls), ("JOB", jobs), ("Let's Meet", []), ("ActionPackage", cards), ("com.x.y", cards[:2]),
            ("com.x.y.7", cards[:2]), ("com.x", cards[2:]), ("COM.X", []),
        ):  # fmt: skip
            assert seen(world, world.member, actionType=word) == expected, word
            pages = all_pages(world, world.member, actionType=word, count=1)
            assert [page for page in pages if page] == [[each] for each in expected[::-1]]

    def test_a_cursor_is_of_this_call(self, world: World) -> None:
        for _ in range(3):
            poll(world)
        world.send("a")
        world.send("b")
        other = world.member.get(f"/groups/{world.group_id}/messages", count=1).json()["cursor"]
        assert_error(world.member.get(f"/groups/{world.group_id}/actions", cursor=other), code="InvalidParameters")


class TestVisibility:
    def test_begins_when_one_joins(self, world: World) -> None:
        early = poll(world)
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        late = poll(world)
        assert seen(world, world.outsider) == [late]
        assert world.outsider.get(f"/groups/{world.group_id}/actions/{early}").status_code == 404
        world.group_admin.put(f"/groups/{world.group_id}", {"showHistory": True})
        assert seen(world, world.outsider) == [early, late]

    def test_an_action_reaches_all_groups_below_and_none_above(self, world: World) -> None:
        early = poll(world)
        made = world.group_admin.post(f"/groups/{world.group_id}/subGroups", {"name": "Night", "members": [OMAR]})
        below = made.json()["groupId"]
        from_member = poll(world, sender=world.member)
        from_below = poll(world, sender=world.outsider, group_id=below)
        assert seen(world, world.outsider, group_id=below) == [from_member, from_below]
        assert seen(world, world.outsider, group_id=below, actionType="Poll") == [from_member, from_below]
        assert seen(world, world.member) == [early, from_member]
        shown = details(world, from_member, by=world.outsider, group_id=below)
        assert shown["actions"][0]["sourceGroupId"] == world.group_id
        assert world.outsider.get(f"/groups/{below}/actions/{early}").status_code == 404
        assert world.member.get(f"/groups/{world.group_id}/actions/{from_below}").status_code == 404

    def test_in_a_public_group_it_is_for_those_it_was_sent_to(self, world: World) -> None:
        group_id = public_group(world)
        kavya, admin = world.sign_in(KAVYA), world.tenant_admin
        inside = poll(world, sender=world.member, group_id=group_id)
        to_all = poll(world, sender=admin, group_id=group_id, sendToAllSubscribers=True)
        to_omar = poll(world, sender=admin, group_id=group_id, subscribers=[OMAR], sendToAllSubscribers=True)
        from_omar = poll(world, sender=world.outsider, group_id=group_id)
        assert seen(world, admin, group_id=group_id) == [inside, to_all, to_omar, from_omar]
        assert seen(world, world.member, group_id=group_id) == [inside, to_all]
        assert seen(world, world.outsider, group_id=group_id) == [to_all, to_omar, from_omar]
        assert seen(world, world.outsider, group_id=group_id, actionType="poll") == [to_all, to_omar, from_omar]
        assert seen(world, kavya, group_id=group_id) == [to_all]
        assert kavya.get(f"/groups/{group_id}/actions/{to_omar}").status_code == 404
        assert world.member.post(f"/groups/{group_id}/actions", {**POLL, "subscribers": [OMAR]}).status_code == 403
        assert admin.post(f"/groups/{group_id}/actions", {**POLL, "subscribers": []}).status_code == 400
        answer = admin.post(f"/groups/{group_id}/actions", {**POLL, "subscribers": [OMAR, MOHAN, "no number"]}).json()
        assert {each["subscriber"] for each in answer["failedResult"]} == {MOHAN, "no number"}

    def test_a_job_in_a_public_group_is_for_those_who_see_it(self, world: World) -> None:
        group_id = public_group(world)
        path, admin = f"/groups/{group_id}/actions", world.tenant_admin
        job = named({"title": "x", "assignedTo": [MOHAN, OMAR]}, "Job")
        answer = admin.post(path, job).json()
        assert [each["subscriber"] for each in answer["failedResult"]] == [OMAR]
        answer = admin.post(path, {**job, "subscribers": [OMAR]}).json()
        assert [each["subscriber"] for each in answer["failedResult"]] == [MOHAN]
        refused = world.outsider.post(path, named({"title": "x", "assignedTo": [MOHAN]}, "Job"))
        assert_error(refused, code="InvalidParameters")

    def test_a_connector_without_the_permission_is_told_no_numbers(self, world: World) -> None:
        action_id = post(world, "Job", {"title": "x", "assignedTo": [MOHAN]})
        other = world.sign_in(MOHAN, permissions=[Permission.ACTION_AND_RESPONSES])
        answer = other.get(f"/groups/{world.group_id}/actions/{action_id}", getDetails="true")
        assert answer.json()["sender"] == ""
        assert "assignedTo" not in answer.json()["actionDetails"]
        assert "+91" not in answer.text

    def test_right_answers_of_a_quiz_are_the_senders_secret(self, world: World) -> None:
        questions = [{"title": "q", "type": "MultiOption", "options": [{"title": "a", "isCorrect": True}, "b"]}]
        action_id = post(world, "Training", {"title": "x", "questions": questions}, sender=world.member)
        assert "isCorrect" in str(details(world, action_id, by=world.member))
        assert "isCorrect" not in str(details(world, action_id, by=world.group_admin))


class TestQuotedReply:
    def test_of_a_message_or_an_action_by_either(self, world: World) -> None:
        message, action = world.send("What time?", sender=world.member), poll(world)
        for quoted, text, action_type in ((message, "What time?", None), (action, "Tea?", "Poll")):
            body = {"message": "At nine", "replyToReferenceId": quoted}
            sent = world.group_admin.post(f"/groups/{world.group_id}/messages", body).json()["referenceId"]
            shown = world.member.get(f"/groups/{world.group_id}/messages/{sent}").json()["replyTo"]
            assert (shown["referenceId"], shown["text"], shown.get("actionType")) == (quoted, text, action_type)
            assert shown["senderName"] == ("Mohan" if quoted == message else "Gita")
            listed = world.member.get(f"/groups/{world.group_id}/messages", count=1).json()["messages"]
            assert listed[0]["replyTo"] == shown
            answer = poll(world, replyToReferenceId=quoted.upper())
            assert details(world, answer)["actions"][0]["replyTo"] == shown

    def test_only_of_what_the_sender_sees(self, world: World) -> None:
        group_id = world.make_group("Other")
        hidden = world.send("secret", group_id=group_id)
        position = (world.group_id, world.member, world.position)[2]
        for quoted in (hidden, "11111111-2222-4333-8444-555555555555", "nothing"):
            for call, body in (("messages", {"message": "hi"}), ("actions", POLL)):
                answer = world.member.post(f"/groups/{world.group_id}/{call}", {**body, "replyToReferenceId": quoted})
                assert_error(answer, code="NotFound")
        assert world.position == position

    def test_of_what_was_retracted_shows_no_text(self, world: World) -> None:
        message, action = world.send("What time?", sender=world.member), poll(world)
        replies = [poll(world, replyToReferenceId=quoted) for quoted in (message, action)]
        world.member.delete(f"/groups/{world.group_id}/messages/{message}")
        world.group_admin.delete(f"/groups/{world.group_id}/actions/{action}")
        for reply in replies:
            shown = details(world, reply)["actions"][0]["replyTo"]
            assert (shown["text"], shown["isRetracted"]) == ("", True)

    def test_whoever_may_not_see_it_is_told_its_id_alone(self, world: World) -> None:
        message = world.send("What time?")
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        reply = poll(world, replyToReferenceId=message)
        shown = details(world, reply, by=world.outsider)["actions"][0]["replyTo"]
        assert shown == {"referenceId": message}
        body = {"message": "At nine", "replyToReferenceId": message}
        sent = world.group_admin.post(f"/groups/{world.group_id}/messages", body).json()["referenceId"]
        answer = world.outsider.get(f"/groups/{world.group_id}/messages/{sent}")
        assert answer.json()["replyTo"] == {"referenceId": message}
        assert "What time" not in answer.text

    def test_subscribers_learn_nothing_of_each_other_by_it(self, world: World) -> None:
        group_id, kavya = public_group(world), world.sign_in(KAVYA)
        asked = kavya.post(f"/groups/{group_id}/messages", {"message": "a secret"}).json()["referenceId"]
        body = {"message": "At nine", "replyToReferenceId": asked, "sendToAllSubscribers": True}
        sent = world.tenant_admin.post(f"/groups/{group_id}/messages", body).json()["referenceId"]
        seen_by_omar = world.outsider.get(f"/groups/{group_id}/messages/{sent}").json()
        assert seen_by_omar["replyTo"] == {"referenceId": asked}
        assert kavya.get(f"/groups/{group_id}/messages/{sent}").json()["replyTo"]["text"] == "a secret"
