"""The tenant export, `MicrosoftKaizala_TenantMessages.csv`: every message of an organization. Contract, section 14."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import msgspec

from chaupal.importing.reading.columns import Columns, Field, passed_over
from chaupal.importing.reading.findings import EXCERPT_CHARS, Finding, Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.rows import Row, RowForm, Stray, notes_of, read_rows
from chaupal.importing.reading.saved_files import SavedFiles, in_albums, text_instead
from chaupal.importing.reading.texts import Unreadable, parts_of, read_kept_id, storable
from chaupal.importing.records import (
    AttachmentRecord,
    GroupReference,
    MessageRecord,
    PersonReference,
    Record,
    SavedFile,
)
from chaupal.messages.rules import TEXT_MAX_CHARS
from chaupal.wire.ids import without_unit

_TYPE = re.compile(r"[^\W\d_][\w /&-]{0,39}")
_ID = re.compile(r"[^\s,;\"]{0,200}")
_TEXT_TYPES = frozenset({"text", "message", "textmessage", ""})
_SAME_KEPT = 10_000
"""Equal messages without ids are told apart by their number, as long as they are not further apart than this."""

WHOLE_FIELDS = (Field.GROUP, Field.SENDER, Field.TIME)
"""Without these a file is no export of messages."""


def is_tenant_export(columns: Columns) -> bool:
    """Whether a file with these columns holds messages."""
    return columns.has(*WHOLE_FIELDS) and any(columns.has(each) for each in (Field.MESSAGE_ID, Field.TYPE, Field.TEXT))


def with_text_column(columns: Columns) -> Columns:
    """The text's column has a name of its own in each export: where none is known, it is the one that is left over."""
    if columns.has(Field.TEXT) or not columns.unknown:
        return columns
    return Columns(columns.headers, {**columns.places, Field.TEXT: columns.unknown[-1]}, columns.delimiter)


class _Sent(msgspec.Struct, frozen=True):
    """Who has sent something where and when. Its parts beyond the first have ids derived from its own."""

    group: GroupReference
    group_name: str
    sender: PersonReference
    sent_at_us: int
    message_id: str
    derived: str

    def message(self, number: int, text: str) -> MessageRecord:
        """A part that is a text."""
        return MessageRecord(
            group=self.group,
            sender=self.sender,
            sent_at_us=self.sent_at_us + number,
            text=text,
            message_id="" if number else self.message_id,
            derived_from=self._derived(number),
        )

    def attachment(
        self, number: int, files: tuple[SavedFile, ...], *, caption: str, text_instead: str
    ) -> AttachmentRecord:
        """A part that is files."""
        return AttachmentRecord(
            group=self.group,
            sender=self.sender,
            sent_at_us=self.sent_at_us + number,
            files=files,
            text_instead=text_instead,
            caption=caption,
            message_id="" if number else self.message_id,
            derived_from=self._derived(number),
        )

    def _derived(self, number: int) -> str:
        if number:
            return f"{self.derived}#{number}"
        return "" if self.message_id else self.derived


