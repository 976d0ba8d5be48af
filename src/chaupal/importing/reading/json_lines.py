"""JSON Lines: one object a line, for whoever can make a file of what they have kept. Its document is docs/import.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from chaupal.actions.bodies.reading import read_body, read_type
from chaupal.errors import ChaupalError
from chaupal.importing.reading.findings import EXCERPT_CHARS, Finding, Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.texts import Unreadable, find_number, parts_of, read_kept_id, storable
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
from chaupal.wire.ids import without_unit
from chaupal.wire.values import read_instant


class Written(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One line as it is written. Which fields a kind needs is said in the document; others are passed over."""

    kind: str
    id: str = ""
    name: str = ""
    mobile_number: str = ""
    role: str = ""
    group_id: str = ""
    group: str = ""
    group_type: str = ""
    welcome_message: str = ""
    short_description: str = ""
    shows_history: bool = False
    person: str = ""
    person_id: str = ""
    sender: str = ""
    sender_id: str = ""
    joined_at: str | int | float | None = None
    left_at: str | int | float | None = None
    sent_at: str | int | float | None = None
    edited_at: str | int | float | None = None
    text: str = ""
    reply_to: str = ""
    parent_group_id: str = ""
    parent_group: str = ""
    action_type: str = ""
    package_id: str = ""
    action_body: dict[str, Any] | None = None
    closed_at: str | int | float | None = None
    action_id: str = ""
    responder: str = ""
    responder_id: str = ""
    responded_at: str | int | float | None = None


