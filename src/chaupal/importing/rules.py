"""Taking in a batch of an organization's past. Source: contract, section 14.

One batch is one rule: it is there whole or not at all, and short enough not to hold the users' calls up. Everything is
idempotent, so whoever was interrupted begins again: what is known is passed over by its id. What cannot be taken does
not hold up the rest; the answer says which records, and why.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from chaupal.actions.contents import MediaContent
from chaupal.actions.imported import PastAction, add_past_actions, check_past_action, stored
from chaupal.auth.access import CONNECT_GROUP, SUBSCRIBER
from chaupal.auth.caller import Operator
from chaupal.errors import ChaupalError, Conflict, InvalidParameters, NotFound
from chaupal.groups.rules import Group
from chaupal.importing.files import FilesRefused, Prepared, known_texts
from chaupal.importing.places import Places, are_there, derived_id
from chaupal.importing.records import (
    ActionRecord,
    AttachmentRecord,
    GroupRecord,
    MemberRecord,
    MessageRecord,
    PersonRecord,
    PersonReference,
    Record,
    ResponseRecord,
    SubgroupRecord,
    SurveyRecord,
)
from chaupal.importing.surveys import ReadAnswer, take_action, take_responses, take_survey
from chaupal.kept_ids.rules import keep
from chaupal.media.imported import add_past_media
from chaupal.media.rules import MediaDraft
from chaupal.members.imported import Admission, admit, read_role
from chaupal.messages.imported import PastMessage, add_past_messages, check_past_message, remove_stand_in
from chaupal.people.imported import ImportedPerson, ensure_past_people, keep_person
from chaupal.people.rules import find_people
from chaupal.store.transaction import Transaction
from chaupal.subgroups.rules import link_imported

SENT = (MessageRecord, AttachmentRecord)

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
    mended: list[Refused]
    """Those that were taken otherwise than they were, and how."""
    made_groups: list[str]
    made_people: list[str]


class Rehearsed(Exception):
    """The batch was tried, and leaves nothing. Fields: `taken`."""

    def __init__(self, taken: Taken) -> None:
        super().__init__("rehearsed")
        self.taken = taken


class Batch(msgspec.Struct, frozen=True):
    """Records, and what has become of the files of those that have any."""

    records: list[Record]
    prepared: Prepared = {}
    read_answer: ReadAnswer | None = None
    """Reads the bodies of answers; where it is missing, none may have one."""


def import_records(tx: Transaction, _caller: Operator, batch: Batch) -> Taken:
    """Take in at most 500 records, in order.

    Raises:
        InvalidParameters: there are more.
    """
    count = len(batch.records)
    if count > RECORDS_MAX:
        raise InvalidParameters(field="records", value=count, rule=f"must be at most {RECORDS_MAX}")
    return _Intake(tx, batch).run()


def rehearse_records(tx: Transaction, caller: Operator, batch: Batch) -> Taken:
    """What `import_records` would do, undone.

    Raises:
        Rehearsed: always; that is what undoes it.
    """
    raise Rehearsed(import_records(tx, caller, batch))


class _Intake:
    """One batch on its way in."""

    def __init__(self, tx: Transaction, batch: Batch) -> None:
        self._tx = tx
        self._records = keep(tx, batch.records, are_there=are_there)
        self._prepared = batch.prepared
        self._read_answer = batch.read_answer
        self._places = Places(tx)
        self._taken: list[int] = []
        self._known: list[int] = []
        self._refused: list[Refused] = []
        self._mended: list[Refused] = []
        self._known_texts: dict[str, str | None] = {}
        self._messages: list[PastMessage] = []
        self._actions: list[PastAction] = []

    def run(self) -> Taken:
        """Records of a kind that follow each other are taken together, so that the statements are few."""
        at = 0
        while at < len(self._records):
            kind = type(self._records[at])
            end = at
            while end < len(self._records) and type(self._records[end]) is kind:
                end += 1
            if kind is MessageRecord or kind is AttachmentRecord:
                self._take_sent(at, end)
            elif kind is MemberRecord:
                self._take_members(at, end)
            elif kind is ResponseRecord:
                self._take_responses(at, end)
            else:
                self._take_singly(at, end)
            at = end
        self._refused.sort(key=lambda refused: refused.index)
        return Taken(
            taken=sorted(self._taken),
            known=sorted(self._known),
            refused=self._refused,
            mended=self._mended,
            made_groups=self._places.made_groups,
            made_people=self._places.made_people,
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
                elif isinstance(record, SurveyRecord):
                    self._note(index, is_new=take_survey(self._tx, self._places, record))
                elif isinstance(record, ActionRecord):
                    self._note(index, is_new=take_action(self._tx, self._places, record))
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

    def _take_responses(self, at: int, end: int) -> None:
        records = {
            index: record for index in range(at, end) if isinstance(record := self._records[index], ResponseRecord)
        }

        def note(index: int, is_new: bool) -> None:
            self._note(index, is_new=is_new)

        def mend(index: int, what: str) -> None:
            self._mended.append(Refused(index, what))

        take_responses(self._tx, self._places, records, self._read_answer, note=note, refuse=self._refuse, mend=mend)

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

    def _take_sent(self, at: int, end: int) -> None:
        """Messages and attachments, which share their ids."""
        records = {index: record for index in range(at, end) if isinstance(record := self._records[index], SENT)}
        ids = {
            index: record.message_id or derived_id(self._tx.tenant_id, "message", record.derived_from)
            for index, record in records.items()
        }
        known = known_texts(self._tx, list(set(ids.values())))
        self._know_senders([record for index, record in records.items() if ids[index] not in known])
        self._known_texts = known
        for index, record in records.items():
            try:
                self._take_one_sent(index, record, ids[index])
            except ChaupalError as error:
                self._refuse(index, error)
        messages, self._messages = self._messages, []
        actions, self._actions = self._actions, []
        add_past_messages(self._tx, messages)
        add_past_actions(self._tx, actions)

    def _take_one_sent(self, index: int, record: MessageRecord | AttachmentRecord, sent_id: str) -> None:
        known, draft = self._known_texts, self._prepared.get(index)
        text = record.text if isinstance(record, MessageRecord) else record.text_instead
        has_files = isinstance(record, AttachmentRecord) and isinstance(draft, MediaDraft)
        if has_files and known.get(sent_id) == text:
            remove_stand_in(self._tx, sent_id)
            del known[sent_id]
        if sent_id in known:
            if known[sent_id] not in (None, text):
                raise IdTaken(message_id=sent_id)
            self._note(index, is_new=False)
            return
        if isinstance(record, AttachmentRecord) and isinstance(draft, MediaDraft):
            self._actions.append(self._action_of(record, sent_id, draft))
        else:
            self._messages.append(self._message_of(record, sent_id, text))
        known[sent_id] = None if has_files else text
        self._note(index, is_new=True)
        if isinstance(draft, FilesRefused):
            self._mended.append(Refused(index, f"taken as a text, without its files: {draft.reason}"))

    def _know_senders(self, records: list[MessageRecord | AttachmentRecord]) -> None:
        senders = {record.sender for record in records if not record.sender.user_id}
        self._places.know_numbers(sorted(each.mobile_number for each in senders if each.mobile_number))
        self._places.know_names(sorted(each.name for each in senders if not each.mobile_number))

    def _message_of(self, record: MessageRecord | AttachmentRecord, message_id: str, text: str) -> PastMessage:
        message = PastMessage(
            message_id=message_id,
            group_id=self._places.group(record.group).group_id,
            sender_id=self._places.person(record.sender).user_id,
            sent_at_us=record.sent_at_us,
            text=text,
            reply_to=record.reply_to if isinstance(record, MessageRecord) else "",
            edited_at_ms=record.edited_at_ms if isinstance(record, MessageRecord) else None,
        )
        check_past_message(self._tx, message)
        return message

    def _action_of(self, record: AttachmentRecord, action_id: str, draft: MediaDraft) -> PastAction:
        sender_id = self._places.person(record.sender).user_id
        action = PastAction(
            action_id=action_id,
            group_id=self._places.group(record.group).group_id,
            sender_id=sender_id,
            sent_at_us=record.sent_at_us,
            action_type=draft.kind.value,
            content="",
        )
        check_past_action(self._tx, action)
        media = add_past_media(self._tx, draft, owner_id=sender_id)
        return msgspec.structs.replace(action, content=stored(MediaContent(media=media, caption=record.caption)))


def _has_number(record: MemberRecord) -> bool:
    return bool(record.person.mobile_number) and not record.person.user_id
