"""What was brought along from the past: who sees it, how it is counted, and that nobody is told of it as new."""

from __future__ import annotations

from typing import Any

from chaupal.importing.records import (
    GroupRecord,
    GroupReference,
    MemberRecord,
    MessageRecord,
    PersonRecord,
    PersonReference,
    Record,
    SubgroupRecord,
)
from chaupal.importing.rules import Batch, Rehearsed, Taken, import_records, rehearse_records
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.listening import Listener
from tests.api.worlds import GITA, MOHAN, NOBODY, OMAR, WELCOME, World

FEBRUARY_US = 1_676_532_719_000_000
DEPOT = GroupReference(name="Old depot")


def bring(world: World, *records: Record) -> Taken:
    taken = world.do(import_records, Batch(list(records)))
    assert isinstance(taken, Taken)
    return taken


def message(
    message_id: str, text: str, *, group: GroupReference = DEPOT, sender: str = "Ravi", at: int = 0
) -> MessageRecord:
    who = PersonReference(mobile_number=sender) if sender.startswith("+") else PersonReference(name=sender)
    return MessageRecord(group=group, sender=who, sent_at_us=FEBRUARY_US + at, text=text, message_id=message_id)


def member(number: str, *, group: GroupReference = DEPOT, **fields: Any) -> MemberRecord:
    return MemberRecord(group=group, person=PersonReference(mobile_number=number), **fields)


class TestMessages:
    def test_they_keep_id_sender_and_time_and_stand_in_the_order_of_time(self, world: World) -> None:
        taken = bring(world, message("m2", "second", at=2), message("m1", "first", sender=OMAR, at=1), member(GITA))
        assert (taken.taken, taken.known, taken.refused) == ([0, 1, 2], [], [])
        [group_id] = taken.made_groups
        shown = world.group_admin.get(f"/v1/groups/{group_id}/messages", count=10).json()["messages"]
        assert [(each["referenceId"], each["message"], each["sentAt"]) for each in shown] == [
            ("m2", "second", "2023-02-16T07:31:59.000Z"),
            ("m1", "first", "2023-02-16T07:31:59.000Z"),
        ]
        assert [(each["senderName"], each["sender"]) for each in shown] == [("Ravi", ""), ("Omar", OMAR)]
        assert world.group_admin.get(f"/v1/groups/{group_id}/messages/m1").json()["message"] == "first"

    def test_brought_along_twice_they_are_there_once(self, world: World) -> None:
        records = [message("m1", "one"), message("", "derived"), member(GITA), message("m1", "one")]
        first = bring(world, *records)
        assert (first.taken, first.known) == ([0, 1, 2], [3])
        position = world.position
        again = bring(world, *records)
        assert (again.taken, again.known, again.refused) == ([], [0, 1, 2, 3], [])
        assert (again.made_groups, again.made_people) == ([], [])
        assert world.position == position
        assert world.ask("SELECT count(*) FROM messages WHERE tenant_id = %s") == [(2,)]

    def test_another_text_under_a_known_id_is_refused(self, world: World) -> None:
        bring(world, message("m1", "one"))
        [refused] = bring(world, message("m1", "other")).refused
        assert "another one" in refused.reason

    def test_an_edited_or_retracted_one_stays_as_it_is(self, world: World) -> None:
        group_id = bring(world, message("m1", "one"), message("m2", "two", at=1)).made_groups[0]
        path = f"/v1/groups/{group_id}/messages"
        assert world.tenant_admin.put(f"{path}/m1", {"message": "edited"}).status_code == 200
        assert world.tenant_admin.delete(f"{path}/m2").status_code == 200
        assert bring(world, message("m1", "one"), message("m2", "two", at=1)).known == [0, 1]
        assert world.texts(world.tenant_admin, group_id=group_id) == ["", "edited"]

    def test_what_cannot_be_taken_does_not_hold_up_the_rest(self, world: World) -> None:
        beyond = FEBRUARY_US * 100
        taken = bring(
            world, message("m1", "one"), message("m2", "late", at=beyond), message("m3", " "), message("m4", "four")
        )
        assert taken.taken == [0, 3]
        assert [(each.index, each.reason.split(":")[0]) for each in taken.refused] == [(1, "timestamp"), (2, "message")]

    def test_nobody_is_told_of_them(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id))
        stream = Listener(world.member)
        position = world.position
        here = GroupReference(group_id=world.group_id)
        taken = bring(world, *(message(f"m{at}", "old", group=here) for at in range(3)))
        assert len(taken.taken) == 3
        events = [event for event in world.events_after(position) if event.group_id]
        assert [(event.event_type, event.group_id, event.facts) for event in events] == [
            ("HistoryImported", world.group_id, {"messageCount": 3})
        ]
        world.send("new")
        stream.wait_for_text("new")
        assert stream.texts == ["new"]
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["new"]