class JsonLines:
    """One file of JSON Lines. `read` is called once."""

    def __init__(self, mapping: Mapping, people: KnownPeople) -> None:
        self._mapping = mapping
        self._people = people
        self._kinds: dict[str, Callable[[Written], Iterator[Record]]] = {
            "person": self._person,
            "group": self._group,
            "member": self._member,
            "subgroup": self._subgroup,
            "message": self._message,
            "action": self._action,
            "response": self._response,
        }

    def read(self, lines: Iterable[str]) -> Iterator[Finding]:
        """What the file holds, in its order; blank lines are passed over."""
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                for record in self._records_of(line):
                    yield Found(record, number, _note_of(record))
            except (ChaupalError, Unreadable, msgspec.MsgspecError, ValueError) as error:
                yield Problem(number, str(error), line.rstrip("\r\n")[:EXCERPT_CHARS])

    def _records_of(self, line: str) -> Iterator[Record]:
        # The standard library's reader takes halves of surrogate pairs, which are then replaced like NUL.
        written = msgspec.convert(_storable(json.loads(line)), Written)
        make = self._kinds.get(written.kind.strip().lower())
        if make is None:
            raise Unreadable(f"kind: must be one of {', '.join(self._kinds)}, not '{written.kind[:60]}'")
        return make(written)

    def _person(self, written: Written) -> Iterator[Record]:
        number = find_number(written.mobile_number, self._mapping.country) or ""
        if written.mobile_number.strip() and not number:
            raise Unreadable(f"mobileNumber: '{written.mobile_number[:60]}' is no mobile number in international form")
        user_id = read_kept_id(written.id)
        if not (number or user_id or written.name.strip()):
            raise Unreadable("a person needs a mobileNumber, an id or a name")
        person = PersonReference(mobile_number=number) if number else PersonReference(user_id=user_id)
        if number or user_id:
            self._people.add(written.name, person, old_id=user_id)
        yield PersonRecord(user_id, number, written.name.strip(), written.role.strip())

    def _group(self, written: Written) -> Iterator[Record]:
        if not written.name.strip():
            raise Unreadable("a group needs a name")
        yield GroupRecord(
            group=self._mapping.group(written.name, read_kept_id(written.id)),
            group_type=written.group_type.strip(),
            welcome_message=written.welcome_message,
            short_description=written.short_description,
            shows_history=written.shows_history,
        )

    def _member(self, written: Written) -> Iterator[Record]:
        left_at_us = _instant("leftAt", written.left_at)
        yield MemberRecord(
            group=self._group_of(written),
            person=self._who("person", written.person, written.person_id),
            role=written.role.strip(),
            joined_at_us=_instant("joinedAt", written.joined_at) or 0,
            left_at_us=left_at_us,
        )

    def _subgroup(self, written: Written) -> Iterator[Record]:
        if not (written.parent_group.strip() or written.parent_group_id.strip()):
            raise Unreadable("a subgroup needs a parentGroup or a parentGroupId")
        parent = self._mapping.group(written.parent_group, read_kept_id(written.parent_group_id))
        yield SubgroupRecord(parent=parent, child=self._group_of(written))

    def _message(self, written: Written) -> Iterator[Record]:
        sent_at_us = _instant("sentAt", written.sent_at)
        if sent_at_us is None:
            raise Unreadable("a message needs sentAt")
        if not written.text.strip():
            raise Unreadable("a message needs a text")
        message_id = read_kept_id(written.id)
        if not message_id:
            raise Unreadable("a message needs an id, any text that is its own")
        edited_at_us = _instant("editedAt", written.edited_at)
        for number, part in enumerate(parts_of(written.text)):
            yield MessageRecord(
                group=self._group_of(written),
                sender=self._who("sender", written.sender, written.sender_id),
                sent_at_us=sent_at_us + number,
                text=part,
                message_id="" if number else message_id,
                derived_from=f"{without_unit(message_id)}#{number}" if number else "",
                reply_to="" if number else read_kept_id(written.reply_to),
                edited_at_ms=None if edited_at_us is None else edited_at_us // 1000,
            )

    def _action(self, written: Written) -> Iterator[Record]:
        sent_at_us = _instant("sentAt", written.sent_at)
        action_id = read_kept_id(written.id)
        if sent_at_us is None or not action_id:
            raise Unreadable("an action needs an id and sentAt")
        action_type, package = read_type(written.package_id, written.action_type)
        body, content = read_body(action_type, written.action_body or {})
        if body.media:
            raise Unreadable(f"{body.media[0].field}: files cannot be imported by this form")
        closed_at_us = _instant("closedAt", written.closed_at)
        yield ActionRecord(
            group=self._group_of(written),
            sender=self._who("sender", written.sender, written.sender_id),
            sent_at_us=sent_at_us,
            action_id=action_id,
            action_type=action_type,
            content=content,
            package_id=package.package_id if package is not None else "",
            package_version=package.version if package is not None else 0,
            visibility=body.visibility.value,
            is_anonymous=body.is_anonymous,
            accepts_multiple=body.accepts_multiple,
            expires_at_ms=None if body.life_ms is None else sent_at_us // 1000 + body.life_ms,
            closed_at_ms=None if closed_at_us is None else closed_at_us // 1000,
            assigned=tuple(PersonReference(mobile_number=number) for number in body.assigned_numbers),
            properties=tuple((each.name, each.property_type, each.value) for each in body.properties),
        )

    def _response(self, written: Written) -> Iterator[Record]:
        responded_at_us = _instant("respondedAt", written.responded_at)
        response_id, action_id = read_kept_id(written.id), read_kept_id(written.action_id)
        if responded_at_us is None or not response_id or not action_id:
            raise Unreadable("a response needs an id, an actionId and respondedAt")
        has_responder = bool(written.responder.strip() or written.responder_id.strip())
        yield ResponseRecord(
            responder=self._who("responder", written.responder, written.responder_id) if has_responder else None,
            responded_at_us=responded_at_us,
            action_id=action_id,
            response_id=response_id,
            body=written.action_body or {},
        )

    def _group_of(self, written: Written) -> GroupReference:
        if not (written.group.strip() or written.group_id.strip()):
            raise Unreadable(f"a {written.kind} needs a group or a groupId")
        return self._mapping.group(written.group, read_kept_id(written.group_id))

    def _who(self, field: str, text: str, user_id: str) -> PersonReference:
        if user_id.strip():
            return self._people.with_id(read_kept_id(user_id))
        if not text.strip():
            raise Unreadable(f"needs a {field} or a {field}Id")
        return self._people.meant_by(text)


def _note_of(record: Record) -> str:
    if isinstance(record, ActionRecord) and record.is_anonymous and record.closed_at_ms is None:
        return "taken as closed, because nobody could tell who has answered it already"
    return ""


def _instant(field: str, raw: str | float | None) -> int | None:
    """Microseconds since 1970 UTC."""
    if raw is None:
        return None
    try:
        at_us = read_instant(raw) * 1000
    except ValueError as error:
        raise Unreadable(f"{field}: {error}") from None
    if at_us <= 0:
        raise Unreadable(f"{field}: must be after 1970")
    return at_us


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): _storable(each) for name, each in value.items()}
    return value


__all__ = ["GroupReference", "JsonLines"]
