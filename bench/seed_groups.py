"""Groups, trees of groups, their members and their messages, as rules for `seed.run_steps`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.seed import CHUNK_ROWS, Seeder, Step, in_chunks
from chaupal.groups.events import group_added
from chaupal.groups.queries import GroupRow, add_to_counts, insert_group
from chaupal.groups.rules import GROUP_TYPE
from chaupal.members.events import member_added
from chaupal.members.queries import MembershipRow, insert_memberships
from chaupal.messages.events import text_message_created
from chaupal.messages.queries import NewMessage, append_message
from chaupal.people.queries import PersonRow, insert_people
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.subgroups.linking import attach
from chaupal.timelines.merging import EVERYONE

ROLE = "Member"


@dataclass(frozen=True)
class Person:
    """Someone who has never signed in."""

    user_id: str
    mobile_number: str

    @property
    def row(self) -> PersonRow:
        name = f"Person {self.mobile_number}"
        return PersonRow(self.user_id, self.mobile_number, name, "", ROLE, is_provisioned=False)


def make_people(first: int, count: int) -> list[Person]:
    """`first` numbers them on, so that no two of a tenant have one mobile number."""
    return [Person(new_id(), f"+91{7_000_000_000 + number}") for number in range(first, first + count)]


@dataclass(frozen=True)
class NewPeople:
    """People who become members of some groups, dealt out to them in turn."""

    group_ids: Sequence[str]
    people: Sequence[Person]


@dataclass(frozen=True)
class NewGroups:
    """Groups below another ("": below none), with people, who are there already, as members beside the admin."""

    group_ids: Sequence[str]
    parent_id: str = ""
    user_ids: Sequence[str] = ()


@dataclass(frozen=True)
class NewMessages:
    """Messages to some groups in turn."""

    group_ids: Sequence[str]
    first: int
    count: int


def steps_of_people(group_ids: Sequence[str], people: Sequence[Person]) -> Iterator[Step]:
    for chunk in in_chunks(people):
        yield Step(add_people, NewPeople(group_ids, chunk))


def steps_of_messages(group_ids: Sequence[str], count: int) -> Iterator[Step]:
    for first in range(0, count, CHUNK_ROWS):
        yield Step(add_messages, NewMessages(group_ids, first, min(CHUNK_ROWS, count - first)))


def plan_tree(root_id: str, widths: Sequence[int], user_ids: Sequence[str] = ()) -> list[NewGroups]:
    """What lies below a group that is there: `widths[0]` groups directly below it, `widths[1]` below each of these,
    and so on."""
    planned: list[NewGroups] = []
    level = [root_id]
    for width in widths:
        made = [NewGroups([new_id() for _ in range(width)], parent_id, user_ids) for parent_id in level]
        planned += made
        level = [group_id for groups in made for group_id in groups.group_ids]
    return planned


def steps_of_groups(planned: Sequence[NewGroups]) -> Iterator[Step]:
    for groups in planned:
        yield Step(add_groups, groups)


def add_people(tx: Transaction, seeder: Seeder, new: NewPeople) -> None:
    insert_people(tx, [person.row for person in new.people])
    for index, group_id in enumerate(new.group_ids):
        members = new.people[index :: len(new.group_ids)]
        _add_members(tx, seeder, group_id, [person.user_id for person in members])


def _add_members(tx: Transaction, seeder: Seeder, group_id: str, user_ids: Sequence[str]) -> None:
    _insert_members(tx, seeder, group_id, user_ids, ROLE)
    count = len(user_ids)
    add_to_counts(tx, group_id, members=count, admins=0, unprovisioned=count, subscribers=0)


def _insert_members(tx: Transaction, seeder: Seeder, group_id: str, user_ids: Sequence[str], role: str) -> None:
    rows: list[MembershipRow] = []
    for user_id in user_ids:
        position = tx.append(member_added(group_id, user_id, role=role, actor_id=seeder.user_id))
        rows.append(MembershipRow(user_id, position, tx.last_at_us, None, role, welcome_audience=""))
    insert_memberships(tx, group_id, rows)


def add_groups(tx: Transaction, seeder: Seeder, new: NewGroups) -> None:
    """The admin of each is the seeder, as if they had made it."""
    for group_id in new.group_ids:
        group = _build_group(group_id, created_by=seeder.user_id, at_ms=tx.now_ms)
        insert_group(tx, group)
        tx.append(group_added(group_id, actor_id=seeder.user_id, group_type=group.group_type))
        _insert_members(tx, seeder, group_id, [seeder.user_id], "Admin")
        _add_members(tx, seeder, group_id, new.user_ids)
        if new.parent_id:
            attach(tx, parent_id=new.parent_id, child_id=group_id, actor_id=seeder.user_id)


def _build_group(group_id: str, *, created_by: str, at_ms: int) -> GroupRow:
    """With its one admin counted."""
    return GroupRow(
        group_id=group_id,
        name=f"Depot {group_id[-12:]}",
        welcome_message="",
        short_description="",
        long_description="",
        image_url="",
        background_url="",
        group_type=GROUP_TYPE,
        is_mapped_to_tenant=True,
        shows_history=False,
        member_count=1,
        admin_count=1,
        unprovisioned_count=0,
        subscriber_count=0,
        subgroup_count=0,
        parent_count=0,
        was_linked=False,
        created_at_ms=at_ms,
        created_by=created_by,
    )


def add_messages(tx: Transaction, seeder: Seeder, new: NewMessages) -> None:
    for number in range(new.first, new.first + new.count):
        group_id = new.group_ids[number % len(new.group_ids)]
        message_id = new_id()
        position = tx.append(text_message_created(group_id, message_id, sender_id=seeder.user_id))
        message = NewMessage(
            message_id=message_id,
            group_id=group_id,
            audience=EVERYONE,
            sent_at_us=tx.last_at_us,
            position=position,
            sender_id=seeder.user_id,
            connector_id="",
            text=f"Bus number {number} has left the stand on time.",
        )
        append_message(tx, message)