class TestGroups:
    def test_one_of_the_same_name_is_the_one_that_is_meant(self, world: World) -> None:
        name = (
            world.group_as_seen()["groupName"]
            if "groupName" in world.group_as_seen()
            else world.group_as_seen()["name"]
        )
        taken = bring(world, message("m1", "old", group=GroupReference(name=name.upper())))
        assert taken.made_groups == []
        assert world.ask("SELECT group_id FROM messages WHERE message_id = 'm1' AND tenant_id = %s") == [
            (world.group_id,)
        ]

    def test_of_two_of_the_same_name_neither(self, world: World) -> None:
        world.make_group("Twin")
        world.make_group("twin")
        [refused] = bring(world, message("m1", "old", group=GroupReference(name="Twin"))).refused
        assert refused.reason.startswith("Several groups are called 'Twin'")

    def test_one_that_was_made_and_deleted_is_not_made_again(self, world: World) -> None:
        [group_id] = bring(world, message("m1", "one")).made_groups
        assert world.tenant_admin.delete(f"/v1/groups/{group_id}").status_code == 200
        [refused] = bring(world, message("m2", "two")).refused
        assert "was deleted here" in refused.reason

    def test_an_id_is_kept_with_all_that_a_group_has(self, world: World) -> None:
        group_id = "df91cb37-97bf-4ccd-a8c2-b2a3ba5eac62"
        record = GroupRecord(
            group=GroupReference(group_id, "Kept"), group_type="connectgroup", short_description="Water"
        )
        assert bring(world, record).taken == [0]
        assert bring(world, record).known == [0]
        shown = world.group_as_seen(f"{group_id}@2", by=world.tenant_admin)
        assert (shown["groupId"], shown["groupType"]) == (group_id, "ConnectGroup"), shown

    def test_an_unknown_id_without_a_name_is_refused(self, world: World) -> None:
        [refused] = bring(world, message("m1", "one", group=GroupReference(group_id="nowhere"))).refused
        assert refused.reason == "No such group."

    def test_one_below_another(self, world: World) -> None:
        record = SubgroupRecord(parent=GroupReference(name="Region"), child=DEPOT)
        assert bring(world, record).taken == [0]
        assert bring(world, record).known == [0]
        [refused] = bring(world, SubgroupRecord(parent=DEPOT, child=GroupReference(name="Region"))).refused
        assert refused.index == 0


class TestMembers:
    def test_counts_are_right_and_each_is_in_once(self, world: World) -> None:
        records = [member(GITA, role="admin"), member(MOHAN), member(NOBODY), member(NOBODY)]
        taken = bring(world, *records)
        assert (taken.taken, taken.known) == ([0, 1, 2], [3])
        bring(world, *records)
        counted = world.ask(
            "SELECT member_count, admin_count FROM groups WHERE folded_name = 'old depot' AND tenant_id = %s"
        )
        assert counted == [(3, 1)]

    def test_who_joins_a_group_that_is_here_sees_the_brought_along_past_alone(self, world: World) -> None:
        here = GroupReference(group_id=world.group_id)
        world.send("sent here before")
        bring(world, message("m1", "old", group=here), member(OMAR, group=here))
        world.send("sent here after")
        assert world.texts(world.outsider) == ["sent here after", "old"]
        assert world.texts(world.member) == ["sent here after", "sent here before", WELCOME]

    def test_who_is_in_it_already_is_given_the_past(self, world: World) -> None:
        here = GroupReference(group_id=world.group_id)
        world.send("sent here")
        bring(world, message("m1", "old", group=here), member(MOHAN, group=here, role="Admin"))
        assert world.texts(world.member) == ["sent here", WELCOME, "old"]
        assert world.ask(
            "SELECT count(*) FROM memberships WHERE role = 'Member' AND until_position IS NULL AND tenant_id = %s"
        ) == [(1,)]

    def test_when_someone_joined_and_left(self, world: World) -> None:
        first = member(OMAR, joined_at_us=FEBRUARY_US + 10, left_at_us=FEBRUARY_US + 20)
        second = member(OMAR, joined_at_us=FEBRUARY_US + 30)
        texts = [message(f"m{at}", f"at {at}", at=at) for at in (5, 15, 25, 35)]
        taken = bring(world, *texts, first, second)
        assert taken.refused == []
        assert bring(world, first, second).known == [0, 1]
        assert world.texts(world.outsider, group_id=taken.made_groups[0]) == ["at 35", "at 15"]

    def test_whoever_is_known_by_name_alone_is_no_member(self, world: World) -> None:
        [refused] = bring(world, MemberRecord(group=DEPOT, person=PersonReference(name="Ravi"))).refused
        assert "a member needs a number" in refused.reason


class TestPeople:
    def test_they_are_found_by_number_and_given_a_name_where_they_have_none(self, world: World) -> None:
        bring(world, message("m1", "one", sender=NOBODY))
        record = PersonRecord(mobile_number=NOBODY, name="Ravi")
        assert bring(world, record).taken == [0]
        assert bring(world, PersonRecord(mobile_number=NOBODY, name="Other")).known == [0]
        [row] = world.ask(
            "SELECT name, is_provisioned FROM people WHERE mobile_number = '+919811111111' AND tenant_id = %s"
        )
        assert (row[0], bool(row[1])) == ("Ravi", False)

    def test_an_old_id_is_kept(self, world: World) -> None:
        old_id = "11111111-2222-4333-8444-555555555555"
        assert bring(world, PersonRecord(old_id, NOBODY, "Ravi")).taken == [0]
        [refused] = bring(world, PersonRecord(old_id, "+919811111112", "Ravi")).refused
        assert refused.reason.startswith("id: is somebody else's")

    def test_one_of_the_past_is_in_no_list(self, world: World) -> None:
        bring(world, message("m1", "one", sender="Ravi"), message("m2", "two", sender="ravi"))
        assert world.ask("SELECT name FROM people WHERE removed_at_ms IS NOT NULL AND tenant_id = %s") == [("Ravi",)]


class TestRehearsal:
    def test_it_says_what_would_be_and_leaves_nothing(self, world: World) -> None:
        position = world.position
        try:
            world.do(rehearse_records, Batch([message("m1", "one"), member(NOBODY)]))
        except Rehearsed as rehearsed:
            assert rehearsed.taken.taken == [0, 1]
            assert len(rehearsed.taken.made_groups) == 1
        assert world.position == position
        assert world.ask("SELECT count(*) FROM messages WHERE tenant_id = %s") == [(0,)]
        assert world.ask("SELECT count(*) FROM people WHERE mobile_number = '+919811111111' AND tenant_id = %s") == [
            (0,)
        ]
