"""An import from beginning to end: reads what was found, hands it over in batches, and keeps account.

It knows files and records, and neither the store nor the control socket: whoever starts it says how a batch is taken.
Memory holds one batch, and the people's names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

import msgspec

from chaupal.importing.reading.findings import EXCERPT_CHARS, Finding, Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.saved_files import SavedFiles
from chaupal.importing.reading.sources import Form, Source, Sources, read_source
from chaupal.importing.records import AttachmentRecord, MessageRecord, Record, SavedFile
from chaupal.importing.report import MENDED, SKIPPED, Line, Report

_BATCH_MAX_RECORDS = 500
_BATCH_MAX_FILES = 20
_BATCH_MAX_FILE_BYTES = 64 * 1024 * 1024
"""A batch has a minute to be taken, files and all."""
_BATCH_MAX_BYTES = 600_000
"""A batch crosses the control socket as one line, which has a megabyte at most."""


class RefusedRecord(Protocol):
    """A record that was not taken."""

    @property
    def index(self) -> int:
        """Its place in the batch."""

    @property
    def reason(self) -> str:
        """A sentence."""


class TakenBatch(msgspec.Struct, frozen=True):
    """What has become of a batch, by the records' places in it."""

    taken: list[int]
    known: list[int]
    refused: list[RefusedRecord]
    mended: list[RefusedRecord]
    made_groups: list[str]
    made_people: list[str]


class Account(msgspec.Struct):
    """What an import has done so far, by kind of record."""

    taken: Counter[str] = msgspec.field(default_factory=Counter)
    known: Counter[str] = msgspec.field(default_factory=Counter)
    made_groups: set[str] = msgspec.field(default_factory=set)
    made_people: set[str] = msgspec.field(default_factory=set)


class ImportRun:
    """One import. `take` hands a batch over and answers what has become of it; `tell` hears how many bytes were read
    of all files, and of which it is being read."""

    def __init__(
        self,
        *,
        take: Callable[[list[Record]], TakenBatch],
        mapping: Mapping,
        people: KnownPeople,
        report: Report,
        tell: Callable[[int, str], None] = lambda _bytes, _file: None,
    ) -> None:
        self.account = Account()
        self._take = take
        self._mapping = mapping
        self._people = people
        self._report = report
        self._tell = tell
        self._batch: list[Found] = []
        self._batch_bytes = 0
        self._batch_files: list[SavedFile] = []
        self._bytes_before = 0
        self._saved = SavedFiles([], mapping, people)

    def run(self, sources: Sources) -> None:
        """Read and hand over everything.

        Raises:
            OSError: a file cannot be read, or the report not written.
        """
        for unknown in sources.unrecognised:
            self._report.add(Line(str(unknown.path), 1, SKIPPED, "file", "", unknown.reason, ""))
        self._saved = SavedFiles(sources.folders, self._mapping, self._people)
        for source in sources.files:
            self._read(source)
            self._bytes_before += source.size_bytes

    def _read(self, source: Source) -> None:
        name = source.shown
        if source.form is Form.FILES:
            for finding in self._saved.left_in(source.path):
                self._take_up(name, finding, 0)
        else:
            with source.path.open("rb") as file:
                for finding in read_source(source, file, self._mapping, self._people, self._saved):
                    self._take_up(name, finding, file.tell())
        self._hand_over(name)

    def _take_up(self, name: str, finding: Finding, read_bytes: int) -> None:
        self._add(name, finding)
        if self._is_full():
            self._hand_over(name)
            self._tell(self._bytes_before + read_bytes, name)

    def _add(self, name: str, finding: Finding) -> None:
        if isinstance(finding, Problem):
            self._report.add(Line(name, finding.line, SKIPPED, "", "", finding.reason, finding.text))
            return
        self._batch.append(finding)
        self._batch_bytes += _bytes_of(finding.record)
        if isinstance(finding.record, AttachmentRecord):
            self._batch_files += finding.record.files

    def _is_full(self) -> bool:
        if len(self._batch_files) >= _BATCH_MAX_FILES:
            return True
        if sum(file.size_bytes for file in self._batch_files) >= _BATCH_MAX_FILE_BYTES:
            return True
        return len(self._batch) >= _BATCH_MAX_RECORDS or self._batch_bytes >= _BATCH_MAX_BYTES

    def _hand_over(self, name: str) -> None:
        batch, self._batch, self._batch_bytes, self._batch_files = self._batch, [], 0, []
        if not batch:
            return
        done = self._take([found.record for found in batch])
        self.account.taken.update(_kind_of(batch[index].record) for index in done.taken)
        self.account.known.update(_kind_of(batch[index].record) for index in done.known)
        self.account.made_groups.update(done.made_groups)
        self.account.made_people.update(done.made_people)
        for refused in done.refused:
            self._report.add(_line_of(name, batch[refused.index], SKIPPED, refused.reason))
        for mended in done.mended:
            self._report.add(_line_of(name, batch[mended.index], MENDED, mended.reason))
        for index in done.taken:
            if batch[index].note:
                self._report.add(_line_of(name, batch[index], MENDED, batch[index].note))
        self._report.flush()


def _line_of(name: str, found: Found, outcome: str, reason: str) -> Line:
    record = found.record
    record_id = record.message_id if isinstance(record, MessageRecord | AttachmentRecord) else ""
    return Line(name, found.line, outcome, _kind_of(record), record_id, reason, _text_of(record)[:EXCERPT_CHARS])


def _kind_of(record: Record) -> str:
    return str(record.__struct_config__.tag)


def _text_of(record: Record) -> str:
    if isinstance(record, AttachmentRecord):
        return record.text_instead
    return record.text if isinstance(record, MessageRecord) else msgspec.json.encode(record).decode()


def _bytes_of(record: Record) -> int:
    """At least as much as it takes as JSON, but for ids and names, which are short."""
    if isinstance(record, AttachmentRecord):
        names = sum(200 + 4 * len(file.path + file.name) for file in record.files)
        return 400 + 4 * len(record.text_instead + record.caption) + names
    return 400 + len(record.text) * 4 if isinstance(record, MessageRecord) else len(msgspec.json.encode(record))
