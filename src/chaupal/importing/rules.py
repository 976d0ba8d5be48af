"""Taking in a batch of an organization's past. Source: contract, section 14.

One batch is one rule: it is there whole or not at all, and short enough not to hold the users' calls up. Everything is
idempotent, so whoever was interrupted begins again: what is known is passed over by its id. What cannot be taken does
not hold up the rest; the answer says which records, and why.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from chaupal.auth.access import CONNECT_GROUP, SUBSCRIBER
from chaupal.auth.caller import Operator
from chaupal.errors import ChaupalError, Conflict, InvalidParameters, NotFound
from chaupal.groups.rules import Group
from chaupal.importing.places import Places, derived_id
from chaupal.importing.records import (
    GroupRecord,
    MemberRecord,
    MessageRecord,
    PersonRecord,
    PersonReference,
    Record,
    SubgroupRecord,
)
from chaupal.members.imported import Admission, admit, read_role
from chaupal.messages.imported import PastMessage, add_past_messages, check_past_message, known_messages
from chaupal.people.imported import ImportedPerson, ensure_past_people, keep_person
from chaupal.people.rules import find_people
from chaupal.store.transaction import Transaction
from chaupal.subgroups.rules import link_imported

RECORDS_MAX = 500
"""A batch of messages takes a few hundredths of a second; the users' calls wait no longer for it."""


class IdTaken(Conflict):
    """Another text has the id already. Fields: `message_id`."""

    template = "There is a message with the id {message_id} already, and its text is another one."


class Refused(msgspec.Struct, frozen=True):
    """A record that was not taken, by its place in the batch, and why."""

    index: int
    reason: str


class Taken(msgspec.Struct, frozen=True):
    """What has become of a batch. Groups and people that were made beside the records are named by id."""

    taken: list[int]
    known: list[int]
    refused: list[Refused]
    made_groups: list[str]
    made_people: list[str]


class Rehearsed(Exception):
    """The batch was tried, and leaves nothing. Fields: `taken`."""

    def __init__(self, taken: Taken) -> None:
        super().__init__("rehearsed")
        self.taken = taken


def import_records(tx: Transaction, _caller: Operator, records: list[Record]) -> Taken:
    """Take in at most 500 records, in order.

    Raises:
        InvalidParameters: there are more.
    """
    if len(records) > RECORDS_MAX:
        raise InvalidParameters(field="records", value=len(records), rule=f"must be at most {RECORDS_MAX}")
    return _Intake(tx, records).run()


def rehearse_records(tx: Transaction, caller: Operator, records: list[Record]) -> Taken:
    """What `import_records` would do, undone.

    Raises:
        Rehearsed: always; that is what undoes it.
    """
    raise Rehearsed(import_records(tx, caller, records))


