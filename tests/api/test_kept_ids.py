"""Ids of old that had a scale unit behind them: answered with it everywhere, found with it, with another, with none."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.importing.records import (
    ActionRecord,
    GroupRecord,
    GroupReference,
    MemberRecord,
    MessageRecord,
    PersonRecord,
    PersonReference,
    Record,
    ResponseRecord,
    SubgroupRecord,
)
from chaupal.importing.rules import Batch, Taken, import_records
from chaupal.responses.bodies.reading import read_answer
from tests.api.hooks import HookReceiver, deliver, draft, listed, register
from tests.api.listening import Listener
from tests.api.worlds import GITA, MOHAN, NOBODY, OMAR, World

GROUP, BELOW, SENIOR, JUNIOR, TEXT, SURVEY, ANSWER = (f"{digit * 8}-0a1b-4c2d-8e3f-0123456789ab" for digit in "abcdef9")
AT_US = 1_676_532_719_000_000
DEPOT = GroupReference(f"{GROUP}@2", "Old depot")

SPELLINGS = ("{}@2", "{}", "{}@1", "{}%402")


def record_of_group(reference: GroupReference = DEPOT) -> GroupRecord:
    return GroupRecord(group=reference)


def past() -> list[Record]:
    """A group with everything in it, each with a scale unit behind its id; Gita is its admin, Mohan in it."""
    sender = PersonReference(user_id=f"{SENIOR}@2")
    return [
        PersonRecord(f"{SENIOR}@2", NOBODY, "Ravi"),
        PersonRecord(f"{JUNIOR}@2", name="Uma"),
        record_of_group(),
        SubgroupRecord(parent=DEPOT, child=GroupReference(f"{BELOW}@2", "Yard")),
        MemberRecord(group=DEPOT, person=PersonReference(mobile_number=GITA), role="Admin"),
        MemberRecord(group=GroupReference(BELOW), person=PersonReference(mobile_number=GITA), role="Admin"),
        MemberRecord(group=DEPOT, person=PersonReference(mobile_number=MOHAN)),
        MemberRecord(group=DEPOT, person=sender),
        MessageRecord(group=DEPOT, sender=sender, sent_at_us=AT_US, text="one", message_id=f"{TEXT}@2"),
        ActionRecord(
            group=DEPOT,
            sender=PersonReference(user_id=f"{JUNIOR}@2"),
            sent_at_us=AT_US + 1,
            action_id=f"{SURVEY}@2",
            action_type="Survey",
            content='{"title":"Stock","questions":[{"title":"Notes","type":"Text","isOptional":true}]}',
        ),
        ResponseRecord(
            responder=sender,
            responded_at_us=AT_US + 2,
            action_id=f"{SURVEY}@2",
            response_id=f"{ANSWER}@2",
            body={"answers": ["fine"]},
        ),
    ]


def bring(world: World, *records: Record) -> Taken:
    taken = world.do(import_records, Batch(list(records), read_answer=read_answer))
    assert isinstance(taken, Taken)
    return taken


def bring_past(world: World) -> None:
    everyone = (world.group_admin, world.member)
    assert bring(world, *past()).refused == []
    assert all(each.person for each in everyone)


def spelled(path: str, spelling: str) -> str:
    """A path in which capital letters stand for ids."""
    for name, guid in (("GROUP", GROUP), ("BELOW", BELOW), ("PERSON", SENIOR), ("TEXT", TEXT), ("SURVEY", SURVEY)):
        path = path.replace(name, spelling.format(guid))
    return path


class TestAnswers:
    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_every_reading_call_finds_them_and_says_what_they_were(self, world: World, spelling: str) -> None:
        bring_past(world)
        source = spelling.format(GROUP).replace("%40", "@")

        def read(path: str, **query: Any) -> Any:
            answer = world.group_admin.get(spelled(path, spelling), **query)
            assert answer.status_code == 200, (path, answer.text)
            assert f'"{GROUP}"' not in answer.text
            return answer.json()

        assert read("/v1/groups/GROUP")["groupId"] == f"{GROUP}@2"
        assert [each["groupId"] for each in read("/v1/groups/GROUP/subGroups")["subGroups"]] == [f"{BELOW}@2"]
        members = read("/v1/groups/GROUP/members")["members"]
        assert f"{SENIOR}@2" in [each["id"] for each in members]
        [text] = read("/v1/groups/GROUP/messages", count=10)["messages"]
        assert (text["referenceId"], text["senderId"], text["sourceGroupId"]) == (
            f"{TEXT}@2",
            f"{SENIOR}@2",
            f"{GROUP}@2",
        )
        assert read("/v1/groups/GROUP/messages/TEXT") == text
        assert [each["referenceId"] for each in read("/v1/groups/GROUP/actions")["actions"]] == [f"{SURVEY}@2"]
        details = read("/v1/groups/GROUP/actions/SURVEY", getDetails="true")["actionDetails"]
        assert details["actionId"] == f"{SURVEY}@2"
        assert [each["responseId"] for each in details["responses"]] == [f"{ANSWER}@2"]
        [summary] = read("/v1/groups/GROUP/reaction/TEXT/summary", sourceGroupId=source)["summary"]
        assert summary["referenceId"] == f"{TEXT}@2"
        assert read("/v1/sync", groupId=source)["events"] == []

    @pytest.mark.parametrize("spelling", ["{}", "{}@7"])
    def test_every_writing_call_finds_them(self, world: World, spelling: str) -> None:
        bring_past(world)
        group, text = spelling.format(GROUP).upper(), spelling.format(TEXT)

        def done(method: str, path: str, body: Any = None) -> Any:
            answer = world.group_admin.call(method, spelled(path, spelling), body)
            assert answer.status_code == 200, (path, answer.text)
            return answer.json()

        sent = done("POST", "/v1/groups/GROUP/messages", {"message": GROUP, "replyToReferenceId": text})["referenceId"]
        like = {"referenceId": text, "sourceGroupId": group, "reactionType": "Like"}
        assert done("POST", "/v1/groups/GROUP/reaction", like)["reactionId"]
        assert done("POST", "/v1/groups/GROUP/actions/SURVEY/responses", {"actionBody": {"answers": ["new"]}})
        assert done("PUT", "/v1/groups/GROUP/members/PERSON", {"role": "Admin"}) == {"result": "true"}
        assert done("DELETE", "/v1/groups/GROUP/members/PERSON") == {"result": "true"}
        assert done("DELETE", "/v1/groups/GROUP/subGroups/BELOW") == {"result": "true"}
        assert done("DELETE", "/v1/groups/GROUP/messages/TEXT") == {"result": "true"}
        shown = done("GET", f"/v1/groups/GROUP/messages/{sent}")
        # What a person has written is nobody's id.
        assert (shown["message"], shown["sourceGroupId"]) == (GROUP, f"{GROUP}@2")
        made = done("POST", "/v1/groups", {"name": "New", "memberUserIds": [spelling.format(SENIOR)]})
        assert made["membersAdded"] is True
        links = {"subGroups": [spelling.format(BELOW)]}
        assert done("PUT", f"/v1/groups/{made['groupId']}/subGroups", links) == {"result": "true"}

    def test_a_repeated_post_is_done_once(self, world: World) -> None:
        bring_past(world)
        key = {"Idempotency-Key": "once"}
        path = f"/v1/groups/{GROUP}/messages"
        first, again = (world.group_admin.post(path, {"message": "hello"}, headers=key) for _ in range(2))
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert world.ask("SELECT count(*) FROM messages WHERE text = 'hello' AND tenant_id = %s") == [(1,)]

    def test_webhooks_and_streams_say_what_they_were(self, world: World, hook_receiver: HookReceiver) -> None:
        bring_past(world)
        webhook_id = register(world.group_admin, draft(hook_receiver, GROUP))
        assert listed(world.group_admin, webhook_id, f"{GROUP}@1")["objectId"] == f"{GROUP}@2"
        stream = Listener(world.group_admin, groupId=GROUP)
        world.send("new", group_id=GROUP)
        stream.wait_for_text("new")
        deliver(world)
        [body] = hook_receiver.bodies
        assert (body["objectId"], body["groupId"], body["data"]["groupId"]) == (f"{GROUP}@2",) * 3

    def test_a_token_of_a_group_is_made_by_any_spelling(self, world: World) -> None:
        bring_past(world)
        token = world.sign_in(GITA, group_id=f"{GROUP}@2")
        assert token.get(f"/v1/groups/{GROUP}").json()["groupId"] == f"{GROUP}@2"

    def test_not_visible_and_not_there_are_one_answer(self, world: World) -> None:
        bring_past(world)
        unknown = GROUP.replace("a", "1")
        for method, path in (("GET", ""), ("POST", "/messages")):
            bodies = [
                world.outsider.call(method, f"/v1/groups/{group_id}{path}", {"message": "hi"})
                for group_id in (GROUP, f"{GROUP}@2", unknown, f"{unknown}@2")
            ]
            assert {answer.status_code for answer in bodies} == {404}
            assert len({answer.json()["message"] for answer in bodies}) == 1


class TestImport:
    def test_once_by_whatever_spelling(self, world: World) -> None:
        bring_past(world)
        position = world.position
        bare = [record_of_group(GroupReference(GROUP, "Old depot")), record_of_group(GroupReference(f"{GROUP}@1", "X"))]
        sender = PersonReference(user_id=f"{SENIOR}@5")
        text = MessageRecord(group=DEPOT, sender=sender, sent_at_us=AT_US, text="one", message_id=TEXT)
        again = bring(world, *past(), *bare, text)
        assert (again.taken, again.refused) == ([], [])
        assert world.position == position

    def test_what_was_first_named_without_a_scale_unit_stays_so(self, world: World) -> None:
        bare = GroupReference(GROUP, "Old depot")
        assert bring(world, record_of_group(bare)).taken == [0]
        assert bring(world, record_of_group()).known == [0]
        for spelling in (GROUP, f"{GROUP}@2"):
            assert world.group_as_seen(spelling, by=world.tenant_admin)["groupId"] == GROUP
        assert world.ask("SELECT count(*) FROM kept_ids WHERE tenant_id = %s") == [(0,)]

    def test_within_one_batch_all_spellings_are_one(self, world: World) -> None:
        sender = PersonReference(mobile_number=OMAR)
        ids = (f"{TEXT}@3", TEXT, f"{TEXT}@4")
        records = [
            MessageRecord(group=GroupReference(name="D"), sender=sender, sent_at_us=AT_US, text="one", message_id=each)
            for each in ids
        ]
        taken = bring(world, *records)
        assert (taken.taken, taken.known) == ([0], [1, 2])
        assert world.ask("SELECT message_id FROM messages WHERE tenant_id = %s") == [(f"{TEXT}@3",)]