class TenantExport:
    """One file of messages. `read` is called once, with the lines below the header."""

    def __init__(
        self, columns: Columns, mapping: Mapping, people: KnownPeople, saved: SavedFiles | None = None
    ) -> None:
        self._columns = with_text_column(columns)
        self._mapping = mapping
        self._people = people
        self._saved = saved or SavedFiles([], mapping, people)
        self._same: OrderedDict[str, int] = OrderedDict()
        self._absorbing = [self._columns.places[each] for each in _ABSORBING if each in self._columns.places]

    def read(self, lines: Iterable[str], *, first_line: int) -> Iterator[Finding]:
        """What the file holds, in its order."""
        text_column = self._columns.places.get(Field.TEXT, len(self._columns.headers) - 1)
        form = RowForm(self._columns.delimiter, self.fit, text_column)
        yield from passed_over(self._columns, self._columns.unknown)
        for row in read_rows(lines, form, first_line=first_line):
            if isinstance(row, Stray):
                reason = "no row: its timestamp is none, and no message stands above it that it could belong to"
                yield Problem(row.line, reason, row.text[:EXCERPT_CHARS])
            else:
                yield from self._findings_of(row)

    def fit(self, cells: list[str]) -> list[str] | None:
        """A row's cells, as many as there are headers; None where they are no row. A delimiter too many belongs to the
        text, or to a name."""
        width = len(self._columns.headers)
        further = len(cells) - width
        if further <= 0:
            whole = cells + [""] * -further
            return whole if self._is_row(whole) else None
        for place in self._absorbing:
            joined = self._columns.delimiter.join(cells[place : place + further + 1])
            whole = [*cells[:place], joined, *cells[place + further + 1 :]]
            if self._is_row(whole):
                return whole
        return None

    def _is_row(self, cells: list[str]) -> bool:
        cell = self._columns.cell
        if not _TYPE.fullmatch(cell(cells, Field.TYPE) or "Text") or not _ID.fullmatch(cell(cells, Field.MESSAGE_ID)):
            return False
        try:
            self._mapping.times.read(cell(cells, Field.TIME))
        except Unreadable:
            return False
        return True

    def _findings_of(self, row: Row) -> Iterator[Finding]:
        try:
            yield from self._messages_of(row)
        except Unreadable as error:
            yield Problem(row.line, str(error), self._columns.delimiter.join(row.cells)[:EXCERPT_CHARS])

    def _messages_of(self, row: Row) -> Iterator[Finding]:
        sent = self._sent(row.cells)
        text = storable(self._text_cell(row.cells))
        note = "; ".join(notes_of(row, "timestamp"))
        if self._is_attachment(row.cells):
            records = self._attachments_of(row.cells, sent, text.strip())
        else:
            records = (sent.message(number, part) for number, part in enumerate(parts_of(text)))
        for record in records:
            yield Found(record, row.line, note)
            note = ""

    def _sent(self, cells: list[str]) -> _Sent:
        """What a row says of a message beside what was sent."""
        cell = self._columns.cell
        group_name, group_id = storable(cell(cells, Field.GROUP)), read_kept_id(cell(cells, Field.GROUP_ID))
        sender = storable(cell(cells, Field.SENDER))
        if not group_name and not group_id:
            raise Unreadable("the group has no name")
        if not sender:
            raise Unreadable("the sender has no name")
        text = self._text_cell(cells)
        if not text.strip() and not self._is_attachment(cells):
            raise Unreadable("the text is empty")
        message_id = read_kept_id(cell(cells, Field.MESSAGE_ID))
        sent_at_us = self._mapping.times.read(cell(cells, Field.TIME))
        where = without_unit(group_id) or group_name
        return _Sent(
            group=self._mapping.group(group_name, group_id),
            group_name=group_name,
            sender=self._people.meant_by(sender),
            sent_at_us=sent_at_us,
            message_id=message_id,
            derived=without_unit(message_id) or self._derivation(where, sender, sent_at_us, text),
        )

    def _is_attachment(self, cells: list[str]) -> bool:
        kind = self._columns.cell(cells, Field.TYPE).casefold().replace(" ", "")
        return kind not in _TEXT_TYPES or bool(self._columns.cell(cells, Field.STORED_AT))

    def _attachments_of(self, cells: list[str], sent: _Sent, text: str) -> Iterator[Record]:
        """What was sent that is no text: its files where they were saved, else a text that says what it was. The first
        has the row's own text below it; a text that is too long for that follows."""
        shown = storable(self._shown_instead(cells))[:TEXT_MAX_CHARS]
        caption = text if len(text) + len(shown) < TEXT_MAX_CHARS else ""
        instead = f"{caption}\n{shown}" if caption else shown
        albums = list(in_albums(self._saved.of_message(sent.group_name, sent.message_id)))
        if not albums:
            yield sent.message(0, instead)
        for number, files in enumerate(albums):
            yield sent.attachment(
                number,
                files,
                caption="" if number else caption,
                text_instead=text_instead("", files) if number else instead,
            )
        for number, part in enumerate(parts_of(text) if text != caption else (), max(1, len(albums))):
            yield sent.message(number, part)

    def _text_cell(self, cells: list[str]) -> str:
        place = self._columns.places.get(Field.TEXT)
        return cells[place] if place is not None else ""

    def _shown_instead(self, cells: list[str]) -> str:
        kind, stored_at = self._columns.cell(cells, Field.TYPE), self._columns.cell(cells, Field.STORED_AT)
        places = [each.strip() for each in stored_at.split(" : ") if each.strip()]
        return " ".join([f"[{kind or 'Attachment'}]", *places])

    def _derivation(self, group: str, sender: str, sent_at_us: int, text: str) -> str:
        """What the id of a message without one is derived from."""
        said = hashlib.sha256("\n".join((group, sender, str(sent_at_us), text)).encode()).hexdigest()
        count = self._same.pop(said, 0) + 1
        self._same[said] = count
        if len(self._same) > _SAME_KEPT:
            self._same.popitem(last=False)
        return said if count == 1 else f"{said}*{count}"


_ABSORBING = (Field.TEXT, Field.GROUP, Field.SENDER)
"""What may hold the delimiter without quotation marks around it."""