class _Intake:
    """One batch on its way in."""

    def __init__(self, tx: Transaction, records: list[Record]) -> None:
        self._tx = tx
        self._records = records
        self._places = Places(tx)
        self._taken: list[int] = []
        self._known: list[int] = []
        self._refused: list[Refused] = []

    def run(self) -> Taken:
        """Records of a kind that follow each other are taken together, so that the statements are few."""
        at = 0
        while at < len(self._records):
            kind = type(self._records[at])
            end = at
            while end < len(self._records) and type(self._records[end]) is kind:
                end += 1
            if kind is MessageRecord:
                self._take_messages(at, end)
            elif kind is MemberRecord:
                self._take_members(at, end)
            else:
                self._take_singly(at, end)
            at = end
        self._refused.sort(key=lambda refused: refused.index)
        return Taken(
            sorted(self._taken), sorted(self._known), self._refused, self._places.made_groups, self._places.made_people
        )

    def _note(self, index: int, *, is_new: bool) -> None:
        (self._taken if is_new else self._known).append(index)

    def _refuse(self, index: int, error: ChaupalError) -> None:
        self._refused.append(Refused(index, str(error)))

    def _take_singly(self, at: int, end: int) -> None:
        for index in range(at, end):
            record = self._records[index]
            try:
                if isinstance(record, PersonRecord):
                    self._note(index, is_new=self._take_person(record))
                elif isinstance(record, GroupRecord):
                    made_before = len(self._places.made_groups)
                    self._places.group(record.group, record)
                    self._note(index, is_new=len(self._places.made_groups) > made_before)
                elif isinstance(record, SubgroupRecord):
                    self._note(index, is_new=self._take_subgroup(record))
            except ChaupalError as error:
                self._refuse(index, error)

    def _take_person(self, record: PersonRecord) -> bool:
        if record.mobile_number:
            wanted = ImportedPerson(record.user_id, record.mobile_number, record.name, record.role)
            return keep_person(self._tx, wanted)[1]
        if record.user_id:
            return bool(ensure_past_people(self._tx, {record.user_id: record.name}))
        made_before = len(self._places.made_people)
        self._places.person(PersonReference(name=record.name))
        return len(self._places.made_people) > made_before

    def _take_subgroup(self, record: SubgroupRecord) -> bool:
        parent, child = self._places.group(record.parent), self._places.group(record.child)
        for group in (parent, child):
            if group.group_type == CONNECT_GROUP:
                raise InvalidParameters(field="group", value=group.name, rule="is public, so it has no subgroups")
        return link_imported(self._tx, parent_id=parent.group_id, child_id=child.group_id)

    def _take_members(self, at: int, end: int) -> None:
        wanted = range(at, end)
        records = {index: record for index in wanted if isinstance(record := self._records[index], MemberRecord)}
        self._places.know_numbers([record.person.mobile_number for record in records.values() if _has_number(record)])
        by_group: dict[str, list[tuple[int, Admission]]] = defaultdict(list)
        groups: dict[str, Group] = {}
        for index, record in records.items():
            try:
                group = self._places.group(record.group)
                admission = self._admission_of(record, group)
                by_group[group.group_id].append((index, admission))
                groups[group.group_id] = group
            except ChaupalError as error:
                self._refuse(index, error)
        for group_id, admissions in by_group.items():
            here_since_us = groups[group_id].created_at_ms * 1000
            changed = admit(self._tx, group_id, [each for _, each in admissions], here_since_us=here_since_us)
            for (index, _), is_new in zip(admissions, changed, strict=True):
                self._note(index, is_new=is_new)

    def _admission_of(self, record: MemberRecord, group: Group) -> Admission:
        role = read_role(record.role)
        if role == SUBSCRIBER and group.group_type != CONNECT_GROUP:
            raise InvalidParameters(field="role", value=role, rule="is only for a public group")
        if record.left_at_us is not None and record.left_at_us <= record.joined_at_us:
            raise InvalidParameters(field="leftAt", value=record.left_at_us // 1000, rule="must be after joinedAt")
        person = record.person
        if not (person.mobile_number or person.user_id):
            raise InvalidParameters(
                field="person", value=person.name, rule="is known by name alone; a member needs a number"
            )
        found = self._places.person(person)
        if found.user_id not in find_people(self._tx, [found.user_id]):
            raise NotFound("person", user_id=found.user_id)
        return Admission(found, role, record.joined_at_us, record.left_at_us)

    def _take_messages(self, at: int, end: int) -> None:
        wanted = range(at, end)
        records = {index: record for index in wanted if isinstance(record := self._records[index], MessageRecord)}
        ids = {
            index: record.message_id or derived_id(self._tx.tenant_id, "message", record.derived_from)
            for index, record in records.items()
        }
        known: dict[str, str | None] = known_messages(self._tx, list(set(ids.values())))
        new = {index: record for index, record in records.items() if ids[index] not in known}
        senders = {record.sender for record in new.values()}
        self._places.know_numbers(sorted(each.mobile_number for each in senders if each.mobile_number))
        self._places.know_names(sorted(each.name for each in senders if not each.mobile_number and not each.user_id))
        messages: list[PastMessage] = []
        for index, record in records.items():
            message_id = ids[index]
            try:
                if message_id in known:
                    if known[message_id] not in (None, record.text):
                        raise IdTaken(message_id=message_id)
                    self._note(index, is_new=False)
                    continue
                messages.append(self._message_of(record, message_id))
                known[message_id] = record.text
                self._note(index, is_new=True)
            except ChaupalError as error:
                self._refuse(index, error)
        add_past_messages(self._tx, messages)

    def _message_of(self, record: MessageRecord, message_id: str) -> PastMessage:
        message = PastMessage(
            message_id=message_id,
            group_id=self._places.group(record.group).group_id,
            sender_id=self._places.person(record.sender).user_id,
            sent_at_us=record.sent_at_us,
            text=record.text,
            reply_to=record.reply_to,
            edited_at_ms=record.edited_at_ms,
        )
        check_past_message(self._tx, message)
        return message


def _has_number(record: MemberRecord) -> bool:
    return bool(record.person.mobile_number) and not record.person.user_id
